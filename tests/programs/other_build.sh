#!/usr/bin/env bash
# Ranks that run different builds are refused at the start, on every rank, before anything is read or written.
# other_build.sh SOURCE PNAS_MPI PNAS_SCORE PNAS_MPI_OF_ANOTHER_BUILD PNAS_MPI_OF_OTHER_CODE
set -euo pipefail
pnas_mpi=$2 pnas_score=$3 other=$4 code=$5

fail() {
    echo "FAILED: $1"
    cat last.err
    exit 1
}

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

# expect_refused RANK_0 RANK_1
expect_refused() {
    rm -f codes
    # The shell around each rank answers 0, or mpirun would end the other at the first failure.
    # shellcheck disable=SC2016
    mpirun --oversubscribe -n 1 sh -c '"$@"; echo $? >>codes' sh "$1" missing -o run.h5 \
        : -n 1 sh -c '"$@"; echo $? >>codes' sh "$2" missing -o run.h5 >last.out 2>last.err || fail "mpirun failed"
    [ "$(tr '\n' ' ' <codes)" = "64 64 " ] || fail "expected exit code 64 twice, got $(tr '\n' ' ' <codes)"
    [ "$(grep -c 'start the same build' last.err)" -eq 1 ] || fail "the refusal is not said once"
    [ "$(wc -l <last.err)" -eq 1 ] || fail "more is said than that"
    [ ! -s last.out ] || fail "something is printed"
    [ ! -e run.h5 ] || fail "a file is written"
}

version=$("$pnas_mpi" --version) || fail "no version"
build=$(sed -n '1s/^pnas_mpi //p' <<<"$version")

expect_refused "$pnas_mpi" "$other"
grep -qF "rank 0 on $(hostname) runs pnas_mpi $build, wire format " last.err || fail "rank 0's build is not named"
grep -qF "rank 1 on $(hostname) runs pnas_mpi 0.0.0 (another build), wire format " last.err || fail "rank 1's build is not named"
expect_refused "$other" "$pnas_mpi"
grep -qF "rank 1 on $(hostname) runs pnas_mpi $build, wire format " last.err || fail "rank 1's build is not named"
expect_refused "$pnas_score" "$other"
grep -q '^pnas_score: ' last.err || fail "pnas_score does not say it"

# The same version and commit, but not the same program; a stripped copy is the same.
expect_refused "$pnas_mpi" "$code"
[ "$(grep -o 'wire format [0-9]*, build ID [0-9a-f]*' last.err | sort -u | wc -l)" -eq 2 ] || fail "the builds are not told apart"
if command -v strip >/dev/null; then
    strip -o stripped "$pnas_mpi"
    code=0
    mpirun --oversubscribe -n 1 "$pnas_mpi" missing -o run.h5 : -n 1 ./stripped missing -o run.h5 >last.out 2>last.err || code=$?
    ! grep -q 'start the same build' last.err || fail "a stripped copy is refused"
    grep -q 'missing: ' last.err || fail "the configuration was not looked for: $code"
fi
