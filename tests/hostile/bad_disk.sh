#!/usr/bin/env bash
# bad_disk.sh SOURCE_DIR TROUBLER PNAS_DATA PNAS_MPI PNAS_RANK PNAS_TABLE PNAS_NET PNAS_SCORE: a read that the system
# refuses (EIO) is file trouble (74), wherever HDF5 is with the file. It is no damage, and nothing that is not there.
set -euo pipefail
troubler=$2 pnas_data=$3 pnas_mpi=$4 pnas_rank=$5 pnas_table=$6 pnas_net=$7 pnas_score=$8
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

cat >tiny.yaml <<'END_OF_CONFIGURATION'
dataset: {validation: 60, training_images: 120}
space: {blocks: 1, operators: [identity, max3]}
search: {first: 2}
network: {filters: 2, repeats: 1}
training: {epochs: 1, batch: 20}
surrogate: {members: 1, epochs: 2, hidden: 4, embedding: 2}
keep_weights: 1
END_OF_CONFIGURATION
run 0 "$pnas_mpi" tiny.yaml -o run.h5
run 0 "$pnas_table" run.h5 -o table.h5
run 0 "$pnas_score" run.h5 -o scores.h5
awk 'BEGIN { for (i = 0; i < 20; i++) { for (j = 0; j < 16; j++) printf "%d,", (i * j) % 251; print i % 2 } }' >images.csv
run 0 "$pnas_data" import --format csv --shape 4x4x1 images.csv -o data.h5
cp run.1.weights.h5 net.h5

# At every read in turn. A file without its seal is not read in one go before.
every_read() {
    local file=$1 code at
    shift
    for ((at = 1; ; at += 1 + at / 12)); do
        code=0
        LD_PRELOAD=$troubler FAIL_IN=/$file FAIL_AT=$at "$@" >last.out 2>last.err </dev/null || code=$?
        grep -q '^a read met a bad disk' last.err || break
        [ "$code" -eq 74 ] || fail "exit code $code at read $at of $file: $*"
        grep -q 'cannot be read.*Input/output error' last.err || fail "no reason at read $at of $file: $*"
    done
    [ "$code" -eq 0 ] && [ "$at" -gt "${least:-1}" ] || fail "$at reads, and then exit code $code: $*"
}
every_read scores.h5 "$pnas_rank" scores.h5
for file in run.h5 table.h5 net.h5 data.h5; do
    truncate -s -20 "$file" # its seal
done
least=20
every_read run.h5 "$pnas_rank" run.h5
every_read table.h5 "$pnas_table" table.h5
every_read net.h5 "$pnas_net" info net.h5
every_read data.h5 "$pnas_data" info data.h5
