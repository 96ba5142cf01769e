#!/usr/bin/env bash
# Installs what is missing, checks the formatting, and builds and tests twice: as it is used, with warnings as
# errors, and with the sanitizers. Tests marked slow are left out: ctest --preset slow runs them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

# What is shown again at the end: the closing line of each ctest, and what failed before.
closing_lines=()
failed=0

check_format() {
    if ! clang-format --version | grep -q 'version 14\.'; then
        say "formatting not checked: clang-format 14 is wanted, $(clang-format --version) is here"
        return
    fi
    local files
    mapfile -d '' -t files < <(cd "$PNAS_ROOT" && git ls-files -z '*.c' '*.h')
    if [ "${#files[@]}" -eq 0 ]; then # no clone, or one of another user
        say "formatting not checked: git does not list the files of $PNAS_ROOT"
        return
    fi
    say "checking the formatting"
    (cd "$PNAS_ROOT" && clang-format --dry-run --Werror "${files[@]}") && return
    closing_lines+=("formatting: differs where the first messages say; clang-format -i FILE mends it")
    failed=1
}

test_preset() {
    say "testing build/$1"
    local log="$PNAS_ROOT/build/$1/ctest.log"
    (cd "$PNAS_ROOT" && ctest --preset "$1" --parallel "$(nproc)") 2>&1 | tee "$log" || failed=1
    closing_lines+=("$1: $(grep 'tests passed' "$log" || echo 'ctest did not end')")
}

install_packages "${PNAS_BUILD_PACKAGES[@]}" "${PNAS_TEST_PACKAGES[@]}"
check_format
for preset in ci asan; do
    build_preset "$preset"
    test_preset "$preset"
done
printf '%s\n' "${closing_lines[@]}"
exit "$failed"
