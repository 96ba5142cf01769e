#!/usr/bin/env bash
# pending_levels.sh SOURCE_DIR PNAS_MPI PNAS_RANK ADD_PENDING_LEVEL: a run whose pending children lie on a level
# below the last one is finished, and says truly how many are done.
set -euo pipefail
table=$1/tests/data/digits_table.h5
pnas_mpi=$2
pnas_rank=$3
add_pending_level=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1"
    cat ./*.err
    exit 1
}

cat >search.yaml <<END
evaluator: table
table: $table
space: {blocks: 2}
search: {strategy: random, first: 4, beam: 4}
END
"$pnas_mpi" search.yaml -o run.h5 >first.out 2>first.err || fail "the search"
"$add_pending_level" run.h5 2>add.err || fail "the level"
timeout -s KILL 30 "$pnas_mpi" search.yaml -o run.h5 >second.out 2>second.err || fail "the run is not finished"
grep -q 'continuing at level 1 with 0 of 2 children done' second.err || fail "what is done"
"$pnas_rank" --status run.h5 >status.out 2>status.err || fail "not complete"
