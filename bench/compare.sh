#!/usr/bin/env bash
# Ours and PyTorch's training step of the same child in turns, and the ratio of their medians, pair by pair.
#
#   bench/compare.sh BUILD_DIR [threads] [blocks] [repeats] [pairs]
#
# BUILD_DIR was configured with -DPNAS_BENCH=ON in Release. With fewer threads than CORES (default: all), as many
# children as fit train at the same time, each on cores of its own; a time is their mean. PyTorch runs with a malloc that
# keeps its pages and asks for huge ones, and in the setting that is fastest for this child and so many threads: eager
# or compiled, channels last or first, float32 or bfloat16 (autocast). All are tried before the pairs, and named with
# their times; one that fails is left out. Compilation takes minutes: PEER_ONLY=eager tries only settings with this in
# their names, PEER_ONLY=eager/nhwc/float32 only that one.
set -euo pipefail
build=${1:?usage: bench/compare.sh BUILD_DIR [threads] [blocks] [repeats] [pairs]}
threads=${2:-"1 2"} blocks=${3:-"2 3 4 5"} repeats=${4:-"1 2"} pairs=${5:-3}
cores=${CORES:-$(nproc)}
here="$(dirname "${BASH_SOURCE[0]}")"
peer_malloc="glibc.malloc.hugetlb=1:glibc.malloc.trim_threshold=4294967296"
peer_malloc+=":glibc.malloc.mmap_threshold=1073741824:glibc.malloc.top_pad=268435456"

ours() { "$build/bench/child_step" --steps 9 "$@"; }
peer() { GLIBC_TUNABLES="$peer_malloc" python3 "$here/peers/pytorch_child.py" --steps 5 "$@"; }
peer_in_setting() { peer --setting "$setting" "$@"; }
export -f ours peer peer_in_setting
export build here peer_malloc setting

# together WHO THREADS BLOCKS REPEATS: the mean of the median steps of children that fill the cores.
together() {
    local first
    for ((first = 0; first + $2 <= cores; first += $2)); do
        taskset -c "$first-$((first + $2 - 1))" bash -c '"$@"' _ "$1" --threads "$2" --blocks "$3" --repeats "$4" &
    done | grep -o 'median [0-9.]*' | awk '{ sum += $2 } END { print sum / NR }'
}

# choose_setting THREADS BLOCKS REPEATS: sets `setting`; prints what was tried.
choose_setting() {
    local tried
    tried=$(taskset -c "0-$(($1 - 1))" bash -c '"$@"' _ peer --best --only "${PEER_ONLY:-}" --threads "$1" --blocks "$2" \
        --repeats "$3")
    sed 's/^/  PyTorch /' <<<"$tried"
    setting=$(sed -n 's/^fastest: \([^:]*\):.*/\1/p' <<<"$tried")
}

printf '%8s %7s %8s %12s %12s %22s\n' threads blocks repeats 'ours ms' 'PyTorch ms' 'ratio (min..max)'
for t in $threads; do for b in $blocks; do for n in $repeats; do
    choose_setting "$t" "$b" "$n"
    for ((i = 0; i < pairs; i++)); do
        printf '%s %s\n' "$(together ours "$t" "$b" "$n")" "$(together peer_in_setting "$t" "$b" "$n")"
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
