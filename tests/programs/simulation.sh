#!/usr/bin/env bash
# simulation.sh SOURCE_DIR PNAS_MPI REFERENCE.h5: a search on paper, from the durations of a run that is there.
set -euo pipefail
tiny=$1/tests/programs/tiny.yaml
pnas_mpi=$2
reference=$3
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

# refused CODE WORDS ARGUMENTS...
refused() {
    local expected=$1 words=$2 code=0
    shift 2
    "$pnas_mpi" "$@" >refused.out 2>refused.err || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected: $*"
    grep -qE -- "$words" refused.err || fail "no message like '$words'"
    [ ! -s refused.out ] || fail "a refusal on stdout"
}

"$pnas_mpi" --simulate 5 --durations "$reference" "$tiny" --set space.blocks=3 >first.out 2>first.err ||
    fail "exit code $?"
grep -qE '^5 ranks: 5 as ' first.out || fail "ranks and their devices are not named"
grep -qE '^durations of 12 children in ' first.out || fail "the measured children are not counted"
grep -qE '^17 children in .* % of it training$' first.out || fail "no sum"
grep -qE '^training could have taken .* known beforehand \([0-9.]+ % of best\)$' first.out || fail "no hindsight"
[ "$(grep -cE '^    [123] ' first.out)" -eq 3 ] || fail "not a line for each level"
[ -z "$(ls ./*.h5 2>/dev/null)" ] || fail "a simulation left a run file"

# The same durations for more ranks: never slower.
"$pnas_mpi" --simulate 1000 --durations "$reference" "$tiny" --set space.blocks=3 >many.out 2>many.err ||
    fail "exit code $?"
[ "$(awk '/^  all/ {print $NF}' many.out)" -eq 34 ] || fail "not two messages for each of 17 children"

# What the rounds of a guided search took for scoring, simulated by itself.
guided=(--set search.strategy=guided --set search.children=14 --set search.first=4 --set search.round=1
    --set space.blocks=3 --set training.epochs=1 --set surrogate.refit=scratch)
"$pnas_mpi" "$tiny" -o guided.h5 "${guided[@]}" >guided.out 2>guided.err || fail "guided: exit code $?"
"$pnas_mpi" --simulate 1 --durations guided.h5 "$tiny" "${guided[@]}" >rounds.out 2>rounds.err || fail "exit code $?"
h5dump -a /levels/3/score_seconds guided.h5 >measured.out
awk '/\(0\)/ { measured = $2 }
     /^  all / { simulated = $(NF - 2) }
     END { print measured, simulated; exit !(simulated >= measured / 2 - 1 && simulated <= 2 * measured + 1) }' \
    measured.out rounds.out || fail "scoring of rounds is not simulated as it was"
rm guided.h5

refused 64 'go together' --simulate 5 "$tiny"
refused 64 'go together' --durations "$reference" "$tiny" -o run.h5
refused 64 "from 1 to 1000000, not '0'" --simulate 0 --durations "$reference" "$tiny"
refused 64 'leave out -o and --check' --simulate 5 --durations "$reference" "$tiny" -o run.h5
refused 74 '--durations: nothing.h5: .*; give the RUN.h5 of a search that has trained children' --simulate 5 --durations nothing.h5 "$tiny"
echo text >text.h5
refused 65 '--durations: text.h5: ' --simulate 5 --durations text.h5 "$tiny"
