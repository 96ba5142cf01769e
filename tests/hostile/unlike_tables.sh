#!/usr/bin/env bash
# unlike_tables.sh SOURCE_DIR PNAS_DEVICE PNAS_MPI PNAS_TRAIN PNAS_NET PNAS_SCORE DEVICE_PRETENDER EDIT_NETWORK: ranks of
# equal devices that have other tuned tables would compute other bits, or wait for each other for ever. Every program
# refuses them. What is continued with another table is told.
set -euo pipefail
pnas_device=$2 pnas_mpi=$3 pnas_train=$4 pnas_net=$5 pnas_score=$6 device_pretender=$7 edit_network=$8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export POCL_CACHE_DIR=${POCL_CACHE_DIR:-$PNAS_CACHE/pocl} # kernels are compiled once

fail() {
    echo "FAILED: $1"
    tail -n 20 ./*.err
    exit 1
}

cat >tiny.yaml <<'END_OF_CONFIGURATION'
dataset: {validation: 60, training_images: 120}
space: {blocks: 1, operators: [identity, max3]}
search: {first: 3}
network: {filters: 2, repeats: 1}
training: {epochs: 1, batch: 20}
surrogate: {members: 1, epochs: 2, hidden: 4, embedding: 2}
END_OF_CONFIGURATION
cell='-1:identity+-2:max3'
mkdir -m 700 tuned untuned wide narrow
PNAS_CACHE=$work/tuned "$pnas_device" tune --config tiny.yaml --cell "$cell" >tune.out 2>tune.err || fail "no table"
table=$(cd tuned && echo ./*.tuned)

# make_table FOLDER V: a table that says nothing but V
make_table() {
    { sed -n 1,2p "tuned/$table" && echo "V $2, 0 routes, hash 000000000000000$2" && sed -n 4,6p "tuned/$table"; } >"$1/$table"
}
make_table wide 8
make_table narrow 4

export PNAS_CACHE=$work/untuned
"$pnas_mpi" tiny.yaml -o run.h5 >first.out 2>first.err || fail "no search"
"$pnas_train" tiny.yaml --cell "$cell" -o net.h5 >first.out 2>first.err || fail "no training"
printf '\0\0\10\3\0\0\0\1\0\0\0\10\0\0\0\10%064d' 0 >image.idx

# ranks FOLDER_0 FOLDER_1 PROGRAM ARGUMENTS...: each of two ranks has a table of its own; their exit codes go to `codes`
ranks() {
    local first=$1 second=$2
    shift 2
    rm -f codes
    # The shell around each rank answers 0, or mpirun would end the other at the first failure.
    # shellcheck disable=SC2016
    mpirun --oversubscribe --bind-to none -n 1 env PNAS_CACHE="$work/$first" sh -c '"$@"; echo $? >>codes' sh "$@" \
        : -n 1 env PNAS_CACHE="$work/$second" sh -c '"$@"; echo $? >>codes' sh "$@" >last.out 2>last.err </dev/null ||
        fail "mpirun failed"
}

# refused FOLDER_0 FOLDER_1 PROGRAM ARGUMENTS...
refused() {
    ranks "$@"
    [ "$(tr '\n' ' ' <codes)" = "64 64 " ] || fail "expected exit code 64 twice, got $(tr '\n' ' ' <codes): $*"
    [ "$(grep -c 'rank 0 on .* and rank 1 on .* have the same device, .*, but not the same tuned table' last.err)" -eq 1 ] ||
        fail "the refusal does not name both ranks once: $*"
}

refused untuned narrow "$pnas_train" tiny.yaml --cell "$cell" -o other.h5
refused wide narrow "$pnas_train" tiny.yaml --cell "$cell" -o other.h5
refused untuned narrow "$pnas_mpi" tiny.yaml -o other.h5
refused untuned narrow "$pnas_mpi" tiny.yaml -o other.h5 --set evaluator=table --set table=run.h5
refused untuned narrow "$pnas_net" test --data digits net.h5
refused untuned narrow "$pnas_net" predict net.h5 image.idx
refused untuned narrow "$pnas_score" run.h5 -o other.h5
refused untuned narrow "$pnas_score" run.h5 --evaluate run.h5
[ ! -e other.h5 ] || fail "a file was written"

# A final training adds up what lies on devices as they have it, and a GPU has other blocks of channels.
printf '#!/bin/sh\nLD_PRELOAD="%s" exec "$@"\n' "${LD_PRELOAD:+$LD_PRELOAD:}$device_pretender" >pretend
chmod +x pretend
train=("$pnas_train" tiny.yaml --cell "$cell" -o other.h5 --ranks-per-device 2)
rm -f codes
# shellcheck disable=SC2016
mpirun --oversubscribe --bind-to none -n 1 sh -c '"$@"; echo $? >>codes' sh "${train[@]}" \
    : -n 1 sh -c './pretend "$@"; echo $? >>codes' sh "${train[@]}" >last.out 2>last.err </dev/null || fail "mpirun failed"
[ "$(tr '\n' ' ' <codes)" = "64 64 " ] || fail "a CPU and a GPU together end with $(tr '\n' ' ' <codes)"
grep -q 'rank 0 on .* computes with channel blocks of 8, but rank 1 on .* computes with channel blocks of 4' last.err ||
    fail "the blocks are not named"
[ ! -e other.h5 ] || fail "a file was written"

# A training goes on under another table with a warning, as a search does.
long=("$pnas_train" tiny.yaml --cell "$cell" -o long.h5 --set training.epochs=100000)
for seconds in 2 4 8 16 32; do # one that is stopped before its first update leaves no file
    [ -e long.h5 ] || PNAS_CACHE=$work/narrow "${long[@]}" --time-limit $seconds >last.out 2>last.err || [ $? -eq 75 ] ||
        fail "no training that was stopped"
done
h5dump -d /devices/driver long.h5 | grep -q '; tuned 0000000000000004"' || fail "the network does not say which table it has"

# told FOLDER [SENTENCE]: what is said, or nothing, where the training is to go on with the table of FOLDER
told() {
    PNAS_CACHE=$work/$1 "${long[@]}" --check >last.out 2>last.err || fail "it does not go on with another table"
    if [ $# -eq 1 ]; then
        ! grep -q 'was last trained' last.err || fail "something is told of the table $1"
    else
        grep -qE "long.h5: was last trained on .* with driver .*; tuned 0000000000000004 and goes on on .* with $2: the network" \
            last.err || fail "another table is not told: $1"
    fi
}
told narrow
told wide '.*; tuned 0000000000000008'
told untuned '[^;]*'
"$edit_network" long.h5 delete /devices # as older versions left it
told wide

# Parts of scores are joined with a warning, too, at the start and where another rank's part is met at the end.
scored() {
    local table=$1
    shift
    PNAS_CACHE=$work/$table "$pnas_score" run.h5 -b 3 -o all.h5 --all "$@" >last.out 2>last.err || fail "no scores"
}
scored narrow
h5dump -a /driver all.h5.parts/00003.h5 | grep -q '; tuned 0000000000000004"' || fail "a part does not say which table it has"
rm all.h5 all.h5.parts/00002.h5
scored narrow
! grep -q 'of its parts some' last.err || fail "equal tables of parts are told"
for lost in 00000 00015; do
    rm all.h5.parts/$lost.h5
    scored wide
    [ "$(grep -c 'all.h5: of its parts some were scored by .*; tuned 0*[48], and some with .*; tuned 0*[48]: ' last.err)" -eq 1 ] ||
        fail "another table of parts is not told once"
done

# What the sentence advises.
PNAS_TUNED=0 ranks untuned narrow "$pnas_net" predict net.h5 image.idx
[ "$(tr '\n' ' ' <codes)" = "0 0 " ] || fail "exit codes without tables: $(tr '\n' ' ' <codes)"
ranks narrow narrow "$pnas_net" predict net.h5 image.idx
[ "$(tr '\n' ' ' <codes)" = "0 0 " ] || fail "exit codes with equal tables: $(tr '\n' ' ' <codes)"
