#!/usr/bin/env bash
# rungs.sh SOURCE_DIR PNAS_MPI PNAS_RANK PNAS_TABLE: children that are stopped early. The same bits on one, two and
# three ranks, on two lanes and in groups, killed and resumed; learning rates as without rungs; every strategy, from a
# table of learning curves; how a run tells of them; what is refused.
set -euo pipefail
pnas_mpi=$2
pnas_rank=$3
pnas_table=$4
. "$(dirname "${BASH_SOURCE[0]}")/run_figures.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"
cp "$1/tests/programs/tiny.yaml" .

# search RUN RANKS ARGUMENTS...: seven and five children: four and three go on after epoch 1, two and two after epoch 3
search() {
    local run=$1 ranks=$2
    shift 2
    mpirun --oversubscribe -n "$ranks" "$pnas_mpi" tiny.yaml -o "$run.h5" --set training.epochs=6 \
        --set search.rungs=1,3 "$@" >"$run.out" 2>"$run.err" || fail "exit code $? of $run"
}

# What must be the same to the bit, beside figures that every run has.
expect_same() {
    local run
    for run in "$1" "$2"; do
        run_figures "$run" >"$run.figures"
        h5dump -m %.17g -d /levels/1/status -d /levels/2/status -d /levels/1/epochs -d /levels/2/epochs \
            -d /levels/1/expected -d /levels/2/expected "$run" | tail -n +2 >>"$run.figures"
    done
    diff "$1.figures" "$2.figures" >difference.out || fail "$1 and $2 differ"
}

# values RUN.h5 DATA_SET: one a line, without those of other epochs where it is a history of accuracies
values() {
    h5dump -m %.9g -d "$2" -y -w 1 "$1" |
        awk '/^   DATA \{/ { on = 1; next }
            on && /\}/ { on = 0; over = 1 }
            on && !over && NF { sub(",", ""); print $1 }'
}

search whole 1
"$pnas_rank" --status whole.h5 >status.out || fail "not complete"
grep -q "4 of its and earlier levels' 12 children done, 0 failed, 8 stopped early" status.out || fail "status"
grep -q 'level 1: 4 of 7 children go on after epoch 1' whole.err || fail "the first choice is not told"
grep -q 'level 2: 2 of 3 children go on after epoch 3' whole.err || fail "the last choice is not told"
grep -q 'rungs: 38 epochs were trained of 72, 52.8 %' whole.err || fail "the epochs are not told"
grep -q 'best 4 of 4 children; 8 more were stopped early' whole.out || fail "the best do not leave out the stopped"
[ ! -e whole.h5.children ] || fail "checkpoints are left"

# Stopped children are told apart everywhere, and none of them is the best.
[ "$(values whole.h5 /levels/1/status | sort | uniq -c | tr -s ' \n' ' ')" = ' 2 DONE 5 STOPPED ' ] || fail "states"
[ "$(values whole.h5 /levels/1/accuracy | grep -c nan)" -eq 5 ] || fail "a stopped child has an accuracy"
[ "$(values whole.h5 /levels/1/expected | grep -c nan)" -eq 2 ] || fail "not an expectation for each stopped child"
"$pnas_rank" --top 100 whole.h5 >ranking.out
[ "$(grep -cE '^ +[0-9]+ +- .*\(stopped after epoch [13], 0\.[0-9]+ expected\)$' ranking.out)" -eq 8 ] || fail "ranking"
grep -qE '^ +1 +7 +2 +0 .* 5 stopped early$' ranking.out || fail "the level does not tell"
"$pnas_rank" whole.h5 --report report.html || fail "no report"
grep -q '>stopped early</th>' report.html || fail "the report's levels do not tell"
awk '/^rank/ { on = 1; next } on && $1 <= 4 && /stopped/ { bad = 1 } END { exit bad }' ranking.out ||
    fail "a stopped child before a finished one"
"$pnas_rank" --top 100 whole.h5 --format csv >cells.csv
head -1 cells.csv | grep -q 'train_seconds,stopped_after,expected$' || fail "CSV has no columns for stopped children"
[ "$(grep -cE '^,.*,[13],0\.[0-9]+$' cells.csv)" -eq 8 ] || fail "CSV does not mark stopped children"
"$pnas_rank" --top 100 whole.h5 --format json >cells.json
[ "$(grep -c '"score": null.*"stopped_after": [13], "expected": 0' cells.json)" -eq 8 ] || fail "JSON"
"$pnas_table" cells.csv -o from_csv.h5 >table.out 2>table.err || fail "a CSV with stopped children is no table"
[ "$(values from_csv.h5 /accuracy | wc -l)" -eq 4 ] || fail "not the four finished children in a table"

search three 3
search lanes 2 --set lanes=2 --set group=2
for run in three lanes; do
    expect_same whole.h5 "$run.h5"
done

# Killed among the first children, at a rung of level 1 and in level 2; resumed on other numbers of ranks.
kill_at() {
    local ranks=$1 words=$2
    mpirun --oversubscribe -n "$ranks" "$pnas_mpi" tiny.yaml -o killed.h5 --set training.epochs=6 \
        --set search.rungs=1,3 --set checkpoint_seconds=0.05 >killed.out 2>killed.err &
    launcher=$!
    for _ in $(seq 1200); do
        ! grep -qE "$words" killed.err || break
        kill -0 "$launcher" 2>/dev/null || break
        sleep 0.02
    done
    kill -KILL "$launcher" 2>/dev/null || true
    wait "$launcher" 2>/dev/null || true
    for _ in $(seq 100); do
        [ ! -e killed.h5.journal ] || flock -n killed.h5.journal true && break
        sleep 0.1
    done
}
kill_at 2 '3/7 .* after epoch 1'
kill_at 1 'level 1: 4 of 7 children go on'
kill_at 3 'level 2/2 .* after epoch 1'
search killed 2
grep -q 'killed.h5: continuing at level' killed.err || fail "was not resumed"
expect_same whole.h5 killed.h5
h5dump -d /timeline/what killed.h5 >timeline.out
grep -q '"train 1/0 (part)"' timeline.out || fail "no part of a child in the timeline"

# Learning rates are those of the whole training: until they are stopped, children are what they are without rungs.
mpirun -n 1 "$pnas_mpi" tiny.yaml -o plain.h5 --set training.epochs=6 >plain.out 2>plain.err || fail "without rungs"
! h5dump -H -d /levels/1/expected plain.h5 >/dev/null 2>&1 || fail "a run without rungs has expectations"
values plain.h5 /levels/1/history | awk '{ print NR, $1 }' >plain.txt
values whole.h5 /levels/1/history | awk '{ print NR, $1 }' | grep -v nan >rungs.txt
[ "$(wc -l <rungs.txt)" -eq $(((3 * 1 + 2 * 3 + 2 * 6) * 5)) ] || fail "not the epochs that rungs leave"
! grep -vxFf plain.txt rungs.txt >difference.out || fail "children with rungs are trained otherwise"

# Every strategy, from a table of the curves of a run; the table does what training does.
"$pnas_table" plain.h5 -o curves.h5 >table.out 2>table.err || fail "no table"
replay=(--set evaluator=table --set table=curves.h5 --set keep_weights=0)
# One level: what is expected of its stopped children changes with the next level's, which a search with rungs and one
# without need not choose alike.
search level 1 --set space.blocks=1
search replayed 1 "${replay[@]}" --set space.blocks=1
for name in status epochs expected; do
    [ "$(values replayed.h5 /levels/1/$name)" = "$(values level.h5 /levels/1/$name)" ] || fail "$name from a table"
done
for strategy in guided evolution random; do
    more=("${replay[@]}" --set search.strategy=$strategy --set search.first=4 --set search.round=3
        --set search.population=4 --set surrogate.refit=scratch)
    for ranks in 1 3; do
        search "$strategy$ranks" "$ranks" "${more[@]}"
    done
    "$pnas_rank" --top 100 "${strategy}1.h5" --format csv | cut -d, -f1-11 >one.csv
    "$pnas_rank" --top 100 "${strategy}3.h5" --format csv | cut -d, -f1-11 >three.csv
    cmp -s one.csv three.csv || fail "$strategy on three ranks"
    grep -q '^,' one.csv && grep -q '^0\.' one.csv || fail "$strategy stops no child, or finishes none"
done

# refuse CODE WORDS ARGUMENTS...
refuse() {
    local expected=$1 words=$2 code=0
    shift 2
    "$pnas_mpi" tiny.yaml "$@" >refused.out 2>refused.err || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected: $*"
    grep -q "$words" refused.err || fail "no reason: $*"
}
refuse 64 'a whole level is awaited at each rung' --check --set search.rungs=2 --set search.overlap=true
refuse 64 'rungs must come before their end' --check --set search.rungs=8
refuse 64 'ascending and with commas between' --check --set search.rungs=3,3
refuse 64 'ascending and with commas between' --check --set search.rungs=soon
refuse 64 'ascending and with commas between' --check --set 'search.rungs=1,'
refuse 64 'rung_share' --check --set search.rungs=1 --set search.rung_share=0
refuse 64 'search.rungs: ' -o whole.h5 --set training.epochs=6 --set search.rungs=1,2
refuse 65 'no cell has a learning curve of more than 7 epochs' -o none.h5 "${replay[@]}" --set search.rungs=7
"$pnas_mpi" tiny.yaml --check --set search.rungs=2 --set search.rung_share=0.25 >check.out 2>check.err || fail "--check"
grep -q 'trained for about 44 % of their 8 epochs' check.err || fail "--check does not know the epochs"

# A complete search goes on with another level, in which children are stopped, too.
search whole 2 --set space.blocks=3
grep -q 'level 3: 3 of 5 children go on after epoch 1' whole.err || fail "not extended"

# In simulated time: as many children, in less of it than without rungs.
simulate() {
    "$pnas_mpi" --simulate 2 --durations plain.h5 tiny.yaml "$@" >simulated.out 2>simulated.err || fail "--simulate"
    grep -q '^12 children in ' simulated.out || fail "not twelve simulated children"
    sed -n 's/^12 children in .* (\([0-9.]*\) hours).*/\1/p' simulated.out
}
simulate --set training.epochs=6000 >long.txt
simulate --set training.epochs=6000 --set search.rungs=1000 --set search.rung_share=0.2 >short.txt
awk 'NR == FNR { long = $1; next } { exit !($1 > 0 && $1 < 0.6 * long) }' long.txt short.txt || fail "no time is saved"
