#!/usr/bin/env bash
# trouble_cases.sh CASE PNAS_MPI REFERENCE.h5: what a file system can do to a search. Mounts small file systems of its
# own, for which it needs no rights where the kernel lets users have name spaces; exit code 77 where it does not.
set -euo pipefail
case_name=$1
pnas_mpi=$2
reference=$3
here=$(cd "$(dirname "$0")" && pwd)
. "$here/run_figures.sh"
tiny=$here/tiny.yaml

if [ -z "${OWN_MOUNTS:-}" ]; then
    unshare --mount --map-root-user true || { echo "skipped: no file system can be mounted here"; exit 77; }
    OWN_MOUNTS=1 exec unshare --mount --map-root-user bash "$here/trouble_cases.sh" "$@"
fi
work=$(mktemp -d)
trap 'umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
mkdir disk

fail() {
    echo "FAILED: $1"
    tail -n 40 ./*.err 2>/dev/null || true
    ls -la disk
    exit 1
}

# expect_code CODE ARGUMENTS...
expect_code() {
    local expected=$1 code=0
    shift
    mpirun --oversubscribe -n 2 "$pnas_mpi" "$tiny" "$@" >last.out 2>last.err || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected"
}

expect_said() {
    grep -qE "$1" last.err || fail "no message like '$1'"
}

expect_reference_figures() {
    run_figures "$reference" >expected.txt
    run_figures "$1" >found.txt
    diff expected.txt found.txt || fail "figures differ from those of an undisturbed run"
}

finished_in() {
    grep -c '  accuracy 0.* parameters  ' "$1" || true
}

# Runs a search on a disk that fills up meanwhile; its exit code is left in `code`. A fast search may be over first,
# and is tried again.
fill_the_disk() {
    for _ in 1 2 3; do
        rm -rf disk/*
        mpirun --oversubscribe -n 2 "$pnas_mpi" "$tiny" -o disk/run.h5 >first.out 2>first.err &
        launcher=$!
        while [ "$(finished_in first.err)" -lt 2 ] && kill -0 "$launcher" 2>/dev/null; do
            sleep 0.02
        done
        cat /dev/zero >disk/filler 2>/dev/null || true
        code=0
        wait "$launcher" || code=$?
        [ "$code" -eq 0 ] || break
    done
}

# The disk fills up while children are trained; with room again the same command continues.
case_full_disk() {
    mount -t tmpfs -o size=1m tmpfs disk
    fill_the_disk
    [ "$code" -eq 74 ] || fail "exit code $code with a full disk"
    cp first.err last.err
    expect_said 'error: .*disk/run.h5.*No space left on device; what was finished before is kept, and the same command'
    [ "$(grep -c 'No space left' last.err)" -eq 1 ] || fail "not said once"
    before=$(finished_in first.err)
    rm disk/filler
    expect_code 0 -o disk/run.h5
    [ $((before + $(finished_in last.err))) -eq 12 ] || fail "a finished child was trained again"
    expect_reference_figures disk/run.h5
}

# Full of checkpoints alone: the search does not need them.
case_no_room_for_checkpoints() {
    mount -t tmpfs -o size=1m tmpfs disk
    ln -s disk/children run.h5.children && mkdir disk/children
    cat /dev/zero >disk/filler 2>/dev/null || true
    expect_code 0 -o run.h5 --set checkpoint_seconds=0.05
    expect_said 'warning: run.h5.children/[0-9a-f]*.h5: cannot be written: No space left on device.*; a child that is'
    [ "$(grep -c 'No space left' last.err)" -le 2 ] || fail "not once a rank"
    expect_reference_figures run.h5
}

case_read_only_folder() {
    cp "$reference" disk/complete.h5
    mount --bind disk disk
    mount -o remount,ro,bind disk
    expect_code 74 -o disk/run.h5
    expect_said 'error: disk/run.h5.*Read-only file system'
    expect_code 74 -o disk/complete.h5
    expect_said 'disk/complete.h5.*Read-only file system'
    cmp -s "$reference" disk/complete.h5 || fail "the run was changed"
}

"case_$case_name"
