#!/usr/bin/env bash
# kinds_of_files.sh SOURCE_DIR PNAS_DATA PNAS_MPI PNAS_TABLE PNAS_NET PNAS_SCORE PNAS_TRAIN: a file of one kind is never
# replaced by one of another, wherever the wrong name stands behind -o.
set -euo pipefail
pnas_data=$2 pnas_mpi=$3 pnas_table=$4 pnas_net=$5 pnas_score=$6 pnas_train=$7
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1"
    tail -n 20 last.err
    exit 1
}

cat >tiny.yaml <<'END_OF_CONFIGURATION'
dataset: {validation: 60, training_images: 120}
space: {blocks: 1, operators: [identity, max3]}
search: {first: 3}
network: {filters: 2, repeats: 1}
training: {epochs: 1, batch: 20}
surrogate: {members: 1, epochs: 2, hidden: 4, embedding: 2}
keep_weights: 1
END_OF_CONFIGURATION
"$pnas_mpi" tiny.yaml -o run.h5 >last.out 2>last.err || fail "the search"
"$pnas_train" tiny.yaml --cell '-1:max3+-2:max3' -o net.h5 >last.out 2>last.err || fail "the training"
"$pnas_table" run.h5 -o table.h5 >last.out 2>last.err || fail "the table"
cp table.h5 table.before
code=0
"$pnas_table" run.h5 -o table.h5 >last.out 2>last.err || code=$?
[ "$code" -eq 74 ] || fail "a table that is there: exit code $code"
grep -q 'table.h5: is there already; give another name or --force' last.err || fail "no word of --force"
cmp table.before table.h5 || fail "the table is another one"
"$pnas_table" run.h5 --force -o table.h5 >last.out 2>last.err || fail "--force"
"$pnas_score" run.h5 -o scores.h5 >last.out 2>last.err || fail "the scores"
printf '0.5,-1,sep3,-2,max3\n' >scores_1.csv
for guessed in scores.h5 scores_1.csv; do
    code=0
    "$pnas_table" run.h5 "$guessed" -o guessed.h5 >last.out 2>last.err || code=$?
    [ "$code" -eq 65 ] || fail "predictions in a table: exit code $code"
    grep -qE "$guessed: .*(a table holds cells that were trained|'PNAS-scores-1')" last.err || fail "no word of predictions"
    [ ! -e guessed.h5 ] || fail "a table of predictions"
done
awk 'BEGIN { for (i = 0; i < 40; i++) { for (j = 0; j < 64; j++) printf "%d,", (i * j) % 251; print i % 4 } }' >some.csv
"$pnas_data" import --format csv --shape 8x8x1 some.csv -o data.h5 >last.out 2>last.err || fail "the data"
printf '\0\0\10\3\0\0\0\1\0\0\0\10\0\0\0\10%064d' 0 >image.idx

# spared FILE COMMAND...: with -o FILE it fails, and FILE stays as it is
spared() {
    local file=$1 code=0
    shift
    cp "$file" target.h5
    "$@" -o target.h5 >last.out 2>last.err </dev/null || code=$?
    [ "$code" -eq 74 ] || [ "$code" -eq 65 ] || fail "exit code $code: $* -o a copy of $file"
    cmp "$file" target.h5 || fail "$file was replaced by $*"
    rm -rf target.h5*
}
printf 'PNASJRN1%0200d' 0 >run.journal
for file in run.h5 net.h5 table.h5 scores.h5 data.h5 run.journal; do
    spared "$file" "$pnas_net" export --format safetensors net.h5
    spared "$file" "$pnas_net" predict net.h5 image.idx
    spared "$file" "$pnas_net" predict --json net.h5 image.idx
    spared "$file" "$pnas_net" predict --hdf5 net.h5 image.idx
    [ "$file" = data.h5 ] || spared "$file" "$pnas_data" import --force --format csv --shape 8x8x1 some.csv
    [ "$file" = table.h5 ] || spared "$file" "$pnas_table" run.h5 --force
    [ "$file" = scores.h5 ] || spared "$file" "$pnas_score" run.h5
    [ "$file" = run.h5 ] || spared "$file" "$pnas_mpi" tiny.yaml
    [ "$file" = net.h5 ] || spared "$file" "$pnas_train" tiny.yaml --cell '-1:max3+-2:max3'
done

# What a data set is made of.
cp some.csv before.csv
code=0
"$pnas_data" import --force --format csv --shape 8x8x1 some.csv -o some.csv >last.out 2>last.err || code=$?
[ "$code" -eq 64 ] || fail "a data set in its own input's place: exit code $code"
cmp before.csv some.csv || fail "the input was replaced"

# What somebody keeps where a scoring has its parts, there or behind a link.
spared_parts() {
    local code=0
    "$pnas_score" run.h5 -o parts.h5 >last.out 2>last.err || code=$?
    [ "$code" -eq 74 ] || fail "exit code $code where parts are somebody's: $1"
    grep -q "$1" last.err || fail "no message like '$1'"
    [ ! -e parts.h5 ] || fail "the scores were written"
    cmp run.h5 "$2/00000.h5" || fail "a run under the name of a part was replaced or removed"
}
mkdir parts.h5.parts
cp run.h5 parts.h5.parts/00000.h5
spared_parts 'parts.h5.parts/00000.h5: .*none of the parts' parts.h5.parts
mv parts.h5.parts theirs
ln -s theirs parts.h5.parts
spared_parts 'parts.h5.parts: is a link' theirs
rm parts.h5.parts

# What a search writes beside its run file.
cp net.h5 other.1.weights.h5
code=0
"$pnas_mpi" tiny.yaml -o other.h5 >last.out 2>last.err </dev/null || code=$?
[ "$code" -eq 74 ] || fail "exit code $code where another network has the name of the best weights"
cmp net.h5 other.1.weights.h5 || fail "the network was replaced by a search's weights"
mv other.1.weights.h5 mine.h5
"$pnas_mpi" tiny.yaml -o other.h5 >last.out 2>last.err </dev/null || fail "the same command does not continue"
