# Sourced by scripts that run programs in a folder of their own, with output in *.out and *.err: makes it and goes there;
# `fail MESSAGE`, which shows these; `run CODE COMMAND...`, into last.out and last.err.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $1"
    tail -n 60 ./*.out ./*.err 2>/dev/null || true
    exit 1
}

run() {
    local expected=$1 code=0
    shift
    "$@" >last.out 2>last.err </dev/null || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected: $*"
}
