#!/usr/bin/env bash
# debian_package.sh SOURCE_DIR BUILD_DIR OUTPUT_DIR: makes the Debian package, and looks at what is in it. It stays in
# OUTPUT_DIR.
set -euo pipefail
source=$1
build=$2
output=$3

fail() {
    echo "FAILED: $1"
    cat "$output/said" 2>/dev/null || true
    exit 1
}

rm -rf "$output"
mkdir -p "$output"
cpack -G DEB --config "$build/CPackConfig.cmake" -B "$output" >"$output/said" 2>&1 || fail cpack
package=$(echo "$output"/pnas_*.deb)
[ -f "$package" ] || fail "no package"

# What it says of itself
field() {
    dpkg-deb -f "$package" "$1"
}
[ "$(field Package)" = pnas ] || fail "its name"
[ "$(field Section)" = science ] || fail "its section"
[[ "$(field Maintainer)" == *'<'*@*'>' ]] || fail "its maintainer"
for needed in openmpi-bin 'pocl-opencl-icd | opencl-icd' libc6 libclblast libhdf5 libopenmpi libOpenCL libyaml; do
    [ "$needed" != libOpenCL ] || needed=ocl-icd-libopencl1
    grep -qF "$needed" <<<"$(field Depends)" || fail "it does not depend on $needed"
done
grep -q graphviz <<<"$(field Recommends)" || fail "it does not recommend graphviz"

# What is in it
dpkg-deb -c "$package" >"$output/said"
! awk '$2 != "root/root"' "$output/said" | grep . || fail "files of others than root"
! awk '$1 ~ /^.....w|^........w/' "$output/said" | grep . || fail "files that others may write"
! awk '$6 !~ /^\.\/(usr\/.*)?$/' "$output/said" | grep . || fail "files outside /usr"
dpkg-deb -x "$package" "$output/tree"
usr=$output/tree/usr
programs=0
for program in "$build"/bin/*; do
    name=$(basename "$program")
    for file in "bin/$name" "share/man/man1/$name.1.gz" "share/bash-completion/completions/$name" "share/zsh/vendor-completions/_$name"; do
        [ -s "$usr/$file" ] || fail "no $file"
    done
    ! readelf -d "$usr/bin/$name" | grep -E 'RPATH|RUNPATH' || fail "$name searches libraries elsewhere"
    readelf -S "$usr/bin/$name" >"$output/said"
    ! grep -F .debug_info "$output/said" || fail "$name is not stripped"
    programs=$((programs + 1))
done
[ "$programs" -eq 8 ] || fail "$programs programs"
for folder in configs slurm data; do
    diff -r "$source/$folder" "$usr/share/pnas/$folder" >"$output/said" || { [ $folder = slurm ] &&
        [ "$(cat "$output/said")" = "Only in $source/slurm: pnas_job" ]; } || fail "$folder differs"
done
diff -r "$source/cl/ops/kernels" "$usr/share/pnas/kernels" >"$output/said" || fail "kernels differ"
diff -r "$source/docs" "$usr/share/doc/pnas/docs" >"$output/said" || fail "docs differ"
[ -s "$usr/share/doc/pnas/copyright" ] || fail "no copyright"
gzip -dc "$usr/share/doc/pnas/changelog.Debian.gz" | grep -qE '^  \* Version [0-9.]+, commit [0-9a-z-]+\.$' || fail "changelog"
gzip -dc "$usr/share/man/man1/pnas_mpi.1.gz" | grep -qF 'pnas_mpi /usr/share/pnas/configs/demo.yaml' || fail "man page"

# Unpacked anywhere it finds its data set.
PATH=$usr/bin:$PATH pnas_data info digits >"$output/said" 2>&1 || fail "pnas_data"
grep -q "^file  *$usr/.*digits.h5" "$output/said" || fail "the data set is not that of the package"

if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error,warning "$package" >"$output/said" 2>&1 || fail lintian
fi
rm -rf "$output/_CPack_Packages" "$output/tree" "$output/said"
