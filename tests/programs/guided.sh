#!/usr/bin/env bash
# guided.sh SOURCE_DIR PNAS_MPI PNAS_RANK REFERENCE.h5: a search guided by the surrogate over cells of all sizes, by
# rounds and by rounds that overlap. The same bits on one, two and three ranks, killed and resumed, and extended; what it
# refuses; REFERENCE.h5 has measured durations for its simulation. And a number of children for the progressive search.
set -euo pipefail
pnas_mpi=$2
pnas_rank=$3
reference=$4
. "$(dirname "${BASH_SOURCE[0]}")/cell_list.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"
cp "$1/tests/programs/tiny.yaml" .

list_cells | awk '
    BEGIN { print "score,parameters,multiply_adds,train_seconds,cell" }
    { number = $1; sub(/^[0-9]+ /, ""); printf "0.%03d,1000,%d,0.2,%s\n", number * 379 % 1000, 1000 + number, $0 }
' >table.csv
cat >guided.yaml <<YAML
title: Guided
evaluator: table
table: table.csv
space: {blocks: 2, operators: [identity, sep3, max3]}
search: {strategy: guided, first: 4, round: 3, children: 16, acquisition: thompson}
surrogate: {members: 3, epochs: 3, hidden: 8, embedding: 8}
YAML

# search RUN RANKS ARGUMENTS...
search() {
    local run=$1 ranks=$2
    shift 2
    mpirun --oversubscribe -n "$ranks" "$pnas_mpi" guided.yaml -o "$run.h5" "$@" >"$run.out" 2>"$run.err" ||
        fail "exit code $? of $run"
}

# What must be the same to the bit. A level without children has nothing.
figures() {
    for level in 1 2; do
        h5dump -H -d "/levels/$level/cell" "$1" >/dev/null 2>&1 || continue
        for name in cell order predicted predicted_std accuracy status; do
            h5dump -m %.17g -d "/levels/$level/$name" "$1"
        done
    done
    h5dump -m %.9g -g /controller "$1"
}

expect_same() {
    figures "$1" | grep -vE '^HDF5|DATASET [0-9]' >one.txt
    figures "$2" | grep -vE '^HDF5|DATASET [0-9]' >two.txt
    cmp -s one.txt two.txt || { diff one.txt two.txt >difference.out || fail "$1 and $2 differ"; }
}

search whole 1
"$pnas_rank" --status whole.h5 >status.out || fail "not complete"
grep -q 'complete: 16 of 16 children done, 0 failed' status.out || fail "status"
grep -q '4 cells to begin with' whole.err || fail "the first cells are not told"
grep -q 'round 4: 3 of 71 candidates by the surrogate' whole.err || fail "the last round is not told"
h5dump -d /timeline/what whole.h5 | grep -q '"score 2"' || fail "no time of scoring"
"$pnas_rank" whole.h5 >ranking.out || fail "no ranking"
[ "$(awk '$1 ~ /^[12]$/ && NF == 8 { sum += $2 } END { print sum }' ranking.out)" = 16 ] || fail "children by level"

search two 2
search three 3
expect_same whole.h5 two.h5
expect_same whole.h5 three.h5

# kill_and_resume RUN RANKS ARGUMENTS...: killed in the middle on two ranks, and resumed on RANKS.
kill_and_resume() {
    local run=$1 ranks=$2
    shift 2
    mpirun --oversubscribe -n 2 "$pnas_mpi" guided.yaml -o "$run.h5" --set table_pace=1 "$@" >"$run.out" 2>"$run.err" &
    launcher=$!
    for _ in $(seq 600); do
        ! grep -q ' 9/16  accuracy' "$run.err" || break
        sleep 0.05
    done
    kill -KILL "$launcher"
    wait "$launcher" 2>/dev/null || true
    for _ in $(seq 100); do
        flock -n "$run.h5.journal" true && break
        sleep 0.1
    done
    search "$run" "$ranks" "$@"
    grep -qE "$run.h5: continuing with (9|1[0-5]) of 16 children done" "$run.err" || fail "$run was not resumed"
}
kill_and_resume killed 3
expect_same whole.h5 killed.h5

# A complete search goes on with more children as one that was told at once.
search extended 2 --set search.children=10
search extended 1
grep -q 'complete with 10 children; continues with search.children 10 -> 16 for the children to come' extended.err ||
    fail "the extension is not told"
expect_same whole.h5 extended.h5
h5dump -a /extended extended.h5 | grep -q 'after 10 children: search.children 10 -> 16' || fail "nor kept"

# By the prediction alone, which the kernel part makes in closed form.
search closed 1 --set search.acquisition=mean
search closed3 3 --set search.acquisition=mean
expect_same closed.h5 closed3.h5
h5dump -d /controller/2/0/kernel/share closed.h5 | grep -q '(0): 1$' || fail "networks are asked, too"
h5dump -n /controller/2 closed.h5 | grep -q '/2/1$' && fail "there is more than one member"
h5dump -d /controller/2/0/kernel/forest closed.h5 | grep -q '(0): 0.5$' || fail "there is no forest"
search bare 1 --set search.acquisition=mean --set surrogate.forest=0
h5dump -n /controller/2 bare.h5 | grep -q 'kernel/forest' && fail "there is a forest"
! cmp -s <(figures closed.h5) <(figures bare.h5) || fail "a forest changes nothing"

# Rounds that overlap. Of two ranks that sleep for their children none waits for a round.
overlapping=(--set search.overlap=true --set search.lag=1 --set search.round=2)
search overlap 1 "${overlapping[@]}"
grep -q '6 cells to begin with' overlap.err && fail "search.first does not count"
grep -q 'round 6: 2 of 70 candidates by the surrogate' overlap.err || fail "the last round is not told"
search overlap2 2 "${overlapping[@]}" --set table_pace=0.2
expect_same overlap.h5 overlap2.h5
awk '/round [0-9]+: /{ chosen = NR } /accuracy/{ if (chosen && NR > chosen) after++; chosen = 0 } END { exit after < 3 }' \
    overlap2.err || fail "rounds are not chosen one by one"
search overlap3 3 "${overlapping[@]}"
expect_same overlap.h5 overlap3.h5
kill_and_resume overlapped 1 "${overlapping[@]}"
expect_same overlap.h5 overlapped.h5
search longer 2 "${overlapping[@]}" --set search.children=12
search longer 3 "${overlapping[@]}"
expect_same overlap.h5 longer.h5
! cmp -s <(figures overlap.h5) <(figures whole.h5) || fail "overlap changes nothing"

# More children than cells: all are trained.
search all 1 --set search.children=500 --set search.round=40
"$pnas_rank" --status all.h5 >status.out || fail "not complete"
grep -q 'complete: 84 of 84 children done' status.out || fail "not all cells"

# refuse WORDS ARGUMENTS...
refuse() {
    local code=0 words=$1
    shift
    "$pnas_mpi" guided.yaml -o refused.h5 "$@" >refused.out 2>refused.err || code=$?
    [ "$code" -eq 64 ] || fail "exit code $code instead of 64: $*"
    grep -q "$words" refused.err || fail "no reason: $*"
}
refuse 'evolution has no levels or rounds that could overlap' --set search.overlap=true --set search.strategy=evolution
refuse "search.lag is '0'; it must be" --set search.lag=0
refuse 'fits the surrogate from fresh weights' --set surrogate.refit=finetune
refuse 'both say how many children are trained' --set search.beam=5 --set search.children=5
"$pnas_mpi" guided.yaml -o refused.h5 --check >check.out 2>check.err || fail "--check"
grep -q 'children: 16' check.out || fail "the number of children is not printed"
! grep -q 'before it knows enough results' check.err || fail "a warning of chance without a reason"
"$pnas_mpi" guided.yaml --check --set search.first=9 >check.out 2>check.err || fail "--check"
grep -q 'guided chooses 9 of the 16 children before it knows enough results' check.err || fail "no warning of chance"
"$pnas_mpi" guided.yaml --check --set search.overlap=true >check.out 2>check.err || fail "--check"
grep -q 'guided chooses 13 of the 16 children before' check.err || fail "no warning of a long lag"
"$pnas_mpi" guided.yaml --check >check.out 2>check.err || fail "--check"
! grep -q 'beam:' check.out || fail "the beam is printed, which says nothing here"

# In simulated time, from durations of children that were trained.
"$pnas_mpi" --simulate 2 --durations "$reference" tiny.yaml --set search.strategy=guided --set search.children=30 \
    --set search.first=6 --set surrogate.refit=scratch >simulated.out 2>simulated.err || fail "--simulate"
grep -q '^30 children in ' simulated.out || fail "not thirty simulated children"
"$pnas_mpi" --simulate 2 --durations "$reference" tiny.yaml --set search.strategy=guided --set search.children=60 \
    --set search.overlap=true --set surrogate.refit=scratch --set training.epochs=800 >simulated.out 2>simulated.err || fail "--simulate"
awk '/^60 children in/ { on = 1 } /until they had their last child/ { split($0, part, "for "); busy = part[3] + 0 }
    END { exit !(on && busy > 98) }' simulated.out || fail "two ranks wait for rounds that overlap"

# Children that are trained, on two ranks and one.
for ranks in 1 2; do
    mpirun --oversubscribe -n "$ranks" "$pnas_mpi" tiny.yaml -o "trained$ranks.h5" --set search.strategy=guided \
        --set search.children=7 --set search.first=3 --set surrogate.refit=scratch --set training.epochs=1 \
        >trained.out 2>trained.err || fail "exit code $? of children that are trained"
done
expect_same trained1.h5 trained2.h5

# The progressive search shares its children among levels.
search levels 1 --set search.strategy=pnas --set search.first=0 --set search.children=21
"$pnas_rank" --status levels.h5 >status.out || fail "not complete"
"$pnas_rank" levels.h5 >ranking.out
grep -qE '^ +1 +10 +10 ' ranking.out && grep -qE '^ +2 +11 +11 ' ranking.out || fail "not ten and eleven children"
