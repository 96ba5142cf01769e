#!/usr/bin/env bash
# search_cases.sh CASE PNAS_MPI WORK_DIR: pnas_mpi from outside, as a person or a batch system uses it. Cases
# other than `reference` compare with the figures that `reference` left in WORK_DIR.
set -euo pipefail
case_name=$1
pnas_mpi=$2
reference_dir=$3
here=$(cd "$(dirname "$0")" && pwd)
. "$here/run_figures.sh"
tiny=$here/tiny.yaml
children=12

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
    tail -n 100 ./*.out ./*.err 2>/dev/null || true
    exit 1
}

# start RANKS ARGUMENTS...: stdout and stderr go to last.out and last.err
start() {
    local ranks=$1
    shift
    mpirun --oversubscribe -n "$ranks" "$pnas_mpi" "$@" >last.out 2>last.err
}

# expect_code CODE RANKS ARGUMENTS...: every rank exits with CODE
expect_code() {
    local code=$1 ranks=$2
    shift 2
    rm -f codes
    # The shell around each rank answers 0, or mpirun would end the others at the first failure.
    # shellcheck disable=SC2016
    mpirun --oversubscribe -n "$ranks" sh -c '"$@"; echo $? >>codes' sh "$pnas_mpi" "$@" >last.out 2>last.err ||
        fail "mpirun failed"
    [ "$(sort codes | uniq -c | tr -s ' ')" = " $ranks $code" ] ||
        fail "expected $ranks times $code, got: $(tr '\n' ' ' <codes)"
}

expect_said() {
    grep -qE "$1" last.err || fail "no message like '$1'"
}

expect_reference_figures() {
    run_figures "$1" >figures.txt
    diff "$reference_dir/reference.txt" figures.txt || fail "figures differ from those of one rank"
}

expect_status() {
    h5dump -a /status "$1" | grep "\"$2\"" >/dev/null || fail "the run's status is not $2"
}

# pretend [VARIABLE=VALUE]: the ranks alone see other devices, for mpirun looks at them, too, and would stumble.
pretend() {
    printf '#!/bin/sh\nLD_PRELOAD="%s" exec env %s "%s" "$@"\n' "${LD_PRELOAD:+$LD_PRELOAD:}$DEVICE_PRETENDER" "${1:-}" \
        "$pnas_mpi" >pretender
    chmod +x pretender
    pnas_mpi=./pretender
}

# How many finished children a log tells of.
children_in() {
    grep -c 'level [12]/2  .*accuracy 0' "$1" || true
}

# wait_for COUNT: until so many children are reported in background.err
wait_for() {
    for _ in $(seq 600); do
        [ "$(children_in background.err)" -ge "$1" ] && return
        sleep 0.05
    done
    fail "no $1 children within 30 s"
}

# With --inject-fault hang a child of it hangs, so that it cannot be over before it is stopped, however fast the machine is.
start_background() {
    mpirun --oversubscribe -n 2 "$pnas_mpi" "$tiny" -o run.h5 "$@" >background.out 2>background.err &
    launcher=$!
}

# The processes of the background run, rank 0 first.
rank_processes() {
    local pid parent
    for stat in /proc/[0-9]*/stat; do
        read -r pid _ _ parent _ 2>/dev/null <"$stat" || continue
        [ "$parent" != "$launcher" ] || echo "$pid"
    done | sort -n
}

# Leaves the launcher's exit code in `code`.
finish_background() {
    code=0
    wait "$launcher" || code=$?
}

finish_the_run() {
    start 2 "$tiny" -o run.h5 || fail "going on failed with $?"
    expect_said 'run.h5: continuing at level'
    [ "$(children_in last.err)" -le $((children - 3)) ] || fail "finished children were trained again"
    expect_status run.h5 complete
    expect_reference_figures run.h5
}

case_reference() {
    start 1 "$tiny" -o reference.h5 || fail "exit code $?"
    expect_status reference.h5 complete
    grep -q "best 5 of $children children" last.out || fail "no ranking"
    tail -n 1 last.out | grep -qx reference.h5 || fail "the run file is not named last"
    [ "$(children_in last.err)" -eq "$children" ] || fail "not a line for each child"
    ! grep -q "$(printf '\r')" last.err || fail "a carriage return in a log"
    expect_said '^pnas_mpi: rank +host +device +name$'
    run_figures reference.h5 >reference.txt
}

case_many_ranks() {
    for ranks in 2 3 4 8; do
        start "$ranks" "$tiny" -o "$ranks.h5" || fail "exit code $? with $ranks ranks"
        expect_reference_figures "$ranks.h5"
    done
}

case_more_ranks() {
    start 3 "$tiny" -o run.h5 || fail "exit code $?"
    expect_reference_figures run.h5
}

# Several children at once on a rank: the same figures, whatever they were trained beside.
case_lanes() {
    for pair in '1 3' '2 2'; do
        read -r ranks lanes <<<"$pair"
        start "$ranks" "$tiny" -o "$ranks.h5" --lanes "$lanes" || fail "exit code $?"
        expect_said "^pnas_mpi: 0 +[^ ]+ +0 .*  $lanes lanes$"
        expect_reference_figures "$ranks.h5"
    done
}

case_lanes_stopped() {
    expect_code 75 2 "$tiny" -o run.h5 --time-limit 2s --lanes 3 --inject-fault hang:1/3
    expect_said 'stopped by the time limit'
    expect_status run.h5 stopped
    start 1 "$tiny" -o run.h5 --lanes 2 || fail "going on failed with $?"
    expect_reference_figures run.h5
}

# Without --bind-to a rank alone uses all cores that mpirun has, and as many threads as it is told.
case_threads() {
    start 1 "$tiny" --check || fail "exit code $?"
    expect_said "a rank on a CPU uses $(nproc) core"
    for threads in 1 3; do
        start 1 "$tiny" -o "$threads.h5" --threads "$threads" || fail "exit code $?"
        expect_said "a rank on a CPU uses $threads core"
        expect_reference_figures "$threads.h5"
    done
}

# A device that has more cores than are wanted, and cannot be divided, is used whole.
case_undivided_device() {
    pretend PRETEND_UNDIVIDED=1
    export POCL_MAX_PTHREAD_COUNT=4 # the user's setting stays
    start 1 "$tiny" -o run.h5 --threads 1 || fail "exit code $?"
    expect_reference_figures run.h5
}

# PoCL pretends to be two devices: ranks take them in turn, and both train the same.
case_two_devices() {
    export POCL_DEVICES="pthread pthread"
    start 3 "$tiny" -o run.h5 --device cpu || fail "exit code $?"
    expect_said '^pnas_mpi: 0 +[^ ]+ +0 '
    expect_said '^pnas_mpi: 1 +[^ ]+ +1 '
    expect_said '^pnas_mpi: 2 +[^ ]+ +0 '
    expect_reference_figures run.h5
    start 2 "$tiny" --check --device 1,0 || fail "exit code $?"
    expect_said '^pnas_mpi: 1 +[^ ]+ +1 '
}

# A CPU that pretends to be a GPU takes one rank, or as many as are asked for.
case_ranks_on_a_gpu() {
    pretend
    start 2 "$tiny" --check || fail "exit code $?"
    expect_said 'rank 1 on .* does not train: every device that matches "gpu" .1. has 1 rank already; start 1 rank on'
    expect_said '^pnas_mpi: 0 +[^ ]+ +0 '
    expect_said '^pnas_mpi: 1 +[^ ]+ +none'
    start 3 "$tiny" --check --ranks-per-device 2 || fail "exit code $?"
    expect_said '^pnas_mpi: 1 +[^ ]+ +0 '
    expect_said '^pnas_mpi: 2 +[^ ]+ +none'
    ! grep -q 'rank 1 on .* does not train' last.err || fail "a rank that was allowed does not train"
}

accuracies_of_level_1() {
    h5dump -d /levels/1/accuracy -y -w 1 "$1" | sed -n 's/^ *\([01][0-9.]*\),\{0,1\}$/\1/p'
}

# A whole search by a GPU's routes, blocks of channels and lanes: alike on any number of ranks, and near a CPU's.
case_like_a_gpu() {
    pretend
    start 1 "$tiny" -o run.h5 || fail "exit code $?"
    expect_said 'was never tuned, so built-in routes serve'
    run_figures run.h5 >one.txt
    start 2 "$tiny" -o two.h5 --ranks-per-device 2 --lanes 2 || fail "exit code $?"
    run_figures two.h5 >two.txt
    diff one.txt two.txt || fail "figures of two ranks with two lanes differ from those of one"
    paste <(accuracies_of_level_1 run.h5) <(accuracies_of_level_1 "$reference_dir/reference.h5") >accuracies.txt
    [ "$(wc -l <accuracies.txt)" -eq 7 ] || fail "not seven children"
    awk '{ d = $1 - $2; if (d > 0.1 || d < -0.1) exit 1 }' accuracies.txt || fail "far from a CPU's: $(cat accuracies.txt)"
}

# expect_figures_alone FILE: those that the run of case_groups has whose children train alone
expect_figures_alone() {
    run_figures "$1" >figures.txt
    diff alone.txt figures.txt || fail "figures of $1 differ from those of children alone"
}

# Children that take their steps together: the figures of children alone, in groups of any size, on any number of ranks and
# lanes, and where a run went on with another group after a stop or a kill.
case_groups() {
    pretend
    start 1 "$tiny" -o alone.h5 --set group=1 --lanes 1 || fail "exit code $?"
    run_figures alone.h5 >alone.txt
    for triple in '1 1 2' '1 1 8' '2 1 3' '2 2 2'; do
        read -r ranks lanes group <<<"$triple"
        start "$ranks" "$tiny" -o "$ranks-$lanes-$group.h5" --ranks-per-device 2 --lanes "$lanes" \
            --set "group=$group" || fail "exit code $? with $triple"
        expect_said "^pnas_mpi: 0 +[^ ]+ +0 .*  groups of $group$"
        expect_figures_alone "$ranks-$lanes-$group.h5"
    done
    expect_code 75 2 "$tiny" -o run.h5 --ranks-per-device 2 --set group=3 --time-limit 3s --inject-fault hang:1/3
    expect_status run.h5 stopped
    start 1 "$tiny" -o run.h5 --set group=8 || fail "going on failed with $?"
    expect_figures_alone run.h5
    rm run.h5
    start_background --ranks-per-device 2 --set group=2 --inject-fault hang:2/1
    wait_for 8
    kill -KILL "$(rank_processes | sed -n 2p)"
    finish_background
    [ "$code" -ne 0 ] || fail "the killed run claims to be fine"
    start 2 "$tiny" -o run.h5 --ranks-per-device 2 --set group=4 || fail "going on failed with $?"
    expect_figures_alone run.h5
}

# What goes wrong on rank 1 alone is tried again on rank 0, and nothing is lost.
case_faults_on_one_rank() {
    for kind in memory build time device; do
        start 2 "$tiny" -o "$kind.h5" --inject-fault "$kind@1" --set training.child_time_limit=1000 ||
            fail "exit code $? with $kind"
        if [ "$kind" = device ]; then
            expect_said 'warning: rank 1 cannot go on .device: .* was lost, as a test asked for.; its child waits for another rank'
        elif [ "$kind" = build ]; then
            expect_said 'warning: rank 1 cannot go on .build: kernel file gemm.cl does not build on '
        else
            expect_said 'warning: level 1, child [0-9]+ failed on rank 1 and is tried once more on another: '
        fi
        expect_reference_figures "$kind.h5"
    done
}

# A child that fails everywhere is recorded with its reason, and the search goes on.
case_faults_of_a_child() {
    local -A reasons=([memory]='a buffer of [0-9.e+]+ MiB is needed, but .* allows [0-9.]+ MiB at most'
        [time]='not ready after 1000 s in epoch 1 of 1; training.child_time_limit is 1000 s'
        [loss]='the loss became -?nan; a lower training.learning_rate or training.clip_norm may help')
    for kind in memory time loss; do
        start 2 "$tiny" -o "$kind.h5" --inject-fault "$kind:1/3" --set training.epochs=1 \
            --set training.child_time_limit=1000 || fail "exit code $? with $kind"
        expect_said "level 1/2  [0-9]+/7  failed: ${reasons[$kind]}"
        expect_status "$kind.h5" complete
        h5dump -d /levels/1/status "$kind.h5" | grep -c FAILED >count || true
        h5dump -d /levels/1/error "$kind.h5" | tr -d '\n' | grep -qE "${reasons[$kind]%% *}" || fail "no reason in the run file"
        attempts=$(h5dump -d '/levels/1/attempts[3;1;1;1]' "$kind.h5" | sed -n 's/^ *(3): //p')
        [ "$attempts" -eq "$([ "$kind" = loss ] && echo 1 || echo 2)" ] || fail "$kind: $attempts attempts"
    done
    start 2 "$tiny" -o hang.h5 --inject-fault hang:1/3 --set training.child_time_limit=5 || fail "exit code $? with hang"
    expect_said 'level 1/2  [0-9]+/7  failed: not ready after [5-9]\.[0-9] s in epoch 5 of 8; training.child_time_limit is 5 s'
    expect_status hang.h5 complete
    expect_code 69 2 "$tiny" -o build.h5 --inject-fault build:1/3 --set training.epochs=1
    expect_said 'no rank is left that can train; the last, rank [01], failed: kernel file gemm.cl does not build on .*'
    if h5dump -d /levels/1/status build.h5 | grep -q '([0-9]*): .*FAILED'; then fail "a kernel's failure is a child's"; fi
    expect_code 69 2 "$tiny" -o device.h5 --inject-fault device
    expect_said 'no rank is left that can train; the last, rank [01], failed: .* was lost.*; what is finished is kept, and the same'
}

# Enough candidates for several pieces to be scored apart; children are hardly trained.
case_other_surrogate() {
    local settings=(--set 'space.operators=[identity, sep3, max3, avg3, dil3, {name: avg5, kind: average_pool, kernel: 5}]'
        --set training.epochs=1 --set search.first=10 --set search.acquisition=ucb --set search.diversity=0.4
        --set surrogate.model=mlp --set surrogate.loss=ranking --set surrogate.patience=3
        --set surrogate.bias=mean --set surrogate.refit=scratch)
    for ranks in 1 2 3; do
        start "$ranks" "$tiny" -o "$ranks.h5" "${settings[@]}" || fail "exit code $?"
        expect_said 'the best 5 of 1[0-9][0-9][0-9] candidates'
        run_figures "$ranks.h5" mlp/second_weight >"$ranks.txt"
        diff 1.txt "$ranks.txt" || fail "figures of $ranks ranks differ from those of one"
    done
}

# The same for every number of ranks, not what floats give, and less memory for it.
case_half_storage() {
    local settings=(--set training.storage=half --set training.epochs=1)
    local need
    for ranks in 1 2; do
        start "$ranks" "$tiny" -o "$ranks.h5" "${settings[@]}" || fail "exit code $?"
        run_figures "$ranks.h5" >"$ranks.txt"
    done
    diff 1.txt 2.txt || fail "figures of 2 ranks differ from those of one"
    start 1 "$tiny" -o float.h5 --set training.epochs=1 || fail "exit code $?"
    run_figures float.h5 >float.txt
    ! diff -q 1.txt float.txt >/dev/null || fail "halves give the figures of floats"
    expect_code 64 1 "$tiny" -o 1.h5 --set training.epochs=1
    expect_said 'training.storage: half, but the configuration now says float'
    need=$(largest_child)
    [ "$(largest_child --set training.storage=half)" -lt $((need * 4 / 5)) ] ||
        fail "halves take no less memory than $need KiB"
}

# largest_child ARGUMENTS...: KiB that --check says
largest_child() {
    start 1 "$tiny" --check "$@" || fail "exit code $?"
    sed -nE 's/.*largest possible child: ([0-9.]+) MiB.*/\1/p' last.err | awk '{print int(1024 * $1)}'
}

# kill_rank PLACE COUNT LEVEL: the PLACE-th rank, after COUNT children, before LEVEL can be over
kill_rank() {
    start_background --inject-fault "hang:$3/1"
    wait_for "$2"
    kill -KILL "$(rank_processes | sed -n "$1p")"
    finish_background
    [ "$code" -ne 0 ] || fail "the killed run claims to be fine"
    finish_the_run
}

# In level 2, so that finetuning has to go on from the weights in the run file.
case_killed_rank_0() {
    kill_rank 1 8 2
}

case_killed_rank_1() {
    kill_rank 2 3 1
}

case_stopped_by_signal() {
    start_background --inject-fault hang:1/6
    wait_for 3
    kill -USR2 "$launcher"
    finish_background
    [ "$code" -eq 75 ] || fail "exit code $code"
    grep -q 'stopped by SIGUSR2.*the same command continues' background.err || fail "no word of the signal"
    expect_status run.h5 stopped
    finish_the_run
}

# Two children a level, each long enough to be stopped in its middle.
long_children=(--set "space.operators=[identity, max3]" --set training.epochs=40 --set search.first=2
    --set search.beam=2 --set checkpoint_seconds=0.1)

checkpoints_in() {
    find "$1.children" -name '*.h5' 2>/dev/null | wc -l
}

# Stops run.h5 when a child of it has a checkpoint.
stop_mid_child() {
    start_background "${long_children[@]}" --inject-fault hang
    while [ "$(checkpoints_in run.h5)" -eq 0 ] && kill -0 "$launcher" 2>/dev/null; do
        sleep 0.02
    done
    kill -"$1" "$launcher" 2>/dev/null || true
    finish_background
    [ "$(checkpoints_in run.h5)" -gt 0 ] || fail "no checkpoint of a running child"
}

expect_the_same_as_whole() {
    expect_status run.h5 complete
    run_figures whole.h5 >whole.txt
    run_figures run.h5 >figures.txt
    diff whole.txt figures.txt || fail "figures differ from those of a run that was never stopped"
    [ ! -e run.h5.children ] || fail "checkpoints are left: $(ls run.h5.children)"
}

# A column of the time line of run.h5, a row a line.
time_line() {
    h5dump -d "/timeline/$1" -y -w 1 -m %.3f run.h5 | sed -n 's/^ *\(-\{0,1\}[0-9.]\{1,\}\),\{0,1\}$/\1/p'
}

level_attribute() {
    h5dump -a "/levels/1/$1" -y run.h5 | grep -oE '^ +[0-9.e+-]+$' || fail "no $1"
}

# Between a stop and the next start no rank is at work, whatever was trained before and after; nor is that time lost
# from the best possible span.
expect_a_pause() {
    paste <(time_line rank) <(time_line start) <(time_line end) >events
    awk '$1 < 0 { from = $2; until = $3 } END { exit until - from < 1 }' events || fail "no pause of a second"
    awk 'NR == FNR { if ($1 < 0) { from = $2; until = $3 }; next }
        $1 >= 0 && $3 > from + 0.01 && $2 < until - 0.01 { bad = 1 } $1 >= 0 && $3 <= from + 0.01 { before = 1 }
        END { exit bad || !before }' events events || fail "training in the pause, or none before it: $(cat events)"
    h5dump -d /timeline/what run.h5 | grep -q '"train 1/[01] (part)"' || fail "no part of a child before the stop"
    awk -v best="$(level_attribute best_seconds)" -v span="$(level_attribute span_seconds)" \
        'BEGIN { exit best < 0.8 * span }' || fail "the best span covers a part of the run only"
}

case_stopped_mid_child() {
    start 1 "$tiny" -o whole.h5 "${long_children[@]}" || fail "exit code $?"
    [ ! -e whole.h5.children ] || fail "checkpoints are left"
    stop_mid_child USR2
    [ "$code" -eq 75 ] || fail "exit code $code"
    sleep 1
    start 1 "$tiny" -o run.h5 "${long_children[@]}" --set checkpoint_seconds=0 || fail "exit code $?"
    expect_said 'continues in epoch [0-9]+ after [0-9]+ of its 31 batches'
    expect_the_same_as_whole
    expect_a_pause
}

# SIGTERM to mpirun leaves its ranks a second. Then more ranks go on, and one checkpoint is cut short.
case_terminated_mid_child() {
    start 1 "$tiny" -o whole.h5 "${long_children[@]}" || fail "exit code $?"
    stop_mid_child TERM
    cut=$(find run.h5.children -name '*.h5' | tail -n 1)
    head -c 5000 "$cut" >cut && mv cut "$cut"
    start 3 "$tiny" -o run.h5 "${long_children[@]}" -v || fail "exit code $?"
    expect_said "$cut: .*; the child starts from its beginning"
    expect_the_same_as_whole
}

# A checkpoint that another program has written to: without its seal it is damaged, whatever it holds.
case_unsealed_checkpoint() {
    start 1 "$tiny" -o whole.h5 "${long_children[@]}" || fail "exit code $?"
    stop_mid_child USR2
    for checkpoint in run.h5.children/*.h5; do
        truncate -s -20 "$checkpoint"
    done
    start 1 "$tiny" -o run.h5 "${long_children[@]}" || fail "exit code $?"
    expect_said "$checkpoint: .*has no seal; the child starts from its beginning"
    expect_the_same_as_whole
}

# What a run with another seed left beside a run file of that name; and a place that takes no checkpoints.
case_useless_checkpoints() {
    stop_mid_child USR2
    rm -f run.h5 run.h5.journal
    start 1 "$tiny" -o run.h5 "${long_children[@]}" --set training.epochs=4 || fail "exit code $?"
    expect_said 'belongs to another configuration, data set or version of the program; the child starts from'
    [ ! -e run.h5.children ] || fail "checkpoints are left"
    : >full.h5.children
    start 2 "$tiny" -o full.h5 "${long_children[@]}" --set training.epochs=20 || fail "exit code $?"
    expect_said 'full.h5.children.*cannot be written.* a child that is stopped now'
    [ "$(grep -c 'a child that is stopped now' last.err)" -le 2 ] || fail "not once a rank"
    [ -e full.h5.children ] || fail "somebody else's file was removed"
}

# Warnings alone reach stderr, and of a stop nothing.
case_quiet() {
    expect_code 75 2 "$tiny" -o run.h5 -q --time-limit 2s --inject-fault hang:1/6
    [ ! -s last.err ] || fail "more than warnings"
    expect_code 0 2 "$tiny" -o run.h5 -q
    [ ! -s last.err ] || fail "more than warnings"
    expect_reference_figures run.h5
}

case_stopped_by_time_limit() {
    expect_code 75 2 "$tiny" -o run.h5 --time-limit 1s --set training.epochs=1000
    expect_said 'stopped by the time limit'
    expect_status run.h5 stopped
}

case_check() {
    expect_code 0 2 "$tiny" --check --set training.batch=16
    grep -qx '  batch: 16' last.out || fail "the resolved configuration is not printed"
    grep -qx '  momentum: 0.9' last.out || fail "the defaults are not printed"
    expect_said 'data set .*: 1000 training and 100 validation images, 8x8x1, 10 classes'
    expect_said 'largest possible child: [0-9.]+ MiB'
    expect_said 'surrogate: [0-9.]+ MiB on a device, weights of 3 members'
    expect_said 'search: 7 \+ 5 children of 1 to 2 blocks, 12 in all'
    expect_said 'nothing was trained'
    large=(--set surrogate.model=lstm --set surrogate.members=1000 --set surrogate.hidden=4096)
    expect_code 69 2 "$tiny" --check "${large[@]}"
    expect_said 'surrogate of 1000 members takes [0-9.]+ GiB .*lower surrogate.members'
    expect_code 69 2 "$tiny" -o large.h5 "${large[@]}"
    expect_said 'surrogate of 1000 members takes [0-9.]+ GiB .*lower surrogate.members'
    [ ! -e large.h5 ] || fail "a search began whose surrogate fits nowhere"
    expect_code 0 1 "$tiny" --check "${large[@]}" --set search.strategy=random
    expect_said 'search: 12 children of up to 2 blocks, in rounds of 10'
    expect_code 0 1 "$tiny" --check
    "$pnas_mpi" "$tiny" --check >last.out 2>&1 || fail "exit code $?"
    [ "$(tail -n 1 last.out)" = 'pnas_mpi: everything is in order; nothing was trained' ] ||
        fail "the verdict is not the last line"
    [ "$(ls)" = "$(printf 'codes\nlast.err\nlast.out')" ] || fail "--check left something: $(ls)"
    cp "$reference_dir/reference.h5" run.h5
    expect_code 0 1 "$tiny" --check -o run.h5
    expect_said 'run.h5 is complete already; no child is left to train'
    expect_code 64 1 "$tiny" --check -o run.h5 --set network.filters=5
    expect_said 'run.h5.*network.filters'
    expect_code 0 1 "$tiny" --check -o run.h5 --set search.beam=6 --set space.blocks=3
    expect_said 'run.h5 would be continued with space.blocks 2 -> 3'
    cmp "$reference_dir/reference.h5" run.h5 || fail "--check changed a run"
}

case_wrong_use() {
    expect_code 64 2 "$tiny"
    expect_said 'give the run file'
    expect_code 64 2 "$tiny" run.h5
    expect_said 'run.h5 looks like the file to write; -o stands before it'
    expect_code 64 2 "$tiny" -o run.h5 --set training.batch=-1
    expect_said 'training.batch'
    sed 's/  epochs: 8/  epoch: 8/' "$tiny" >misspelt.yaml
    expect_code 64 2 misspelt.yaml -o run.h5
    expect_said 'misspelt.yaml: line 1[0-9].*epoch'
    [ "$(grep -c epoch last.err)" -eq 1 ] || fail "not said by one rank alone"
    expect_code 64 1 "$tiny" -o run.h5 --set network.parameters=1M
    expect_said 'only pnas_train finds filters'
    for check in "-o run.h5" --check; do
        # shellcheck disable=SC2086
        expect_code 64 2 "$tiny" $check --set dataset.validation=5000
        expect_said 'error: dataset.validation: 5000 of [0-9]+ training images cannot be held out'
        expect_code 64 2 "$tiny" $check --set training.augment.cutout=9
        expect_said 'training.augment.cutout is 9, but the images of digits are 8 pixels high and 8 wide; give at most 8'
        expect_code 64 2 "$tiny" $check --set training.augment.hue=0.1
        expect_said 'training.augment.hue is for images of three channels, but those of digits have 1; set it to 0'
    done
    expect_code 64 2 "$tiny" -o small.h5 --set network.stem=imagenet
    expect_said 'images of 8 x 8 pixels are too small for its stem'
    [ ! -e small.h5 ] || fail "a run file of networks that cannot be"
    expect_code 64 1 "$tiny" -o run.h5 --time-limit soon
    expect_code 64 1 "$tiny" -o run.h5 --lanes 0
    expect_said 'lanes wants auto or a whole number from 1 to 64'
    expect_code 64 1 "$tiny" -o run.h5 --set lanes=many
    expect_said 'lanes is .many.; it must be auto or a whole number from 1 to 64'
    expect_code 64 1 "$tiny" -o run.h5 --threads=-1
    expect_said 'threads wants auto or a whole number from 1 to 1024'
    [ ! -e run.h5 ] || fail "a run file was made"
}

case_bad_files() {
    expect_code 74 2 nowhere.yaml -o run.h5
    expect_said 'nowhere.yaml'
    expect_code 74 2 "$tiny" -o run.h5 --set dataset.file=nowhere.h5
    expect_said 'nowhere.h5'
    expect_code 74 2 "$tiny" -o no/such/folder/run.h5
    expect_said 'no/such/folder'
    head -c 20000 "$here/../../data/digits.h5" >damaged.h5
    expect_code 65 2 "$tiny" -o run.h5 --set dataset.file=damaged.h5
    expect_said 'damaged.h5'
    cp "$tiny" text.h5
    expect_code 65 2 "$tiny" -o text.h5
    expect_said 'text.h5'
    cmp -s "$tiny" text.h5 || fail "a file that is no run was changed"
}

# Of all ranks at once it is told once.
case_no_device() {
    expect_code 69 3 "$tiny" -o run.h5 --device 'no such device'
    expect_said 'no such device'
    [ "$(grep -c 'no such device' last.err)" -eq 1 ] || fail "the same was told more than once"
    OCL_ICD_VENDORS=/nonexistent expect_code 69 3 "$tiny" -o run.h5
    [ "$(grep -c 'no usable OpenCL device' last.err)" -eq 1 ] || fail "the same was told more than once"
}

# Three that have no device on one machine are one line.
case_some_ranks_without_device() {
    mpirun --oversubscribe -n 1 "$pnas_mpi" "$tiny" -o run.h5 --check : \
        -n 3 env OCL_ICD_VENDORS=/nonexistent "$pnas_mpi" "$tiny" -o run.h5 --check >last.out 2>last.err || fail "exit code $?"
    expect_said 'warning: ranks 1, 2 and 3 on .* do not train: no usable OpenCL device'
    [ "$(grep -c 'no usable OpenCL device' last.err)" -eq 1 ] || fail "the same was told more than once"
}

# Alone, and without any of the launcher's tools (or ssh, which they want).
case_no_launcher() {
    PATH=/nonexistent "$pnas_mpi" "$tiny" -o run.h5 --check >last.out 2>last.err || fail "exit code $?"
    [ "$(grep -vc '^pnas_mpi: ' last.err)" -eq 0 ] || fail "more than our own lines"
}

# `blind` sees no OpenCL device at all.
case_one_rank_without_device() {
    local blind=(env OCL_ICD_VENDORS=/nonexistent "$pnas_mpi")
    mpirun --oversubscribe -n 1 "$pnas_mpi" "$tiny" -o run.h5 : -n 1 "${blind[@]}" "$tiny" -o run.h5 \
        >last.out 2>last.err || fail "exit code $?"
    expect_said 'warning: rank 1 on .* does not train: '
    expect_said 'pnas_mpi: 1 +[^ ]+ +none'
    expect_reference_figures run.h5
}

# The rank that would lead is the blind one: the first that sees a device leads instead, also after a stop.
case_rank_0_without_device() {
    local blind=(env OCL_ICD_VENDORS=/nonexistent "$pnas_mpi")
    local code=0 stopped=("$tiny" -o run.h5 --time-limit 1s --inject-fault hang:1/3)
    mpirun --oversubscribe -n 1 "${blind[@]}" "${stopped[@]}" : -n 2 "$pnas_mpi" "${stopped[@]}" >last.out 2>last.err ||
        code=$?
    [ "$code" -eq 75 ] || fail "exit code $code"
    mpirun --oversubscribe -n 1 "${blind[@]}" "$tiny" -o run.h5 : -n 2 "$pnas_mpi" "$tiny" -o run.h5 \
        >last.out 2>last.err || fail "exit code $?"
    expect_said 'rank 0 has no usable device and changes its number with rank 1 on '
    expect_said 'warning: rank 1 on .* does not train: '
    expect_said 'pnas_mpi: 0 +[^ ]+ +0 '
    expect_said 'pnas_mpi: 1 +[^ ]+ +none'
    tail -n 1 last.out | grep -qx run.h5 || fail "the run file is not named last"
    expect_reference_figures run.h5
}

# mpirun has no time to end its ranks: they have to notice by themselves and let go of the run file.
case_killed_launcher() {
    start_background --inject-fault hang:1/5
    wait_for 3
    ranks=$(rank_processes)
    kill -KILL "$launcher"
    finish_background
    for rank in $ranks; do
        for _ in $(seq 100); do
            kill -0 "$rank" 2>/dev/null || break
            sleep 0.1
        done
    done
    finish_the_run
}

case_other_search() {
    cp "$reference_dir/reference.h5" run.h5
    expect_code 64 2 "$tiny" -o run.h5 --set training.epochs=4
    expect_said 'run.h5: this run was started with training.epochs: 8, but the configuration now says 4'
    table=(--set evaluator=table --set table="$here/../data/digits_table.h5")
    expect_code 65 1 "$tiny" -o run.h5 "${table[@]}"
    expect_said "was started on the data set digits \(SHA-256 .*configuration now names the table .*/digits_table.h5 \("
    cmp -s "$reference_dir/reference.h5" run.h5 || fail "the run was changed"
}

case_complete_already() {
    cp "$reference_dir/reference.h5" run.h5
    expect_code 0 2 "$tiny" -o run.h5 --set title=Again
    expect_said 'complete already'
    grep -q "best 5 of $children children" last.out || fail "no ranking"
    expect_reference_figures run.h5
}

case_one_run_at_a_time() {
    start_background --inject-fault hang:1/4
    wait_for 3
    expect_code 74 1 "$tiny" -o run.h5
    expect_said 'run.h5'
    kill -USR2 "$launcher"
    finish_background
    [ "$code" -eq 75 ] || fail "the first run was disturbed: exit code $code"
    finish_the_run
}

case_weights() {
    start 2 "$tiny" -o run.h5 --set keep_weights=2 || fail "exit code $?"
    ! grep -q warning last.err || fail "the children did not train as before"
    for place in 1 2; do
        h5dump -H "run.$place.weights.h5" | grep 'DATASET' >/dev/null || fail "no weights of place $place"
    done
    [ ! -e run.3.weights.h5 ] || fail "too many weights"
    best=$(sed -n 3p last.out | sed 's/^ *1 *[0-9.]* *[0-9]* *//')
    h5dump -a /cell run.1.weights.h5 | grep -F "\"$best\"" >/dev/null || fail "not the weights of $best"
    cp run.1.weights.h5 first.h5
    start 1 "$tiny" -o run.h5 --set keep_weights=2 || fail "exit code $?"
    ! grep -q 'wrote' last.err || fail "weights that are there were made again"

    # What is missing or another network's is written by the same command.
    mv run.2.weights.h5 run.1.weights.h5
    start 2 "$tiny" -o run.h5 --set keep_weights=2 || fail "exit code $?"
    ! grep -q warning last.err || fail "the children did not train as before"
    cmp first.h5 run.1.weights.h5 || fail "not the weights that were there"
    h5dump -H run.2.weights.h5 | grep 'DATASET' >/dev/null || fail "lost weights are not written"
    start 2 "$tiny" -o other.h5 --set keep_weights=1 --set seed=4 || fail "exit code $?"
    cp other.1.weights.h5 run.1.weights.h5
    truncate -s -100 run.2.weights.h5
    expect_code 65 1 "$tiny" -o run.h5 --set keep_weights=2
    expect_said 'run.2.weights.h5: is .*, or move it away; the search is complete, and the same command writes the weights'
    cmp first.h5 run.1.weights.h5 || fail "not the weights of this run"

    # One byte that has changed is met by the same command, before anything is trained.
    mv first.h5 run.2.weights.h5
    printf '\377\377' | dd of=run.2.weights.h5 bs=1 seek=$(($(stat -c %s run.2.weights.h5) / 2)) conv=notrunc 2>dd.err
    expect_code 65 1 "$tiny" -o run.h5 --set keep_weights=2
    expect_said 'run.2.weights.h5: is damaged: its content does not match its checksum; .*, or move it away'
}

case_weights_later() {
    cp "$reference_dir/reference.h5" run.h5
    expect_code 69 1 "$tiny" -o run.h5 --set keep_weights=2 --inject-fault loss
    expect_said 'run.1.weights.h5 is not written: the child failed when it was trained again: the loss became'
    expect_said 'weights of 2 of the best children are not written; the search is complete, and the same command writes'
    expect_status run.h5 complete
    expect_code 75 2 "$tiny" -o run.h5 --set keep_weights=2 --inject-fault hang --time-limit 3s
    expect_said 'the same command writes the weights that are missing'
    start 2 "$tiny" -o run.h5 --set keep_weights=2 || fail "exit code $?"
    [ -e run.1.weights.h5 ] && [ -e run.2.weights.h5 ] || fail "no weights"
    expect_reference_figures run.h5

    # The file has what the child reached when it was trained again.
    "$EDIT_NETWORK" run.h5 fill /levels/1/accuracy 0.5 fill /levels/1/history 0.5 fill /levels/2/accuracy 0.5 \
        fill /levels/2/history 0.5
    rm run.?.weights.h5
    start 1 "$tiny" -o run.h5 --set keep_weights=1 || fail "exit code $?"
    expect_said 'run.1.weights.h5: the child reached 0\.[0-9]* when it was trained again, but 0.500000 in the run'
    reached=$(sed -n 's/.*the child reached \(0\.[0-9][0-9]\)[0-9]* when.*/\1/p' last.err)
    h5dump -a /accuracy run.1.weights.h5 | grep -F "\"$reached" >/dev/null || fail "not the accuracy $reached"
    h5dump -d '/history/values[7,3;1,1;1,1;1,1]' run.1.weights.h5 | grep -F ": $reached" >/dev/null ||
        fail "not the history of the training that gave the weights"

    table=(--set evaluator=table --set table="$here/../data/digits_table.h5")
    expect_code 64 1 "$tiny" -o looked_up.h5 "${table[@]}" --set keep_weights=1
    expect_said 'keep_weights is 1, but with evaluator: table no child is trained, so there are no weights; set .* to 0'
}

case_help() {
    start 2 --help || fail "exit code $?"
    [ "$(grep -c '^Usage: pnas_mpi' last.out)" -eq 1 ] || fail "help is not printed once"
    start 2 --version || fail "exit code $?"
    [ "$(grep -c '^pnas_mpi [0-9]' last.out)" -eq 1 ] || fail "the version is not printed once"
}

"case_$case_name"
