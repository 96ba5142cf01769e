#!/usr/bin/env bash
# The first ten minutes with a GPU as one command: everything that is to be known of it, in one text file.
#
#   bench/gpu.sh BUILD_DIR [REPORT]
#
# BUILD_DIR was configured with -DPNAS_BENCH=ON in Release. REPORT: gpu-HOST-TIME.txt. Each step has a time limit; one that
# fails or is not ready is named, and the rest goes on. Exit code: 0 if all were done, else 1. PyTorch is the peer where
# python3 has it.
#
# DEVICE=cpu     another device than gpu: an index, a part of its name (pnas_device list)
# STEPS="a b"    only these of: machine devices check check-half launches child child-half lanes groups pytorch search demo
#                tune child-tuned
# QUICK=1        smallest shapes and few repeats: to try this script, on a CPU
# PNAS_CACHE     where compiled kernels and the tuned table stay; else a folder that goes with the script's end
set -uo pipefail
[ -d "${1:-}" ] || { echo 'usage: bench/gpu.sh BUILD_DIR [REPORT]; BUILD_DIR: a folder' >&2; exit 64; }
build=$(realpath "$1")
report=$(realpath "${2:-gpu-$(hostname)-$(date +%Y%m%d-%H%M%S).txt}")
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
device=${DEVICE:-gpu}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PNAS_CACHE=${PNAS_CACHE:-$work/cache} PNAS_KERNELS=$root/cl/ops/kernels
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 # in a container
export build root device work peer_limit

child=(--blocks 5 --repeats 1) steps=(--steps 20) rounds=20 check=() groups=(--groups 8) peer_limit=100
tuned=(--cell '-1:sep3+-2:max3 | -1:sep5+-2:identity | -1:1x7-7x1+0:avg3 | -2:dil3+1:sep7 | 0:sep3+-1:sep5')
if [ -n "${QUICK:-}" ]; then
    child=(--blocks 1 --repeats 1 --filters 4 --size 8 --batch 8) steps=(--steps 3) rounds=1
    check=(--small --op sum) groups=(--groups 8 --route gpu) peer_limit=30
    tuned=(--config "$root/configs/demo.yaml" --cell '-1:identity+-2:identity')
fi

left_out=()

# say NAME WHAT: to the report and to who waits.
say() {
    printf '=== %s: %s\n' "$1" "$2" | tee -a "$report"
}

# step NAME SECONDS COMMAND...: once, its output into the report; commands may be functions of this script.
step() {
    local name=$1 limit=$2 began=$SECONDS code=0
    shift 2
    [[ -z ${STEPS:-} || " $STEPS " == *" $name "* ]] || return 0
    printf '\n=== %s: %s\n' "$name" "$*" >>"$report"
    timeout --kill-after=10 "$limit" bash -c '"$@"' bash "$@" >>"$report" 2>&1 </dev/null || code=$?
    case $code in
        0) say "$name" "done in $((SECONDS - began)) s"; return ;;
        124 | 137) say "$name" "STOPPED: not ready after $limit s" ;;
        *) say "$name" "FAILED with exit code $code after $((SECONDS - began)) s" ;;
    esac
    left_out+=("$name")
}

machine() {
    uname -srvm
    lscpu | grep -E '^(Model name|CPU\(s\)|Thread|Core|Socket|NUMA node\(s\)|L[23])'
    grep MemTotal /proc/meminfo
    git -C "$root" log -1 --format='commit %H' 2>/dev/null
    local tool
    for tool in nvidia-smi rocm-smi clinfo; do
        command -v "$tool" >/dev/null && "$tool"
    done
    true
}

# What a search found, without times: the same to the bit, whoever trained it.
found() {
    "$build/bin/pnas_rank" "$1" --csv | sed 's/,[^,]*$//'
}

# search_on RANKS
search_on() {
    mpirun --oversubscribe --bind-to none -n "$1" "$build/bin/pnas_mpi" "$root/tests/programs/tiny.yaml" -o "$work/$1.h5" \
        --device "$device" --ranks-per-device "$1" && found "$work/$1.h5" >"$work/$1.csv"
}

search() {
    search_on 1 && search_on 2 && cat "$work/1.csv" || return
    diff "$work/1.csv" "$work/2.csv" && echo 'two ranks found the same as one, to the bit'
}

demo() {
    mpirun --oversubscribe --bind-to none -n 1 "$build/bin/pnas_mpi" "$root/configs/demo.yaml" -o "$work/demo.h5" \
        --device "$device" && "$build/bin/pnas_rank" "$work/demo.h5"
}

pytorch() {
    python3 -c 'import torch' 2>/dev/null || { echo 'left out: python3 has no PyTorch'; return 0; }
    local where=auto
    [ "$device" = cpu ] && where=cpu
    python3 "$root/bench/peers/pytorch_child.py" --best --limit "$peer_limit" --device "$where" --threads "$(nproc)" "$@"
}
export -f machine found search_on search demo pytorch

: >"$report" || exit 74
say report "$report"
step machine 60 machine
step devices 60 "$build/bin/pnas_device" list
step check 240 "$build/bin/pnas_device" check --device "$device" "${check[@]}"
step check-half 240 "$build/bin/pnas_device" check --device "$device" --half "${check[@]}"
step launches 90 "$build/bench/launch_rate" --device "$device" --queues 8 --rounds "$rounds"
step child 240 "$build/bench/child_step" --device "$device" "${child[@]}" "${steps[@]}" --ops
step child-half 240 "$build/bench/child_step" --device "$device" "${child[@]}" "${steps[@]}" --ops --storage half
step lanes 240 "$build/bench/child_step" --device "$device" "${child[@]}" "${steps[@]}" --lanes 8
step groups 300 "$build/bench/child_step" --device "$device" "${child[@]}" "${steps[@]}" "${groups[@]}"
step pytorch 900 pytorch "${child[@]}" "${steps[@]}"
step search 240 search
[ -n "${QUICK:-}" ] || step demo 240 demo
step tune 400 "$build/bin/pnas_device" tune --device "$device" "${tuned[@]}"
step child-tuned 240 "$build/bench/child_step" --device "$device" "${child[@]}" "${steps[@]}" --ops

[ "${#left_out[@]}" -eq 0 ] && exit 0
say 'not done' "${left_out[*]}"
exit 1
