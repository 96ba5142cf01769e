#!/usr/bin/env zsh
# zsh -f completion_in_zsh.zsh FOLDER: what the completion of programs lists in an interactive zsh, which runs in a
# pseudo-terminal.
zmodload zsh/zpty || exit 1
folder=$1
work=$(mktemp -d)
trap 'rm -rf $work' EXIT
touch $work/run.h5 $work/demo.yaml $work/shirt.png
integer failed=0

# read_until PATTERN: what the terminal shows up to there, without what steers it.
read_until() {
    shown=
    zpty -r -m shell shown "$1" || { print "FAILED: no answer: $shown"; exit 1 }
    shown=${shown//$'\e'\[[0-9;?]#[a-zA-Z]/}
    shown=${shown//$'\r'/}
}

# expect LINE WORDS...: completion lists these; a word that begins with "!" is not listed.
expect() {
    local line=$1 word
    shift
    zpty -w -n shell "$line"$'\t'$'\C-x'
    read_until "*END*"
    local listed=" ${${shown//$'\n'/ }//\// } "
    listed=${listed#*$line}
    for word in "$@"; do
        if [[ $word == '!'* ]]; then
            [[ $listed == *" ${word#!} "* ]] || continue
            print -r "FAILED: '$line' lists ${word#!}"
        else
            [[ $listed == *" $word "* ]] && continue
            print -r "FAILED: '$line' does not list $word: $listed"
        fi
        failed=1
    done
}

setopt extendedglob
zpty shell zsh -f -i
zpty -w shell "PS1=; stty columns 300 rows 100 -echo; fpath=($folder \$fpath); autoload -Uz compinit; compinit -u -D; cd $work"
zpty -w shell 'setopt no_always_last_prompt; LISTMAX=9999; show_end() { print E""ND; BUFFER=; }; zle -N show_end'
zpty -w shell 'bindkey "^I" list-choices; bindkey "^X" show_end; print BE""GUN'
read_until "*BEGUN*"

expect 'pnas_rank --' --plot --format --top '!--_options'
expect 'pnas_rank --plot ' accuracy predicted levels curves pareto timeline
expect 'pnas_rank --plot=' accuracy timeline
expect 'pnas_net ' info test predict export plot
expect 'pnas_net export --weights ' average last
expect 'pnas_net export --' --keep-norm '!--plot'
expect 'pnas_data import --format ' idx cifar10 csv folder
expect 'pnas_mpi ' demo.yaml '!run.h5'
expect 'pnas_mpi -o ' run.h5 '!demo.yaml'
expect 'pnas_mpi --set search.strategy=' search.strategy=pnas search.strategy=evolution
expect 'pnas_net predict run.h5 ' shirt.png
zpty -d shell
exit $failed
