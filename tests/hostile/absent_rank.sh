#!/usr/bin/env bash
# absent_rank.sh SOURCE_DIR PNAS_MPI: a program that is started beside another one, which never joins MPI, says what it
# waits for.
set -euo pipefail
pnas_mpi=$2
work=$(mktemp -d)
trap 'kill "$launcher" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"

mpirun --oversubscribe --bind-to none -n 1 sleep 200 : -n 1 "$pnas_mpi" --help >last.out 2>last.err </dev/null &
launcher=$!
for _ in $(seq 1500); do
    if grep -q '^pnas_mpi: warning: MPI waits for other ranks since 60 s; start this program' last.err; then exit 0; fi
    kill -0 "$launcher" 2>/dev/null || break
    sleep 0.1
done
echo "FAILED: it does not say that it waits"
cat last.err
exit 1
