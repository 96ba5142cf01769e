#!/usr/bin/env bash
# kill_search.sh PNAS_MPI PNAS_RANK KILLS [SEED]: kills a small search again and again, with a random signal, at a
# random moment, at random ranks, and goes on with the same command on a random number of ranks. Once it is complete
# it is compared with one that was never disturbed, and another one begins, until there were KILLS kills. Fails if a
# finished child was lost or any figure is another one. The seed of what is drawn is printed, and may be given.
set -euo pipefail
pnas_mpi=$1
pnas_rank=$2
kills=$3
seed=${4:-$(date +%s)}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/run_figures.sh"
. "$here/kill_parts.sh"
search=("$pnas_mpi" "$here/tiny.yaml" -v --set "space.operators=[identity, max3, avg3]" --set training.epochs=24
    --set dataset.training_images=160 --set dataset.validation=40 --set search.first=3 --set search.beam=3
    --set surrogate.epochs=3 --set checkpoint_seconds=0.1)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
RANDOM=$seed
what=nothing
echo "seed $seed: $kills kills"

fail() {
    echo "FAILED after $done_kills kills (seed $seed, last $what): $1"
    tail -n 60 log.* 2>/dev/null
    exit 1
}

start() {
    mpirun --oversubscribe -n "$1" "${search[@]}" -o "$2" >out 2>"$3" &
    launcher=$!
}

# A signal that is drawn; `what` says which.
strike() {
    local victim=$launcher
    [ "${#ranks[@]}" -eq 0 ] || victim=${ranks[RANDOM % ${#ranks[@]}]}
    case $((RANDOM % 8)) in
    0 | 1 | 2) what="SIGKILL to a rank" && kill -KILL "$victim" ;;
    3) what="SIGKILL to mpirun" && kill -KILL "$launcher" ;;
    4) what="SIGTERM to mpirun" && kill -TERM "$launcher" ;;
    5) what="SIGTERM to a rank" && kill -TERM "$victim" ;;
    *) what="SIGUSR2 to mpirun" && kill -USR2 "$launcher" ;;
    esac 2>/dev/null
}

# Every child that a log calls finished is in the run file, and none was finished twice.
check_children() {
    cat log.* | sed -n '/  accuracy 0.* parameters  .*  rank [0-9]/s/.*  //p' | sort >reported
    [ -z "$(uniq -d reported)" ] || fail "finished twice: $(uniq -d reported)"
    [ -s reported ] || return 0
    "$pnas_rank" run.h5 --top 0 >ranking || fail "the run file cannot be read: code $?"
    sed '1,/accuracy .* cell$/d; s/.*  //' ranking | sort >recorded
    [ -z "$(comm -23 reported recorded)" ] || fail "lost: $(comm -23 reported recorded)"
}

undisturbed whole.h5 whole.log
run_figures whole.h5 >whole.txt
while [ "$done_kills" -lt "$kills" ] || [ "$parts" -gt 0 ]; do
    began=$(milliseconds)
    attempt run.h5
    check_children
    [ "$code" -eq 0 ] || continue
    [ ! -e run.h5.children ] || fail "checkpoints are left"
    run_figures run.h5 >run.txt
    cmp -s whole.txt run.txt || fail "figures differ: $(diff whole.txt run.txt | head -n 20)"
    elapsed=$(($(milliseconds) - began)) # the first search of all may have waited for kernels to be built
    [ "$parts" -gt 1 ] || [ "$elapsed" -ge "$span" ] || span=$elapsed
    begin_again run.h5
done
echo "finished children lost: 0"
tell_kills
