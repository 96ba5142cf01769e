#!/usr/bin/env bash
# train_cases.sh CASE PNAS_TRAIN WORK_DIR EDIT_NETWORK: pnas_train from outside. Cases other than `reference` compare with
# the network that `reference` left in WORK_DIR.
set -euo pipefail
case_name=$1
pnas_train=$2
reference_dir=$3
edit_network=$4
here=$(cd "$(dirname "$0")" && pwd)
tiny=$here/tiny.yaml
train=("$pnas_train" "$tiny" --cell "-1:sep3+-2:max3" --set training.epochs=6 --set training.batch=64
    --set training.shards=8 --set training.average=0.9 --set checkpoint_seconds=0.1)

work=$reference_dir
if [ "$case_name" = reference ]; then
    rm -rf "$reference_dir"
    mkdir -p "$reference_dir"
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
cd "$work"

fail() {
    echo "FAILED: $1"
    tail -n 60 ./*.out ./*.err 2>/dev/null || true
    exit 1
}

# run RANKS ARGUMENTS...: more arguments for the tiny training; the code of all ranks in `code`
run() {
    local ranks=$1
    shift
    code=0
    mpirun --oversubscribe -n "$ranks" "${train[@]}" "$@" >last.out 2>last.err || code=$?
}

expect_code() {
    [ "$code" -eq "$1" ] || fail "expected $1, got $code"
}

expect_said() {
    grep -qE -e "$1" last.err || fail "no message like '$1'"
}

expect_reference() {
    h5diff "$reference_dir/reference.h5" "$1" >differences 2>&1 || { cat differences; fail "$1 is another network"; }
}

# alone ARGUMENTS...: without mpirun
alone() {
    code=0
    "$@" >last.out 2>last.err || code=$?
}

# Waits until there is a checkpoint behind the first update of the process that writes $1; fails if it ends before.
await_checkpoint() {
    local before=$2
    for _ in $(seq 600); do
        [ "$(stat -c %Y.%i "$1" 2>/dev/null || echo none)" = "$before" ] || return 0
        [ -d "/proc/$launcher" ] || fail "it ended before it could be stopped"
        sleep 0.05
    done
    fail "no checkpoint was written"
}

# stop_with SIGNAL RANKS NET.h5: sends it once a checkpoint is there; the exit code in `code`
stop_with() {
    local before
    before=$(stat -c %Y.%i "$3" 2>/dev/null || echo none)
    mpirun --oversubscribe -n "$2" "${train[@]}" -o "$3" >last.out 2>last.err &
    launcher=$!
    await_checkpoint "$3" "$before"
    kill "-$1" "$launcher"
    code=0
    wait "$launcher" || code=$?
}

# refused CODE SAID EDIT...: net.h5 with these edits is refused by the training, and stays as it is.
refused() {
    local code_wanted=$1 said=$2
    shift 2
    cp whole.h5 net.h5
    "$edit_network" net.h5 "$@"
    cp net.h5 before.h5
    alone "${train[@]}" -o net.h5
    expect_code "$code_wanted"
    expect_said "pnas_train: .*net.h5: .*$said"
    cmp net.h5 before.h5 || fail "what was there is gone"
    [ "$(echo net.h5*)" = net.h5 ] || fail "something is left: $(echo net.h5*)"
}

case $case_name in
reference)
    run 1 -o reference.h5
    expect_code 0
    expect_said "complete after"
    h5dump -d /history/metrics reference.h5 | grep -q average_validation_accuracy || fail "no history of the average"
    alone "$pnas_train" --status reference.h5
    expect_code 0
    grep -q "complete: 6 epochs" last.out || fail "--status does not say that it is complete"
    grep -qE '^epoch 6, validation: loss [0-9.]+, accuracy 0\.[0-9]{4}$' last.out || fail "--status has no figures"
    ! grep '_' last.out || fail "--status prints names of attributes"
    run 2 -o reference.h5
    expect_code 0
    expect_said "complete already"
    # What has lost a tensor to another program is not complete.
    cp reference.h5 cut.h5
    "$edit_network" cut.h5 delete /weights/head
    alone "${train[@]}" -o cut.h5
    expect_code 65
    expect_said "cut.h5: has no tensor head/"
    ;;
ranks)
    for ranks in 2 3 4 8; do
        run "$ranks" -o "of_$ranks.h5"
        expect_code 0
        expect_reference "of_$ranks.h5"
    done
    ;;
pieces) # a network large enough for an exchange in pieces, while the backward pass goes on
    wide=(--set network.filters=24 --set training.epochs=1)
    run 1 -o of_1.h5 "${wide[@]}"
    expect_code 0
    for ranks in 2 3 4; do
        run "$ranks" -v -o "of_$ranks.h5" "${wide[@]}"
        expect_code 0
        expect_said "sends [0-9.]+ MB from this rank, in [2-8] pieces"
        h5diff of_1.h5 "of_$ranks.h5" || fail "$ranks ranks give another network"
    done
    ;;
idle_ranks)
    run 9 -o net.h5
    expect_code 0
    expect_said "8 of 9 ranks train"
    expect_reference net.h5
    ;;
stopped)
    stop_with USR2 2 net.h5
    expect_code 75
    expect_said "the same command continues"
    alone "$pnas_train" --status net.h5
    expect_code 75
    grep -q "in training: epoch" last.out || fail "--status does not say how far it is"
    expect_said "net.h5: stopped; the same command continues it"
    run 3 -o net.h5
    expect_code 0
    expect_said "continues in epoch"
    expect_reference net.h5
    ;;
terminated)
    for signal in TERM HUP; do
        "${train[@]}" -o net.h5 >last.out 2>last.err &
        launcher=$!
        await_checkpoint net.h5 none
        kill -STOP "$launcher" # it must not end meanwhile
        found=0
        "$pnas_train" --status net.h5 >status.out 2>status.err || found=$?
        kill -CONT "$launcher"
        [ $found -eq 75 ] || fail "--status of a running training ends with $found"
        grep -q "net.h5: running (process $launcher on " status.err || fail "--status does not say that it runs"
        kill "-$signal" "$launcher"
        code=0
        wait "$launcher" || code=$?
        expect_code 75
        expect_said "stopped by SIG$signal"
        run 2 -o net.h5
        expect_code 0
        expect_reference net.h5
        rm net.h5
    done
    ;;
time_limit)
    run 2 -o net.h5 --time-limit 0.01
    expect_code 75
    run 1 -o net.h5
    expect_code 0
    expect_reference net.h5
    ;;
stopped_in_evaluation) # nearly all of the time goes into the validation images
    slow=("${train[@]}" --set dataset.training_images=64 --set dataset.validation=1200 --set training.epochs=40
        --set checkpoint_seconds=1000)
    alone "${slow[@]}" -o whole.h5
    expect_code 0
    for seconds in 0.7 0.9 1.1 1.3 1.6; do
        alone "${slow[@]}" -o net.h5 --time-limit ${seconds}s
        [ "$code" -eq 0 ] || expect_code 75
        [ -e net.h5 ] || continue # stopped before its first update
        alone "$pnas_train" --status net.h5
        [ "$code" -eq 0 ] || expect_code 75
    done
    alone "${slow[@]}" -o net.h5
    expect_code 0
    h5diff --exclude-path /training whole.h5 net.h5 >differences 2>&1 || { cat differences; fail "net.h5 is another network"; }
    ;;
killed)
    for ranks in 2 3; do
        stop_with KILL "$ranks" net.h5
        sleep 1 # until the ranks know that their launcher is gone
    done
    run 1 -o net.h5
    expect_code 0
    expect_said "continues in epoch"
    expect_reference net.h5
    ;;
locked)
    "${train[@]}" -o net.h5 >last.out 2>last.err &
    launcher=$!
    await_checkpoint net.h5 none
    kill -STOP "$launcher"
    alone "${train[@]}" -o net.h5
    expect_code 74
    expect_said "net.h5: another run writes here .process $launcher on "
    ln -s net.h5 link.h5
    run 2 -o link.h5
    expect_code 74
    alone "${pnas_train%_train}_net" test net.h5 --write
    expect_code 74
    kill -KILL "$launcher"
    wait "$launcher" || true
    [ -e net.h5.lock ] || fail "there was no lock file"
    run 2 -o net.h5
    expect_code 0
    expect_said "continues in epoch"
    expect_reference net.h5
    [ ! -e net.h5.lock ] || fail "the lock file is left"
    run 1 -o absent/net.h5
    expect_code 74
    expect_said "absent/net.h5: cannot be written"
    ;;
all_images)
    run 1 -o net.h5 --set dataset.validation=0 --set training.epochs=2
    expect_code 0
    h5dump -d /history/metrics net.h5 | grep -q validation && fail "there is a history of validation"
    run 2 -o other.h5 --set dataset.validation=0 --set training.epochs=2
    expect_code 0
    h5diff net.h5 other.h5 || fail "two ranks give another network"
    ;;
accumulated)
    run 1 -o net.h5 --set training.accumulate=2 --set training.epochs=2
    expect_code 0
    expect_said "takes 16 shards of 8 images"
    run 3 -o other.h5 --set training.accumulate=2 --set training.epochs=2
    expect_code 0
    h5diff net.h5 other.h5 || fail "three ranks give another network"
    ;;
diverged)
    run 2 -o net.h5 --set training.learning_rate=1000 --set training.clip_norm=0
    expect_code 65
    expect_said "epoch 1, update [0-9]+ of [0-9]+: the loss became"
    [ ! -e net.h5 ] || alone "${pnas_train%_train}_net" info net.h5 # a checkpoint has no weights that are not finite
    [ ! -e net.h5 ] || expect_code 0
    ;;
parameters)
    run 2 --check --set network.parameters=12k
    expect_code 0
    expect_said "network.parameters: 12000 wanted; [0-9]+ filters with 1 repeats come nearest, with 1[0-9]{4}$"
    filters=$(sed -En 's/.*wanted; ([0-9]+) filters.*/\1/p' last.err)
    grep -q "parameters: 12000" last.out || fail "--check does not print what was asked for"
    ! grep -q "filters:" last.out || fail "--check prints filters that nobody gave"
    run 1 -o net.h5 --set network.parameters=12k --set training.epochs=1
    expect_code 0
    h5dump -a /network/filters net.h5 | grep "(0): $filters$" >/dev/null || fail "the file has other filters"
    h5dump -a /configuration net.h5 | grep "parameters: 12000" >/dev/null || fail "the file lacks what was asked for"
    run 2 -o net.h5 --set network.parameters=12k --set training.epochs=1
    expect_code 0
    expect_said "complete already"
    run 1 -o net.h5 --set network.parameters=13k --set training.epochs=1
    expect_code 64
    expect_said "network.parameters: 12000, but the configuration now says 13000"
    run 1 -o net.h5 --set network.parameters=12k --set network.filters=4
    expect_code 64
    expect_said "both say how large the network is"
    run 1 --check --set network.parameters=5
    expect_code 64
    expect_said "network.parameters is 5, but with network.repeats: 1 this cell's network has from"
    ;;
divergence_factor)
    train+=(--set training.learning_rate=1000 --set training.clip_norm=0 --set training.divergence_factor=0.0001
        --set training.warmup_epochs=4 --set training.epochs=4 --set training.batch=16
        --set dataset.training_images=320 --set checkpoint_seconds=0.01)
    run 1 -o whole.h5
    expect_code 0
    expect_said "epoch 1, update [0-9]+ of 20: .*; the epoch begins again, and from here on rates are multiplied by 0.0001"
    alone "$pnas_train" --status whole.h5
    expect_code 0
    grep "^epoch 1 was begun again" last.out >/dev/null || fail "--status does not tell of it"
    run 3 -o other.h5
    expect_code 0
    cmp whole.h5 other.h5 || fail "three ranks give another network"
    stop_with USR2 2 net.h5
    expect_code 75
    alone "$pnas_train" --status net.h5
    grep "begun again" last.out >/dev/null || # it was stopped before
        h5ls net.h5/training/epoch_begin >/dev/null || fail "it is not known how the epoch began"
    run 3 -o net.h5
    expect_code 0
    cmp whole.h5 net.h5 || fail "with a stop before it becomes another network"
    rm net.h5
    for signal in KILL USR2; do
        stop_with "$signal" 2 net.h5
        sleep 1
    done
    run 1 -o net.h5
    expect_code 0
    cmp whole.h5 net.h5 || fail "with a kill and a stop it becomes another network"
    run 1 -o twice.h5 --set training.divergence_factor=0.9
    expect_code 65
    expect_said "again, although all rates are lower since epoch 1: epoch 1, update [0-9]+ of 20: the loss became"
    ;;
wrong_use)
    alone "$pnas_train" "$tiny" -o net.h5
    expect_code 64
    expect_said "give the cell to train"
    alone "$pnas_train" "$tiny" --cell "-1:sep3+-2:max3" --run run.h5 -o net.h5
    expect_code 64
    expect_said "both give a cell"
    run 1 -o net.h5 --set dataset.file=absent.h5
    expect_code 74
    expect_said "absent.h5: cannot be opened.*dataset.file names the data set, and pnas_data import makes one"
    alone "$pnas_train" "$tiny" --cell "-1:sep3+-2:max3"
    expect_code 64
    alone "$pnas_train" "$tiny" --cell "-1:sep9+-2:max3" -o net.h5
    expect_code 64
    expect_said "--cell"
    run 2 -o net.h5 --set training.shards=5
    expect_code 64
    expect_said "which 5 shards do not divide"
    cp "$reference_dir/reference.h5" net.h5
    run 1 -o net.h5 --set training.epochs=7
    expect_code 64
    expect_said "training.epochs: 6, but the configuration now says 7"
    alone "$pnas_train" "$tiny" --cell "-1:sep3+-1:sep3" -o net.h5
    expect_code 64
    expect_said "network of another cell"
    cmp -s net.h5 "$reference_dir/reference.h5" || fail "a refused training has changed the file"
    run 1 --check -o net.h5 --set training.batch=32
    expect_code 64
    expect_said "training.batch: 64, but the configuration now says 32"
    for check in "" --check; do
        run 2 $check -o cut.h5 --set training.augment.cutout=9
        expect_code 64
        expect_said "training.augment.cutout is 9, but the images of digits are 8 pixels high and 8 wide; give at most 8"
    done
    run 1 --check -o absent/net.h5
    expect_code 74
    run 1 --check -o new.h5
    expect_code 0
    [ ! -e new.h5 ] && [ ! -e new.h5.lock ] || fail "--check has made a file"
    run 2 --check
    expect_code 0
    grep -q "shards: 8" last.out || fail "--check does not print the configuration"
    ;;
bad_files)
    head -c 3000 "$reference_dir/reference.h5" >net.h5
    run 2 -o net.h5
    expect_code 65
    echo nothing >net.h5
    alone "$pnas_train" --status net.h5
    expect_code 65
    alone "$pnas_train" --status absent.h5
    expect_code 74
    run 1 -o absent/net.h5
    expect_code 74
    alone "$pnas_train" "$tiny" --run absent.h5 -o net.h5
    expect_code 74
    alone "${pnas_train%_train}_mpi" "$tiny" -o run.h5 --time-limit 0.01
    expect_code 75
    alone "$pnas_train" "$tiny" --run run.h5 -o new.h5
    expect_code 65
    expect_said "run.h5: has no trained cell yet"
    alone "$pnas_train" "$tiny" --run "$here/../data/digits_table.h5" --child 100000 -o new.h5
    expect_code 64
    expect_said "digits_table.h5: has [0-9]+ trained cells, so there is no --child 100000"
    ;;
damaged_checkpoints)
    stop_with USR2 1 whole.h5
    expect_code 75
    refused 65 "has no tensor head.classifier.weight" delete weights/head/classifier/weight
    refused 65 "has no tensor first_moment" delete training/first_moment
    refused 65 "classifier/bias" floats weights/head/classifier/bias 7
    refused 65 "has no tensor stem.convolution.weight" delete average
    refused 65 "batch_metrics" delete training/batch_metrics
    refused 65 "epoch 5" number training epoch 5
    refused 65 "stands at update 100000" number training batch 100000
    refused 65 "/weights/head/classifier/bias: value 0 is nan" nan weights/head/classifier/bias
    refused 65 "first_moment/head/classifier/bias: value 0 is nan" nan training/first_moment/head/classifier/bias
    refused 65 "/training/best: is 7, which is no accuracy" real training best 7
    refused 65 "PNAS-network-2" text . conventions PNAS-network-2
    refused 65 "other images.*write another file with -o" text . dataset_sha256 0123
    refused 64 "other kernels" text training fingerprint 0123
    refused 64 "network of another cell" text . cell "-1:sep3+-1:sep3"
    refused 65 "sep11" text . cell "-1:sep11+-1:sep3"
    ;;
*)
    echo "no case $case_name"
    exit 1
    ;;
esac
