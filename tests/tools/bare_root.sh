#!/bin/bash
# Runs what the README says on a fresh machine: in a Debian root made for it, with a clone of HEAD and nothing else.
#
#   RELEASE    bookworm (Debian 12, the default) or trixie (Debian 13)
#   AS         root (the default), sudo (a user who may use sudo) or user (one who may not)
#   COMMAND    what to run in the clone, by default: make test
#   ROOT       a folder to make the root in, and to keep; a second run with it goes on in the same root
#   BARE_ENV   names of environment variables to hand on beside http_proxy, https_proxy and no_proxy
#   BARE_COPY  files and folders to copy into a new root, such as /etc/pip.conf or /usr/local/share/ca-certificates
#
# It needs root, for chroot, and mmdebstrap. Whatever is mounted is mounted in a name space that ends with the run, so
# removing the root afterwards reaches nothing outside it. It takes about 4 GB in $TMPDIR, or /var/tmp.
set -eu

MARK=etc/made-by-bare-root
child=""
PACKAGES="git python3-venv make"

fail() {
    echo "$1" >&2
    exit 2
}

step() { echo "== $1 ($SECONDS s)"; }

# From here to `inside`, all runs in name spaces of its own.

mount_devices() {
    local root=$1 node number=0 stream
    mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
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
    for stream in stdin stdout stderr; do
        ln -s "/proc/self/fd/$number" "$root/dev/$stream"
        number=$((number + 1))
    done
}

# inside ROOT USER HOME PATH COMMAND
inside() {
    local root=$1 user=$2 home=$3 path=$4 command=$5 name
    local kept=()
    hostname bare
    # A root that is a mount of its own, as on a machine: the tests mount disks in name spaces below it.
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount_devices "$root"
    for name in http_proxy https_proxy no_proxy ${BARE_ENV-}; do
        if [ -n "${!name-}" ]; then kept+=("$name=${!name}"); fi
    done
    chroot --userspec="$user" --groups= "$root" /usr/bin/env -i HOME="$home" USER="$user" LOGNAME="$user" \
        PATH="$path" TERM="${TERM:-dumb}" "${kept[@]}" /bin/bash -c "$command"
}

# apart COMMAND...: runs it in name spaces of its own, where neither mounts nor processes outlive it, and ends with its
# status. It runs in the background, since a shell that waits for the foreground hears no signal.
apart() {
    unshare --mount --propagation private --mount-proc --uts --pid --fork --kill-child "$@" </dev/null &
    child=$!
    wait "$child"
}

# enter ROOT USER COMMAND: runs a shell command in the root and ends with its status.
enter() {
    local root=$1 user=$2 command=$3 home=/root path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    if [ "$user" != root ]; then
        home=/home/$user
        path=/usr/local/bin:/usr/bin:/bin
    fi
    apart "$SCRIPT" --inside "$root" "$user" "$home" "$path" "$command"
}

make_root() {
    local root=$1 path
    [ -z "$(ls -A "$root")" ] || fail "$root is not empty, and no root that this script finished"
    chmod 755 "$root"
    apart mmdebstrap --quiet --variant=minbase "$RELEASE" "$root"
    for path in ${BARE_COPY-}; do cp -a --parents "$path" "$root"; done
    echo bare >"$root/etc/hostname"
    printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 bare\n' >"$root/etc/hosts"
    touch "$root/$MARK"
}

# shellcheck disable=SC2317 # called by a trap
remove_root() {
    if grep -qF " $1/" /proc/self/mountinfo; then
        echo "Something is mounted in $1, so it is not removed" >&2
    else
        rm -rf --one-file-system -- "$1"
    fi
}

# shellcheck disable=SC2317 # called by a trap
stop() {
    # unshare heeds no other signal; all that runs under it ends with it.
    if [ -n "$child" ]; then kill -KILL "$child" 2>/dev/null && sleep 1; fi
    exit 130
}

check_settings() {
    [ "$(id -u)" = 0 ] || fail "A root is made and entered as root: sudo make bare"
    command -v mmdebstrap >/dev/null || fail "mmdebstrap is missing: apt install mmdebstrap"
    case $RELEASE in bookworm | trixie) ;; *) fail "RELEASE is bookworm or trixie, not $RELEASE" ;; esac
    case $AS in root | sudo | user) ;; *) fail "AS is root, sudo or user, not $AS" ;; esac
}

main() {
    local root user=root status=0
    local apt="export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq install --yes"
    RELEASE=${RELEASE:-bookworm}
    AS=${AS:-root}
    COMMAND=${COMMAND:-make test}
    check_settings
    if [ -n "${ROOT-}" ]; then
        mkdir -p "$ROOT"
        root=$(realpath "$ROOT")
    else
        root=$(mktemp -d -p "$(realpath "${TMPDIR:-/var/tmp}")" bare-root.XXXXXX)
        # shellcheck disable=SC2064 # the folder of now
        trap "remove_root '$root'" EXIT
    fi
    trap stop INT TERM HUP

    if [ ! -e "$root/$MARK" ]; then
        step "Making a root of Debian $RELEASE"
        make_root "$root"
    fi
    cp --remove-destination "$(realpath /etc/resolv.conf)" "$root/etc/resolv.conf"
    if [ "$AS" != root ]; then
        user=tester
        enter "$root" root 'id tester >/dev/null 2>&1 || useradd --create-home --shell /bin/bash tester
            rm -f /etc/sudoers.d/tester'
    fi
    if [ "$AS" = sudo ]; then
        enter "$root" root "$apt sudo >/dev/null; echo 'tester ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/tester"
    fi

    step "apt install $PACKAGES"
    if [ "$AS" = sudo ]; then
        enter "$root" tester "sudo bash -c '$apt $PACKAGES' >/dev/null"
    else
        enter "$root" root "$apt $PACKAGES >/dev/null"
    fi

    step "git clone"
    git -C "$(dirname "$SCRIPT")" -c safe.directory='*' bundle create --quiet "$root/tmp/checkout.bundle" HEAD
    chmod 644 "$root/tmp/checkout.bundle"
    enter "$root" "$user" 'cd && rm -rf survey-kiosk &&
        git -c advice.detachedHead=false -c init.defaultBranch=main clone --quiet /tmp/checkout.bundle survey-kiosk'

    step "$COMMAND"
    enter "$root" "$user" "cd && cd survey-kiosk && $COMMAND" || status=$?
    step "ended with status $status"
    exit "$status"
}

SCRIPT=$(realpath "$0")
if [ "${1-}" = --inside ]; then
    shift
    inside "$@"
else
    main
fi
exit
