#!/usr/bin/env bash
# kernels_for_gpus.sh SOURCE_DIR: every kernel of a GPU's routes compiles for NVIDIA and AMD where there is no GPU, and has
# no spill, no scratch, at most 128 registers and 32 KiB of local memory. Registers of NVIDIA are known where there is a
# ptxas (CUDA). Then kernels are planted that must be refused. 77: no compiler (clang-15 libclc-15 rocm-device-libs).
# FIGURES=FILE: a line for each kernel is written there: for whom, file, options, kernel, registers, bytes of local memory.
set -euo pipefail
kernels=$1/cl/ops/kernels
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export REGISTERS_MOST=128 LOCAL_MOST=32768
export AMD_LIBRARIES=/usr/lib/x86_64-linux-gnu/amdgcn/bitcode NVIDIA_LIBRARY=/usr/lib/clc/nvptx64--nvidiacl.bc
PTXAS=${PTXAS:-$(command -v ptxas || echo /usr/local/cuda/bin/ptxas)}
export PTXAS
if ! command -v clang-15 >/dev/null || [ ! -e "$NVIDIA_LIBRARY" ] || [ ! -e "$AMD_LIBRARIES/opencl.bc" ]; then
    echo 'skipped: clang-15, libclc-15 or rocm-device-libs is not installed'
    exit 77
fi

# compile OUTPUT KERNEL_FILE OPTION...: OpenCL C as a driver sees it.
compile() {
    local output=$1 file=$2
    shift 2
    clang-15 -x cl -cl-std=CL1.2 -Xclang -finclude-default-header -I"$(dirname "$file")" -O3 -w -S -o "$output" "$@" "$file"
}

# link LIBRARY...: these as built-in functions.
link() {
    printf -- '-Xclang -mlink-builtin-bitcode -Xclang %s ' "$@"
}

# above MOST WHAT NUMBER...: a line if a number is larger.
above() {
    local most=$1 what=$2 number
    shift 2
    for number in "$@"; do
        [ "$number" -le "$most" ] || echo "$what: $number, not $most or less"
    done
}

# figures_of MAKER KERNEL_FILE OPTION...: from lines of kernel, registers, bytes. A short line is written at once.
figures_of() {
    [ -n "${FIGURES:-}" ] || return 0
    local maker=$1 file=$2
    shift 2
    sed "s|^|$maker,$(basename "$file"),$*,|" >>"$FIGURES"
}

# for_nvidia KERNEL_FILE OPTION...: what is wrong.
for_nvidia() {
    local ptx log
    ptx=$(mktemp --suffix=.ptx) log=$(mktemp)
    # shellcheck disable=SC2046
    if ! compile "$ptx" "$@" -target nvptx64--nvidiacl -Xclang -target-cpu -Xclang sm_80 -Xclang -target-feature \
        -Xclang +ptx74 $(link "$NVIDIA_LIBRARY") 2>"$log"; then
        grep -m 1 'error' "$log" || head -n 3 "$log"
    elif [ ! -x "$PTXAS" ]; then
        # shellcheck disable=SC2046
        above 0 'bytes of private memory' $(sed -nE 's/^.*\.local .*\[([0-9]+)\].*/\1/p' "$ptx")
        # shellcheck disable=SC2046
        above "$LOCAL_MOST" 'bytes of local memory' $(sed -nE 's/^.*\.shared .*\[([0-9]+)\].*/\1/p' "$ptx")
    elif ! "$PTXAS" -arch=sm_90 -v -o "$ptx.cubin" "$ptx" >"$log" 2>&1; then
        head -n 3 "$log"
    else
        # shellcheck disable=SC2046
        above 0 'bytes of stack or spills' $(grep 'stack frame' "$log" | grep -oE '[0-9]+ bytes' | cut -d ' ' -f 1)
        # shellcheck disable=SC2046
        above "$REGISTERS_MOST" registers $(sed -nE 's/.*Used ([0-9]+) registers.*/\1/p' "$log")
        # shellcheck disable=SC2046
        above "$LOCAL_MOST" 'bytes of local memory' $(sed -nE 's/.* ([0-9]+) bytes smem.*/\1/p' "$log")
        awk -F"'" '/Compiling entry/ { name = $2 }
            match($0, /Used [0-9]+/) { used = substr($0, RSTART + 5, RLENGTH - 5)
                room = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART, RLENGTH - 11) : 0
                print name "," used "," room }' "$log" | figures_of nvidia "$@"
    fi
    rm -f "$ptx" "$ptx.cubin" "$log"
}

# for_amd KERNEL_FILE OPTION...: the same.
for_amd() {
    local assembly log
    assembly=$(mktemp --suffix=.s) log=$(mktemp)
    # What the kernels' metadata say of NAME.
    figures() { sed -nE "s/^ *\.$1: +([0-9]+)$/\1/p" "$assembly"; }
    # shellcheck disable=SC2046
    if ! compile "$assembly" "$@" -target amdgcn-amd-amdhsa -mcpu=gfx90a -nogpulib $(cd "$AMD_LIBRARIES" && link \
        "$PWD"/{opencl,ocml,ockl,oclc_isa_version_90a,oclc_wavefrontsize64_on,oclc_finite_only_off}.bc \
        "$PWD"/oclc_{unsafe_math_off,daz_opt_off,correctly_rounded_sqrt_off,abi_version_400}.bc) 2>"$log"; then
        grep -m 1 'error' "$log" || head -n 3 "$log"
    else
        # shellcheck disable=SC2046
        above 0 'bytes of scratch' $(figures private_segment_fixed_size)
        # shellcheck disable=SC2046
        above 0 'registers spilled' $(figures vgpr_spill_count) $(figures sgpr_spill_count)
        # shellcheck disable=SC2046
        above "$REGISTERS_MOST" registers $(figures vgpr_count)
        # shellcheck disable=SC2046
        above "$LOCAL_MOST" 'bytes of local memory' $(figures group_segment_fixed_size)
        awk '$1 == ".group_segment_fixed_size:" { room = $2 } $1 == ".name:" && $2 ~ /^[a-z]/ { name = $2 }
            $1 == ".vgpr_count:" { print name "," $2 "," room }' "$assembly" | figures_of amd "$@"
    fi
    rm -f "$assembly" "$log"
}

# try_one MAKER KERNEL_FILE OPTION...: a line for each thing that is wrong.
try_one() {
    local maker=$1
    shift
    "for_$maker" "$@" | sort -u | sed "s|^|for $maker, $(basename "$1") ${*:2}: |"
}
export -f compile link above figures_of for_nvidia for_amd try_one

# windows WINDOW...: lines of options for square windows KERNEL/STRIDE/DILATION, of floats and halves.
windows() {
    local window kernel stride dilation storage
    for window in "$@"; do
        IFS=/ read -r kernel stride dilation <<<"$window"
        for storage in '' ' -DHALF_STORAGE=1'; do
            echo "-DV=4 -DKERNEL_H=$kernel -DKERNEL_W=$kernel -DSTRIDE_H=$stride -DSTRIDE_W=$stride" \
                "-DDILATION=$dilation -DUPSTREAM_NORMALISED=$((kernel > 5))$storage"
        done
    done
}

# variants KERNEL_FILE: lines of options that a GPU builds it with.
variants() {
    local normalised storage
    case $(basename "$1") in
        augment.cl | augment_gpu.cl | gemm.cl | lstm.cl | mlp.cl | surrogate.cl | weight_sum_gpu.cl) echo -DV=4 ;;
        trie.cl | trie_mlp.cl) printf '%s\n' '-DV=4 -DP=64 -DROWS=12' '-DV=4 -DP=64 -DROWS=12 -DCAREFUL' ;;
        depthwise_gpu.cl) windows {3,5,7}/{1,2}/1 3/1/2 5/2/3 9/1/1 15/1/1 ;;
        pool_gpu.cl) windows 3/{1,2}/1 {5,7}/1/1 3/1/2 ;;
        norm_gpu.cl | head_gpu.cl | add_gpu.cl) printf '%s\n' -DV=4 '-DV=4 -DHALF_STORAGE=1' ;;
        update_gpu.cl) printf -- '-DV=4 -DOPTIMIZER=%s\n' 0 1 2 ;;
        update.cl) printf -- '-DV=4 -DWIDTH=1 -DOPTIMIZER=%s\n' 0 1 2 ;;
        convolution_gpu.cl | pointwise_gpu.cl) for tile in 8 12 16 24; do
               printf -- "-DV=4 -DTILE=$tile%s\\n" '' ' -DHALF_STORAGE=1'
           done ;;
        weight_gradient_gpu.cl) printf -- '-DV=4%s\n' '' ' -DHALF_STORAGE=1' ;;
        *) for normalised in 0 1; do
               for storage in '' ' -DHALF_STORAGE=1'; do
                   echo "-DV=4 -DUPSTREAM_NORMALISED=$normalised$storage"
               done
           done ;;
    esac
}

# try_all KERNEL_FILE...: what is wrong with any, as many at a time as there are cores.
try_all() {
    local file maker
    for file in "$@"; do
        for maker in nvidia amd; do
            variants "$file" | sed "s|^|$maker $file |"
        done
    done | TMPDIR=$work xargs -P "$(nproc)" -d '\n' -I LINE bash -c 'try_one LINE'
}

mapfile -t files < <(find "$kernels" -name '*.cl' ! -name '*_tile.cl' ! -name '*_wide.cl' | sort) # CPUs'
[ "${#files[@]}" -ge 12 ] || { echo "only ${#files[@]} kernel files in $kernels"; exit 1; }
wrong=$(try_all "${files[@]}")
if [ -n "$wrong" ]; then
    echo "$wrong"
    exit 1
fi
echo "${#files[@]} kernel files are in order$([ -x "$PTXAS" ] || echo '; no ptxas: registers of NVIDIA were not looked at')"

# planted WHAT TEXT SAYS: a kernel that is refused by both, with these words.
planted() {
    echo "$2" >"$work/planted.cl"
    local said
    said=$(try_all "$work/planted.cl")
    for maker in nvidia amd; do
        grep -E "^for $maker, .*: .*($3)" <<<"$said" >/dev/null || { echo "a kernel with $1 passes for $maker: $said"; exit 1; }
    done
}
planted 'a syntax error' '__kernel void k(__global float *x) { x[0] = no_such_thing; }' 'no_such_thing'
planted 'private memory' '__kernel void k(__global float *x, const int i) {
    float p[512]; for (int j = 0; j < 512; ++j) p[(j * i) & 511] = x[j]; x[i] = p[i & 511]; }' 'scratch|stack|private memory'
planted 'too much local memory' '__kernel void k(__global float *x) { __local float l[8448];
    const int i = get_local_id(0); l[i] = x[i]; barrier(CLK_LOCAL_MEM_FENCE); x[i] = l[8447 - i]; }' 'bytes of local memory'
echo 'planted kernels are refused'
