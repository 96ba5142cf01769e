#!/usr/bin/env bash
# slurm_scripts.sh SOURCE_DIR: the batch scripts with stand-ins for the launchers, scontrol and pnas_rank. They pass the
# signal on, end with the launcher's code, and queue themselves again if and only if that leads anywhere.
set -euo pipefail
scripts="$1/slurm"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/submit"
cd "$work/submit"

# The launcher notes how it was called, opens the run (as a search would), and ends as STUB_CODE says, or waits for
# a signal.
cat >"$work/bin/mpirun" <<'STUB'
#!/usr/bin/env bash
trap 'exit 75' USR2
echo "$(basename "$0") $* end=${SLURM_JOB_END_TIME:-} site=${STUB_SITE:-}" >>"$STUB_LOG"
[ -n "${STUB_UNOPENED:-}" ] || touch "$(sed 's/.* -o \([^ ]*\).*/\1/' <<<"$*")"
echo started >>"$STUB_LOG"
[ "$STUB_CODE" = signal ] || exit "$STUB_CODE"
for _ in $(seq 100); do sleep 0.1; done
STUB
cp "$work/bin/mpirun" "$work/bin/srun"
cat >"$work/bin/scontrol" <<'STUB'
#!/usr/bin/env bash
case "$*" in
*show*) echo "JobId=42 JobName=pnas JobState=COMPLETING Reason=$STUB_REASON EndTime=2033-05-18T03:33:20Z Command=x" ;;
*) echo "scontrol $*" >>"$STUB_LOG" ;;
esac
STUB
cat >"$work/bin/pnas_rank" <<'STUB'
#!/usr/bin/env bash
[ -z "${STUB_LATE:-}" ] || kill "-$STUB_LATE" 0
exit "$STUB_STATUS"
STUB
cp "$work/bin/pnas_rank" "$work/bin/pnas_train"
chmod +x "$work/bin"/*
export PATH="$work/bin:$scripts:$PATH" STUB_LOG="$work/log" STUB_STATUS=75 STUB_REASON=None
export SLURM_SUBMIT_DIR="$work/submit" SLURM_JOB_ID=42
unset SLURM_JOB_END_TIME SLURM_RESTART_COUNT SLURM_ARRAY_JOB_ID SLURM_NTASKS SLURM_CPUS_PER_TASK PNAS_SITE_ENV \
    PNAS_LAUNCHER PNAS_LAUNCHER_OPTIONS PNAS_MAX_REQUEUES

fail() {
    echo "FAILED: $1"
    cat "$STUB_LOG" "$work/said"
    exit 1
}

# end_with CODE COMMAND...
end_with() {
    local expected=$1 code=0
    shift
    : >"$STUB_LOG"
    "$@" >"$work/said" 2>&1 || code=$?
    [ "$code" -eq "$expected" ] || fail "$*: ended with $code, not $expected"
}

expect_noted() {
    grep -q -- "$1" "$STUB_LOG" || fail "nothing like '$1' was called"
}

expect_said() {
    grep -q -- "$1" "$work/said" || fail "no message like '$1'"
}

expect_requeue() {
    expect_noted "^scontrol requeue $1\$"
}

expect_no_requeue() {
    ! grep -q '^scontrol' "$STUB_LOG" || fail "queued again"
}

# signal_job SIGNAL SCRIPT...: sends it as soon as the search runs; leaves the job's code in `code`.
signal_job() {
    local signal=$1
    shift
    : >"$STUB_LOG"
    STUB_CODE=signal "$@" >"$work/said" 2>&1 &
    job=$!
    for _ in $(seq 100); do
        ! grep -q started "$STUB_LOG" || break
        sleep 0.05
    done
    kill "-$signal" "$job"
    code=0
    wait "$job" || code=$?
}

for script in "$scripts"/*.sbatch; do
    unset SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID
    id=42 run=RUN.h5 given=RUN.h5 more= program=pnas_mpi
    case $script in
    */pnas_seeds.sbatch)
        export SLURM_ARRAY_JOB_ID=42 SLURM_ARRAY_TASK_ID=7
        id=42_7 run=RUN-7.h5 given=RUN-%a.h5 more=" --set seed=7"
        ;;
    */pnas_cpu.sbatch) more=" --device cpu" ;;
    */pnas_train.sbatch) program=pnas_train ;;
    esac

    STUB_CODE=0 end_with 0 bash "$script" c.yaml "$given" --set title=x
    expect_noted "^mpirun $program c.yaml -o $run --set title=x$more end=2000000000 site=\$"
    expect_no_requeue
    STUB_CODE=65 end_with 65 bash "$script" c.yaml "$given"
    expect_no_requeue
    signal_job USR2 bash "$script" c.yaml "$given"
    [ "$code" -eq 75 ] || fail "$script: a stop in good order became $code"
    expect_requeue "$id"
    end_with 64 bash "$script" c.yaml
done
unset SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID
one_node=(bash "$scripts/pnas_one_node.sbatch" c.yaml RUN.h5)

for code in 64 69 70 74; do
    STUB_CODE=$code end_with "$code" "${one_node[@]}"
    expect_no_requeue
done

# A launcher or a rank that is killed: what the run file says decides.
STUB_CODE=137 end_with 137 "${one_node[@]}"
expect_requeue 42
mv RUN.h5 elsewhere.h5 && ln -s elsewhere.h5 RUN.h5 # of two names of the run either may be given
STUB_CODE=137 end_with 137 "${one_node[@]}"
expect_requeue 42
rm RUN.h5 && mv elsewhere.h5 RUN.h5
STUB_CODE=137 STUB_STATUS=65 end_with 137 "${one_node[@]}"
expect_no_requeue
STUB_CODE=137 STUB_STATUS=0 end_with 0 "${one_node[@]}"
expect_no_requeue
STUB_CODE=1 STUB_UNOPENED=1 end_with 1 "${one_node[@]}"
expect_no_requeue
expect_said 'RUN.h5 was not opened'

# SIGTERM: of a person who cancels, or of SLURM because the time is over.
signal_job TERM "${one_node[@]}"
[ "$code" -ne 0 ] || fail "a cancelled job ended with 0"
expect_no_requeue
expect_said 'the job was cancelled'
STUB_REASON=TimeLimit signal_job TERM "${one_node[@]}"
expect_requeue 42

# A signal to all of the job that comes when the search has ended already.
STUB_CODE=75 STUB_LATE=USR2 end_with 75 setsid "${one_node[@]}"
expect_requeue 42
STUB_CODE=75 STUB_LATE=TERM STUB_REASON=TimeLimit end_with 75 setsid "${one_node[@]}"
expect_requeue 42
STUB_CODE=75 STUB_LATE=TERM end_with 75 setsid "${one_node[@]}"
expect_no_requeue

STUB_CODE=75 SLURM_RESTART_COUNT=19 end_with 75 "${one_node[@]}"
expect_requeue 42
STUB_CODE=75 SLURM_RESTART_COUNT=20 end_with 75 "${one_node[@]}"
expect_no_requeue
expect_said 'queued again 20 times already'
STUB_CODE=75 SLURM_RESTART_COUNT=20 end_with 75 bash "$scripts/pnas_short_jobs.sbatch" c.yaml RUN.h5
expect_requeue 42

# What site.env sets, beside where sbatch was called or named.
echo 'export STUB_SITE=here PNAS_LAUNCHER=srun PNAS_MAX_REQUEUES=3' >site.env
STUB_CODE=0 SLURM_CPUS_PER_TASK=6 end_with 0 "${one_node[@]}"
expect_noted '^srun --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task=6 pnas_mpi .* site=here$'
STUB_CODE=75 SLURM_RESTART_COUNT=3 end_with 75 "${one_node[@]}"
expect_no_requeue
echo 'export STUB_SITE=named PNAS_LAUNCHER_OPTIONS="--mpi=pmix_v4 --label"' >"$work/other.env"
STUB_CODE=0 PNAS_SITE_ENV=$work/other.env SLURM_NTASKS=8 end_with 0 "${one_node[@]}"
expect_noted '^mpirun -n 8 --mpi=pmix_v4 --label pnas_mpi .* site=named$'
rm site.env
cp "$scripts/site.env.example" site.env
STUB_CODE=0 end_with 0 "${one_node[@]}"
rm site.env

PNAS_SITE_ENV=$work/absent.env end_with 64 "${one_node[@]}"
expect_said "PNAS_SITE_ENV names $work/absent.env"
PNAS_LAUNCHER=lamrun end_with 64 "${one_node[@]}"
expect_said "PNAS_LAUNCHER is 'lamrun'"
PNAS_MAX_REQUEUES=many end_with 64 "${one_node[@]}"
expect_said "PNAS_MAX_REQUEUES is 'many'"
SLURM_JOB_ID='' end_with 64 "${one_node[@]}"
expect_said 'not inside a SLURM job'
SLURM_ARRAY_TASK_ID=7 end_with 64 bash "$scripts/pnas_seeds.sbatch" c.yaml RUN.h5
expect_said '%a becomes the seed'
end_with 0 pnas_job --help
expect_said '^usage: pnas_job CONFIG.yaml RUN.h5'
