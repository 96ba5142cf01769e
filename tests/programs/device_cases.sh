#!/usr/bin/env bash
# device_cases.sh CASE PNAS_DEVICE SOURCE_DIR: pnas_device as a person runs it.
set -euo pipefail
case=$1
program=$2
source=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $1"
    cat "$work/out" "$work/err" 2>/dev/null || true
    exit 1
}

# run EXPECTED_CODE ARGUMENT...: output in $work/out, messages in $work/err.
run() {
    local expected=$1 code=0
    shift
    "$program" "$@" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" = "$expected" ] || fail "exit code $code instead of $expected: pnas_device $*"
}

says() {
    grep -qE "$1" "$work/out" || fail "no '$1' in the output"
}

complains() {
    grep -qE "$1" "$work/err" || fail "no '$1' among the messages"
}

case_list() {
    run 0 list
    says '^index +type +units +memory +largest +PCI +name; platform; driver; version$'
    says '^0 +(CPU|GPU|accelerator) +[0-9]+ +[0-9.]+ [KMGT]iB '
    local devices
    devices=$(($(wc -l <"$work/out") - 1))
    run 0 list --csv
    says '^index,type,compute_units,memory,largest_allocation,name,platform,vendor,driver,version,pci$'
    says '^0,(CPU|GPU|accelerator),[0-9]+,[0-9]+,[0-9]+,[^,]'
    [ "$(wc -l <"$work/out")" = $((devices + 1)) ] || fail "CSV has not a line a device"
    run 0 list --json
    says '^\[\{"index": 0, "compute_units": [0-9]+,'
    [ "$(tail -c 2 "$work/out")" = ']' ] || fail "the JSON array is not closed"
}

# One driver under several names.
case_named_twice() {
    run 0 list --csv
    cp "$work/out" "$work/once"
    mkdir "$work/icd"
    local icd=${OCL_ICD_VENDORS:-/etc/OpenCL/vendors} driver
    driver=$(cat "$icd" 2>/dev/null || cat "$icd"/*.icd | head -n 1)
    printf '%s\n' "$driver" >"$work/icd/a.icd"
    printf '%s\n' "$driver" >"$work/icd/b.icd"
    OCL_ICD_VENDORS=$work/icd run 0 list --csv
    diff "$work/once" "$work/out" || fail "a driver that two files name counts twice"
}

case_no_device() {
    OCL_ICD_VENDORS=$work run 69 list
    complains 'no usable OpenCL device .* pocl-opencl-icd; OCL_ICD_VENDORS=.* hides every driver'
}

case_check_one() {
    run 0 check --op 'global pool' --every-v
    says '^global pool +plain +1 .* pass, 4 shapes$'
    says '^global pool +plain +8 .* pass, 4 shapes$'
    says '^everything passes$'
    run 64 check --op nonesuch
    complains "no op has 'nonesuch' in its name"
}

case_check() {
    run 0 check
    says '^depthwise convolution +plain +[48] .* pass, 6 shapes$'
    says '^everything passes$'
    if grep -q FAILED "$work/out"; then fail "a check failed"; fi
}

# Kernels that compute wrongly are found: a global pool that forgets to divide.
case_check_fails() {
    local kernels=$source/cl/ops/kernels
    cp -r "$kernels" "$work/kernels"
    sed -i 's|sum / (float)pixels|sum|' "$work/kernels/head.cl"
    cmp -s "$kernels/head.cl" "$work/kernels/head.cl" && fail "head.cl has no mean to spoil"
    PNAS_KERNELS=$work/kernels run 69 check --op 'global pool'
    says '^global pool +(plain|tile) .* FAILED at shape [0-9]: features\[0 of [0-9]+\]: .*, expected '
    complains '[0-9]+ of [0-9]+ checks failed: this device or its driver computes wrongly'
    rm "$work/kernels/add.cl"
    PNAS_KERNELS=$work/kernels run 69 check --op sum
    says '^sum, copy and regrouping +plain .* FAILED .*cannot open kernel file'
}

case_routes() {
    run 0 routes --cell '-1:sep3+-2:max3' --cell '-1:1x7-7x1+-2:identity'
    says '^layer +op +shape +route +kernel file +chosen by$'
    says '^cell_0/block_0/left_sep3/0/depthwise +depthwise backward +N 32, 24x32x32 to 24, 3x3 +(wide|tile|plain) +depthwise'
    says '^cell_0/block_0/right_max3/pool +max pool '
    says '^cell_0/block_0/left_1x7-7x1/.* convolution forward .*, 1x7 '
    says '^head/classifier +matrix product '
    # Every kernel file that it names is there.
    local file
    for file in $(grep -oE '[a-z_]+\.cl' "$work/out" | sort -u); do
        [ -e "$source/cl/ops/kernels/$file" ] || fail "no kernel file $file"
    done
    run 0 routes --config "$source/configs/demo.yaml"
    says ' N 32, 8x8x8'
    run 64 routes --cell '-1:nonesuch+-2:max3'
    complains nonesuch
}

# What tune finds, routes and every other program take until PNAS_TUNED=0; kernels of another source are not tuned.
case_tune() {
    POCL_CACHE_DIR=${POCL_CACHE_DIR:-$PNAS_CACHE/pocl}
    export POCL_CACHE_DIR PNAS_CACHE=$work/cache
    local cell=(--config "$source/configs/demo.yaml" --cell '-1:identity+-2:identity') table
    run 0 tune "${cell[@]}"
    says '^[148] +pointwise backward +N 32, 24x1x64 to 8, 1x1 +[0-9]+ +[0-9-]+ +[0-9-]+ +- +- +(wide|tile|plain)$'
    says '^V = [148]: [0-9]+ routes; all of them together [0-9.]+ s, by the built-in table [0-9.]+ s$'
    says "^CLBlast's parameters: XgemmDirect own; Xgemm own\$"
    says '^table [0-9a-f]{16} in '
    table=$(sed -n 's/^table \([0-9a-f]*\) in .*/\1/p' "$work/out")
    run 0 routes "${cell[@]}"
    says "; tuned table $table$"
    says '^cell_0/.* tuned$'
    PNAS_TUNED=0 run 0 routes "${cell[@]}"
    says '; tuned table none$'
    cp -r "$source/cl/ops/kernels" "$work/kernels"
    echo '/* */' >>"$work/kernels/view.h"
    PNAS_KERNELS=$work/kernels run 0 routes "${cell[@]}"
    says '; tuned table none$'
    echo 'pnas tuned table 2' >"$(echo "$work"/cache/*.tuned)"
    run 0 routes "${cell[@]}"
    says '; tuned table none$'
    complains 'is damaged: routes are the built-in ones; run pnas_device tune again'
}

# Compiled by two processes into an empty cache; the second time there is nothing left to compile.
case_build() {
    unset POCL_CACHE_DIR
    export PNAS_CACHE=$work/cache
    local build=(build --config "$source/configs/demo.yaml" --cell '-1:identity+-2:identity' --processes) kernels
    run 0 "${build[@]}" 2
    says '^the kernels of 1 child are compiled, in [0-9.]+ s by 2 processes$'
    kernels=$(find "$work/cache" -name '*.so' -o -name '*.bin' | sort)
    [ "$(wc -l <<<"$kernels")" -ge 10 ] || fail "only these were compiled: $kernels"
    run 0 "${build[@]}" 1
    says 'by 1 process$'
    [ "$kernels" = "$(find "$work/cache" -name '*.so' -o -name '*.bin' | sort)" ] ||
        fail "something was compiled again"
    run 0 "${build[@]::${#build[@]}-1}" # without --processes
    says 'by [1-9][0-9]* process(es)?$'
    run 64 "${build[@]}" 0
    complains "processes wants a whole number from 1 to 64, not '0'"
}

case_wrong_use() {
    run 64
    complains 'a command is missing'
    run 64 paint
    complains "'paint' is not"
    run 64 list everything
    complains 'list takes no arguments'
    run 64 check --seed odd
    complains "not 'odd'"
    run 64 routes --cell nonesuch
    complains "error: --cell: block 0 of the cell: 'nonesuch'"
    run 69 check --device nonesuch
    complains 'no OpenCL device matches "nonesuch"'
    run 0 --help
    says '  list '
    says '  check '
    says '  routes '
    says '  tune '
    says '  build '
}

"case_$case"
