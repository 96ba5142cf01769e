#!/usr/bin/env bash
# unlike_commands.sh SOURCE_DIR PNAS_MPI PNAS_TRAIN PNAS_NET PNAS_SCORE: ranks that were started by other commands would
# wait for each other for ever, or end with a fault of the program. They are refused before anything is done.
set -euo pipefail
pnas_mpi=$2 pnas_train=$3 pnas_net=$4 pnas_score=$5
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

cat >tiny.yaml <<'END_OF_CONFIGURATION'
dataset: {validation: 60, training_images: 120}
space: {blocks: 1, operators: [identity, max3]}
search: {first: 3}
network: {filters: 2, repeats: 1}
training: {epochs: 1, batch: 20}
END_OF_CONFIGURATION

# refused RANK_0... : RANK_1...: the commands of two ranks
refused() {
    local first=() sentence='.* was started as ".*", but rank 1 on .* as ".*"; start one program'
    while [ "$1" != : ]; do first+=("$1") && shift; done
    shift
    # Other programs are other builds, whatever their arguments.
    [ "${first[0]}" = "$1" ] || [ "$1" = env ] ||
        sentence="[^ ]* runs ${first[0]##*/} .*, but rank 1 on [^ ]* runs ${1##*/} .*; start the same build of one program"
    rm -f codes
    # The shell around each rank answers 0, or mpirun would end the other at the first failure.
    # shellcheck disable=SC2016
    timeout 120 mpirun --oversubscribe --bind-to none -n 1 sh -c '"$@"; echo $? >>codes' sh "${first[@]}" \
        : -n 1 sh -c '"$@"; echo $? >>codes' sh "$@" >last.out 2>last.err </dev/null ||
        fail "mpirun ended with $?: ${first[*]} : $*"
    [ "$(tr '\n' ' ' <codes)" = "64 64 " ] ||
        fail "expected exit code 64 twice, got $(tr '\n' ' ' <codes): ${first[*]} : $*"
    [ "$(wc -l <last.err)" -eq 1 ] || fail "more is said than one sentence: ${first[*]} : $*"
    [ ! -s last.out ] || fail "something is printed: ${first[*]} : $*"
    grep -qE "^pnas_[a-z]*: error: rank 0 on $sentence" last.err ||
        fail "the sentence is another one: ${first[*]} : $*"
}

says() {
    grep -qF -e "$1" last.err || fail "it does not say $1"
}

search=("$pnas_mpi" tiny.yaml -o run.h5)
refused "${search[@]}" : "$pnas_mpi" --help
says 'started as "pnas_mpi tiny.yaml -o run.h5", but'
says 'as "pnas_mpi --help"; start'
refused "$pnas_mpi" --help : "${search[@]}"
refused "${search[@]}" : "$pnas_mpi" --nonsense
refused "${search[@]}" : "${search[@]}" --check
refused "${search[@]}" -v : "${search[@]}"
refused "${search[@]}" : "$pnas_mpi" 'tiny.yaml -o' run.h5
says "as \"pnas_mpi 'tiny.yaml -o' run.h5\";"
refused "${search[@]}" : env POSIXLY_CORRECT=1 "${search[@]}"
says 'as "POSIXLY_CORRECT=1 pnas_mpi tiny.yaml'
refused "${search[@]}" : "$pnas_train" tiny.yaml -o run.h5
refused "$pnas_score" run.h5 -b 2 -o scores.h5 : "$pnas_score" run.h5 -b 3 -o scores.h5
refused "$pnas_score" run.h5 -o scores.h5 : "$pnas_score" run.h5 -o others.h5
refused "$pnas_score" --evaluate a.h5 : "$pnas_score" --evaluate b.h5
refused "$pnas_net" test net.h5 --data digits : "$pnas_net" predict net.h5 --data digits
refused "$pnas_net" test net.h5 : "$pnas_net" test --help
refused "$pnas_net" --help : "$pnas_net" test net.h5
says 'started as "pnas_net --help", but'
refused "$pnas_net" test net.h5 : "$pnas_net" info net.h5
refused "$pnas_net" info net.h5 : "$pnas_net" predict net.h5 image.idx
refused "$pnas_net" info net.h5 : "$pnas_net" export net.h5 --format onnx -o net.onnx
refused "$pnas_net" --version : "$pnas_net" --nonsense
refused "$pnas_net" info net.h5 : "${search[@]}"
refused "$pnas_train" tiny.yaml -o net.h5 --cell '-1:max3+-2:max3' : "$pnas_train" --status net.h5

# Of long commands the place is shown where they differ.
long=()
for ((i = 0; i < 60; ++i)); do long+=(--set "training.epochs=10000000000000000000$i"); done
refused "${search[@]}" "${long[@]}" --set seed=1 : "${search[@]}" "${long[@]}" --set seed=2
says 'seed=1'
says 'seed=2'
says 'as "...'
[ "$(ls)" = "$(printf '%s\n' codes last.err last.out tiny.yaml)" ] || fail "something is written: $(ls)"
