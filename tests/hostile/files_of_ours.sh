#!/usr/bin/env bash
# files_of_ours.sh SOURCE_DIR PNAS_DATA PNAS_MPI PNAS_RANK PNAS_TABLE PNAS_NET PNAS_SCORE PNAS_TRAIN: files of ours whose
# end a bad disk has zeroed are damaged, and no program reads them as if another one had written them.
set -euo pipefail
pnas_data=$2 pnas_mpi=$3 pnas_rank=$4 pnas_table=$5 pnas_net=$6 pnas_score=$7 pnas_train=$8
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

# zeroed FILE: its last sector, as far as it reaches into the file, or two where it holds but a part of the seal; with
# nothing but the seal in it, too
zeroed() {
    local size length sector
    size=$(stat -c %s "$1")
    sector=$(((size - 1) % 512 + 1))
    for length in 20 $((sector < 20 ? sector + 512 : sector)) 512; do
        cp "$1" damaged.h5
        dd if=/dev/zero of=damaged.h5 bs=1 seek=$((size - length)) count="$length" conv=notrunc status=none
        cp damaged.h5 before.h5
        "${@:2}"
        cmp damaged.h5 before.h5 || fail "$1 with $length zeros at its end was changed"
        rm -rf damaged.h5*
    done
}

# refused COMMAND...
refused() {
    run 65 "$@"
    grep -q 'damaged.h5: is damaged: .* behind its HDF5 data are no seal; put a copy of it back' last.err ||
        fail "what is wrong with the file is not said: $*"
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
awk 'BEGIN { for (i = 0; i < 40; i++) { for (j = 0; j < 64; j++) printf "%d,", (i * j) % 251; print i % 4 } }' >some.csv
run 0 "$pnas_data" import --format csv --shape 8x8x1 some.csv -o data.h5

of_a_run() {
    refused "$pnas_rank" damaged.h5
    refused "$pnas_mpi" tiny.yaml -o damaged.h5
    refused "$pnas_score" damaged.h5 -o new.h5
    refused "$pnas_table" damaged.h5 -o new.h5
}
of_a_network() {
    refused "$pnas_net" info damaged.h5
    refused "$pnas_train" tiny.yaml --cell '-1:max3+-2:max3' -o damaged.h5
}
of_a_table() {
    refused "$pnas_table" damaged.h5 -o new.h5
    refused "$pnas_mpi" tiny.yaml -o new.h5 --set evaluator=table --set table=damaged.h5
}
of_scores() {
    refused "$pnas_rank" damaged.h5
    refused "$pnas_score" run.h5 -o damaged.h5
}
of_data() {
    refused "$pnas_data" info damaged.h5
    refused "$pnas_mpi" tiny.yaml -o new.h5 --set dataset.file=damaged.h5
}
zeroed run.h5 of_a_run
zeroed net.h5 of_a_network
zeroed table.h5 of_a_table
zeroed scores.h5 of_scores
zeroed data.h5 of_data
[ ! -e new.h5 ] || fail "something was made of damaged files"

# Scores that lost their seal may be anybody's.
head -c -20 scores.h5 >damaged.h5
run 65 "$pnas_rank" damaged.h5
grep -q 'damaged.h5: is cut short, or was changed by another program: it has no seal' last.err || fail "no seal is no reason"

# Zeros at the end of text begin in a number or behind one; whole lines may be gone.
"$pnas_rank" run.h5 --format csv >cells.csv || fail "no CSV"
for length in 1 2 300; do
    for text in some cells; do
        size=$(stat -c %s $text.csv)
        { head -c $((size - length)) $text.csv && head -c $length /dev/zero; } >zeros.csv
        if [ $text = some ]; then
            run 65 "$pnas_data" import --format csv --shape 8x8x1 zeros.csv -o new.h5
        else
            run 65 "$pnas_table" zeros.csv -o new.h5
        fi
        grep -q 'zeros.csv: line [0-9]*: is damaged: it holds a zero byte' last.err || fail "zeros in a text are not named"
    done
done
[ ! -e new.h5 ] || fail "something was made of text with zeros"

# Limits on costs depend on the size of the run's images, and so on no others that took their place.
awk 'BEGIN { for (i = 0; i < 40; i++) { for (j = 0; j < 144; j++) printf "%d,", (i * j) % 251; print i % 4 } }' >large.csv
run 0 "$pnas_data" import --format csv --shape 12x12x1 large.csv -o large.h5
cp data.h5 set.h5
run 0 "$pnas_mpi" tiny.yaml -o sized.h5 --set dataset.file=set.h5 --set dataset.validation=8 \
    --set dataset.training_images=24 --set training.batch=8
run 0 "$pnas_score" sized.h5 --limit-multiply-adds 50000 -o limited.h5
cp large.h5 set.h5
run 65 "$pnas_score" sized.h5 --limit-multiply-adds 50000 -o others.h5
grep -q "but set.h5 holds others" last.err || fail "that the images are others is not said"
[ ! -e others.h5 ] || fail "cells were scored within limits of other images"

# A run on a table has none of its own, and takes their size from the data set that its configuration names.
run 0 "$pnas_mpi" tiny.yaml -o looked_up.h5 --set evaluator=table --set table=table.h5 --set dataset.file=data.h5
run 0 "$pnas_score" looked_up.h5 --limit-parameters 1000000 -o looked_up_scores.h5
grep -q 'looked_up.h5 looked its children up in a table: limits are on networks for images like those of data.h5' last.err ||
    fail "it is not said whose images are meant"

# A label is a place in the order of the classes' names, which a data set's SHA-256 does not cover.
small=(--set dataset.file=set.h5 --set dataset.validation=8 --set dataset.training_images=24 --set training.batch=8)
train=("$pnas_train" tiny.yaml --cell '-1:max3+-2:max3' -o named.h5 "${small[@]}")
cp data.h5 set.h5
run 0 "${train[@]}"
run 0 "$pnas_net" test named.h5
run 0 "$pnas_data" import --force --format csv --shape 8x8x1 --class-names 0,2,1,3 some.csv -o set.h5
cp named.h5 named.before
run 65 "$pnas_net" test named.h5 --data set.h5
grep -q "class 1 is '2', and '1' for named.h5; name data with the same classes" last.err || fail "the class is not named"
run 65 "${train[@]}"
grep -q "class 1 is '2', and '1' for named.h5; name data with the same classes" last.err || fail "the class is not named"
cmp named.h5 named.before || fail "the network was changed"

# What HDF5's own tools write has no seal, and is read.
if command -v h5repack >/dev/null; then
    for file in run.h5 net.h5 table.h5 data.h5; do
        h5repack "$file" "repacked_$file" || fail "h5repack"
    done
    run 0 "$pnas_rank" repacked_run.h5
    run 0 "$pnas_net" info repacked_net.h5
    run 0 "$pnas_table" repacked_table.h5 -o new.h5
    run 0 "$pnas_data" info repacked_data.h5
fi
