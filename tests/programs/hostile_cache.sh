#!/usr/bin/env bash
# hostile_cache.sh CASE PNAS_MPI SOURCE_DIR: what a cache of kernels that is full, somebody else's or not there does to a
# search. Mounts small file systems of its own; exit code 77 where the kernel does not let it.
set -euo pipefail
case_name=$1
pnas_mpi=$2
source_dir=$3
here=$(cd "$(dirname "$0")" && pwd)
. "$here/run_figures.sh"

if [ -z "${OWN_MOUNTS:-}" ]; then
    unshare --mount --map-root-user true || { echo "skipped: no file system can be mounted here"; exit 77; }
    keep=--map-root-user
    [ "$(id -u)" -ne 0 ] || keep=--mount # root gives files to others, which a map of one user does not let it
    OWN_MOUNTS=1 exec unshare --mount $keep bash "$here/hostile_cache.sh" "$@"
fi
work=$(mktemp -d)
trap 'umount "$work/disk" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
warm=$PNAS_CACHE # of the other tests: what a fallback in TMPDIR finds there need not be compiled again
mkdir disk temporary "$warm" 2>/dev/null || true
ln -s "$warm" "temporary/pnas-$(id -u)"
export TMPDIR=$work/temporary PNAS_CACHE=$work/disk/cache
unset POCL_CACHE_DIR
tiny=("$here/tiny.yaml" --set training.epochs=1)

fail() {
    echo "FAILED: $1"
    tail -n 40 last.err 2>/dev/null || true
    exit 1
}

# expect_code CODE RANKS ARGUMENTS...
expect_code() {
    local expected=$1 ranks=$2 code=0
    shift 2
    mpirun --oversubscribe -n "$ranks" "$pnas_mpi" "$@" >last.out 2>last.err || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected"
    if grep -q '(Success)' last.err; then fail "a message ends in (Success)"; fi
}

expect_one_warning() {
    grep -qE "warning: $1" last.err || fail "no warning like '$1'"
    [ "$(grep -c 'kernels cannot be kept' last.err)" -eq 1 ] || fail "not one warning"
}

expect_no_warning() {
    if grep -q 'kernels cannot be kept' last.err; then fail "a warning"; fi
}

expect_no_failed_child() {
    for level in 1 2; do
        if h5dump -d "/levels/$level/status" "$1" 2>/dev/null | grep -q '([0-9]*): .*FAILED'; then
            fail "a child is recorded as failed"
        fi
    done
}

case_few_inodes() {
    mount -t tmpfs -o nr_inodes=61 tmpfs disk
    expect_code 0 2 "${tiny[@]}" -o run.h5
    expect_one_warning 'kernels cannot be kept in .*/disk/cache \(its file system is full'
    expect_no_failed_child run.h5
}

# The disk fills up while kernels are compiled: no child's failure, and with room again the same command continues.
case_full_meanwhile() {
    mount -t tmpfs -o size=40m tmpfs disk
    mpirun --oversubscribe -n 1 "$pnas_mpi" "${tiny[@]}" -o run.h5 >last.out 2>last.err &
    launcher=$!
    while [ -z "$(find disk/cache/pocl -name '*.bc' 2>/dev/null)" ] && kill -0 "$launcher" 2>/dev/null; do sleep 0.02; done
    cat /dev/zero >disk/filler 2>/dev/null || true
    code=0
    wait "$launcher" || code=$?
    [ "$code" -eq 74 ] || fail "exit code $code with a full cache"
    grep -q 'error: .* has no room' last.err || fail "no reason"
    if [ -e run.h5 ]; then expect_no_failed_child run.h5; fi
    rm disk/filler
    PNAS_CACHE=$warm expect_code 0 1 "${tiny[@]}" -o run.h5
    PNAS_CACHE=$warm expect_code 0 1 "${tiny[@]}" -o whole.h5
    run_figures whole.h5 >expected.txt
    run_figures run.h5 >found.txt
    diff expected.txt found.txt || fail "figures differ from those of an undisturbed run"
}

case_of_others() {
    mkdir disk/cache
    chmod 0777 disk/cache
    expect_code 0 2 --check "${tiny[@]}"
    expect_one_warning 'kernels cannot be kept in .*/disk/cache, as other users may write it \(chmod go-w\)'
    [ -z "$(ls disk/cache)" ] || fail "something was written there"
    chmod 1777 disk/cache
    expect_code 0 2 --check "${tiny[@]}"
    expect_no_warning
    [ "$(ls disk/cache)" = "pnas-$(id -u)" ] || fail "no folder of this user in a shared one"
    rm -r disk/cache/*
    ln -s "$work" "disk/cache/pnas-$(id -u)"
    expect_code 0 1 --check "${tiny[@]}"
    expect_one_warning "kernels cannot be kept in .*/disk/cache/pnas-$(id -u) \(Not a directory\)"
    rm disk/cache/*
    chmod 0755 disk/cache
    mkdir disk/cache/pocl
    chmod 0777 disk/cache/pocl
    expect_code 0 1 --check "${tiny[@]}"
    expect_one_warning 'kernels cannot be kept in .*/disk/cache/pocl, as other users may write it'
    rmdir disk/cache/pocl
    chown 12345 disk/cache 2>/dev/null || return 0 # a map of one user
    expect_code 0 1 --check "${tiny[@]}"
    expect_one_warning 'kernels cannot be kept in .*/disk/cache, as it belongs to user 12345'
}

case_impossible_names() {
    PNAS_CACHE=/$(printf 'x%.0s' {1..5000}) expect_code 0 1 --check "${tiny[@]}"
    expect_one_warning 'kernels cannot be kept in the folder that was asked for \(its name is too long'
    unset PNAS_CACHE XDG_CACHE_HOME HOME
    expect_code 0 2 --check "${tiny[@]}"
    expect_one_warning 'kernels cannot be kept in any home directory \(HOME is not set\)'
}

# MPI may start PoCL by itself (libhwloc-plugins): it finds the place of its cache then.
case_before_mpi() {
    mkdir home
    HOME=$work/home XDG_CACHE_HOME= "$pnas_mpi" --check "${tiny[@]}" >last.out 2>last.err || fail "exit code $?"
    [ ! -e home/.cache/pocl ] || fail "PoCL began before its cache had a place"
    [ -d disk/cache/pocl ] || fail "PoCL's cache is not in ours"
    if grep -rl 'pnas_mpi_start(' "$source_dir/src/programs"; then fail "a program starts MPI without pnas_rank_start"; fi
}

# Compiling takes so long that it is told, once, and that it is for the next start, too.
case_told() {
    expect_code 0 2 "${tiny[@]}" --set space.blocks=1 --set search.first=1 -o run.h5
    [ "$(grep -c '^pnas_mpi: compiling kernels for .*, once; they are kept in .*/disk/cache/pocl$' last.err)" -eq 1 ] ||
        fail "it is not told once that kernels are compiled"
    expect_code 0 2 "${tiny[@]}" --set space.blocks=1 --set search.first=1 -o again.h5
    ! grep 'compiling kernels' last.err || fail "kernels that are there are compiled"
}

# A kernel that no compiler takes is no child's failure either.
case_wrong_kernels() {
    cp -r "$source_dir/cl/ops/kernels" kernels
    for file in kernels/pool*.cl; do echo 'kernel void broken(' >>"$file"; done
    PNAS_CACHE=$warm PNAS_KERNELS=$work/kernels expect_code 69 2 "${tiny[@]}" -o run.h5
    grep -q 'no rank is left that can train; .*kernel file pool[_a-z]*.cl does not build' last.err || fail "no reason"
    expect_no_failed_child run.h5
}

# What failed before is tried once more, once, on any number of ranks and after any stop, with the same bits.
case_retry_failed() {
    export PNAS_CACHE=$warm
    expect_code 0 1 "${tiny[@]}" -o failed.h5 --inject-fault loss:1/3
    cp failed.h5 one.h5
    cp failed.h5 two.h5
    expect_code 0 1 "${tiny[@]}" -o one.h5 --retry-failed
    grep -q 'level 1: 1 failed children are tried again' last.err || fail "not tried again"
    expect_no_failed_child one.h5
    expect_code 75 2 "${tiny[@]}" -o two.h5 --retry-failed --inject-fault hang:1/3 --time-limit 3s
    expect_code 0 2 "${tiny[@]}" -o two.h5
    run_figures one.h5 >expected.txt
    run_figures two.h5 >found.txt
    diff expected.txt found.txt || fail "figures of two ranks and a stop differ from those of one rank"
    expect_code 0 2 "${tiny[@]}" -o failed.h5 --retry-failed --inject-fault loss:1/3
    grep -q 'level 1/2 .* failed: the loss became' last.err || fail "not tried again"
    expect_code 0 2 "${tiny[@]}" -o failed.h5 --retry-failed
    grep -q 'no failed child is left that was not tried again' last.err || fail "tried twice"
}

"case_$case_name"
