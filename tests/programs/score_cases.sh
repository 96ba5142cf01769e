#!/usr/bin/env bash
# score_cases.sh CASE PNAS_SCORE RUN.h5 PNAS_MPI: pnas_score from outside, on a finished run of tiny.yaml, and on
# replays of a table.
set -euo pipefail
case_name=$1
pnas_score=$2
run=$3
pnas_mpi=$4
cells_2=2178   # unique cells of two blocks of four operators
cells_3=193512 # and of three
table=$(cd "$(dirname "$0")/../data" && pwd)/digits_table.h5

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1"
    tail -n 50 ./*.out ./*.err 2>/dev/null || true
    exit 1
}

# start RANKS ARGUMENTS...: stdout and stderr go to last.out and last.err
start() {
    local ranks=$1
    shift
    mpirun --oversubscribe -n "$ranks" "$pnas_score" "$@" >last.out 2>last.err
}

# expect_code CODE RANKS ARGUMENTS...: every rank exits with CODE
expect_code() {
    local code=$1 ranks=$2
    shift 2
    rm -f codes
    # The shell around each rank answers 0, or mpirun would end the others at the first failure.
    # shellcheck disable=SC2016
    mpirun --oversubscribe -n "$ranks" sh -c '"$@"; echo $? >>codes' sh "$pnas_score" "$@" >last.out 2>last.err ||
        fail "mpirun failed"
    [ "$(sort codes | uniq -c | tr -s ' ')" = " $ranks $code" ] ||
        fail "expected $ranks times $code of $*, got: $(tr '\n' ' ' <codes)"
}

expect_said() {
    grep -qE "$1" last.err || fail "no message like '$1'"
}

expect_cells() {
    h5dump -a /cells "$1" | grep ": $2\$" >/dev/null || fail "$1 has not $2 cells: $(h5dump -a /cells "$1")"
}

# All that must be the same whoever scored it, bit by bit.
figures() {
    local name
    for name in best/cell best/score best/spread histogram/count; do
        h5dump -d "/$name" -b LE -o figure.bin "$1" >/dev/null
        printf '%s %s\n' "$name" "$(sha256sum <figure.bin)"
    done
}

expect_same() {
    figures "$1" >one.txt
    figures "$2" >other.txt
    diff one.txt other.txt || fail "$1 and $2 differ"
}

# What the search itself predicted before it trained level 2 is what its surrogate of that time scores.
expect_predictions() {
    local run=$1
    rm -f scores_2.csv
    start 1 "$run" --level 1 --blocks 2 --top 100000 --csv -o scores.h5 || fail "exit code $?"
    expect_cells scores.h5 $cells_2
    [ "$(wc -l <scores_2.csv)" -eq $cells_2 ] || fail "not a line for each cell"
    h5dump -d /levels/2/predicted -m '%.9g' -y -w 1 "$run" | sed -n 's/^ *\([0-9][0-9.]*\),\{0,1\}$/\1/p' >predicted
    h5dump -d /levels/2/text -y -w 1 "$run" | sed -n 's/^ *"\(-[12]:.*\)",\{0,1\}$/\1/p' >text
    [ "$(wc -l <text)" -ge 5 ] && [ "$(wc -l <text)" -eq "$(wc -l <predicted)" ] || fail "no level 2 in the run"
    paste -d'|' predicted text | tr -d ' ' | tr ':+|' ',' >children
    while IFS=, read -r predicted in1 op1 in2 op2 in3 op3 in4 op4; do
        line=$(grep -E ",$in1,$op1,$in2,$op2,$in3,$op3,$in4,$op4\$" scores_2.csv) || fail "a child is not among the cells"
        awk -v a="$predicted" -v b="${line%%,*}" 'BEGIN { d = a - b; exit !(d < 1e-5 && d > -1e-5) }' ||
            fail "a child was predicted $predicted and is scored ${line%%,*}"
    done <children
    awk -F, 'NR > 1 && $1 > last { exit 1 } { last = $1 }' scores_2.csv || fail "the ranking is out of order"
    start 1 "$run" --level 1 --blocks 2 --top 100000 --csv -o scores.h5 || fail "the same again: exit code $?"
    cp scores_2.csv before.csv
    expect_code 74 1 "$run" --level 1 --blocks 2 --top 10 --csv -o ten.h5
    expect_said 'scores_2.csv: is there already and holds something else; move it away'
    cmp before.csv scores_2.csv || fail "another ranking was replaced"
}

case_predictions() {
    expect_predictions "$run"
}

# expect_model MODEL NAME: a surrogate of that model scores, also over ranks, longer cells and fewer operators.
expect_model() {
    "$pnas_mpi" /dev/stdin -q -o model.h5 <<END || fail "the search: exit code $?"
evaluator: table
table: $table
space: {blocks: 2, operators: [identity, sep3, max3, avg3]}
search: {first: 20, beam: 8}
surrogate: {model: $1, members: 2, epochs: 10, hidden: 20, embedding: 10}
END
    expect_predictions model.h5
    expect_said "an ensemble of 2 $2s"
    start 1 model.h5 --blocks 3 -o one.h5 || fail "exit code $?"
    expect_cells one.h5 $cells_3
    expect_said 'read as the last of the table, input 0'
    start 2 model.h5 --blocks 3 -o two.h5 || fail "two ranks: exit code $?"
    expect_same one.h5 two.h5
    start 2 model.h5 --operators max3,sep3 --all -o some.h5 || fail "two operators: exit code $?"
}

# Of two layers, cell by cell.
case_mlp() {
    expect_model mlp MLP
}

# The default, an MLP of one layer, is in all other cases.
case_lstm() {
    expect_model lstm LSTM
}

case_ranks() {
    start 1 "$run" --blocks 3 -o one.h5 || fail "exit code $?"
    expect_cells one.h5 $cells_3
    grep -q "^$cells_3 cells of 3 blocks" last.out || fail "the cells are not counted"
    tail -n 1 last.out | grep -qx one.h5 || fail "the score file is not named last"
    [ ! -e one.h5.parts ] || fail "parts are left"
    start 3 "$run" --blocks 3 -o three.h5 || fail "three ranks: exit code $?"
    expect_same one.h5 three.h5
    start 2 "$run" --blocks 3 -o little.h5 --memory 1 || fail "little memory: exit code $?"
    expect_same one.h5 little.h5
    start 2 "$run" --blocks 1 -o tiny.h5 || fail "one block: exit code $?"
    expect_cells tiny.h5 36
}

case_all() {
    start 2 "$run" --blocks 3 --all -o all.h5 || fail "exit code $?"
    h5dump -H -d /all/score all.h5 | grep "( $cells_3 ) / ( $cells_3 )" >/dev/null || fail "not every score"
    h5dump -H -d /all/cell all.h5 | grep "( $cells_3, 3, 4 )" >/dev/null || fail "not every cell"
    mkdir elsewhere
    mv all.h5 all.h5.parts elsewhere
    # A score that no part gives would be NaN.
    h5dump -d /all/score -y -w 1 elsewhere/all.h5 | grep -cE '^ +0\.[0-9]*[1-9]' | grep -qx $cells_3 || fail "scores are missing"
    h5dump -d /all/cell -b LE -o cells.bin elsewhere/all.h5 >/dev/null
    od -An -v -w12 -td1 cells.bin | sort -u | wc -l | grep -qx $cells_3 || fail "cells are missing or twice there"
}

# HDF5 reads names of other files as printf does, and looks for them beside the file itself, not beside a link to it.
case_all_names() {
    local name
    mkdir other
    ln -s other/real.h5 link.h5
    for name in 'p%%x.h5' '100%.h5' '%b.h5' link.h5; do
        start 1 "$run" --blocks 2 --all -o "$name" || fail "$name: exit code $?"
    done
    for name in "$PWD/p%%x.h5" "$PWD/100%.h5" "$PWD/%b.h5" "$PWD/other/real.h5"; do
        (cd / && h5dump -d /all/score -y -w 1 "$name") | grep -cE '^ +0\.[0-9]*[1-9]' | grep -qx $cells_2 ||
            fail "$name: scores are missing"
    done
}

# Parts that were lost, damaged or changed since are scored again, and until then no score is 0.
case_all_lost_parts() {
    local byte ranks
    start 2 "$run" --blocks 3 --all -o all.h5 || fail "exit code $?"
    expect_said 'rank 0 scored [0-9]{2,} cells in'
    h5dump -d /all/score -y all.h5 >before
    start 2 "$run" --blocks 3 --all -o all.h5 || fail "complete: exit code $?"
    expect_said 'all.h5 is complete already'
    rm all.h5.parts/00003.h5
    h5dump -d /all/score -y all.h5 | grep -i nan >/dev/null || fail "the scores of a lost part are not NaN"
    byte=$(od -An -j 5000 -N 1 -tu1 all.h5.parts/00001.h5)
    # shellcheck disable=SC2059
    printf "\\x$(printf %x $((byte ^ 1)))" | dd of=all.h5.parts/00001.h5 bs=1 seek=5000 conv=notrunc status=none
    truncate -s -20 all.h5.parts/00002.h5 # the seal
    for ranks in 1 2; do
        start $ranks "$run" --blocks 3 --all -o all.h5 || fail "lost parts: exit code $?"
        if [ $ranks = 1 ]; then
            expect_said '00001.h5: is damaged'
            expect_said '00002.h5: .*was changed by another program: it has no seal; it is removed and scored again'
            expect_said 'all.h5: 3 of its [0-9]* parts are missing or damaged and are scored again'
        else
            expect_said 'complete already'
        fi
        h5dump -d /all/score -y all.h5 >after
        cmp -s before after || fail "the scores are not what they were"
    done
}

# A part in the place of another one is found, while the score file is there and without it: no cell counts twice.
case_exchanged_parts() {
    local there
    start 2 "$run" --blocks 3 --all -o all.h5 || fail "exit code $?"
    cp all.h5 before.h5
    h5dump -d /all/score -y all.h5 >before
    for there in yes no; do
        cp all.h5.parts/00004.h5 all.h5.parts/00000.h5
        [ $there = yes ] || rm all.h5
        start 2 "$run" --blocks 3 --all -o all.h5 || fail "an exchanged part: exit code $?"
        expect_said '00000.h5: holds part 4 of 16, and part 0 of 16 is wanted here .*; it is removed and scored again'
        [ $there = no ] || expect_said 'all.h5: 1 of its 16 parts are missing or damaged and are scored again'
        expect_cells all.h5 $cells_3
        expect_same before.h5 all.h5
        h5dump -d /all/score -y all.h5 >after
        cmp -s before after || fail "the scores are not what they were"
    done
    start 2 "$run" --blocks 3 --all -o all.h5 || fail "exit code $?"
    expect_said 'all.h5 is complete already'
}

# start_until_parts COUNT ARGUMENTS...: in the background, until COUNT parts are there
start_until_parts() {
    local count=$1
    shift
    mpirun --oversubscribe -n 2 "$pnas_score" "$@" >background.out 2>background.err &
    launcher=$!
    for _ in $(seq 1200); do
        [ "$(find . -name '000??.h5' | wc -l)" -lt "$count" ] || break
        sleep 0.02
    done
}

# Kills a run when it has some parts, but not all: a fast one may be over first, and is tried again.
kill_half_way() {
    for _ in 1 2 3 4 5; do
        rm -rf scores.h5 scores.h5.parts
        start_until_parts 2 "$@"
        kill -KILL "$launcher"
        wait "$launcher" 2>/dev/null || true
        [ -e scores.h5 ] || return 0
    done
    fail "it was done before it was killed"
}

case_killed() {
    local arguments=("$run" --blocks 4 --operators sep3,max3,avg3 -o scores.h5)
    kill_half_way "${arguments[@]}"
    sleep 1 # the ranks notice and end
    done_before=$(find . -name '000??.h5' | wc -l)
    [ "$done_before" -ge 2 ] || fail "only $done_before parts were done"
    start 2 "${arguments[@]}" || fail "going on: exit code $?"
    expect_said 'parts were there already'
    mv scores.h5 resumed.h5
    start 1 "${arguments[@]}" || fail "the whole: exit code $?"
    expect_same resumed.h5 scores.h5
}

case_stopped() {
    start_until_parts 1 "$run" --blocks 4 -o scores.h5
    kill -USR2 "$launcher"
    code=0
    wait "$launcher" || code=$?
    [ "$code" -eq 75 ] || fail "exit code $code"
    grep -q 'stopped by SIGUSR2.*the same command continues' background.err || fail "no word of the signal"
}

case_limits() {
    start 1 "$run" --limit-parameters 1 -o none.h5 || fail "no cells: exit code $?"
    expect_cells none.h5 0
    expect_said 'no cell of 2 blocks is within the limits; raise --limit-parameters'
    start 1 "$run" --limit-parameters 100000000 --limit-multiply-adds 100000000000 -o every.h5 || fail "exit code $?"
    expect_cells every.h5 $cells_2
    # -2:max3+-1:avg3 | 0:max3+0:max3 has 1214 parameters.
    start 1 "$run" --limit-parameters 1214 --top 100000 --csv -o with.h5 || fail "exit code $?"
    grep -q ',-2,max3,-1,avg3,0,max3,0,max3$' scores_2.csv || fail "a cell at the limit is left out"
    mv scores_2.csv with.csv
    start 2 "$run" --limit-parameters 1213 --top 100000 --csv -o without.h5 || fail "exit code $?"
    ! grep -q ',-2,max3,-1,avg3,0,max3,0,max3$' scores_2.csv || fail "a cell above the limit is kept"
    [ "$(wc -l <scores_2.csv)" -lt "$(wc -l <with.csv)" ] || fail "the limit makes no difference"
    rm scores_2.csv
    start 1 "$run" --limit-multiply-adds 50000 --top 100000 --csv -o fewer.h5 || fail "exit code $?"
    [ "$(wc -l <scores_2.csv)" -lt $cells_2 ] || fail "the limit of multiply-adds makes no difference"
}

case_operators() {
    start 1 "$run" --operators max3,sep3 --top 100000 --csv -o some.h5 || fail "exit code $?"
    mv scores_2.csv some.csv
    start 1 "$run" --top 100000 --csv -o every.h5 || fail "exit code $?"
    ! grep -qE 'identity|avg3' some.csv || fail "other operators are scored"
    # The canonical form depends on the operators' order; cells of one operator are the same in both.
    grep -E '^[^a-z]*max3[^a-z]*max3[^a-z]*max3[^a-z]*max3$' some.csv | sort >some.max3
    grep -E '^[^a-z]*max3[^a-z]*max3[^a-z]*max3[^a-z]*max3$' scores_2.csv | sort >every.max3
    [ "$(wc -l <some.max3)" -gt 10 ] || fail "no cells of max3 alone"
    diff some.max3 every.max3 || fail "cells are scored differently"
}

case_extrapolation() {
    start 1 "$run" --blocks 4 --operators max3 -o longer.h5 || fail "exit code $?"
    expect_said 'this extrapolates: the surrogate has seen cells of at most 2 blocks'
    expect_said 'read as the last of the table, input 0'
    start 1 "$run" --level 1 -o level.h5 || fail "exit code $?"
    expect_said 'seen cells of at most 1 block,'
    start 1 "$run" -o usual.h5 || fail "exit code $?"
    ! grep -q extrapolates last.err || fail "a warning without reason"
}

# Judged on a table, trials shared among ranks or not, by the run's configuration or the defaults.
case_evaluate() {
    local judge=(--evaluate "$table" --cells 20 --trials 3 --set surrogate.epochs=5)
    start 1 "$run" "${judge[@]}" || fail "exit code $?"
    expect_said 'cells of the search space, [1-9][0-9]* outside of it' # of other operators
    grep -qE '^ +1 +3 +20 +-?[01]\.[0-9]{3} \+- ' last.out || fail "no line of level 1"
    mv last.out one.out
    start 2 "$run" "${judge[@]}" || fail "two ranks: exit code $?"
    diff one.out last.out || fail "two ranks find other figures"
    start 1 "$run" "${judge[@]}" --set surrogate.model=mlp || fail "an MLP: exit code $?"
    ! diff one.out last.out >/dev/null || fail "another model makes no difference"
    start 1 "${judge[@]}" || fail "the defaults: exit code $?"
    expect_said '999 cells of the search space, 0 outside of it'
    start 1 "${judge[@]}" --held-out --cells 400 || fail "held out: exit code $?"
    grep -qE '^ +2 +3 +400 +[0-9]+ +0\.[4-9][0-9]{2} \+- .* 0\.[3-9][0-9]{2} \+- ' last.out || fail "no line of cells held out"
    expect_code 64 1 "${judge[@]}" --held-out --cells 0
    expect_code 65 1 "${judge[@]}" --held-out --cells 999
    expect_code 64 1 "$run" --held-out -o scores.h5
    expect_said 'held-out goes with --evaluate'
    expect_code 64 1 "$run" --cells 9 -o scores.h5
    expect_said 'cells goes with --evaluate'
    expect_code 64 1 --evaluate "$table" --top 5
    expect_said 'leave out --top'
    start 1 --evaluate "$table" --cells 1 --trials 1 --set surrogate.epochs=1 || fail "one cell a level: exit code $?"
    ! grep -q nan last.out || fail "a figure that is none"
    expect_code 64 2 "$run" --evaluate "$table" -o scores.h5
    expect_code 64 2 "$run" --set surrogate.model=mlp -o scores.h5
    expect_code 64 1 "${judge[@]}" --set surrogate.model=tree
    expect_code 64 1 "${judge[@]}" --trials 0
    ! grep -q 'same network' last.err || fail "rows that differ are said to be the same network"
    printf '%s\n' accuracy,cell 0.5,-2:sep3+-1:max3 0.6,-1:max3+-2:sep3 0.7,-1:sep3+-1:sep3 \
        '0.8,-2:sep3+-1:max3 | -1:sep5+-1:sep3' '0.9,-1:sep3+-1:sep5 | -2:sep3+-1:max3' \
        '0.7,-1:max3+-1:max3 | -1:max3+-1:sep3' >twice.csv
    start 1 --evaluate twice.csv --cells 2 --trials 1 --set surrogate.epochs=1 || fail "rows twice: exit code $?"
    expect_said '4 cells of the search space, 0 outside of it'
    expect_said '2 rows are the same network as another one'
    echo nonsense >table.csv
    expect_code 65 2 --evaluate table.csv
    expect_said 'table.csv'
    expect_code 74 2 --evaluate nowhere.csv
    [ ! -e scores.h5 ] || fail "a score file was made"
}

case_wrong_use() {
    expect_code 64 2 "$run"
    expect_said 'SCORES.h5'
    expect_code 64 2 -o scores.h5
    expect_code 64 2 "$run" -o scores.h5 --blocks 11
    expect_code 64 2 "$run" -o scores.h5 --top 0
    expect_code 64 2 "$run" -o scores.h5 --operators sep3,nonsense
    expect_said "'nonsense' is none of the operators"
    expect_code 64 1 "$run" -o scores.h5 --operators sep3,sep3
    expect_code 64 2 "$run" -o scores.h5 --level 9
    expect_said 'fit after level 9; without --level'
    expect_code 69 1 "$run" -o scores.h5 --device 'no such device'
    rm -rf scores.h5.parts
    [ ! -e scores.h5 ] || fail "a score file was made"
}

case_bad_files() {
    expect_code 74 2 nowhere.h5 -o scores.h5
    expect_said 'nowhere.h5'
    head -c 20000 "$run" >damaged.h5
    expect_code 65 2 damaged.h5 -o scores.h5
    expect_said 'damaged.h5'
    echo text >text.h5
    expect_code 65 1 text.h5 -o scores.h5
    expect_code 74 2 "$run" -o no/such/folder/scores.h5
    expect_said 'no/such/folder'
    expect_code 65 1 "$table" -o scores.h5
    expect_said 'no run file but a table of trained cells'
    cp "$run" other.h5
    expect_code 65 1 "$run" -o other.h5
    expect_said 'other.h5: .*; name another output'
    expect_code 65 1 "$run" -o text.h5
    [ "$(cat text.h5)" = text ] || fail "a file that holds no scores was changed"
    start 1 "$run" --all -o scores.h5 || fail "exit code $?"
    expect_code 0 2 "$run" --all -o scores.h5
    expect_said 'complete already'
    expect_code 64 2 "$run" --all --operators max3 -o scores.h5
    expect_said 'scores.h5.*another surrogate, space or command'
    rm scores.h5
    head -c 3000 scores.h5.parts/00001.h5 >cut
    mv cut scores.h5.parts/00001.h5
    expect_code 0 2 "$run" --all -o scores.h5
    expect_said '00001.h5: is cut short.*it is removed and scored again'
}

case_help() {
    start 2 --help || fail "exit code $?"
    [ "$(grep -c '^Usage: pnas_score' last.out)" -eq 1 ] || fail "help is not printed once"
    start 2 --version || fail "exit code $?"
    [ "$(grep -c '^pnas_score [0-9]' last.out)" -eq 1 ] || fail "the version is not printed once"
}

"case_$case_name"
