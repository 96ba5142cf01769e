#!/usr/bin/env bash
# Ours and PyTorch's training step of the same child in turns, and the ratio of their medians, pair by pair.
#
#   bench/compare.sh BUILD_DIR [threads] [blocks] [repeats] [pairs]
#
# BUILD_DIR was configured with -DPNAS_BENCH=ON in Release. PyTorch runs in the setting that was fastest here:
# channels last, malloc that keeps its pages; PEER_FLAGS="--compile" adds compilation.
set -euo pipefail
build=${1:?usage: bench/compare.sh BUILD_DIR [threads] [blocks] [repeats] [pairs]}
threads=${2:-"1 2"} blocks=${3:-"2 3 4 5"} repeats=${4:-"1 2"} pairs=${5:-3}
here="$(dirname "${BASH_SOURCE[0]}")"
export MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=4294967296 MALLOC_TOP_PAD_=268435456

median() { grep -o 'median [0-9.]*' | head -n 1 | cut -d ' ' -f 2; }
ours() { taskset -c "0-$(($1 - 1))" "$build/bench/child_step" --threads "$1" --blocks "$2" --repeats "$3" --steps 9 | median; }
peer() {
    # shellcheck disable=SC2086
    taskset -c "0-$(($1 - 1))" python3 "$here/peers/pytorch_child.py" --threads "$1" --blocks "$2" --repeats "$3" \
        --steps 5 ${PEER_FLAGS:-} | median
}

printf '%8s %7s %8s %12s %12s %22s\n' threads blocks repeats 'ours ms' 'PyTorch ms' 'ratio (min..max)'
for t in $threads; do for b in $blocks; do for n in $repeats; do
    for ((i = 0; i < pairs; i++)); do
        printf '%s %s\n' "$(ours "$t" "$b" "$n")" "$(peer "$t" "$b" "$n")"
    done | sort -n | awk -v t="$t" -v b="$b" -v n="$n" '
        { a[NR] = $1; p[NR] = $2; r[NR] = $2 / $1 }
        END {
            for (i = 1; i <= NR; i++) for (j = i + 1; j <= NR; j++) {
                if (r[j] < r[i]) { x = r[i]; r[i] = r[j]; r[j] = x }
                if (p[j] < p[i]) { x = p[i]; p[i] = p[j]; p[j] = x }
            }
            m = int((NR + 1) / 2)
            printf "%8d %7d %8d %12.1f %12.1f %8.2f (%.2f..%.2f)\n", t, b, n, a[m], p[m], r[m], r[1], r[NR]
        }'
done; done; done
