#!/usr/bin/env bash
# make_package.sh [FOLDER]: on Debian and its kin: installs what the build needs, builds the preset "release", and makes the
# Debian package of this very system in FOLDER (build/release).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/setup.sh"
folder=${1:-$PNAS_ROOT/build/release}
install_packages "${PNAS_BUILD_PACKAGES[@]}" help2man file
build_preset release >&2
mkdir -p "$folder"
cpack -G DEB --config "$PNAS_ROOT/build/release/CPackConfig.cmake" -B "$folder" >&2
rm -rf "$folder/_CPack_Packages"
ls "$folder"/pnas_*.deb
