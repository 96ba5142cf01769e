#!/usr/bin/env bash
# overlap.sh SOURCE_DIR PNAS_MPI PNAS_RANK: levels that overlap. Children are looked up and sleep; one of level 1 takes
# twenty seconds, the others next to nothing, so that of three ranks two are free long before the level's end.
set -euo pipefail
pnas_mpi=$2
pnas_rank=$3
. "$(dirname "${BASH_SOURCE[0]}")/cell_list.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

list_cells | awk '
    BEGIN { print "score,parameters,multiply_adds,train_seconds,cell" }
    {
        number = $1
        long = number == 1
        sub(/^[0-9]+ /, "")
        printf "0.%03d,1000,%d,%.1f,%s\n", number * 379 % 1000, long ? 9000 : 1000, long ? 20 : 0.02, $0
    }
' >table.csv
cat >overlap.yaml <<YAML
title: Levels that overlap
evaluator: table
table: table.csv
table_pace: 1
space: {blocks: 2, operators: [identity, sep3, max3]}
search: {beam: 12, overlap: true, overlap_share: 0.5, candidates: table}
surrogate: {members: 2, epochs: 3, hidden: 8, embedding: 8}
YAML

# h5 NAME: the values of a data set of level 2 of run.h5, one a line
h5() {
    h5dump -d "/levels/2/$1" -y -w 1 run.h5 |
        awk '/^   DATA \{/ { on = 1; next } on && /\}/ { on = 0; over = 1 } on && !over && NF { sub(",", ""); print $1 }'
}

# Cells that a run trained, one for each time.
trained() {
    sed -n 's/^.*  accuracy 0.* rank [0-9]*  //p' "$@" | sort
}

expect_complete_search() {
    "$pnas_rank" --status run.h5 >status.out || fail "the search is not complete"
    "$pnas_rank" --top 100 run.h5 >ranking.out
    grep -qE '^ +2 +12 +12 .*  [1-6] begun early$' ranking.out || fail "no early children among the 12 of level 2"
    early=$(h5 early | grep -c 1)
    [ "$(h5 early | wc -l)" -eq 12 ] || fail "not a mark for each child"
    [ "$early" -ge 1 ] && [ "$early" -le 6 ] || fail "$early early children; half of 12 are allowed"
    [ "$(h5 early | head -n "$early" | grep -c 1)" -eq "$early" ] || fail "early children do not stand first"
    [ "$(grep -c '  (early)$' ranking.out)" -eq "$early" ] || fail "the ranking does not mark them"
    "$pnas_rank" --format json run.h5 | grep -c '"early": true' | grep -qx "$early" || fail "JSON does not mark them"
    [ "$(h5 hash | sort -u | wc -l)" -eq 12 ] || fail "a cell is twice at level 2"
}

# One rank has nothing to overlap. (And kernels are compiled now.)
"$pnas_mpi" overlap.yaml -o alone.h5 --set table_pace=0 >alone.out 2>alone.err || fail "exit code $?"
! grep -q early alone.err || fail "one rank began a level early"

# Killed once an early child is done, long before the end of level 1.
mpirun --oversubscribe -n 3 "$pnas_mpi" overlap.yaml -o run.h5 >killed.out 2>killed.err &
launcher=$!
for _ in $(seq 600); do
    ! grep -q '2/2  early  accuracy' killed.err || break
    sleep 0.05
done
grep -q '2/2  early  accuracy' killed.err || fail "no early child is done"
kill -KILL "$(pgrep -P "$launcher" | head -n 1)"
wait "$launcher" && fail "the search outlived its rank 0"
grep -q 'level 1: lanes are free, which may begin 6 children of level 2' killed.err || fail "nothing was begun"
"$pnas_rank" run.h5 >half.out
grep -qE '^ +2 +6 +[1-6] .*  only 6 begun early$' half.out || fail "the finished early child is not kept"
mpirun --oversubscribe -n 3 "$pnas_mpi" overlap.yaml -o run.h5 --set table_pace=0.05 >again.out 2>again.err || fail "exit code $?"
expect_complete_search
[ -z "$(trained killed.err again.err | uniq -d)" ] || fail "a child was trained twice"

# A search that is under way keeps its method.
code=0
"$pnas_mpi" overlap.yaml -o run.h5 --set search.overlap=false >other.out 2>other.err || code=$?
[ "$code" -eq 64 ] || fail "overlap was switched off in a run that began with it: $code"
grep -q 'search.overlap: true, but the configuration now says false' other.err || fail "no reason"
