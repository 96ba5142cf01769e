# What the scripts that kill programs under mpirun share; to be sourced. The launcher is the process `launcher`, what is
# random comes from RANDOM. The script's own are `kills`, `fail MESSAGE`, `start RANKS FILE LOG`, which begins `launcher`,
# and `strike`, which sends a signal to it or to one of `ranks`, and fails where nobody is left.

# How often the program was killed, came to its end, and went on in the middle; how often mpirun itself hung. And how
# often it was started since the last end.
done_kills=0 complete=0 resumed=0 hung=0 parts=0

milliseconds() {
    date +%s%3N
}

# sleep_a_part_of MILLISECONDS: between none and all of them
sleep_a_part_of() {
    local moment=$(((RANDOM * 32768 + RANDOM) % $1))
    sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
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
# though all its ranks are gone: then it is ended after 20 s, and `hung` goes up.
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

# Those in `ranks`.
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

# undisturbed FILE LOG: on two ranks; how many milliseconds it took in `span`
undisturbed() {
    local begin
    begin=$(milliseconds)
    start 2 "$1" "$2"
    finish
    [ "$code" -eq 0 ] || { tail "$2"; fail "undisturbed it failed: $code"; }
    span=$(($(milliseconds) - begin))
}

# attempt FILE: on one to three ranks, struck at a random moment unless there were enough kills: the last goes on
# undisturbed.
attempt() {
    local struck=false
    parts=$((parts + 1))
    [ $((parts % 20)) -ne 0 ] || span=$((2 * span)) # a machine that has become busy must get somewhere
    start $((1 + RANDOM % 3)) "$1" "log.$parts"
    sleep_a_part_of "$span"
    mapfile -t ranks < <(rank_processes)
    [ "$done_kills" -ge "$kills" ] || ! strike || struck=true
    finish
    wait_for_ranks
    resumed=$((resumed + $(grep -c 'continues in epoch' "log.$parts" || true)))
    ! $struck || [ "$code" -eq 0 ] || done_kills=$((done_kills + 1))
    $struck || [ "$code" -eq 0 ] || fail "went wrong by itself: code $code"
    [ "$code" -eq 0 ] || [ $((done_kills % 50)) -ne 0 ] || tell_kills
}

# It came to its end and was compared: the next attempt begins anew.
begin_again() {
    rm -f "$1" log.*
    complete=$((complete + 1))
    parts=0
}

tell_kills() {
    echo "$done_kills kills, $complete times complete and alike, gone on in the middle $resumed times" \
        "(mpirun itself hung $hung times)"
}
