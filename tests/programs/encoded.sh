#!/usr/bin/env bash
# encoded.sh SOURCE_DIR PNAS_DATA PNAS_TRAIN PNAS_NET: images that are encoded give the same bits from memory and from their
# file, on any number of ranks, and the network that they give is tested on the encoded test images.
set -euo pipefail
pnas_data=$2 pnas_train=$3 pnas_net=$4
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

"$pnas_data" encode digits -o set.h5 >last.out 2>last.err || fail "no set"
cat >tiny.yaml <<'END_OF_CONFIGURATION'
seed: 3
dataset: {file: set.h5, validation: 100, training_images: 320, shuffle_window: 50}
network: {filters: 4, repeats: 1}
training: {epochs: 1, batch: 64, shards: 8, learning_rate: 0.05, average: 0.9}
END_OF_CONFIGURATION

train() {
    local ranks=$1 network=$2
    shift 2
    run 0 mpirun --oversubscribe --bind-to none -n "$ranks" "$pnas_train" tiny.yaml --cell '-1:sep3+-2:max3' -o "$network" "$@"
}

train 1 resident.h5
! grep -q 'waiting for images' last.err || fail "a small set is streamed"
for ranks in 1 2 3; do
    train $ranks streamed.h5 --set dataset.buffer=7k
    grep -q 'waiting for images' last.err || fail "nothing is streamed on $ranks ranks"
    for group in weights average history; do
        h5diff resident.h5 streamed.h5 /$group >differences.out 2>&1 || fail "$ranks ranks: another network"
    done
    rm streamed.h5
done
run 0 "$pnas_net" test resident.h5
grep -q '^data set   digits, test part, 359 images$' last.out || fail "not tested"
