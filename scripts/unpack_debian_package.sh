#!/usr/bin/env bash
# unpack_debian_package.sh PACKAGE FOLDER: unpack a package of Debian, without installing it or what it depends on.
set -euo pipefail
package=$1
mkdir -p "$2"
cd "$2"
# Without lists of packages, as on a new machine, apt finds nothing.
apt-get download "$package" >/dev/null 2>&1 || { apt-get update -qq && apt-get download "$package"; }
dpkg-deb --extract "$package"_*.deb .
rm "$package"_*.deb
