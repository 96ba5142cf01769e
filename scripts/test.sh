#!/usr/bin/env bash
# See usage() below. Tests marked slow are left out: ctest --preset slow runs them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

usage() {
    cat <<'END'
Usage: scripts/test.sh [--quick]
Installs what is missing, checks the formatting and the commits' subjects, runs clang-tidy, and builds and tests
twice: optimised with warnings as errors (build/ci), and with the sanitizers (build/asan).

  --quick   neither clang-tidy nor sanitizers
END
}

quick=
case ${1:-} in
    '') ;;
    --quick) quick=1 ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
esac

# What is shown again at the end: what failed, and the closing line of each ctest.
closing_lines=()
failed=0

# check WHAT COMMAND...: a failure is remembered, and the rest goes on.
check() {
    say "checking $1"
    "${@:2}" && return
    closing_lines+=("$1: not in order; see above")
    failed=1
}

check_format() (
    cd "$PNAS_ROOT"
    tool=$(llvm_tool clang-format) || exit 1
    find src cl io mpi tests bench \( -name '*.[ch]' -o -name '*.cl' \) -print0 | xargs -0 "$tool" --dry-run --Werror ||
        die "clang-format -i FILE mends it"
)

# The commits after this one have a subject of at most 60 characters.
subjects_since=b04ba1718e0d
check_subjects() (
    cd "$PNAS_ROOT"
    range=$subjects_since..HEAD
    if ! git rev-parse --quiet --verify "$subjects_since^{commit}" >/dev/null 2>&1; then
        # A shallow clone ends later than that commit. Where there is no history of ours, nothing is to be checked.
        [ "$(git rev-parse --is-shallow-repository 2>/dev/null)" = true ] || exit 0
        range=HEAD
    fi
    long=$(git log --no-merges --format='%h %s' "$range" | grep -E '^[0-9a-f]+ .{61,}' || true)
    [ -z "$long" ] || die "subjects of more than 60 characters:
$long"
)

test_preset() {
    say "testing build/$1"
    local log="$PNAS_ROOT/build/$1/ctest.log"
    (cd "$PNAS_ROOT" && ctest --preset "$1" --parallel "$(nproc)") 2>&1 | tee "$log" || failed=1
    closing_lines+=("$1: $(grep 'tests passed' "$log" || echo 'ctest did not end')")
}

install_packages "${PNAS_BUILD_PACKAGES[@]}" "${PNAS_TEST_PACKAGES[@]}"
check formatting check_format
check subjects check_subjects
build_preset ci
[ -n "$quick" ] || check "with clang-tidy" "$PNAS_ROOT/scripts/tidy.sh"
test_preset ci
if [ -z "$quick" ]; then
    build_preset asan
    test_preset asan
fi
printf '%s\n' "${closing_lines[@]}"
exit "$failed"
