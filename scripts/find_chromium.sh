#!/usr/bin/env bash
# find_chromium.sh: install Debian's chromium, unless it is there; say plainly where that cannot be done.
set -euo pipefail
command -v chromium >/dev/null && exit 0
cannot() {
    echo "the page cannot be tested: chromium is missing, and $1; install it by: apt-get install chromium" >&2
    exit 1
}
command -v apt-get >/dev/null || cannot "there is no apt-get here"
[ "$(id -u)" = 0 ] || cannot "only root may install it"
echo "installing chromium ..."
install_it() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; }
# Without lists of packages, as on a new machine, apt finds nothing.
install_it >/dev/null 2>&1 || { apt-get update -qq && install_it >/dev/null; } || cannot "apt-get could not install it"
