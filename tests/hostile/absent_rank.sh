#!/usr/bin/env bash
# absent_rank.sh SOURCE_DIR PNAS_MPI PNAS_NET: a program that is started beside another one, which never joins MPI, says
# what it waits for, and ends within a bound.
set -euo pipefail
pnas_mpi=$2 pnas_net=$3
work=$(mktemp -d)
launcher=
trap '[ -z "$launcher" ] || kill "$launcher" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1"
    cat last.err
    exit 1
}

# One that left before, as it printed something, and one that is there and does other work.
for other in true "sleep 100"; do
    for program in "$pnas_mpi --help" "$pnas_net info net.h5" "$pnas_net test net.h5"; do
        code=0
        # shellcheck disable=SC2086
        PNAS_START_SECONDS=2 timeout 60 mpirun --oversubscribe --bind-to none -n 1 $other : -n 1 $program \
            >last.out 2>last.err </dev/null || code=$?
        [ $code -eq 64 ] || fail "beside '$other' $program ends with $code"
        [ "$(grep -c 'error: no answer from other ranks within 2 s; start this program with the same' last.err)" -eq 1 ] ||
            fail "beside '$other' $program does not say why it ends"
        [ ! -s last.out ] || fail "something is printed"
    done
done

# Without that setting it is told first.
mpirun --oversubscribe --bind-to none -n 1 sleep 200 : -n 1 "$pnas_mpi" --help >last.out 2>last.err </dev/null &
launcher=$!
for _ in $(seq 1500); do
    if grep -q '^pnas_mpi: warning: MPI waits for other ranks since 60 s; start this program' last.err; then exit 0; fi
    kill -0 "$launcher" 2>/dev/null || break
    sleep 0.1
done
fail "it does not say that it waits"
