#!/usr/bin/env bash
# net_ranks.sh SOURCE_DIR PNAS_NET WRITE_FAKE_NETWORK: pnas_net predict and test give the same on any number of ranks.
set -euo pipefail
pnas_net=$2
write_fake_network=$3

. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

# ranks N CODE ARGUMENTS...: stdout and stderr go to last.out and last.err
ranks() {
    local count=$1 code=$2 found=0
    shift 2
    mpirun --oversubscribe --bind-to none -n "$count" "$pnas_net" "$@" >last.out 2>last.err || found=$?
    [ "$found" -eq "$code" ] || fail "exit code $found, not $code: $count ranks, pnas_net $*"
}

"$write_fake_network" net.h5 "-2:sep3+-1:max3 | 0:1x7-7x1+-1:identity" 4 1 0 8 8 1 10
"$write_fake_network" wide.h5 "-2:sep3+-1:max3" 4 1 0 9 8 1 10

# 150 images: three batches of 64 with one that is not full; more ranks than batches have nothing to do.
printf '\0\0\10\3\0\0\0\226\0\0\0\10\0\0\0\10' >many.idx
head -c 9600 net.h5 >>many.idx
gzip -k many.idx
printf '\0\0\10\3\0\0\0\1\0\0\0\10\0\0\0\10' >one.idx
tail -c 64 net.h5 >>one.idx
for form in csv json h5; do
    "$pnas_net" predict -q net.h5 one.idx many.idx one.idx -o alone.$form || fail "no $form"
done
"$pnas_net" predict -q net.h5 one.idx many.idx one.idx >alone.text || fail "no text"
[ "$(wc -l <alone.csv)" -eq 153 ] && [ "$(sed -n 4p alone.csv | cut -d, -f1,2)" = many.idx,1 ] || fail "other lines"
[ "$(sed -n 1p alone.text | cut -d' ' -f1)" = one.idx ] || fail "one image has a number"
[ "$(sed -n 3p alone.text | cut -d' ' -f1)" = "many.idx[1]" ] || fail "one of many images has no number"
for count in 2 3 5; do
    ranks $count 0 predict net.h5 one.idx many.idx one.idx -o ranks.h5
    h5diff alone.h5 ranks.h5 || fail "$count ranks write another HDF5 file"
done
ranks 2 0 predict net.h5 one.idx many.idx one.idx
cmp -s last.out alone.text || fail "two ranks print other text"
"$pnas_net" predict -q net.h5 many.idx.gz --csv >last.out || fail "a compressed file is none"
[ "$(cut -d, -f2- last.out)" = "$(grep -e '^many' -e '^image' alone.csv | cut -d, -f2-)" ] || fail "a compressed file is another one"

# HDF5 holds what JSON does.
h5dump -d /class alone.h5 | grep -oE '[0-9]+(,|$)' | tr -d ',' >classes.h5.text
sed -En 's/.*"class": ([0-9]+).*/\1/p' alone.json >classes.json.text
cmp -s classes.h5.text classes.json.text || fail "HDF5 has other classes than JSON"
h5dump -H alone.h5 | grep -E 'DATASPACE +SIMPLE \{ \( 152, 10 \)' | wc -l | grep -x 2 >/dev/null || fail "no tables of 152 images"

# Test.
"$pnas_net" test -q net.h5 --data digits --json >alone.json || fail "no test"
ranks 3 0 test net.h5 --data digits --json
cmp -s last.out alone.json || fail "three ranks test otherwise"
[ "$(grep -c 'was trained on other data than digits' last.err)" -eq 1 ] || fail "not said once that the data are others"

# What is wrong is said once, by all ranks as one.
ranks 2 65 predict wide.h5 many.idx -o none.csv
[ "$(grep -c 'error:' last.err)" -eq 1 ] || fail "not one sentence"
ranks 2 64 predict net.h5
[ "$(grep -c 'there is nothing to classify' last.err)" -eq 1 ] || fail "not one complaint"
ranks 2 74 predict net.h5 many.idx -o nowhere/none.h5
ranks 2 0 test --help
[ "$(grep -c '^Usage' last.out)" -eq 1 ] || fail "not one help"
[ ! -e none.csv ] || fail "something half-written is left"

# What one process does rank 0 does alone, with its exit code for all.
"$pnas_net" info net.h5 >alone.text
for count in 2 3; do
    ranks $count 0 info net.h5
    cmp -s last.out alone.text || fail "$count ranks print other text than one"
done
ranks 2 0 --help
[ "$(grep -c '^Usage' last.out)" -eq 1 ] || fail "not one help of the program"
ranks 2 0 info --help
[ "$(grep -c '^Usage' last.out)" -eq 1 ] || fail "not one help of a command"
ranks 2 0 export net.h5 --format safetensors -o net.safetensors
[ -s net.safetensors ] && [ "$(grep -c 'wrote net.safetensors' last.err)" -eq 1 ] || fail "not written once"
ranks 2 74 info absent.h5
[ "$(grep -c 'error:' last.err)" -eq 1 ] || fail "not one sentence of an absent network"
ranks 2 64 info
ranks 2 64 dance
[ "$(grep -c "'dance' is not" last.err)" -eq 1 ] || fail "not one complaint of the program"
ranks 2 64 -- test net.h5
"$pnas_net" -- info net.h5 | cmp -s - alone.text || fail "-- stands in the way"
