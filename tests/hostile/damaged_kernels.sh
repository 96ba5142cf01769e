#!/usr/bin/env bash
# damaged_kernels.sh SOURCE_DIR PNAS_MPI: compiled kernels that a bad disk has changed or cut are never run: they are removed
# with one warning and built again, and the figures are those of an undisturbed run.
set -euo pipefail
source_dir=$1 pnas_mpi=$2
. "$source_dir/tests/programs/run_figures.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export PNAS_CACHE=$work/cache
unset POCL_CACHE_DIR
tiny=("$source_dir/tests/programs/tiny.yaml" --set training.epochs=1)

fail() {
    echo "FAILED: $1"
    tail -n 20 last.err
    exit 1
}

# search RANKS NAME: a run whose figures are those of the first one
search() {
    local code=0
    rm -f run.h5
    mpirun --oversubscribe -n "$1" "$pnas_mpi" "${tiny[@]}" -o run.h5 >last.out 2>last.err || code=$?
    [ "$code" -eq 0 ] || fail "exit code $code: $2"
    run_figures run.h5 >"$2.txt"
    diff whole.txt "$2.txt" || fail "other figures: $2"
}

expect_warnings() {
    [ "$(grep -c 'is not what was written there' last.err)" -eq "$1" ] || fail "not $1 warnings"
}

# flip FILE PLACE: one bit
flip() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf "\\x$(printf %x $((byte ^ 16)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

touch whole.txt
mpirun --oversubscribe -n 1 "$pnas_mpi" "${tiny[@]}" -o run.h5 >last.out 2>last.err || fail "the first run"
run_figures run.h5 >whole.txt
[ -z "$(find cache/pocl \( -name '*.so' -o -name '*.bc' \) -exec sh -c 'test -e "$1.seal" || echo "$1"' sh {} \;)" ] ||
    fail "something is not sealed"
search 2 undisturbed
expect_warnings 0

# One bit of the constants of a kernel, of its code, of a program that is compiled further; a cut file, an empty one.
first() {
    find cache/pocl -name "$1" -print -quit
}
forward=$(first 'convolution_forward*.so')
constants=$(readelf -SW "$forward" | sed -n 's/.* \.rodata[^ ]* *PROGBITS *[0-9a-f]* *\([0-9a-f]*\) .*/\1/p')
constants=${constants%%$'\n'*}
flip "$forward" $((16#${constants:-1000}))
search 1 constants
expect_warnings 1
grep -q 'warning: .*/convolution_forward[^ ]*\.so is not what was written there: ' last.err || fail "the file is not named"
search 1 repaired
expect_warnings 0

pointwise=$(first 'pointwise_backward*.so')
program=$(first program.bc)
flip "$pointwise" $(($(wc -c <"$pointwise") / 2))
flip "$program" $(($(wc -c <"$program") / 2))
truncate -s 5000 "$(first 'softmax_loss*.so')"
truncate -s 0 "$(first 'norm_forward*.so')"
search 2 four
expect_warnings 1
grep -q '(4 files are not)' last.err || fail "the other files are not counted"

# Files that nobody has sealed, as their process was killed.
for file in $(find cache/pocl -name 'norm_*.so'); do
    rm "$file.seal"
    truncate -s 0 "$file"
done
search 2 killed
expect_warnings 0
