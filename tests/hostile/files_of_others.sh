#!/usr/bin/env bash
# files_of_others.sh SOURCE_DIR PNAS_DATA PNAS_MPI PNAS_RANK: links and pipes where the programs write and read: what a
# link leads to is never written over, and nobody waits for a pipe.
set -euo pipefail
pnas_data=$2 pnas_mpi=$3 pnas_rank=$4
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

# expect CODE TEXT COMMAND...: ends by itself with CODE and says TEXT.
expect() {
    local wanted=$1 text=$2 code=0
    shift 2
    timeout 60 "$@" >last.out 2>last.err </dev/null || code=$?
    [ "$code" -eq "$wanted" ] || fail "expected $wanted from '$*', got $code"
    [ -z "$text" ] || grep -q -e "$text" last.err || fail "'$*' does not say '$text'"
}

untouched() {
    [ "$(cat precious)" = mine ] || fail "$1: the file behind a link was written over"
}

for ((i = 0; i < 40; ++i)); do echo "$((i % 16)),1,2,3,$((i % 2))"; done >images.csv
import=("$pnas_data" import --force --format csv --shape 2x2x1 --maximum 16)
cat >tiny.yaml <<'END_OF_CONFIGURATION'
dataset: {validation: 60, training_images: 120}
space: {blocks: 1, operators: [identity, max3]}
search: {first: 2}
network: {filters: 2, repeats: 1}
training: {epochs: 1, batch: 20}
END_OF_CONFIGURATION
echo mine >precious
mkfifo pipe

# Links under the names that the programs use for a while.
ln -s precious data.h5.partial
expect 74 'data.h5.partial' "${import[@]}" images.csv -o data.h5
untouched "a data set's partial file"
rm data.h5.partial
ln precious data.h5.partial
expect 74 'is not a file that this program left' "${import[@]}" images.csv -o data.h5
untouched "a data set's partial file"
rm data.h5.partial
cp precious data.h5.partial
expect 74 'data.h5.partial: is not a file that this program left' "${import[@]}" images.csv -o data.h5
[ "$(cat data.h5.partial)" = mine ] || fail "a file under the name of a partial one was written over"
rm data.h5.partial
ln -s precious run.h5.journal
expect 74 'run.h5.journal' "$pnas_mpi" tiny.yaml -o run.h5
rm run.h5.journal
ln precious run.h5.journal
expect 74 'hard link' "$pnas_mpi" tiny.yaml -o run.h5
untouched "a journal"
rm run.h5.journal
for name in run.h5.now run.h5.now~; do ln -s precious "$name"; done
expect 0 '' "$pnas_mpi" tiny.yaml -o run.h5
untouched "what runs now"
mkdir kept
for name in kept/plot.gp kept/plot.svg kept/errors.txt kept/refined; do ln -s ../precious "$name"; done
for name in picture.svg picture.svg.partial; do ln -s precious "$name"; done
expect 0 '' "$pnas_rank" run.h5 --plot accuracy -o picture.svg --keep kept
untouched "a picture or its script"
grep -q '<svg' picture.svg || fail "there is no picture"

# Pipes with nobody at the other end.
expect 74 'pipe: is a pipe' "$pnas_mpi" pipe -o other.h5
expect 74 'is not a regular file' "$pnas_mpi" tiny.yaml -o pipe
expect 74 'is not a regular file' "${import[@]}" images.csv -o pipe
expect 65 'pipe: is a pipe' "${import[@]}" pipe -o data.h5
expect 74 'pipe: is a pipe' "$pnas_data" info pipe
expect 74 'pipe: is a pipe' "$pnas_rank" pipe
mkfifo run.h5.now
expect 0 '' "$pnas_rank" --status run.h5

"${import[@]}" images.csv -o whole.h5 >last.out 2>last.err || fail "the import"
[ -z "$(find . -name '*.partial' ! -type l)" ] || fail "something half-written is left"
