#!/usr/bin/env bash
# extending.sh SOURCE_DIR PNAS_MPI PNAS_RANK REFERENCE.h5: a complete run goes on with more blocks, a larger beam
# and more epochs for the levels to come.
set -euo pipefail
tiny=$1/tests/programs/tiny.yaml
pnas_mpi=$2
pnas_rank=$3
reference=$4
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

# run CODE ARGUMENTS...
run() {
    local expected=$1 code=0
    shift
    "$pnas_mpi" "$tiny" -o run.h5 "$@" >last.out 2>last.err || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected: $*"
}

cp "$reference" run.h5
run 64 --set space.blocks=3 --set network.filters=5
grep -q 'network.filters: 4, but the configuration now says 5' last.err || fail "no reason"
run 64 --set search.beam=6
grep -q 'counts for levels to come only' last.err || fail "no reason"
cmp -s "$reference" run.h5 || fail "a refusal changed the run"

run 0 --set space.blocks=3 --set search.beam=6 --set training.epochs=9
grep -q 'run.h5: complete with 2 levels; continues with space.blocks 2 -> 3, search.beam 5 -> 6, training.epochs 8 -> 9' \
    last.err || fail "the difference is not shown"
[ "$(grep -c '  accuracy 0.* parameters  ' last.err)" -eq 6 ] || fail "not six children more"
"$pnas_rank" --status run.h5 >status.out || fail "not complete"
h5dump -a /extended run.h5 | grep -q 'after level 2: space.blocks 2 -> 3, search.beam 5 -> 6' ||
    fail "the difference is not recorded"
h5dump -d /levels/3/history run.h5 | grep -q 'DATASPACE  SIMPLE { ( 6, 9, 5 )' || fail "not nine epochs at level 3"
for level in 1 2; do
    h5dump -d "/levels/$level/accuracy" -o before.txt "$reference" >/dev/null
    h5dump -d "/levels/$level/accuracy" -o after.txt run.h5 >/dev/null
    cmp -s before.txt after.txt || fail "level $level has changed"
done

run 0 --set space.blocks=3 --set search.beam=6 --set training.epochs=9
grep -q 'complete already' last.err || fail "an extended run does not know its end"
run 64
grep -q 'space.blocks: 3, but the configuration now says 2' last.err || fail "no reason"
