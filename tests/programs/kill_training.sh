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
echo "seed $seed: $kills kills"

fail() {
    echo "FAILED after $done_kills kills (seed $seed): $1"
    tail -n 20 log.* 2>/dev/null
    ls -l
    exit 1
}

start() {
    mpirun --oversubscribe -n "$1" "${train[@]}" -o "$2" >out 2>"$3" &
    launcher=$!
}

# SIGKILL, one in four to the launcher.
strike() {
    local victim=$launcher
    [ "${#ranks[@]}" -eq 0 ] || [ $((RANDOM % 4)) -eq 0 ] || victim=${ranks[RANDOM % ${#ranks[@]}]}
    kill -KILL "$victim" 2>/dev/null
}

"${train[@]}" --check >out 2>whole.log || fail "it cannot train: $(tail -n 1 whole.log)" # builds the kernels
undisturbed whole.h5 whole.log
while [ "$done_kills" -lt "$kills" ] || [ "$parts" -gt 0 ]; do
    attempt net.h5
    [ ! -e net.h5 ] || "$pnas_net" info net.h5 >info || fail "the network file is not whole"
    [ "$code" -eq 0 ] || continue
    cmp whole.h5 net.h5 || fail "another network"
    [ "$(echo net.h5*)" = net.h5 ] || fail "something is left: $(echo net.h5*)"
    begin_again net.h5
done
tell_kills
