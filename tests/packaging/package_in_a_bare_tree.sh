#!/usr/bin/env bash
# package_in_a_bare_tree.sh SOURCE_DIR PACKAGE_DIR: the package in a tree of Debian that has nothing else. Skipped where no
# tree can be made.
set -euo pipefail
if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null || ! unshare --mount true; then
    echo "skipped: making a tree takes root, debootstrap and mounts"
    exit 77
fi
. /etc/os-release
exec bash "$1/packaging/try_package.sh" "$2"/pnas_*.deb "$VERSION_CODENAME"
