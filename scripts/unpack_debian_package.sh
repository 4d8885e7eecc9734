#!/usr/bin/env bash
# unpack_debian_package.sh PACKAGE FOLDER [with-needs]: unpack a package of Debian without installing it; with-needs: also
# what it depends on and this machine lacks. Of a package that is installed, with-needs unpacks nothing.
set -euo pipefail
package=$1
mkdir -p "$2"
cd "$2"
download() {
    local packages=$package
    if [ "${1:-}" = with-needs ]; then
        packages=$(apt-get install --simulate --no-install-recommends "$package" | awk '/^Inst /{print $2}')
    fi
    # shellcheck disable=SC2086  # several words
    [ -z "$packages" ] || apt-get download $packages
}
# Without lists of packages, as on a new machine, apt finds nothing.
download "${3:-}" >/dev/null 2>&1 || { apt-get update -qq && download "${3:-}" >/dev/null; }
for file in *.deb; do
    [ -e "$file" ] || continue
    dpkg-deb --extract "$file" .
    rm "$file"
done
