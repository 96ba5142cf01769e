#!/usr/bin/env bash
# hard_ends.sh SOURCE_DIR PNAS_DATA PNAS_MPI PNAS_RANK PNAS_TABLE PNAS_NET PNAS_SCORE: signals, limits and removed folders
# leave no half files, and messages keep their reason, however long a name is.
set -euo pipefail
pnas_data=$2 pnas_mpi=$3 pnas_rank=$4 pnas_table=$5 pnas_net=$6 pnas_score=$7
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

expect_said() {
    grep -qE "$1" last.err || fail "no message like '$1'"
}

cat >tiny.yaml <<'END_OF_CONFIGURATION'
dataset: {validation: 60, training_images: 120}
space: {blocks: 2, operators: [identity, max3]}
search: {first: 3, beam: 2}
network: {filters: 2, repeats: 1}
training: {epochs: 1, batch: 20}
surrogate: {members: 1, epochs: 2, hidden: 4, embedding: 2}
keep_weights: 1
END_OF_CONFIGURATION
run 0 "$pnas_mpi" tiny.yaml -o run.h5
mkdir out

# A data set that takes some time to be written; each signal comes as soon as there is a half one.
awk 'BEGIN { for (i = 0; i < 4000; i++) { for (j = 0; j < 784; j++) printf "%d,", (i * j) % 251; print i % 10 } }' >many.csv
import=("$pnas_data" import --format csv --shape 28x28x1 many.csv -o out/data.h5)
ulimit -c 0
for signal in TERM INT HUP QUIT USR1 USR2 PIPE ALRM XCPU; do
    rm -f out/data.h5
    # A shell without job control lets its background processes ignore INT and QUIT.
    env --default-signal "${import[@]}" >last.out 2>last.err </dev/null &
    import_process=$!
    while [ ! -e out/data.h5.partial ] && kill -0 "$import_process" 2>/dev/null; do :; done
    kill -s "$signal" "$import_process" || true
    code=0
    wait "$import_process" || code=$?
    [ "$code" -gt 128 ] || echo "SIG$signal came too late"
    [ ! -e out/data.h5.partial ] || fail "SIG$signal leaves $(ls -A out)"
done
rm -f out/data.h5

# limited COMMAND...: may write 1 KiB to a file. That is file trouble, and nothing is left.
limited() {
    (ulimit -f 1 && run 74 "$@") || exit 1
    expect_said 'cannot be written.*: File too large'
    [ -z "$(ls -A out)" ] || fail "left: $(ls -A out)"
}
limited "${import[@]}"
limited "$pnas_table" run.h5 -o out/table.h5
limited "$pnas_net" export --format safetensors run.1.weights.h5 -o out/net.safetensors
limited "$pnas_rank" run.h5 --plot levels -o out/plot.svg

# PoCL's compiler, too, which would end the process by itself.
(ulimit -f 300 && PNAS_CACHE=$work/cold run 74 "$pnas_mpi" tiny.yaml -o out/run.h5) || exit 1
expect_said 'compiled kernels need files of up to 1 MiB.*ulimit -f'
rm -rf cold out/run.h5*

# The folder of a run is removed while it is at work.
mkdir gone
"$pnas_mpi" tiny.yaml -o gone/run.h5 --set training.epochs=400 >last.out 2>last.err </dev/null &
search=$!
while [ ! -e gone/run.h5.journal ]; do sleep 0.02; done
until rm -rf gone 2>/dev/null; do sleep 0.02; done # it may just have made a file
code=0
wait "$search" || code=$?
[ "$code" -eq 74 ] || fail "exit code $code without a folder"
expect_said 'the folder of the run is no longer there'
if grep -q 'is kept' last.err; then fail "it is told that something is kept"; fi

# Names that are longer than a message.
part=$(printf 'x%.0s' {1..200})
long=out
for _ in $(seq 15); do long=$long/$part; done
mkdir -p "$long"
for command in "$pnas_data info $long/none.h5" "$pnas_rank $long/none.h5" "$pnas_mpi $long/none.yaml -o run2.h5" \
    "$pnas_table $long/none.h5 -o t.h5" "$pnas_net info $long/none.h5" "$pnas_score $long/none.h5 -o s.h5" \
    "$pnas_mpi tiny.yaml -o $long/none/run.h5"; do
    code=0
    # shellcheck disable=SC2086
    $command >last.out 2>last.err </dev/null || code=$?
    [ "$code" -ne 0 ] || fail "no failure: ${command%% *}"
    expect_said 'No such file or directory'
done
