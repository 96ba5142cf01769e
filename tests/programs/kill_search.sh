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
search=("$pnas_mpi" "$here/tiny.yaml" -v --set "space.operators=[identity, max3, avg3]" --set training.epochs=24
    --set dataset.training_images=160 --set dataset.validation=40 --set search.first=3 --set search.beam=3
    --set surrogate.epochs=3 --set checkpoint_seconds=0.1)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
RANDOM=$seed
done_kills=0 searches=0 resumed=0 hung=0 what=nothing
echo "seed $seed: $kills kills"

fail() {
    echo "FAILED after $done_kills kills (seed $seed, last $what): $1"
    tail -n 60 log.* 2>/dev/null
    exit 1
}

milliseconds() {
    date +%s%3N
}

# start RANKS RUN LOG
start() {
    mpirun --oversubscribe -n "$1" "${search[@]}" -o "$2" >out 2>"$3" &
    launcher=$!
}

# Whether the launcher has a rank that is more than a zombie.
has_ranks() {
    local pid state
    for pid in $(rank_processes); do
        state=$(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null) || continue
        [ "$state" = Z ] || return 0
    done
    return 1
}

# The launcher's exit code in `code`. Open MPI's mpirun may wait for ever where a rank was killed inside MPI_Init,
# though all its ranks are gone: then it is ended after 20 s.
finish() {
    local idle=0
    code=0
    while [ -d "/proc/$launcher" ] && [ "$(sed 's/.*) //; s/ .*//' "/proc/$launcher/stat" 2>/dev/null)" != Z ]; do
        sleep 0.3
        if has_ranks; then idle=0; else idle=$((idle + 1)); fi
        [ "$idle" -lt 60 ] || { hung=$((hung + 1)); kill -KILL "$launcher"; break; }
    done
    wait "$launcher" || code=$?
} 2>/dev/null

# The processes of the run, the launcher's children.
rank_processes() {
    local stat pid parent
    for stat in /proc/[0-9]*/stat; do
        read -r pid _ _ parent _ 2>/dev/null <"$stat" || continue
        [ "$parent" != "$launcher" ] || echo "$pid"
    done
}

# Sends a signal that is drawn, and says which in `what`; fails where nobody is left.
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

wait_for_ranks() {
    local pid
    for pid in "${ranks[@]}"; do
        for _ in $(seq 1200); do
            [ -d "/proc/$pid" ] || break
            sleep 0.05
        done
        [ ! -d "/proc/$pid" ] || fail "rank process $pid is still there after a minute"
    done
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

begin=$(milliseconds)
start 2 whole.h5 whole.log
finish
[ "$code" -eq 0 ] || { tail whole.log; fail "the undisturbed search failed: $code"; }
span=$(($(milliseconds) - begin))
run_figures whole.h5 >whole.txt

parts=0
while [ "$done_kills" -lt "$kills" ] || [ "$parts" -gt 0 ]; do # the last one goes on undisturbed
    parts=$((parts + 1))
    [ $((parts % 20)) -ne 0 ] || span=$((2 * span)) # a machine that has become busy must get somewhere
    begin=$(milliseconds)
    start $((1 + RANDOM % 3)) run.h5 "log.$parts"
    moment=$(((RANDOM * 32768 + RANDOM) % span))
    sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
    mapfile -t ranks < <(rank_processes)
    struck=false
    [ "$done_kills" -ge "$kills" ] || ! strike || struck=true
    finish
    wait_for_ranks
    resumed=$((resumed + $(grep -c 'continues in epoch' "log.$parts" || true)))
    ! $struck || [ "$code" -eq 0 ] || done_kills=$((done_kills + 1))
    $struck || [ "$code" -eq 0 ] || fail "went wrong by itself: code $code"
    check_children
    if [ "$code" -eq 0 ]; then
        [ ! -e run.h5.children ] || fail "checkpoints are left"
        run_figures run.h5 >run.txt
        cmp -s whole.txt run.txt || fail "figures differ: $(diff whole.txt run.txt | head -n 20)"
        rm -f run.h5 log.*
        elapsed=$(($(milliseconds) - begin)) # the first search of all may have waited for kernels to be built
        [ "$parts" -gt 1 ] || [ "$elapsed" -ge "$span" ] || span=$elapsed
        searches=$((searches + 1))
        parts=0
    elif [ $((done_kills % 50)) -eq 0 ]; then
        echo "$done_kills kills, $searches searches complete and alike, $resumed children gone on in their middle"
    fi
done
echo "$done_kills kills, $searches searches complete and alike, $resumed children gone on in their middle," \
    "finished children lost: 0 (mpirun itself hung $hung times)"
