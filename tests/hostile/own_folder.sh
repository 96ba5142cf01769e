# Sourced by the scripts of this folder that run programs in a folder of their own, into last.out and last.err: makes it
# and goes there; `fail MESSAGE`; `run CODE COMMAND...`.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1"
    tail -n 20 last.out last.err
    exit 1
}

run() {
    local expected=$1 code=0
    shift
    "$@" >last.out 2>last.err </dev/null || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected: $*"
}
