#!/usr/bin/env bash
# silent_rank.sh SOURCE_DIR CASE PNAS_MPI PNAS_TRAIN PNAS_SCORE: a rank that was stopped by SIGSTOP does not keep the
# others from stopping: they keep what they have, name it and exit with 75. The same command then ends with the same
# bits.
set -euo pipefail
source=$1 case_name=$2 pnas_mpi=$3 pnas_train=$4 pnas_score=$5
. "$source/tests/programs/run_figures.sh"
export OMPI_MCA_rmaps_base_oversubscribe=1
seconds=90 # 15 until the rank is named; the rest is for a loaded machine
work=$(mktemp -d)
trap 'cat pid.* 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1"
    tail -n 40 last.err run.err 2>/dev/null || true
    exit 1
}

cat >long.yaml <<'END_OF_CONFIGURATION'
seed: 5
dataset: {validation: 100, training_images: 1000}
space: {blocks: 2, operators: [identity, sep3, max3]}
search: {first: 4, beam: 2}
network: {filters: 4, repeats: 1}
training: {epochs: 25, batch: 32}
checkpoint_seconds: 600
surrogate: {members: 3, epochs: 5, hidden: 10, embedding: 5}
END_OF_CONFIGURATION

# wait_until COMMAND...: until it succeeds
wait_until() {
    for _ in $(seq 1200); do
        kill -0 "$launcher" 2>/dev/null || fail "the run has ended"
        if "$@"; then return; fi
        sleep 0.05
    done
    fail "not within a minute: $*"
}

there_are_checkpoints() {
    [ "$(find run.h5.children -name '*.h5' 2>/dev/null | wc -l)" -ge 3 ]
}

# begin PROGRAM ARGUMENTS...: on three ranks, of which each leaves its process in pid.RANK
begin() {
    # shellcheck disable=SC2016
    mpirun --bind-to none -n 3 sh -c 'echo $$ >pid.$OMPI_COMM_WORLD_RANK; exec "$@"' sh "$@" >run.out 2>run.err &
    launcher=$!
}

# stop_without RANK: that rank is silent; the others stop
stop_without() {
    local began code=0
    kill -STOP "$(cat "pid.$1")"
    began=$(date +%s)
    kill -USR2 "$launcher"
    wait "$launcher" || code=$?
    [ "$code" -eq 75 ] || fail "exit code $code"
    [ $(($(date +%s) - began)) -le $seconds ] || fail "the stop took more than $seconds s"
    [ "$(grep -c "warning: no answer from rank $1 on [^ ]*; the run stops" run.err)" -eq 1 ] || fail "rank $1 is not named once"
    grep -q 'stopped by SIGUSR2.*the same command continues' run.err || fail "no word of the stop"
    for _ in $(seq 100); do # it goes with mpirun, or a moment later
        grep -q '^State:.[^Z]' "/proc/$(cat "pid.$1")/status" 2>/dev/null || return 0
        sleep 0.1
    done
    fail "rank $1 is still there"
}

finish() {
    mpirun --bind-to none -n 2 "$@" >last.out 2>last.err || fail "exit code $? of the same command"
}

# Where the ranks that answer had their children, these go on in the middle.
search_without() {
    mpirun --bind-to none -n 2 "$pnas_mpi" long.yaml -o whole.h5 >last.out 2>last.err || fail "the whole search"
    begin "$pnas_mpi" long.yaml -o run.h5 --set checkpoint_seconds=0.1
    wait_until there_are_checkpoints
    stop_without "$1"
    finish "$pnas_mpi" long.yaml -o run.h5 -v
    grep -q 'continues in epoch' last.err || fail "no child went on in the middle"
    run_figures whole.h5 >expected.txt
    run_figures run.h5 >found.txt
    diff expected.txt found.txt || fail "other figures than those of an undisturbed run"
}

case_worker() {
    search_without 1
}

case_leader() {
    search_without 0
}

case_start() {
    begin "$pnas_mpi" long.yaml -o run.h5
    wait_until grep -q 'data set digits' run.err
    stop_without 2
    finish "$pnas_mpi" long.yaml -o run.h5
}

case_training() {
    train=("$pnas_train" long.yaml --cell '-1:sep3+-2:max3' --set training.epochs=12 --set training.shards=4)
    mpirun --bind-to none -n 2 "${train[@]}" -o whole.net.h5 >last.out 2>last.err || fail "the whole training"
    begin "${train[@]}" -o run.net.h5
    wait_until grep -q 'epoch 3 of 12' run.err
    stop_without 1
    finish "${train[@]}" -o run.net.h5
    grep -q 'continues in epoch' last.err || fail "nothing was kept"
    h5diff whole.net.h5 run.net.h5 || fail "another network than that of an undisturbed training"
}

case_scores() {
    "$pnas_mpi" long.yaml -o run.h5 --set training.epochs=1 >last.out 2>last.err || fail "the search"
    "$pnas_score" run.h5 -o whole.h5 --blocks 2 >whole.out 2>last.err || fail "the scores"
    score=("$pnas_score" run.h5 -o scores.h5 --blocks 5)
    begin "${score[@]}"
    wait_until grep -q 'an ensemble of' run.err
    sleep 1
    stop_without 1
}

"case_$case_name"
