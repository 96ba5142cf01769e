#!/usr/bin/env bash
# slurm_controller.sh SOURCE_DIR PNAS_MPI PNAS_RANK [CASE...]: the batch scripts under a SLURM of their own, with two nodes
# on this machine. Every script under mpirun and under srun; jobs that are cancelled, whose ranks are killed, that run
# into their time limit: the results are those of a search that nothing interrupted, to the bit.
set -euo pipefail
scripts=$1/slurm
children=40 # of medium.yaml and long.yaml
tiny=$1/tests/programs/tiny.yaml
here=$(cd "$(dirname "$0")" && pwd)
. "$here/private_slurm.sh"
. "$here/run_figures.sh"

reason=$(slurm_missing)
if [ -n "$reason" ]; then
    echo "SKIPPED: $reason"
    exit 77
fi

work=$(mktemp -d)
trap 'slurm_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$work/bin" "$work/submit"
ln -s "$2" "$work/bin/pnas_mpi"
ln -s "$3" "$work/bin/pnas_rank"
ln -s "$4" "$work/bin/pnas_train"
ln -s "$scripts/pnas_job" "$work/bin/pnas_job"
cd "$work/submit"

fail() {
    echo "FAILED: $1"
    tail -n 30 ./pnas-"${job:-}"*.log ./pnas_train-"${job:-}"*.log 2>/dev/null || true
    tail -n 10 ./*.err "$work"/slurm/*.log 2>/dev/null || true
    exit 1
}

step() {
    printf '%s  %s\n' "$(date +%T)" "$*"
}

# What a job needs is in site.env alone: jobs are submitted from an empty environment. Two nodes that are one machine
# must not find each other's shared memory, and not look for each other elsewhere than there.
write_site() { # LAUNCHER FILE
    local name
    {
        echo "export PATH=$work/bin:/usr/bin:/bin PNAS_LAUNCHER=$1"
        echo "export OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo"
        for name in PNAS_CACHE PNAS_KERNELS OCL_ICD_VENDORS OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM LSAN_OPTIONS; do
            [ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}"
        done
    } >"$2"
}

# submit SITE ARGUMENTS...: leaves the job's number in `job`. SITE.env is named, but that of mpirun: it is the site.env in
# the folder of submission.
submit() {
    local site=()
    [ "$1" = mpirun ] || site=(PNAS_SITE_ENV="$work/submit/$1.env")
    shift
    job=$(env -i PATH=/usr/bin:/bin HOME="$work" SLURM_CONF="$SLURM_CONF" "${site[@]}" sbatch --parsable \
        --ntasks-per-node=2 --cpus-per-task=1 "$@") || fail "sbatch $*"
}

# What SLURM says of a job: JobState, Restarts, ExitCode ...
job_field() {
    scontrol --oneliner show job "$1" | awk -v RS=' ' -F= -v name="$2" '$1 == name && !found++ { print $2 }'
}

# end_of JOB [SECONDS]: prints how the job ended, which a requeued one has not, nor one that ran into its time limit: that
# one is called TIMEOUT until its script has queued it again.
end_of() {
    local state=
    for _ in $(seq $((2 * ${2:-300}))); do
        state=$(job_field "$1" JobState)
        case $state in
        COMPLETED | FAILED | CANCELLED | NODE_FAIL | OUT_OF_MEMORY) break ;;
        esac
        sleep 0.5
    done
    echo "$state"
}

finish() { # JOB STATE [SECONDS]
    local state
    state=$(end_of "$1" "${3:-300}")
    [ "$state" = "$2" ] || fail "job $1 is $state, not $2"
}

# Now and then Open MPI's daemons on two nodes that are one machine lose each other before there is a rank.
never_started() { # JOB
    [ "$(end_of "$1" 600)" = FAILED ] && grep -q 'ORTE has lost communication' "pnas-$1.log" &&
        [ "$(children_in "pnas-$1.log")" -eq 0 ]
}

expect_restarts() { # JOB LEAST MOST
    local restarts
    restarts=$(job_field "$1" Restarts)
    [[ $restarts -ge $2 && $restarts -le $3 ]] || fail "job $1 was queued again $restarts times"
}

expect_said() { # JOB WORDS
    grep -q "$2" "pnas-$1.log" || fail "job $1 did not say '$2'"
}

expect_status() { # RUN.h5 CODE
    local code=0
    "$work/bin/pnas_rank" --status "$1" >/dev/null || code=$?
    [ "$code" -eq "$2" ] || fail "$1: pnas_rank --status ends with $code, not $2"
}

expect_same() { # RUN.h5 REFERENCE.h5
    expect_status "$1" 0
    run_figures "$1" >figures.txt
    diff "$2.txt" figures.txt || fail "$1: figures differ from those of $2"
}

expect_ranks() { # RUN.h5 COUNT
    h5dump -H -d /ranks/rank "$1" | grep "SIMPLE { ( $2 )" >/dev/null || fail "$1: not $2 ranks"
}

children_in() {
    cat "$1" 2>/dev/null | grep -c 'level [12]/2  .*accuracy 0' || true
}

wait_for_children() { # JOB COUNT
    for _ in $(seq 1200); do
        [ "$(children_in "pnas-$1.log")" -lt "$2" ] || return 0
        sleep 0.1
    done
    fail "job $1: no $2 children in two minutes"
}

# The search NAME.yaml that nothing interrupts, once. Leaves the processor time of all ranks in `used`, in whole seconds.
write_reference() { # NAME
    local TIMEFORMAT=%U
    [ ! -e "$1.h5.txt" ] || return 0
    step "a search that nothing interrupts: $1.yaml"
    { time mpirun --oversubscribe --bind-to none -n 2 "$work/bin/pnas_mpi" "$1.yaml" -o "$1.h5" >"$1.out" 2>"$1.err"; } \
        2>used.txt || fail "$1.yaml: exit code $?"
    used=$(sed 's/[.,].*//' used.txt)
    run_figures "$1.h5" >"$1.h5.txt"
}

# About 130 seconds of processor time: long enough for several jobs each. Few epochs would tell mostly of the start.
write_long() {
    set_epochs 40 >measure.yaml
    write_reference measure
    set_epochs $((40 * 130 / (used + 1))) >long.yaml
    write_reference long
    step "long.yaml: $(grep epochs: long.yaml | head -n 1), $used s of processor time"
}

# --- the cases ---

each_script_ends_with_a_complete_run() {
    local launcher name jobs=()
    write_reference tiny
    for launcher in mpirun srun; do
        submit "$launcher" --time=10 "$scripts/pnas_one_node.sbatch" tiny.yaml "one-$launcher.h5"
        jobs+=("$job")
        submit "$launcher" --time=10 --nodes=2 "$scripts/pnas_many_nodes.sbatch" tiny.yaml "many-$launcher.h5"
        if [ "$launcher" = mpirun ] && never_started "$job"; then
            step "mpirun did not start on two nodes; once more"
            submit mpirun --time=10 --nodes=2 "$scripts/pnas_many_nodes.sbatch" tiny.yaml many-mpirun.h5
        fi
        jobs+=("$job")
        submit "$launcher" --time=10 "$scripts/pnas_cpu.sbatch" tiny.yaml "cpu-$launcher.h5"
        jobs+=("$job")
        submit "$launcher" --time=10 "$scripts/pnas_short_jobs.sbatch" tiny.yaml "short-$launcher.h5"
        jobs+=("$job")
        submit "$launcher" --time=10 --array=3-4 "$scripts/pnas_seeds.sbatch" tiny.yaml "seed%a-$launcher.h5"
        jobs+=("${job}_3" "${job}_4")
    done
    for job in "${jobs[@]}"; do
        finish "$job" COMPLETED 600
        expect_restarts "$job" 0 0
    done
    for launcher in mpirun srun; do
        for name in one many cpu short seed3; do
            expect_same "$name-$launcher.h5" tiny.h5
        done
        expect_ranks "one-$launcher.h5" 2
        expect_ranks "many-$launcher.h5" 4
        expect_status "seed4-$launcher.h5" 0
        ! run_figures "seed4-$launcher.h5" | cmp -s - tiny.h5.txt || fail "seed 4 gives what seed 3 gives"
    done
}

# SLURM looks at time limits every 30 s, so the first job has its signal after 20 to 50 s. The second has none; there
# pnas_mpi stops by itself after half of the minute. The third is told to go on for an hour, and SLURM ends it after 60 to
# 90 s; it has a single rank, so that it is not done before, however much of the machine it has.
a_job_that_runs_into_its_time_limit_is_queued_again_until_the_run_is_complete() {
    local how jobs=()
    write_long
    submit mpirun --time=2 --signal=B:USR2@70 "$scripts/pnas_short_jobs.sbatch" long.yaml signal.h5
    jobs+=("$job")
    submit srun --time=1 --signal=B:USR2@0 "$scripts/pnas_short_jobs.sbatch" long.yaml deadline.h5
    jobs+=("$job")
    submit mpirun --ntasks-per-node=1 --time=1 --signal=B:USR2@0 "$scripts/pnas_short_jobs.sbatch" long.yaml hour.h5 \
        --time-limit 1h
    jobs+=("$job")
    for job in "${jobs[@]}"; do
        finish "$job" COMPLETED 1500
        expect_restarts "$job" 1 100
    done
    expect_said "${jobs[0]}" 'stopped by SIGUSR2'
    expect_said "${jobs[1]}" 'stopped by the time limit'
    expect_said "${jobs[2]}" 'DUE TO TIME LIMIT'
    for how in signal deadline hour; do
        expect_same "$how.h5" long.h5
    done
}

a_cancelled_job_is_not_queued_again_and_goes_on_when_submitted_again() {
    write_reference medium
    cancel_and_go_on mpirun
    cancel_and_go_on srun
}

cancel_and_go_on() { # LAUNCHER
    local before
    submit "$1" --time=10 "$scripts/pnas_one_node.sbatch" medium.yaml "cancelled-$1.h5"
    wait_for_children "$job" 3
    scancel "$job"
    finish "$job" CANCELLED
    expect_restarts "$job" 0 0
    expect_status "cancelled-$1.h5" 75
    before=$(children_in "pnas-$job.log")

    submit "$1" --time=10 "$scripts/pnas_one_node.sbatch" medium.yaml "cancelled-$1.h5"
    finish "$job" COMPLETED
    expect_same "cancelled-$1.h5" medium.h5
    [ "$(children_in "pnas-$job.log")" -le $((children - before)) ] || fail "finished children were trained again"
}

a_job_whose_rank_is_killed_is_queued_again() {
    write_reference medium
    kill_a_rank mpirun
    kill_a_rank srun
}

kill_a_rank() { # LAUNCHER
    local rank
    submit "$1" --time=10 "$scripts/pnas_one_node.sbatch" medium.yaml "killed-$1.h5"
    wait_for_children "$job" 3
    rank=$(pgrep --newest --exact --full "([^ ]*/)?pnas_mpi medium.yaml -o killed-$1.h5") || fail "job $job has no rank"
    kill -KILL "$rank"
    finish "$job" COMPLETED
    expect_restarts "$job" 1 1
    expect_same "killed-$1.h5" medium.h5
}

# The last task of an array has the number of the whole array, so a careless request would queue all tasks again.
an_array_queues_only_the_stopped_task_again_and_only_so_often() {
    local stops task seen=0
    submit bounded --time=10 --array=1-2 "$scripts/pnas_seeds.sbatch" medium.yaml 'bounded%a.h5'
    task=${job}_2
    for stops in 1 2; do
        wait_for_children "$task" $((seen + 1))
        scancel --batch --signal=USR2 "$task"
        for _ in $(seq 300); do
            [ "$(grep -c 'stopped by SIGUSR2' "pnas-$task.log")" -lt "$stops" ] || break
            sleep 0.1
        done
        seen=$(children_in "pnas-$task.log") # also those that were done after the signal
    done
    finish "$task" FAILED
    finish "${job}_1" COMPLETED
    [ "$(job_field "$task" ExitCode)" = 75:0 ] || fail "job $task ended with $(job_field "$task" ExitCode)"
    expect_said "$task" 'queued again 1 times already'
    expect_restarts "$task" 1 1
    expect_restarts "${job}_1" 0 0
    expect_status bounded2.h5 75
}

a_job_that_fails_is_not_queued_again() {
    submit mpirun --time=10 "$scripts/pnas_one_node.sbatch" tiny.yaml wrong.h5 --set training.batch=-1
    finish "$job" FAILED
    [ "$(job_field "$job" ExitCode)" = 64:0 ] || fail "job $job ended with $(job_field "$job" ExitCode)"
    expect_restarts "$job" 0 0

    # A launcher that does not start, with a run that could go on.
    mpirun -n 1 "$work/bin/pnas_mpi" medium.yaml -o broken.h5 --time-limit 1s >broken.err 2>&1 || true
    expect_status broken.h5 75
    submit broken --time=10 "$scripts/pnas_one_node.sbatch" medium.yaml broken.h5
    finish "$job" FAILED
    expect_restarts "$job" 0 0
    expect_said "$job" 'broken.h5 was not opened'
}

train_until() { # LAUNCHER ARGUMENTS OF pnas_train...
    submit "$1" --time=10 "$scripts/pnas_train.sbatch" tiny.yaml "net-$1.h5" "${@:2}"
    for _ in $(seq 1200); do
        ! grep -q 'epoch 2 of' "pnas_train-$job.log" 2>/dev/null || break
        sleep 0.1
    done
    scancel --batch --signal=USR2 "$job"
    finish "$job" COMPLETED
    expect_restarts "$job" 1 1
    grep -q 'stopped by SIGUSR2' "pnas_train-$job.log" || fail "job $job was not stopped"
    h5diff net.h5 "net-$1.h5" || fail "net-$1.h5 is another network"
}

a_stopped_training_is_queued_again_until_its_network_is_complete() {
    local train=(--cell '-1:sep3+-2:max3' --set training.epochs=100 --set training.shards=8)
    "$work/bin/pnas_train" tiny.yaml -o net.h5 "${train[@]}" >net.out 2>net.err || fail "pnas_train: exit code $?"
    train_until mpirun "${train[@]}"
    train_until srun "${train[@]}"

    submit mpirun --time=10 "$scripts/pnas_train.sbatch" tiny.yaml net-wrong.h5 --cell no-cell
    finish "$job" FAILED
    [ "$(job_field "$job" ExitCode)" = 64:0 ] || fail "job $job ended with $(job_field "$job" ExitCode)"
    expect_restarts "$job" 0 0
}

write_site mpirun site.env
write_site srun srun.env
write_site mpirun bounded.env
echo 'export PNAS_MAX_REQUEUES=1' >>bounded.env
write_site mpirun broken.env
echo 'export PNAS_LAUNCHER_OPTIONS=--no-such-option' >>broken.env
cp "$tiny" tiny.yaml
# Forty children that all cost about the same.
set_epochs() {
    sed "s/  epochs: 8\$/  epochs: $1/; s/first: 7/first: 20/; s/beam: 5/beam: 20/
        s/sep3/{name: max5, kind: max_pool, kernel: 5}/" "$tiny"
}

# Two cores, so that no machine is too fast to be stopped in time.
taskset --cpu-list --pid 0,1 $$ >/dev/null 2>&1 || true
step "SLURM starts"
slurm_start "$work/slurm" 2
set_epochs 10 >medium.yaml
cases=("${@:5}")
[ ${#cases[@]} -gt 0 ] || cases=(each_script_ends_with_a_complete_run
    a_cancelled_job_is_not_queued_again_and_goes_on_when_submitted_again
    a_job_whose_rank_is_killed_is_queued_again
    an_array_queues_only_the_stopped_task_again_and_only_so_often
    a_job_that_fails_is_not_queued_again
    a_stopped_training_is_queued_again_until_its_network_is_complete
    a_job_that_runs_into_its_time_limit_is_queued_again_until_the_run_is_complete)
for case in "${cases[@]}"; do
    step "${case//_/ }"
    "$case"
done
step "done"
