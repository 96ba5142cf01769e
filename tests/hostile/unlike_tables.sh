#!/usr/bin/env bash
# unlike_tables.sh SOURCE_DIR PNAS_DEVICE PNAS_MPI PNAS_TRAIN PNAS_NET PNAS_SCORE DEVICE_PRETENDER: ranks of equal devices
# that have other tuned tables would compute other bits, or wait for each other for ever. Every program refuses them.
set -euo pipefail
pnas_device=$2 pnas_mpi=$3 pnas_train=$4 pnas_net=$5 pnas_score=$6 device_pretender=$7
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

# What the sentence advises.
PNAS_TUNED=0 ranks untuned narrow "$pnas_net" predict net.h5 image.idx
[ "$(tr '\n' ' ' <codes)" = "0 0 " ] || fail "exit codes without tables: $(tr '\n' ' ' <codes)"
ranks narrow narrow "$pnas_net" predict net.h5 image.idx
[ "$(tr '\n' ' ' <codes)" = "0 0 " ] || fail "exit codes with equal tables: $(tr '\n' ' ' <codes)"
