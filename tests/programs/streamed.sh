#!/usr/bin/env bash
# streamed.sh SOURCE_DIR PNAS_DATA PNAS_TRAIN PNAS_MPI: images that are streamed from their file give the bits of those that
# lie in memory, on any number of ranks, in lanes, and after stops; what happens to the file meanwhile ends in a sentence.
set -euo pipefail
pnas_data=$2 pnas_train=$3 pnas_mpi=$4
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

# 1,100 images of 64 bytes, 70 kB, of which the class can be learned; the buffer holds a tenth.
awk 'BEGIN { srand(1); for (i = 0; i < 1160; i++) { c = int(10 * rand())
    for (j = 0; j < 64; j++) printf "%d,", (j % 10 == c) * 120 + 100 * rand(); print c } }' >all.csv
head -n 1100 all.csv >train.csv
tail -n 60 all.csv >test.csv
"$pnas_data" import --format csv --shape 8x8x1 train.csv --test test.csv -o set.h5 >last.out 2>last.err || fail "no set"
cat >tiny.yaml <<'END_OF_CONFIGURATION'
seed: 3
dataset: {file: set.h5, validation: 100, training_images: 960, shuffle_window: 50}
space: {blocks: 1, operators: [identity, sep3, max3]}
search: {first: 4}
network: {filters: 4, repeats: 1}
training: {epochs: 6, batch: 64, shards: 8, learning_rate: 0.05, average: 0.9, mixup: 0.2,
    augment: {crop_area: 0.3, contrast: 0.4, rand_ops: 2}}
surrogate: {members: 1, epochs: 2, hidden: 4, embedding: 2}
checkpoint_seconds: 0.1
END_OF_CONFIGURATION
streamed=(--set dataset.buffer=7k)

# run RANKS PROGRAM ARGUMENTS...; the exit code in `code`
run() {
    code=0
    mpirun --oversubscribe --bind-to none -n "$1" "${@:2}" >last.out 2>last.err || code=$?
}

train() {
    run "$1" "$pnas_train" tiny.yaml --cell '-1:sep3+-2:max3' "${@:2}"
}

expect() {
    [ "$code" -eq "$1" ] || fail "expected exit code $1, got $code"
    grep -qE "$2" last.err || fail "no message like '$2'"
}

# All but the configuration, in which the buffer stands.
same_network() {
    for group in weights average history; do
        h5diff resident.h5 "$1" /$group >differences 2>&1 || { cat differences; fail "$1 is another network"; }
    done
}

train 1 -o resident.h5
expect 0 'complete after'
! grep -q 'waiting for images' last.err || fail "a small set is streamed"
for ranks in 1 2 3; do
    train $ranks -o streamed_$ranks.h5 "${streamed[@]}"
    expect 0 'waiting for images'
    same_network streamed_$ranks.h5
done
expect 0 'images are streamed from their file, 50 at a time'
train 1 -o whole.h5 --set dataset.shuffle_window=0
! h5diff resident.h5 whole.h5 /weights >/dev/null 2>&1 || fail "the window changes nothing"

# begin RANKS NET.h5 ARGUMENTS...: in the background, until its first checkpoint is there
begin() {
    mpirun --oversubscribe --bind-to none -n "$1" "$pnas_train" tiny.yaml --cell '-1:sep3+-2:max3' "${streamed[@]}" \
        -o "$2" "${@:3}" >last.out 2>last.err &
    launcher=$!
    for _ in $(seq 600); do
        [ ! -e "$2" ] || return 0
        kill -0 $launcher 2>/dev/null || fail "it has ended"
        sleep 0.05
    done
    fail "no checkpoint within half a minute"
}

finish() {
    code=0
    wait $launcher || code=$?
}

# Stopped and killed in the middle; another number of ranks goes on, with the images in memory or not.
begin 2 stopped.h5
kill -USR2 $launcher
finish
[ "$code" -eq 75 ] || [ "$code" -eq 0 ] || fail "a stop ends with $code"
train 1 -o stopped.h5
same_network stopped.h5
begin 1 killed.h5
kill -KILL $(pgrep -P $launcher)
finish
train 3 -o killed.h5 "${streamed[@]}"
same_network killed.h5

# A search, in lanes of groups and on two ranks: its accuracies and histories.
run 1 "$pnas_mpi" tiny.yaml -o search.h5
expect 0 ''
run 1 "$pnas_mpi" tiny.yaml -o lanes.h5 --lanes 2 --set group=2 "${streamed[@]}"
expect 0 'are streamed'
run 2 "$pnas_mpi" tiny.yaml -o ranks.h5 "${streamed[@]}"
expect 0 'are streamed'
for file in lanes.h5 ranks.h5; do
    for figure in accuracy history; do
        h5diff search.h5 $file /levels/1/$figure >differences 2>&1 || { cat differences; fail "$file: other $figure"; }
    done
done
run 2 "$pnas_mpi" tiny.yaml --check "${streamed[@]}"
expect 0 'everything is in order'

# What cannot be streamed is refused, and says what would do.
train 1 -o no.h5 --set dataset.buffer=6k
expect 64 'dataset.shuffle_window: two windows of 50 images take .* at most 46 images fit'
train 1 -o no.h5 "${streamed[@]}" --set dataset.shuffle_window=0
expect 64 'set.h5: its training images take .* give dataset.shuffle_window: 54, or a larger dataset.buffer'
train 1 -o no.h5 --set dataset.file=digits "${streamed[@]}"
expect 65 'digits.h5: .* the file has no seal'
[ ! -e no.h5 ] || fail "a refused training leaves a file"

# The file is cut, or something is written into it, while it is read.
cp set.h5 copy.h5
for trouble in 'truncate -s 20000' 'dd conv=notrunc bs=1000 count=20 seek=10 if=/dev/urandom status=none of='; do
    cp copy.h5 set.h5
    rm -f lost.h5*
    begin 2 lost.h5 --set training.epochs=100000
    case $trouble in dd*) eval "${trouble}set.h5" ;; *) $trouble set.h5 ;; esac
    finish
    expect 74 'set.h5: was changed by another program while its images were read'
    "$pnas_train" --status lost.h5 >last.out 2>last.err || [ $? -eq 75 ] || fail "its checkpoint is lost"
    cp copy.h5 set.h5
    rm -rf lost.run.h5*
    mpirun --oversubscribe --bind-to none -n 2 "$pnas_mpi" tiny.yaml -o lost.run.h5 "${streamed[@]}" \
        --set training.epochs=100000 >last.out 2>last.err &
    launcher=$!
    for _ in $(seq 600); do
        if [ -d lost.run.h5.children ] && [ -n "$(ls lost.run.h5.children)" ]; then break; fi
        sleep 0.05
    done
    case $trouble in dd*) eval "${trouble}set.h5" ;; *) $trouble set.h5 ;; esac
    finish
    expect 74 'set.h5: was changed by another program while its images were read'
done
