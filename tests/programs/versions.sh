#!/usr/bin/env bash
# versions.sh SOURCE_DIR COMPILER BUILD_TYPE PROGRAM...: --version names the program and its build in the first line, which
# others parse, and then what it was built with: as the tools of those libraries say it.
set -euo pipefail
compiler=$2
build_type=$3
programs=("${@:4}")

fail() {
    printf 'FAILED: %s\n%s\n' "$1" "$said"
    exit 1
}

# What the tool $2, if it is there, says of its version stands in the line of $1.
expect_version_of() {
    local line version
    line=$(grep "^$1 " <<<"$said") || fail "no line for $1"
    command -v "$2" >/dev/null || return 0
    version=$("$2" --version 2>&1 | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -1)
    [[ "$line" == *"$version"* ]] || fail "$2 says $version"
}

said=
[ "${#programs[@]}" -ge 8 ] || fail "${#programs[@]} programs"
for program in "${programs[@]}"; do
    name=$(basename "$program")
    said=$("$program" --version) || fail "$name: exit code $?"
    [[ $(head -1 <<<"$said") =~ ^$name\ [0-9]+\.[0-9]+\.[0-9]+\ \([0-9a-z-]+\)$ ]] || fail "the first line of $name"
    [ "$(wc -l <<<"$said")" -eq 7 ] || fail "lines of $name"
    expect_version_of HDF5 h5dump
    expect_version_of MPI mpirun
    expect_version_of compiler "$compiler"
    grep -q "^compiler .*, $build_type$" <<<"$said" || fail "the kind of build is not $build_type"
    grep -qE '^OpenCL +headers [0-9.]+, loader /' <<<"$said" || fail "OpenCL"
    loader=$(sed -n 's/^OpenCL .*, loader //p' <<<"$said")
    [ -e "$loader" ] || fail "there is no $loader"
    grep -qE '^libjpeg +[0-9.]+$' <<<"$said" || fail "libjpeg"
    grep -qE '^CLBlast +([0-9.]+|of unknown version)$' <<<"$said" || fail "CLBlast"
done
