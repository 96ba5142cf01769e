#!/usr/bin/env bash
# closed_files.sh SOURCE_DIR PNAS_DATA PNAS_DEVICE PNAS_MPI PNAS_NET PNAS_RANK PNAS_SCORE PNAS_TABLE PNAS_TRAIN: a program
# that is started with stdin, stdout or stderr closed prints into no file that it opens meanwhile, such as a lock of the
# cache or a pipe of MPI; what it could not print is exit code 74.
set -euo pipefail
shift
pnas_data=$1 pnas_device=$2 pnas_mpi=$3 pnas_net=$4 pnas_rank=$5 pnas_score=$6 pnas_table=$7 pnas_train=$8
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

# untold COMMAND...: without stdout, and without the other two as well
untold() {
    local code=0
    "$@" >&- 2>last.err </dev/null || code=$?
    [ "$code" -eq 74 ] || fail "exit code $code without stdout: $*"
    grep -q 'standard output cannot be written: it is closed' last.err || fail "that stdout is closed is not said: $*"
    code=0
    "$@" >&- 2>&- <&- || code=$?
    [ "$code" -eq 74 ] || fail "exit code $code without any: $*"
}

cat >tiny.yaml <<'END_OF_CONFIGURATION'
dataset: {validation: 60, training_images: 120}
space: {blocks: 1, operators: [identity, max3]}
search: {first: 3}
network: {filters: 2, repeats: 1}
training: {epochs: 1, batch: 20}
surrogate: {members: 1, epochs: 2, hidden: 4, embedding: 2}
END_OF_CONFIGURATION
run 0 "$pnas_mpi" tiny.yaml -o run.h5
run 0 "$pnas_train" tiny.yaml --cell '-1:max3+-2:max3' -o net.h5
run 0 "$pnas_table" run.h5 -o table.h5
run 0 "$pnas_score" run.h5 -o scores.h5
{
    echo score,cell
    for a in identity sep3 max3 sep5 avg3; do
        for b in identity sep3 max3; do echo "0.4,-2:$a+-1:$b"; echo "0.5,-2:$a+-1:$b | -1:$a+0:$b"; done
    done
} >cells.csv
ls -R >before.txt

# The locks of the cache are made by the first program that needs them.
lock=${PNAS_CACHE:-cache}/pocl/pnas.lock
: >"$lock"
for command in "$pnas_net test net.h5 --data digits" "$pnas_net predict net.h5 --data digits --csv" \
    "$pnas_net info net.h5" "$pnas_device list" "$pnas_device routes" "$pnas_mpi tiny.yaml --check" \
    "$pnas_mpi --help" "$pnas_train --status net.h5" "$pnas_rank run.h5" "$pnas_table table.h5" \
    "$pnas_data info" "$pnas_score --evaluate cells.csv --cells 5 --trials 1 --set surrogate.epochs=1"; do
    untold $command
done
[ ! -s "$lock" ] || fail "$(head -c 60 "$lock") stands in a lock of the cache"
ls -R >last.out
diff <(grep -v before.txt before.txt) <(grep -v before.txt last.out) || fail "other files are there"

# The work is done all the same, and who has nothing to print has lost nothing.
goes_on() {
    local expected=$1 code=0
    shift
    "$@" >&- 2>&- <&- || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected: $*"
}
goes_on 74 "$pnas_mpi" tiny.yaml -o new.h5 # it prints the best children
run 0 "$pnas_rank" --status new.h5
goes_on 74 "$pnas_table" run.h5 -o new_table.h5 # and what the table holds
run 0 "$pnas_table" new_table.h5
goes_on 0 "$pnas_train" tiny.yaml --cell '-1:max3+-2:max3' -o new_net.h5
run 0 "$pnas_net" info new_net.h5
