#!/usr/bin/env bash
# valgrind_search.sh PNAS_MPI PNAS_RANK: a whole search of six tiny children on three ranks, and the reading of its run
# file, under Valgrind's memcheck: no invalid access, nothing decided by values that nobody wrote, nothing lost; and the
# figures are those of the same search without Valgrind, to the bit. Exits with 77 (skipped) where there is no Valgrind.
set -euo pipefail
pnas_mpi=$1
pnas_rank=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/run_figures.sh"
search=("$pnas_mpi" "$here/tiny.yaml" --set dataset.validation=20 --set dataset.training_images=60
    --set "space.operators=[identity, sep3, max3]" --set search.first=3 --set search.beam=3 --set network.filters=2
    --set training.epochs=1 --set training.batch=20 --set surrogate.epochs=2 --set surrogate.hidden=4
    --set surrogate.embedding=4 --set checkpoint_seconds=0.01)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1"
    tail -n 100 ./*.err memcheck.* 2>/dev/null || true
    exit 1
}

command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed"; exit 77; }
watched=(valgrind --quiet --suppressions="$here/valgrind.supp" --keep-debuginfo=yes --num-callers=40 --leak-check=full
    --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=9 --log-file=memcheck.%p)

# Valgrind has no AVX-512; PoCL must not compile for it. Kernels are compiled by the search without Valgrind, for both.
if grep -q avx512 /proc/cpuinfo; then
    export POCL_LLVM_CPU_NAME=haswell POCL_KERNELLIB_NAME=avx2
fi

mpirun --oversubscribe -n 3 "${search[@]}" -o plain.h5 >plain.out 2>plain.err || fail "the search fails without Valgrind: $?"
mpirun --oversubscribe -n 3 "${watched[@]}" "${search[@]}" -o run.h5 >run.out 2>run.err || fail "exit code $? under Valgrind"
[ "$(find . -name 'memcheck.*' | wc -l)" -ge 3 ] || fail "three ranks have left no three reports"
"${watched[@]}" "$pnas_rank" run.h5 >ranking.out 2>ranking.err || fail "pnas_rank: exit code $?"
[ -z "$(cat memcheck.*)" ] || fail "memcheck has something to say"
run_figures plain.h5 >plain.txt
run_figures run.h5 >run.txt
diff plain.txt run.txt || fail "figures differ from those without Valgrind"
echo "a search on three ranks: nothing found"
