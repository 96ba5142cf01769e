#!/usr/bin/env bash
# watching.sh SOURCE_DIR PNAS_MPI PNAS_RANK: a running search is watched from another process. Its children are
# looked up and sleep, so no device is needed.
set -euo pipefail
pnas_mpi=$2
pnas_rank=$3
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

echo 'score,parameters,multiply_adds,train_seconds,cell' >table.csv
for op in identity sep3 sep5 sep7 avg3 max3 dil3; do
    for other in sep3 sep5 max3; do
        echo "0.5,1000,1000,1.5,-2:$op+-1:$other" >>table.csv
    done
done
cat >watched.yaml <<YAML
title: Watched
evaluator: table
table: table.csv
table_pace: 1
space: {blocks: 1}
search: {strategy: random, first: 9}
YAML

mpirun --oversubscribe -n 2 "$pnas_mpi" watched.yaml -o run.h5 >run.out 2>run.err &
run=$!
for _ in $(seq 300); do
    [ ! -e run.h5.now ] || break
    sleep 0.1
done
[ -e run.h5.now ] || fail "nothing to watch within 30 s"
code=0
timeout 60 "$pnas_rank" --watch run.h5 >watch.out 2>watch.err || code=$?
wait "$run" || fail "the search ended with $?"
[ "$code" -eq 0 ] || fail "watching ended with $code"
[ ! -e run.h5.now ] || fail "run.h5.now is left"
grep -qE '^running; about .* left$' watch.out || fail "no time left was told"
grep -qE '^ +1 +9 +[0-9] +0 +[12] ' watch.out || fail "nothing was seen running"
grep -qE '^ +[01] .* level 1, child [0-9]+, for .*-2:[a-z0-9]+\+-1:[a-z0-9]+$' watch.out || fail "no rank has a running child"
tail -n 12 watch.out | grep -qx complete || fail "the end was not seen"

# One that was killed is not heard of any more.
"$pnas_mpi" watched.yaml -o killed.h5 >killed.out 2>killed.err &
run=$!
for _ in $(seq 300); do
    [ ! -e killed.h5.now ] || break
    sleep 0.1
done
kill -KILL "$run"
wait "$run" 2>/dev/null || true
sed -i 's/^written .*/written 1000000000/' killed.h5.now
code=0
timeout 30 "$pnas_rank" --watch killed.h5 >silent.out 2>silent.err || code=$?
[ "$code" -eq 75 ] || fail "watching a killed run ended with $code"
grep -qE '^killed; the same command continues it.*; nothing was heard of it for [1-9][0-9]* h' silent.out ||
    fail "a silent run was not told"

# A run that is over is shown once.
"$pnas_rank" --watch run.h5 >over.out 2>over.err || fail "exit code $?"
[ "$(grep -c '^complete$' over.out)" -eq 1 ] || fail "not shown once"
code=0
"$pnas_rank" --watch table.csv >table.out 2>table.err || code=$?
[ "$code" -eq 64 ] || fail "a table was watched: $code"
grep -q 'table.csv is no run' table.err || fail "no reason"
