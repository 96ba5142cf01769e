#!/usr/bin/env bash
# bench_gpu.sh SOURCE_DIR: the report of bench/gpu.sh has every step, though some fail. Its programs are made up.
set -euo pipefail
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/build/bin" "$work/build/bench" "$work/path"

fail() {
    echo "FAILED: $1"
    cat "$work/out" "$work/report.txt" 2>/dev/null || true
    exit 1
}

# program PATH TEXT: a program that is this script.
program() {
    printf '#!/bin/sh\n%s\n' "$2" >"$work/$1"
    chmod +x "$work/$1"
}

# report EXPECTED_CODE: what bench/gpu.sh writes, into report.txt
report() {
    local code=0
    QUICK=1 DEVICE=cpu PATH="$work/path:$PATH" bash "$source/bench/gpu.sh" "$work/build" "$work/report.txt" \
        >"$work/out" 2>&1 || code=$?
    [ "$code" = "$1" ] || fail "exit code $code instead of $1"
}

says() {
    grep -qE "$1" "$work/report.txt" || fail "no '$1' in the report"
}

program build/bin/pnas_device 'echo "pnas_device $*"'
program build/bin/pnas_mpi 'exit 70' # mpirun calls none
program build/bin/pnas_rank 'echo "score,level,train_seconds"; echo "0.9,1,$$"'
program build/bench/child_step 'echo "child_step $*"'
program build/bench/launch_rate 'echo "launch_rate $*"'
program path/mpirun 'exit 0'
program path/python3 'exit 1' # has no PyTorch
report 0
for step in machine devices check check-half launches child child-half lanes groups pytorch search tune child-tuned; do
    says "^=== $step: done in [0-9]+ s$"
done
says '^pnas_device check --device cpu --half --small --op sum$'
says '^child_step .* --lanes 8$'
says '^child_step .* --groups 8 --route gpu$'
says '^left out: python3 has no PyTorch$'
says '^two ranks found the same as one, to the bit$'

program build/bin/pnas_device 'echo "pnas_device $*"; exit 69'
program build/bin/pnas_rank 'echo "score,level,train_seconds"; echo "0.$$,1,2"' # another figure each time
rm "$work/build/bench/launch_rate"
report 1
for step in devices check check-half launches search tune; do
    says "^=== $step: FAILED with exit code [0-9]+ after [0-9]+ s$"
done
says '^=== child-tuned: done in [0-9]+ s$'
says '^=== not done: devices check check-half launches search tune$'

code=0
(cd "$work" && bash "$source/bench/gpu.sh" >"$work/out" 2>&1) || code=$?
[ "$code" = 64 ] || fail "without a folder: exit code $code instead of 64"
grep -q '^usage: ' "$work/out" || fail 'without a folder: no usage'
