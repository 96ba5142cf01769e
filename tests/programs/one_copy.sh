#!/usr/bin/env bash
# one_copy.sh SOURCE_DIR PNAS_TRAIN PNAS_MPI MEMORY_TROUBLER: the ranks of a machine read a data set once and share its
# images. Where they cannot, they say so and train to the same bits.
set -euo pipefail
tiny=$1/tests/programs/tiny.yaml pnas_train=$2 pnas_mpi=$3 troubler=$4
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"
train=("$pnas_train" "$tiny" --cell '-1:identity+-2:max3' --set training.epochs=2 --set training.batch=60
    --set training.shards=3)

# run TROUBLE RANKS COMMAND...; the processes that opened the data set are in `readers`
run() {
    rm -f readers
    OPENED=$work/readers TROUBLE=$1 mpirun --oversubscribe --bind-to none -n "$2" \
        env LD_PRELOAD="$troubler${LD_PRELOAD:+:$LD_PRELOAD}" "${@:3}" >last.out 2>last.err || fail "exit code $?"
}

# read_by COUNT
read_by() {
    [ "$(sort -u readers | wc -l)" -eq "$1" ] || fail "$(sort -u readers | wc -l) processes opened the data set, not $1"
}

same() {
    h5diff one.h5 "$1" >differences 2>&1 || { cat differences; fail "$1 is another network"; }
}

run none 1 "${train[@]}" -o one.h5
read_by 1

# Seen from outside: ranks that train have the same memory mapped, which none may write.
mpirun --oversubscribe --bind-to none -n 3 "${train[@]}" --set training.epochs=2000 -o long.h5 >last.out 2>last.err &
launcher=$!
for _ in $(seq 600); do
    if [ -e long.h5.lock ] && [ "$(pgrep -c -P $launcher)" -eq 3 ]; then
        cat $(pgrep -P $launcher | sed 's|.*|/proc/&/maps|') | grep memfd:pnas >maps || true
        [ "$(wc -l <maps)" -ne 3 ] || break
    fi
    sleep 0.1
done
kill -USR2 $launcher
wait $launcher || [ $? -eq 75 ] || fail "a stopped training ends otherwise"
[ "$(awk '{ print $2, $5 }' maps | sort | uniq -c | awk '{ print $1, $2 }')" = "3 r--s" ] || {
    cat maps
    fail "three ranks do not share one memory"
}

run none 3 "${train[@]}" -o shared.h5
read_by 1
same shared.h5
run create 3 "${train[@]}" -o copies.h5
read_by 3
same copies.h5
[ "$(grep -c 'each rank of this machine holds a copy of the images' last.err)" -ge 1 ] || fail "nothing is said"
run attach 3 "${train[@]}" -o unmapped.h5
read_by 3
same unmapped.h5
[ "$(grep -c '2 of the 3 ranks on .* hold a copy of the images: the shared memory of process .*Permission denied' \
    last.err)" -eq 1 ] || fail "it is not said once"

run none 2 "$pnas_mpi" "$tiny" --check
read_by 1
