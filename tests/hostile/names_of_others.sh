#!/usr/bin/env bash
# names_of_others.sh SOURCE_DIR PROGRAMS_FOLDER...: names that command a terminal, pretend to be another message or turn the
# direction of writing, in data sets, run files, networks, tables, images and file names. No program prints them as they are.
set -euo pipefail
shift
for program in "$@"; do PATH=${program%/*}:$PATH; done
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1"
    cat -v last.out last.err | tail -n 30
    exit 1
}

# What a person sees holds no control character but the end of a line, nothing that turns the writing, and is UTF-8.
harmless() {
    local file
    for file in last.out last.err "$@"; do
        if grep -naP '[\x01-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]' "$file" |
            cat -v | grep .; then
            fail "$file holds a control character: $command"
        fi
        iconv -f UTF-8 -t UTF-8 "$file" >/dev/null || fail "$file is no UTF-8: $command"
    done
}

# expect CODE TEXT COMMAND...: ends with CODE; what it prints is harmless, says TEXT, and pretends no message.
expect() {
    local wanted=$1 text=$2 code=0
    shift 2
    command=$(printf '%q ' "$@")
    timeout 120 "$@" >last.out 2>last.err </dev/null || code=$?
    [ "$code" -eq "$wanted" ] || fail "expected $wanted from $command, got $code"
    [ -z "$text" ] || grep -hF -e "$text" last.out last.err >/dev/null || fail "$command does not say '$text'"
    ! grep -hE '^pnas_[a-z]+: (error: )?forged' last.out last.err >/dev/null || fail "$command prints a forged message"
    harmless
}

# ESC, BEL, DEL, C1 as a character and as a byte, right-to-left override, and a line break with a message behind it.
evil=$'\e]0;owned\a\x7f\xc2\x9b31m\x9b\xe2\x80\xae"<b>&amp;\\'$'\n''pnas_data: error: forged'
shown='\x1b]0;owned\x07\x7f\u009b31m\x9b\u202e'
file=$'evil\e[31m\xff\n.'
file_shown='evil\x1b[31m\xff'

# --- data sets ---
for ((i = 0; i < 60; ++i)); do echo "$((i % 16)),1,2,$((i % 7)),0,0,0,0,1,1,1,1,9,9,9,9,$((i % 2))"; done >"${file}csv"
import=(pnas_data import --format csv --shape 4x4x1 --maximum 16 --name "$evil" --source "$evil" --licence "$evil")
expect 0 "$shown" "${import[@]}" --class-names "$evil,second" "${file}csv" -o "${file}h5"
expect 74 "$file_shown" "${import[@]}" --class-names "$evil,second" "${file}csv" -o "${file}h5"
expect 64 "--class-names" "${import[@]}" --class-names "$evil" "${file}csv" -o other.h5
expect 65 "$file_shown" "${import[@]}" "${file}h5" -o other.h5
expect 0 "licence    $shown" pnas_data info "${file}h5"
expect 0 "$file_shown" pnas_data verify "${file}h5"
expect 64 "$shown" pnas_data info "${file}h5" "$evil"
expect 74 "$shown" pnas_data info "$evil"
expect 64 '\x1b]0' pnas_data info -- one $'\e]0;'
expect 64 '\x1b]0' pnas_data $'\e]0;'
expect 64 '\x1b]0' pnas_data $'--\e]0;'
expect 64 '\x1b]0' pnas_data info $'-\e]0;'
cp "${file}h5" data.h5

# --- run files and networks ---
cat >tiny.yaml <<'END_OF_CONFIGURATION'
dataset: {file: data.h5, validation: 10, training_images: 30}
space: {blocks: 1, operators: [identity, max3]}
search: {first: 2}
network: {filters: 2, repeats: 1}
training: {epochs: 2, batch: 20}
keep_weights: 1
END_OF_CONFIGURATION
title='"\e]0;owned\a\x7f\u009b31m\u202e\"<b>&amp;\\\npnas_rank: error: forged"'
expect 0 '\x1b]0;owned\x07\x7f\u009b31m\u202e' pnas_mpi tiny.yaml --check --set title="$title"
expect 0 "$file_shown" pnas_mpi tiny.yaml -o "${file}run" --set title="$title"
cp "${file}run" run.h5
cp "${file}run.1.weights.h5" net.h5 2>/dev/null || cp ./*.1.weights.h5 net.h5
expect 0 '' pnas_mpi tiny.yaml -o short.h5 --set keep_weights=0 --set 'title="\e]0;owned\u009b"'
expect 64 "$shown" pnas_mpi tiny.yaml --check --set "$evil=1"
expect 64 "$shown" pnas_mpi tiny.yaml --check --set "space.operators=[$evil]"
expect 69 '\x1b]0;owned' pnas_mpi tiny.yaml --check --device $'\e]0;owned'
expect 64 "$shown" pnas_mpi tiny.yaml --check --lanes "$evil"
expect 64 '\x1b]0' pnas_mpi $'--\e]0;' tiny.yaml --check
printf 'space: {blocks: 1, \033]0;: 3}\n' >"${file}yaml"
expect 64 "$file_shown" pnas_mpi "${file}yaml" --check
printf 'space: {"\\e]0;owned": 3}\n' >bad.yaml
expect 64 '\x1b]0;owned' pnas_mpi bad.yaml --check

# --- tables, drawings and pictures ---
expect 0 '\x1b]0;owned\x07\x7f\u009b31m\u202e' pnas_rank run.h5
expect 0 "$file_shown" pnas_rank "${file}run"
expect 0 "data set  $shown" pnas_rank run.h5
expect 0 '\x1b]0;owned' pnas_rank run.h5 "${file}run"
expect 0 "$file_shown" pnas_rank run.h5 "${file}run" --csv
expect 0 '\u001b]0;owned' pnas_rank run.h5 "${file}run" --format json
expect 0 '\x1b]0;owned\u009b' pnas_rank short.h5 --plot accuracy --terminal
expect 0 "$file_shown" pnas_rank run.h5 "${file}run" --status
expect 0 '\x1b]0;owned' pnas_rank run.h5 --watch
expect 0 '\\x1b]0;owned' pnas_rank run.h5 --cell 1
expect 64 "$shown" pnas_rank run.h5 --cell-text "-1:$evil+-1:max3"
expect 64 "$shown" pnas_rank run.h5 --plot "$evil"
for picture in '--plot accuracy' '--plot curves' '--cell 1'; do
    expect 0 '' pnas_rank run.h5 $picture -o picture.svg
    tr -d '\t' <picture.svg >picture.txt
    harmless picture.txt
    ! command -v xmllint >/dev/null || xmllint --noout picture.svg || fail "$picture: not well-formed"
done

# --- networks ---
expect 0 "classes        $shown" pnas_net info net.h5
printf '\0\0\10\3\0\0\0\2\0\0\0\4\0\0\0\4abcdefghijklmnopabcdefghijklmnop' >"${file}idx"
expect 0 "$shown" pnas_net predict net.h5 --data data.h5
expect 0 "$file_shown" pnas_net predict net.h5 "${file}idx"
expect 0 "$file_shown" pnas_net predict net.h5 "${file}idx" --csv
expect 0 '\u001b]0;owned' pnas_net predict net.h5 --data data.h5 --json
expect 65 "$file_shown" pnas_net predict net.h5 "${file}csv"
expect 64 '\x1b]0' pnas_net predict net.h5 $'--\e]0;'
expect 0 "$shown" pnas_net test net.h5 --data data.h5 --write --confusion confusion.csv
harmless confusion.csv
expect 0 '\u001b]0;owned' pnas_net test net.h5 --data data.h5 --json
expect 0 '' pnas_net plot net.h5 --plot confusion -o picture.svg
tr -d '\t' <picture.svg >picture.txt
harmless picture.txt
! command -v xmllint >/dev/null || xmllint --noout picture.svg || fail "confusion: not well-formed"

# --- tables of cells, scores, durations, training ---
expect 0 '' pnas_table "${file}run" -o "${file}table"
expect 0 "$file_shown" pnas_rank "${file}table"
printf '0.5,-1,\033]0;owned,-1,max3\n' >"${file}csv"
expect 65 "$file_shown" pnas_rank "${file}csv"
expect 65 '?]0;owned' pnas_table "${file}csv"
expect 0 "$file_shown" pnas_mpi --simulate 2 --durations "${file}run" tiny.yaml
expect 0 "$file_shown" pnas_train tiny.yaml --run run.h5 -o "${file}net" --set training.epochs=1
expect 0 "$file_shown" pnas_train --status "${file}net"
expect 65 "$file_shown" pnas_score "${file}table" -o scores.h5
expect 64 '\x1b]0' pnas_score $'--\e]0;'
expect 64 "$shown" pnas_device "$evil"
