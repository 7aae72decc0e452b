#!/bin/sh
# Installs the Debian packages that the tests need and this machine lacks, and no others: debian_packages.sh [firefox]
# It asks nothing. Where it may not install, it names the packages and ends with an error.
set -eu

missing=""

# need PACKAGE CHECK...: PACKAGE is missing unless CHECK succeeds.
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

program() { command -v "$1"; }
library() { /sbin/ldconfig -p | grep -F "$1 "; }
postgresql_server() { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; }
mkfs() { command -v mkfs.ext4 || test -x /sbin/mkfs.ext4; }
noto_sans() { fc-match 'Noto Sans' | grep -F NotoSans; }
web_server() { command -v "$1" || test -x "/usr/sbin/$1"; }
# Named otherwise than the program: `command -v firefox` would find the function itself.
firefox_program() { command -v firefox-esr || command -v firefox; }

need chromium program chromium
need chromium-headless-shell program chromium-headless-shell
need libatomic1 library libatomic.so.1 # for the node that drives Chromium: Playwright brings it, but not this library
need fonts-noto-core noto_sans # as on a kiosk: other fonts are wider
need xvfb program Xvfb
need xdotool program xdotool
need postgresql postgresql_server
need espeak-ng program espeak-ng
need lame program lame
need e2fsprogs mkfs # to read a disk as its thief does
need nginx-light web_server nginx # the doctor reads what web servers log
need caddy web_server caddy
need systemd test -x /usr/bin/systemd-analyze # reads the units that a server runs
need openssl program openssl # makes the certificate of a test
need strace program strace # to see every byte a server writes
need faketime program faketime # runs commands under a clock that was set
need shellcheck program shellcheck # reads our shell scripts
need default-jre-headless program java # checks exported forms as ODK does
if [ "${1-}" = firefox ]; then need firefox-esr firefox_program; fi

if [ -z "$missing" ]; then exit 0; fi

refuse() {
    echo "The tests need Debian packages that are missing here:$missing" >&2
    echo "$1 Have them installed as root, then try again: apt install$missing" >&2
    exit 1
}

program apt-get >/dev/null || refuse "This machine has no apt-get."
if [ "$(id -u)" = 0 ]; then
    as_root=""
else
    program sudo >/dev/null || refuse "You are not root, and there is no sudo."
    sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; } || refuse "You are not root and may not use sudo."
    as_root=sudo
fi

echo "Installing Debian packages for the tests:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt="env DEBIAN_FRONTEND=noninteractive apt-get --quiet"
# The tests start servers of their own: no service of these packages begins to listen on this machine.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$log"
    $as_root install -m 755 "$log" "$policy"
    trap '$as_root rm -f "$policy"; rm -f "$log"' EXIT
fi
# shellcheck disable=SC2086 # these are lists of words
{ $as_root $apt update && $as_root $apt install --yes --no-install-recommends $missing; } >"$log" 2>&1 </dev/null || {
    cat "$log" >&2
    refuse "apt-get could not install them."
}
