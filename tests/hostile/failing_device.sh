#!/usr/bin/env bash
# failing_device.sh SOURCE_DIR DEVICE PNAS_MPI DEVICE_PRETENDER DEVICE_TROUBLER: what a device in trouble refuses is
# never a child's failure: the rank ends with 69, and the same command continues. DEVICE is cpu or gpu, which a CPU
# pretends to be; there, whether CLBlast is taken is compared among ranks, too.
set -euo pipefail
source_dir=$1 device=$2 pnas_mpi=$3 device_pretender=$4 device_troubler=$5
. "$source_dir/tests/programs/run_figures.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export POCL_CACHE_DIR=${POCL_CACHE_DIR:-$PNAS_CACHE/pocl} # kernels are compiled once
preload=${LD_PRELOAD:+$LD_PRELOAD:}$device_troubler
[ "$device" = cpu ] || preload=$preload:$device_pretender
printf '#!/bin/sh\nLD_PRELOAD="%s" exec "%s" "$@"\n' "$preload" "$pnas_mpi" >troubled # for ranks, not for mpirun
chmod +x troubled

fail() {
    echo "FAILED: $1"
    tail -n 20 ./*.err
    exit 1
}

cat >tiny.yaml <<'END_OF_CONFIGURATION'
dataset: {validation: 60, training_images: 120}
space: {blocks: 2, operators: [identity, max3]}
search: {first: 3, beam: 2}
network: {filters: 2, repeats: 1}
training: {epochs: 2, batch: 20}
surrogate: {members: 3, epochs: 2, hidden: 4, embedding: 2}
END_OF_CONFIGURATION

# ran CODE TROUBLE FILE: a rank alone, with $group children at a time
group=1
ran() {
    local expected=$1 trouble=$2 code=0
    DEVICE_TROUBLE=$trouble ./troubled tiny.yaml --set group=$group --set lanes=1 -o "$3" >last.out 2>last.err ||
        code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected with $trouble"
}

# pair CODE TROUBLE FILE: two ranks on the device, with trouble on the second
pair() {
    rm -f codes
    local run=(./troubled tiny.yaml --set group=1 --set lanes=1 --ranks-per-device 2 -o "$3")
    # The shell around each rank answers 0, or mpirun would end the other at the first failure.
    # shellcheck disable=SC2016
    mpirun --oversubscribe --bind-to none -n 1 sh -c '"$@"; echo $? >>codes' sh "${run[@]}" \
        : -n 1 env DEVICE_TROUBLE="$2" sh -c '"$@"; echo $? >>codes' sh "${run[@]}" >last.out 2>last.err </dev/null ||
        fail "mpirun failed"
    [ "$(tr '\n' ' ' <codes)" = "$1 $1 " ] || fail "exit codes $(tr '\n' ' ' <codes)instead of $1 with $2"
}

expect_said() {
    grep -qE "$1" last.err || fail "no message like '$1'"
}

expect_none_failed() {
    if grep -qE 'level [12]/2  [0-9]+/[0-9]+  failed: ' last.err; then fail "a child failed: $1"; fi
    if h5dump -d /levels/1/status "$1" | grep -q '): .*FAILED'; then fail "a child stands as failed in $1"; fi
}

expect_undisturbed() {
    run_figures "$1" >found.txt
    diff expected.txt found.txt || fail "figures of $1 differ from those of an undisturbed run"
}

# A call of a child's training fails, for a while or for good.
child_troubles() {
    local trouble number=0
    for trouble in "$@"; do
        number=$((number + 1))
        rm -f $number.h5
        ran 69 "$trouble" $number.h5
        expect_said 'no rank is left that can train; the last, rank 0, failed: .*CL_[A-Z_]*; if others have taken its memory'
        expect_said 'start fewer ranks on the device, or lower lanes or group; what is finished is kept, and the same'
        expect_none_failed $number.h5
        ran 0 "" $number.h5
        expect_none_failed $number.h5
        expect_undisturbed $number.h5
    done
}

ran 0 "" run.h5
run_figures run.h5 >expected.txt
last=100000000

if [ "$device" = cpu ]; then
    child_troubles flush:2:3:-5 build:2:2:-5 buffer:20:20:-4 flush:30:$last:-5
    exit 0
fi

# Behind the first 31 calls, of the check of CLBlast.
child_troubles buffer:100:100:-4 wait:150:151:-5 finish:2:3:-5 wait:350:$last:-5
group=3
child_troubles wait:150:151:-5
group=1

# One rank of two.
pair 0 buffer:60:60:-4 pair.h5
expect_said 'warning: rank 1 cannot go on .memory: a buffer of .*; its child waits for another rank'
expect_none_failed pair.h5
expect_undisturbed pair.h5

# CLBlast: refused by itself on one rank, or not to be checked.
h5dump -d /ranks/driver run.h5 | grep -qE '; CLBlast ([0-9.]+|taken)"' || fail "the run does not say: CLBlast"
pair 64 "clblast:1:$last:-2046" other.h5
expect_said 'rank 0 on .* and rank 1 on .* have the same device, .* products by the same CLBlast \(.*; CLBlast refused'
[ ! -e other.h5 ] || fail "a file was written"
ran 0 "clblast:1:$last:-2046" refused.h5
expect_said 'warning: CLBlast does not work on .*its status -2046'
h5dump -d /ranks/driver refused.h5 | grep -q '; CLBlast refused"' || fail "the run does not say: refused"
ran 69 clblast:1:1:-5 other.h5
expect_said 'CLBlast cannot be checked on .*: CL_OUT_OF_RESOURCES'
[ ! -e other.h5 ] || fail "a file was written"
