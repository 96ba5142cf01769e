#!/usr/bin/env bash
# try_package.sh PACKAGE.deb [SUITE [MIRROR [COMPONENTS [KEYRING]]]]: as root, in a new tree of a bare Debian without
# compilers: installs the package with what it needs, runs the digits search on two ranks as an ordinary user, ranks it,
# reads a man page, completes an option, removes the package and looks for what is left. Prints the commands and their
# output, and a verdict. Needs debootstrap, the network and some 2 GB in the folder for temporary files.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,5s/^# //p' "$0"; exit 64; }
package=$(realpath "$1")
suite=${2:-bookworm}
mirror=${3:-http://deb.debian.org/debian}
components=${4:-main}
keyring=${5:-}
[ "$(id -u)" -eq 0 ] || { echo "only root may make the tree"; exit 64; }
command -v debootstrap >/dev/null || { echo "debootstrap is missing"; exit 64; }

# Mounts of its own end with the process.
if [ -z "${PNAS_TRY_UNSHARED:-}" ]; then
    PNAS_TRY_UNSHARED=1 exec unshare --mount --propagation private bash "$0" "$package" "$suite" "$mirror" "$components" "$keyring"
fi

tree=$(mktemp -d)
chmod 755 "$tree"
trap 'umount -l "$tree"/{dev/shm,sys,proc} 2>/dev/null || true; rm -rf --one-file-system "$tree"' EXIT

fail() {
    echo "FAILED: $1"
    exit 1
}

# run USER COMMAND: shows a command for a shell in the tree, and its output.
run() {
    if [ "$1" = root ]; then echo "# $2"; else echo "$ $2"; fi
    chroot "$tree" su - "$1" -c "$2" </dev/null 2>&1 || fail "$2"
}

# The same, with output in a file of that name.
quiet() {
    echo "# $2"
    chroot "$tree" su - root -c "export DEBIAN_FRONTEND=noninteractive; $2" </dev/null >"$tree/$1" 2>&1 ||
        { tail -20 "$tree/$1"; fail "$2"; }
}

# All files but those that apt, dpkg, logs and caches write in any case.
list_files() {
    (cd "$tree" && find . -xdev -not -path './var/log/*' -not -path './var/cache/*' -not -path './var/lib/apt/*' \
        -not -path './var/lib/dpkg/*' -not -path './home/*' -not -path './tmp/*' -not -path './root/*' \
        -not -path './proc/*' -not -path './sys/*' -not -path './dev/*' -not -path './run/*' -not -path './var/lib/systemd/*' | sort)
}

echo "# debootstrap --variant=minbase $suite tree $mirror"
debootstrap --variant=minbase --components="$components" ${keyring:+--keyring="$keyring"} "$suite" "$tree" "$mirror" \
    >"$tree.log" 2>&1 || { tail -5 "$tree.log"; fail debootstrap; }
mv "$tree.log" "$tree/root/debootstrap"
mount -t proc proc "$tree/proc"
mount -t sysfs -o ro sysfs "$tree/sys"
mkdir -p "$tree/dev/shm" && mount -t tmpfs -o mode=1777 tmpfs "$tree/dev/shm"
cp /etc/resolv.conf "$tree/etc/resolv.conf"
cp /etc/hosts "$tree/etc/hosts" # the machine's name: Open MPI asks for it
cp "$package" "$tree/root"
for command in cc gcc clang make cmake pnas_mpi; do
    [ -z "$(chroot "$tree" sh -c "command -v $command")" ] || fail "$command is there already"
done
quiet root/said 'apt-get update'
quiet root/said 'apt-get install --yes --no-install-recommends man-db bash-completion'
quiet root/said 'useradd --create-home --shell /bin/bash user'
list_files >"$tree/root/before"

quiet root/said "apt-get install --yes --no-install-recommends ./$(basename "$package")"
grep -E '^[0-9]+ upgraded|newly installed' "$tree/root/said" || true
run root "dpkg -s pnas | grep -E '^(Status|Version)'"
run user 'pnas_mpi --version'
run user 'pnas_device list'
run user 'mpirun --oversubscribe -n 2 pnas_mpi -q /usr/share/pnas/configs/demo.yaml -o run.h5'
run user 'pnas_rank --status run.h5'
run user 'pnas_rank run.h5 --top 3'
run user 'MANWIDTH=100 man pnas_mpi | head -12'
run user 'man pnas_net test | sed -n 3,4p'
# A completion is loaded by the first one that is asked for, which says with 124 that it is there now.
run user "bash -ic '. /usr/share/bash-completion/bash_completion; _completion_loader pnas_rank || true
  COMP_WORDS=(pnas_rank --plot p); COMP_CWORD=2; _pnas_rank; echo \"\${COMPREPLY[@]}\"' 2>/dev/null | grep '^predicted pareto$'"

quiet root/said 'apt-get remove --yes pnas'
[ -z "$(chroot "$tree" dpkg -L pnas 2>/dev/null)" ] || run root 'dpkg -L pnas'
quiet root/said 'dpkg --purge pnas'
run root "find / -xdev -name '*pnas*' -not -path '/home/*' -not -path '/root/*'"
[ -z "$(find "$tree" -xdev -name '*pnas*' -not -path "$tree/home/*" -not -path "$tree/root/*")" ] || fail "files are left"
quiet root/said 'apt-get -o APT::AutoRemove::RecommendsImportant=0 -o APT::AutoRemove::SuggestsImportant=0 autoremove --purge --yes'
list_files >"$tree/root/after"
left=$(comm -13 "$tree/root/before" "$tree/root/after")
[ -z "$left" ] || { echo "$left"; fail "more files than before"; }
echo "$(basename "$package") on $suite: it installs, searches, is documented, and leaves nothing"
