#!/usr/bin/env bash
# slurm_scripts.sh SOURCE_DIR: the batch scripts with a stand-in for mpirun and scontrol. They run where sbatch
# was called, pass the signal on to mpirun, queue themselves again after 75 and end with mpirun's code.
set -euo pipefail
scripts="$1/slurm"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/submit"

cat >"$work/bin/mpirun" <<'STUB'
#!/usr/bin/env bash
echo "$PWD: $*" >>"$STUB_LOG"
case "$*" in *--check*) exit "${STUB_CHECK_CODE:-0}" ;; esac
trap 'exit 75' USR2
echo started >>"$STUB_LOG"
[ "$STUB_SECONDS" -eq 0 ] && exit "$STUB_CODE"
for _ in $(seq 100); do sleep 0.1; done
STUB
cat >"$work/bin/scontrol" <<'STUB'
#!/usr/bin/env bash
echo "scontrol $*" >>"$STUB_LOG"
STUB
chmod +x "$work/bin/mpirun" "$work/bin/scontrol"
export PATH="$work/bin:$PATH" STUB_LOG="$work/log" SLURM_SUBMIT_DIR="$work/submit" SLURM_JOB_ID=42

fail() {
    echo "$1"
    cat "$STUB_LOG"
    exit 1
}

for script in "$scripts"/*.sbatch; do
    name=$(basename "$script")

    : >"$STUB_LOG"
    code=0
    STUB_SECONDS=0 STUB_CODE=65 bash "$script" c.yaml run.h5 || code=$?
    [ "$code" -eq 65 ] || fail "$name: mpirun's 65 became $code"
    grep -q "^$work/submit: .*pnas_mpi c.yaml -o run.h5$" "$STUB_LOG" || fail "$name: not started where it was submitted"
    ! grep -q scontrol "$STUB_LOG" || fail "$name: queued again after a failure"

    : >"$STUB_LOG"
    STUB_SECONDS=10 bash "$script" c.yaml run.h5 &
    job=$!
    for _ in $(seq 100); do
        grep -q started "$STUB_LOG" && break
        sleep 0.05
    done
    sleep 0.2
    kill -USR2 "$job"
    code=0
    wait "$job" || code=$?
    [ "$code" -eq 75 ] || fail "$name: a stop in good order became $code"
    grep -q "scontrol requeue 42" "$STUB_LOG" || fail "$name: not queued again after 75"

    code=0
    bash "$script" only_one 2>/dev/null || code=$?
    [ "$code" -eq 64 ] || fail "$name: a missing argument became $code"
done

# A check that fails ends the job before anything is trained.
: >"$STUB_LOG"
code=0
STUB_CHECK_CODE=69 STUB_SECONDS=0 STUB_CODE=0 bash "$scripts/pnas_many_nodes.sbatch" c.yaml run.h5 || code=$?
[ "$code" -eq 69 ] || fail "a failed check became $code"
! grep -q started "$STUB_LOG" || fail "trained after a failed check"
