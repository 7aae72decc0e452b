#!/bin/bash
# Runs what the README says on a fresh machine: in a Debian root made for it, with a clone of HEAD and nothing else.
#
#   RELEASE    bookworm (Debian 12, the default) or trixie (Debian 13)
#   AS         root (the default), sudo (a user who may use sudo) or user (one who may not)
#   COMMAND    what to run in the clone, by default: make test
#   ROOT       a folder to make the root in, and to keep; a second run with it goes on in the same root
#   BARE_ENV   names of environment variables to hand on beside http_proxy, https_proxy and no_proxy
#   BARE_COPY  files and folders to copy into the root, such as /etc/pip.conf or /usr/local/share/ca-certificates
#
# It needs root, for chroot, and mmdebstrap. Whatever is mounted is mounted in a name space that ends with the run, so
# the folder can be removed afterwards, and nothing outside it. About 3 GB in $TMPDIR, or /var/tmp.
set -eu

RELEASE=${RELEASE:-bookworm}
AS=${AS:-root}
COMMAND=${COMMAND:-make test}

fail() {
    echo "$1" >&2
    exit 2
}

# The second half, in name spaces of its own: mount what programs expect of a machine, and change into the root.
inside() {
    local root=$1 user=$2 home=$3 path=$4
    shift 4
    hostname bare
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
    local node
    for node in null zero full random urandom tty loop-control loop{0..7}; do
        if [ -e "/dev/$node" ]; then
            : >"$root/dev/$node"
            mount --bind "/dev/$node" "$root/dev/$node"
        fi
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    local number=0 stream
    for stream in stdin stdout stderr; do
        ln -s "/proc/self/fd/$number" "$root/dev/$stream"
        number=$((number + 1))
    done
    local kept=() name
    for name in http_proxy https_proxy no_proxy ${BARE_ENV-}; do
        if [ -n "${!name-}" ]; then kept+=("$name=${!name}"); fi
    done
    chroot --userspec="$user" --groups= "$root" /usr/bin/env -i HOME="$home" USER="$user" LOGNAME="$user" \
        PATH="$path" TERM="${TERM:-dumb}" "${kept[@]}" /bin/bash -c "$@"
}

if [ "${1-}" = --inside ]; then
    shift
    inside "$@"
    exit
fi

[ "$(id -u)" = 0 ] || fail "A root is made and entered as root: sudo make bare"
command -v mmdebstrap >/dev/null || fail "mmdebstrap is missing: apt install mmdebstrap"
case $RELEASE in bookworm | trixie) ;; *) fail "RELEASE is bookworm or trixie, not $RELEASE" ;; esac
case $AS in root | sudo | user) ;; *) fail "AS is root, sudo or user, not $AS" ;; esac
cd "$(dirname "$0")/.."

# shellcheck disable=SC2317 # called by the trap
remove_root() {
    if grep -qF " $root/" /proc/self/mountinfo; then
        echo "Something is mounted in $root, so it is not removed" >&2
    else
        rm -rf --one-file-system -- "$root"
    fi
}

if [ -n "${ROOT-}" ]; then
    root=$ROOT
    mkdir -p "$root"
else
    root=$(mktemp -d -p "${TMPDIR:-/var/tmp}" bare-root.XXXXXX)
    trap remove_root EXIT
    trap 'exit 130' INT TERM HUP
fi
root=$(realpath "$root")

# enter USER COMMAND [ARGUMENT...]: runs a shell command in the root and ends with its status.
enter() {
    local user=$1 home=/root path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    shift
    if [ "$user" != root ]; then
        home=/home/$user
        path=/usr/local/bin:/usr/bin:/bin
    fi
    unshare --mount --propagation private --uts --pid --fork --kill-child \
        "$0" --inside "$root" "$user" "$home" "$path" "$@" </dev/null
}

step() { echo "== $1 ($SECONDS s)"; }

if [ ! -e "$root/etc/debian_version" ]; then
    [ -z "$(ls -A "$root")" ] || fail "$root is neither empty nor a Debian root"
    step "Making a root of Debian $RELEASE"
    chmod 755 "$root"
    mmdebstrap --quiet --variant=minbase "$RELEASE" "$root"
    for path in ${BARE_COPY-}; do cp -a --parents "$path" "$root"; done
fi
echo bare >"$root/etc/hostname"
printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 bare\n' >"$root/etc/hosts"
cp --remove-destination "$(realpath /etc/resolv.conf)" "$root/etc/resolv.conf"

user=root
sudo=""
if [ "$AS" != root ]; then
    user=tester
    enter root 'id tester >/dev/null 2>&1 || useradd --create-home --shell /bin/bash tester'
fi
if [ "$AS" = sudo ]; then
    sudo=sudo
    enter root 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes sudo >/dev/null
        echo "tester ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/tester'
fi

step "apt install git python3-venv make"
install='export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq install --yes git python3-venv make >/dev/null'
if [ "$AS" = user ]; then enter root "$install"; else enter "$user" "$sudo bash -c '$install'"; fi

step "git clone"
git -c safe.directory='*' bundle create --quiet "$root/tmp/checkout.bundle" HEAD
chmod 644 "$root/tmp/checkout.bundle"
# shellcheck disable=SC2016 # the shell in the root expands these
enter "$user" 'cd && rm -rf survey-kiosk && git -c advice.detachedHead=false clone --quiet /tmp/checkout.bundle survey-kiosk'

step "$COMMAND"
status=0
enter "$user" "cd && cd survey-kiosk && $COMMAND" || status=$?
step "ended with status $status"
exit "$status"
