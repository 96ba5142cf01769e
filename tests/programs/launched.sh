#!/usr/bin/env bash
# launched.sh SOURCE_DIR PNAS_DATA PNAS_RANK PNAS_TABLE PNAS_DEVICE: programs of one process under mpirun. Several would
# all print the same and write the same file, so they end with one sentence; devices are each process's own.
set -euo pipefail
pnas_data=$2 pnas_rank=$3 pnas_table=$4 pnas_device=$5
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

# launch RANKS CODES PROGRAM ARGUMENTS...: what each rank ends with
launch() {
    local ranks=$1 wanted=$2
    shift 2
    rm -f codes
    # The shell around each rank answers 0, or mpirun would end the others at the first failure.
    # shellcheck disable=SC2016
    mpirun --oversubscribe --bind-to none -n "$ranks" sh -c '"$@"; echo $? >>codes' sh "$@" >last.out 2>last.err </dev/null ||
        fail "mpirun ended with $?: $*"
    [ "$(tr '\n' ' ' <codes)" = "$wanted " ] || fail "expected $wanted, got $(tr '\n' ' ' <codes): $*"
}

echo '0.5,-1,sep3,-2,max3' >table.csv
for command in "$pnas_data info" "$pnas_rank table.csv" "$pnas_table table.csv -o table.h5" "$pnas_rank --help"; do
    # shellcheck disable=SC2086
    launch 2 "64 64" $command
    [ "$(grep -c 'error: this program is one process, and 2 were started' last.err)" -eq 1 ] || fail "not said once: $command"
    [ ! -s last.out ] && [ ! -e table.h5 ] || fail "something is done: $command"
done
launch 1 0 "$pnas_rank" table.csv
[ -s last.out ] || fail "one process does nothing"
launch 2 "0 0" "$pnas_device" list
[ "$(grep -c 'warning: this program is one process, and 2 were started: each does' last.err)" -eq 1 ] || fail "not told once"
