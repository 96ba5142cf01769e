#!/usr/bin/env bash
# completion_in_bash.sh FOLDER: what the completion of each program answers, asked as bash does.
set -euo pipefail
folder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/net" "$work/net/folder"
touch "$work/net/run.h5" "$work/net/two words.h5" "$work/net/demo.yaml" "$work/net/shirt.png"
cd "$work/net"
failed=0

for file in "$folder"/*; do
    # shellcheck source=/dev/null
    . "$file"
done
[ "$(complete -p | grep -c pnas_)" -eq 8 ] || { echo "FAILED: not every program is completed"; failed=1; }

# answers LINE: what completes the line, one a line, sorted. As readline cuts it: at blanks and at '='.
answers() {
    local rest=$1
    COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=()
    while [[ $rest =~ ^[[:space:]]*([^[:space:]=]+|=)(.*)$ ]]; do
        COMP_WORDS+=("${BASH_REMATCH[1]}")
        rest=${BASH_REMATCH[2]}
    done
    [[ $1 != *' ' ]] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    "_${COMP_WORDS[0]}" || return
    [ "${#COMPREPLY[@]}" -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}" | sort
}

# expect LINE ANSWER...: these and no others.
expect() {
    local got wanted
    got=$(answers "$1")
    wanted=$(printf '%s\n' "${@:2}" | sort)
    [ "$got" = "$wanted" ] && return
    printf 'FAILED: "%s" gives\n%s\ninstead of\n%s\n' "$1" "$got" "$wanted"
    failed=1
}

# Options, also behind a command; the hidden one is not among them.
expect 'pnas_rank --pl' --plot
expect 'pnas_rank --lev' --level
expect 'pnas_rank --_'
expect 'pnas_net predict --h' --hdf5 --help
expect 'pnas_net --h' --help
expect 'pnas_mpi --in'
# Words, of lists in the programs and of names of arguments, behind a blank and behind '='
expect 'pnas_rank --plot ' accuracy predicted levels curves pareto timeline
expect 'pnas_rank --plot=p' predicted pareto
expect 'pnas_rank run.h5 --format=' text csv json
expect 'pnas_rank --against t' time
expect 'pnas_net plot --plot ' curves confusion
expect 'pnas_net export --format ' onnx safetensors
expect 'pnas_data import -f c' cifar10 cifar100 csv
expect 'pnas_data import --label=' first last
expect 'pnas_device check --device g' gpu
expect 'pnas_train --threads ' auto
# Keys of the configuration
expect 'pnas_mpi --set space.bl' space.blocks=
expect 'pnas_mpi --set search.strat' search.strategy=pnas search.strategy=random search.strategy=evolution search.strategy=guided
expect 'pnas_mpi --set search.strategy=e' evolution
expect 'pnas_train --set=training.nesterov=' true false
expect 'pnas_score --set surrogate.model=' lstm mlp mlp1
# Commands
expect 'pnas_net ' info test predict export plot report
expect 'pnas_device b' build
expect 'pnas_data v' verify
# Files by their endings, and folders on the way to them
expect 'pnas_mpi ' demo.yaml folder
expect 'pnas_mpi -o ' run.h5 'two words.h5' folder
expect 'pnas_mpi demo.yaml '
expect 'pnas_mpi --output=r' run.h5
expect 'pnas_train demo.yaml --run tw' 'two words.h5'
expect 'pnas_net predict ' run.h5 'two words.h5' folder
expect 'pnas_net predict run.h5 sh' shirt.png
expect 'pnas_net predict run.h5 shirt.png --data ' digits run.h5 'two words.h5' folder
expect 'pnas_net export run.h5 --format onnx -o sh' shirt.png
expect 'pnas_net export --format onnx r' run.h5
expect 'pnas_rank --keep ' folder
expect 'pnas_rank ' run.h5 'two words.h5' folder
expect 'pnas_rank run.h5 ' run.h5 'two words.h5' folder
expect 'pnas_rank -f sh' shirt.png
expect 'pnas_rank -- fo' folder
expect 'pnas_device list '
# Where '=' cuts no words, all of the word is the answer.
COMP_WORDBREAKS=' '
COMP_LINE='pnas_rank --plot=a' COMP_WORDS=(pnas_rank --plot=a) COMP_CWORD=1
_pnas_rank
[ "${COMPREPLY[*]}" = --plot=accuracy ] || { echo "FAILED: without '=' in COMP_WORDBREAKS: ${COMPREPLY[*]}"; failed=1; }
exit "$failed"
