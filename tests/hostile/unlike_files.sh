#!/usr/bin/env bash
# unlike_files.sh SOURCE_DIR PNAS_DATA PNAS_MPI PNAS_NET PNAS_SCORE WRITE_FAKE_NETWORK: ranks that find other files at one
# path. What each rank reads itself is compared, and what differs is refused; what rank 0 alone reads may differ.
set -euo pipefail
pnas_data=$2 pnas_mpi=$3 pnas_net=$4 pnas_score=$5 write_fake_network=$6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1"
    tail -n 20 ./*.err
    exit 1
}

mkdir one other
cat >one/tiny.yaml <<'END_OF_CONFIGURATION'
dataset: {file: data.h5, validation: 10}
space: {blocks: 1, operators: [identity, max3]}
search: {first: 3}
network: {filters: 2, repeats: 1}
training: {epochs: 1, batch: 10}
surrogate: {members: 1, epochs: 2, hidden: 4, embedding: 2}
END_OF_CONFIGURATION

# Files of one name in both folders. Each pair differs in one thing, and nothing that is wrong alone.
for folder in one other; do
    number=$((${#folder} + 200))
    for part in train test; do
        awk -v last=$number 'BEGIN { for (i = 0; i < 40; i++) {
            for (j = 0; j < 64; j++) printf "%d,", (i * j) % 251 + (i == 7 && j == 9 ? last - 203 : 0)
            print i % 10 } }' >$part.csv
    done
    "$pnas_data" import --format csv --shape 8x8x1 train.csv --test test.csv -o $folder/data.h5 \
        >first.out 2>first.err || fail "no data set"
    printf '\0\0\10\3\0\0\0\1\0\0\0\10\0\0\0\10%061d%d' 0 $number >$folder/image.idx
    printf '0.%d,-1,max3,-1,max3\n0.4,-1,identity,-1,max3\n' $number >$folder/table.csv
done
"$write_fake_network" one/net.h5 '-1:max3+-2:max3' 4 1 0 8 8 1 10
"$write_fake_network" other/net.h5 '-1:avg3+-2:max3' 4 1 0 8 8 1 10 # the same weights
cp one/net.h5 one/same.h5
cp one/net.h5 other/same.h5
cd one
"$pnas_mpi" tiny.yaml -o run.h5 >../first.out 2>../first.err || fail "no search"
"$pnas_mpi" tiny.yaml -o ../other/run.h5 --set surrogate.epochs=3 >../first.out 2>../first.err || fail "no other search"
cd ..

# ranks PROGRAM ARGUMENTS...: two, in a folder each; their exit codes go to `codes`
ranks() {
    rm -f codes
    # The shell around each rank answers 0, or mpirun would end the other at the first failure.
    # shellcheck disable=SC2016
    mpirun --oversubscribe --bind-to none -n 1 sh -c 'cd one; "$@"; echo $? >>../codes' sh "$@" \
        : -n 1 sh -c 'cd other; "$@"; echo $? >>../codes' sh "$@" >last.out 2>last.err </dev/null || fail "mpirun failed"
}

# refused FILE PROGRAM ARGUMENTS...
refused() {
    local file=$1
    shift
    ranks "$@"
    [ "$(tr '\n' ' ' <codes)" = "65 65 " ] || fail "expected exit code 65 twice, got $(tr '\n' ' ' <codes): $*"
    [ "$(grep -c "rank 0 on .* reads $file with SHA-256 [0-9a-f]*, but rank 1 on .*; copy the same file" last.err)" -eq 1 ] ||
        fail "the refusal does not name both ranks once: $*"
    [ ! -s last.out ] || fail "something is printed: $*"
}

refused data.h5 "$pnas_mpi" tiny.yaml -o new.h5
refused table.csv "$pnas_mpi" tiny.yaml -o new.h5 --set evaluator=table --set table=table.csv
refused run.h5 "$pnas_score" run.h5 -o scores.h5
refused run.h5 "$pnas_score" run.h5 --evaluate table.csv
refused table.csv "$pnas_score" --evaluate table.csv
refused net.h5 "$pnas_net" test net.h5 --data digits
refused net.h5 "$pnas_net" predict net.h5 --data digits
refused data.h5 "$pnas_net" test same.h5 --data data.h5
refused data.h5 "$pnas_net" predict same.h5 --data data.h5
refused image.idx "$pnas_net" predict same.h5 image.idx
refused 'image.idx and the other files' "$pnas_net" predict same.h5 image.idx image.idx
for file in new.h5 scores.h5; do
    if [ -e one/$file ] || [ -e other/$file ]; then fail "$file is written"; fi
done

# The configuration, which only rank 0 has here, and files in which nothing differs.
rm other/data.h5
cp one/data.h5 other/data.h5
ranks "$pnas_mpi" tiny.yaml -o new.h5
[ "$(tr '\n' ' ' <codes)" = "0 0 " ] || fail "the search ends with $(tr '\n' ' ' <codes)"
