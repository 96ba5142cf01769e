#!/usr/bin/env bash
# kill_training.sh PNAS_TRAIN PNAS_NET KILLS [SEED]: kills a small training again and again with SIGKILL, at a random
# moment, at a random rank or the launcher, and goes on with the same command on one to three ranks. Whenever it is
# complete, its file is compared byte for byte with that of a training that was never disturbed, and another one
# begins, until there were KILLS kills. After each kill the network file must be whole. The seed of what is drawn is
# printed, and may be given.
set -euo pipefail
pnas_train=$1
pnas_net=$2
kills=$3
seed=${4:-$(date +%s)}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/kill_parts.sh"
train=("$pnas_train" "$here/tiny.yaml" --cell "-1:identity+-1:max3" --set training.epochs=40
    --set training.learning_rate=0.02 --set training.average=0.9 --set training.drop_path=0.8
    --set training.mixup=0.2 --set dataset.training_images=160 --set dataset.validation=40
    --set checkpoint_seconds=0.02)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
RANDOM=$seed
done_kills=0 trainings=0 resumed=0 hung=0
echo "seed $seed: $kills kills"

fail() {
    echo "FAILED after $done_kills kills (seed $seed): $1"
    tail -n 20 log.* 2>/dev/null
    ls -l
    exit 1
}

# start RANKS NET LOG
start() {
    mpirun --oversubscribe -n "$1" "${train[@]}" -o "$2" >out 2>"$3" &
    launcher=$!
}

# SIGKILL, one in four to the launcher; fails where nobody is left.
strike() {
    local victim=$launcher
    [ "${#ranks[@]}" -eq 0 ] || [ $((RANDOM % 4)) -eq 0 ] || victim=${ranks[RANDOM % ${#ranks[@]}]}
    kill -KILL "$victim" 2>/dev/null
}

"${train[@]}" --check >out 2>whole.log || fail "it cannot train: $(tail -n 1 whole.log)" # builds the kernels
begin=$(milliseconds)
start 2 whole.h5 whole.log
finish
[ "$code" -eq 0 ] || { tail whole.log; fail "the undisturbed training failed: $code"; }
span=$(($(milliseconds) - begin))

parts=0
while [ "$done_kills" -lt "$kills" ] || [ "$parts" -gt 0 ]; do # the last one goes on undisturbed
    parts=$((parts + 1))
    [ $((parts % 20)) -ne 0 ] || span=$((2 * span)) # a machine that has become busy must get somewhere
    start $((1 + RANDOM % 3)) net.h5 "log.$parts"
    sleep_a_part_of "$span"
    mapfile -t ranks < <(rank_processes)
    struck=false
    [ "$done_kills" -ge "$kills" ] || ! strike || struck=true
    finish
    wait_for_ranks
    resumed=$((resumed + $(grep -c 'continues in epoch' "log.$parts" || true)))
    ! $struck || [ "$code" -eq 0 ] || done_kills=$((done_kills + 1))
    $struck || [ "$code" -eq 0 ] || fail "went wrong by itself: code $code"
    [ ! -e net.h5 ] || "$pnas_net" info net.h5 >info || fail "the network file is not whole"
    if [ "$code" -eq 0 ]; then
        cmp whole.h5 net.h5 || fail "another network"
        [ "$(echo net.h5*)" = net.h5 ] || fail "something is left: $(echo net.h5*)"
        rm -f net.h5 log.*
        trainings=$((trainings + 1))
        parts=0
    elif [ $((done_kills % 50)) -eq 0 ]; then
        echo "$done_kills kills, $trainings trainings complete and alike, $resumed times gone on in the middle"
    fi
done
echo "$done_kills kills, $trainings trainings complete and alike, $resumed times gone on in the middle" \
    "(mpirun itself hung $hung times)"
