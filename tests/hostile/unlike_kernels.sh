#!/usr/bin/env bash
# unlike_kernels.sh SOURCE_DIR PNAS_MPI PNAS_SCORE PNAS_TRAIN PNAS_NET: ranks with other kernels are refused, and a run goes
# on with the kernels alone that it was begun with; a child's checkpoint of others is not taken.
set -euo pipefail
source=$1 pnas_mpi=$2 pnas_score=$3 pnas_train=$4 pnas_net=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1"
    tail -n 20 ./*.err
    exit 1
}

cp -r "$source/cl/ops/kernels" other
echo '// changed' >>other/view.h
cat >tiny.yaml <<'END_OF_CONFIGURATION'
dataset: {validation: 60, training_images: 120}
space: {blocks: 1, operators: [identity, max3]}
search: {first: 3}
network: {filters: 2, repeats: 1}
training: {epochs: 2, batch: 20}
END_OF_CONFIGURATION

# together PROGRAM ARGUMENTS...: rank 1 has other kernels.
together() {
    rm -f codes
    # shellcheck disable=SC2016
    mpirun --oversubscribe --bind-to none -n 1 sh -c '"$@"; echo $? >>codes' sh "$@" \
        : -n 1 env PNAS_KERNELS="$work/other" sh -c '"$@"; echo $? >>codes' sh "$@" >last.out 2>last.err </dev/null ||
        fail "mpirun failed"
    [ "$(tr '\n' ' ' <codes)" = "64 64 " ] || fail "expected exit code 64 twice, got $(tr '\n' ' ' <codes)"
    [ "$(grep -c 'rank 0 on .* uses the kernels [0-9a-f]*, but rank 1 on .*; the kernel sources differ' last.err)" -eq 1 ] ||
        fail "the refusal does not name both ranks once"
}
together "$pnas_mpi" tiny.yaml -o run.h5
[ ! -e run.h5 ] || fail "a file is written"

# What compilers read of the environment changes the same bits.
for setting in POCL_EXTRA_BUILD_FLAGS=-cl-fast-relaxed-math POCL_WORK_GROUP_METHOD=workitemrepl; do
    code=0
    mpirun --oversubscribe --bind-to none -n 1 "$pnas_mpi" tiny.yaml -o run.h5 \
        : -n 1 env "$setting" "$pnas_mpi" tiny.yaml -o run.h5 >last.out 2>last.err </dev/null || code=$?
    [ "$code" -eq 64 ] || fail "$setting on one rank: exit code $code"
    grep -q 'the kernel sources differ: .*the POCL_... of compiling' last.err || fail "$setting is not named"
done

# Another version is installed after the program has begun: not some kernels of each.
cp -r "$source/cl/ops/kernels" changing
code=0
PNAS_CACHE="$work/cold" PNAS_KERNELS="$work/changing" "$pnas_mpi" tiny.yaml -o changed.h5 \
    >last.out 2> >(tee last.err | while read -r line; do
        case $line in *"level 1: "*) echo '// changed' >>changing/mlp.cl ;; esac
    done) </dev/null || code=$?
[ "$code" -eq 74 ] || fail "kernels that change meanwhile: exit code $code"
grep -q 'changing: its kernels were changed while the program was at work' last.err || fail "the change is not told"
rm -rf changing changed.h5*

# A run that was stopped after its first child.
code=0
"$pnas_mpi" tiny.yaml -o run.h5 --set training.child_time_limit=0.000001 >first.out 2>first.err </dev/null || code=$?
[ "$code" -eq 65 ] || fail "the first run ended with $code"
h5dump -a /kernels run.h5 | grep -q '"[0-9a-f]\{16\}"' || fail "the run file does not tell the kernels"
rm run.h5
"$pnas_mpi" tiny.yaml -o run.h5 >first.out 2>first.err </dev/null || fail "the search"
together "$pnas_score" run.h5 -o scores.h5
together "$pnas_train" tiny.yaml --cell '-1:max3+-2:max3' -o net.h5
"$pnas_train" tiny.yaml --cell '-1:max3+-2:max3' -o net.h5 >first.out 2>first.err </dev/null || fail "the training"
"$pnas_score" run.h5 -b 2 --all -o scores.h5 >first.out 2>first.err </dev/null || fail "the scoring"
rm scores.h5.parts/00001.h5
code=0
PNAS_KERNELS="$work/other" "$pnas_score" run.h5 -b 2 --all -o scores.h5 >last.out 2>last.err </dev/null || code=$?
[ "$code" -eq 64 ] || fail "parts of scores by other kernels are joined ($code)"
[ ! -e scores.h5.parts/00001.h5 ] || fail "a part is written by other kernels"
printf '\0\0\10\3\0\0\0\1\0\0\0\10\0\0\0\10%064d' 0 >image.idx
together "$pnas_net" test net.h5 --data digits
together "$pnas_net" predict net.h5 image.idx
PNAS_KERNELS="$work/other" "$pnas_mpi" tiny.yaml -o run.h5 >same.out 2>same.err </dev/null ||
    fail "a complete run needs no kernels"
cp run.h5 before.h5
code=0
PNAS_KERNELS="$work/other" "$pnas_mpi" tiny.yaml -o run.h5 --set space.blocks=2 >more.out 2>more.err </dev/null || code=$?
[ "$code" -eq 64 ] || fail "a run goes on with other kernels ($code)"
grep -q 'run.h5: this run was begun with the kernels .*unset PNAS_KERNELS' more.err || fail "what to do is not said"
cmp -s run.h5 before.h5 || fail "the run file was changed"
