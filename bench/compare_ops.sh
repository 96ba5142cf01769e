#!/usr/bin/env bash
# Each op of a child, ours and PyTorch's in turns: medians of the rounds, and PyTorch's best layout over ours.
#
#   bench/compare_ops.sh BUILD_DIR [threads] [rounds] [only]
#
# BUILD_DIR was configured with -DPNAS_BENCH=ON in Release. `only`: a part of the ops' names. The slowest ratio
# comes first. PEER_FLAGS="--compile" compiles PyTorch's ops; FLAGS="--cpu-time" measures processor time on both
# sides, for a busy machine and one thread. What an op includes: bench/peers/pytorch_ops.py --help.
set -euo pipefail
build=${1:?usage: bench/compare_ops.sh BUILD_DIR [threads] [rounds] [only]}
threads=${2:-1} rounds=${3:-3} only=${4:-}
here="$(dirname "${BASH_SOURCE[0]}")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=4294967296 MALLOC_TOP_PAD_=268435456
on_cores="taskset -c 0-$((threads - 1))"

"$build/bench/ops" --list >"$work/cases.csv"
for ((i = 0; i < rounds; i++)); do
    # shellcheck disable=SC2086
    $on_cores "$build/bench/ops" --csv --threads "$threads" --only "$only" ${FLAGS:-} | sed 's/^/ours,/' >>"$work/times"
    for layout in nhwc nchw; do
        # shellcheck disable=SC2086
        $on_cores python3 "$here/peers/pytorch_ops.py" "$work/cases.csv" --threads "$threads" --only "$only" \
            --layout "$layout" ${FLAGS:-} ${PEER_FLAGS:-} | sed "s/^/$layout,/" >>"$work/times"
    done
done

printf '%-40s %-8s %9s %10s %10s %7s\n' op '' 'ours ms' 'NHWC ms' 'NCHW ms' ratio
sort -t , -k 1,3 -k 4,4n "$work/times" | awk -F , '
    function close_group() { if (n) median[key] = value[int((n + 1) / 2)]; n = 0 }
    { now = $1 "," $2 "," $3; if (now != key) { close_group(); key = now; ops[$2 "," $3] = 1 } value[++n] = $4 }
    END {
        close_group()
        for (op in ops) {
            split(op, part, ","); ours = median["ours," op]; nhwc = median["nhwc," op]; nchw = median["nchw," op]
            if (ours && nhwc) printf "%-40s %-8s %9.3f %10.3f %10.3f %7.2f\n", part[1], part[2], ours, nhwc, nchw, (nhwc < nchw ? nhwc : nchw) / ours
        }
    }' | awk '{ print $NF, $0 }' | sort -n | cut -d ' ' -f 2-
