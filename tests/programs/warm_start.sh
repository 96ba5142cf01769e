#!/usr/bin/env bash
# warm_start.sh SOURCE_DIR PNAS_MPI: a search that begins with another run's surrogate, on a table of trained cells.
set -euo pipefail
source_dir=$1
pnas_mpi=$2
here=$source_dir/tests/programs
. "$here/run_figures.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

# The surrogates are small, and hardly any child is needed.
cat >search.yaml <<EOF
evaluator: table
table: $source_dir/tests/data/digits_table.h5
space:
  blocks: 2
search:
  first: 8
  beam: 24
surrogate:
  members: 3
  embedding: 10
  hidden: 20
  epochs: 10
EOF

# run CODE RANKS ARGUMENTS...
run() {
    local expected=$1 ranks=$2 code=0
    shift 2
    mpirun --oversubscribe -n "$ranks" "$pnas_mpi" search.yaml "$@" >last.out 2>last.err || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected: $*"
}

said() {
    grep -qE "$1" last.err || fail "no message like '$1'"
}

spearman() {
    h5dump -a "/levels/$2/spearman" "$1" | sed -n 's/^ *(0): //p'
}

expect_same() {
    run_figures "$1" >one.txt
    run_figures "$2" >other.txt
    diff one.txt other.txt || fail "the figures of $1 and $2 differ"
}

run 0 1 -o other.h5 --set search.first=60 --set search.beam=60 --set seed=7
run 0 1 -o cold.h5
run 0 1 -o warm.h5 --set warm_start=other.h5
said 'the surrogate begins with that of other.h5: run_id [0-9a-f]{32}, generation [0-9]+, surrogate after level 2$'
said 'level 1: the best 8 of 136 cells of one block by the surrogate begun with'
h5dump -a /warm_start warm.h5 | grep -q '"other.h5: run_id ' || fail "whose surrogate it was is not recorded"
h5dump -d /controller/2/1/mlp/first_bias -b LE -o theirs.bin other.h5 >/dev/null
h5dump -d /controller/0/1/mlp/first_bias -b LE -o ours.bin warm.h5 >/dev/null
cmp -s theirs.bin ours.bin || fail "the weights begun with are not kept"
echo "Spearman on level 1 $(spearman warm.h5 1); on level 2 $(spearman warm.h5 2), without warm start $(spearman cold.h5 2)"
awk -v warm="$(spearman warm.h5 2)" -v cold="$(spearman cold.h5 2)" 'BEGIN { exit !(warm > cold + 0.05) }' ||
    fail "it does not help"

run 0 3 -o three.h5 --set warm_start=other.h5
expect_same warm.h5 three.h5

# Stopped, and gone on with when the other run is no more.
cp other.h5 gone.h5
run 0 1 -o whole.h5 --set warm_start=gone.h5 --set surrogate.refit=finetune
run 75 2 -o run.h5 --set warm_start=gone.h5 --set surrogate.refit=finetune --set table_pace=0.5 --time-limit 2s
rm gone.h5
run 0 3 -o run.h5 --set warm_start=gone.h5 --set surrogate.refit=finetune
said 'its surrogate began with a copy, kept here, of that of gone.h5: run_id '
expect_same whole.h5 run.h5

# A search with more blocks than the other run had; cells of three read an input that the other did not know.
run 0 1 -o longer.h5 --set warm_start=other.h5 --set space.blocks=3 --set search.beam=4
[ "$(h5dump -H -d /controller/3/0/input_embedding longer.h5 | grep -c 'SIMPLE { ( 4, 10 )')" -eq 1 ] ||
    fail "not four inputs"

# refused CODE MESSAGE ARGUMENTS...: and no run file is left
refused() {
    local expected=$1 message=$2
    shift 2
    run "$expected" 1 -o refused.h5 "$@"
    said "$message"
    [ ! -e refused.h5 ] || fail "a run file was made"
}

refused 74 'warm_start: gone.h5: .*No such file.*; give the RUN.h5 of a search that has fit a surrogate' --set warm_start=gone.h5
refused 65 'warm_start: search.yaml: ' --set warm_start=search.yaml
refused 64 'warm_start is "other.h5", but search.strategy: random asks no surrogate' --set warm_start=other.h5 \
    --set search.strategy=random
refused 65 'other.h5: its search has surrogate.model: mlp1, this one lstm; set it to mlp1 or' --set warm_start=other.h5 \
    --set surrogate.model=lstm
refused 65 'other.h5: its search has surrogate.members: 3, this one has the kernel part alone .*set surrogate.kernel below 1' \
    --set warm_start=other.h5 --set surrogate.kernel=1
refused 65 'other.h5: its search has surrogate.members: 3, this one 4' --set warm_start=other.h5 --set surrogate.members=4
refused 65 'other.h5: its search has surrogate.hidden: 20, this one 21' --set warm_start=other.h5 --set surrogate.hidden=21
refused 65 'has a linear part .surrogate.linear: 0.2., this one none' --set warm_start=other.h5 --set surrogate.linear=0
refused 65 'other.h5: entry 2 of its space.operators is sep3, of this search.s sep5' --set warm_start=other.h5 \
    --set 'space.operators=[identity, sep5, sep3, sep7, 1x7-7x1, avg3, max3, dil3]'
refused 65 'other.h5: its space.operators are 8, this search.s 2' --set warm_start=other.h5 \
    --set 'space.operators=[identity, sep3]'
run 65 1 --check --set warm_start=other.h5 --set surrogate.members=4
said 'surrogate.members'
run 0 1 -o random.h5 --set search.strategy=random --set search.beam=2 --set search.first=2
refused 65 'warm_start: random.h5: holds no surrogate' --set warm_start=random.h5
run 64 1 -o warm.h5 --set warm_start=random.h5
said 'warm.h5: this run was started with warm_start: "other.h5", but the configuration now says "random.h5"'
