# What the scripts that kill programs under mpirun share; to be sourced. The launcher is the process `launcher`, what is
# random comes from RANDOM, and `fail MESSAGE` is the script's.

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
