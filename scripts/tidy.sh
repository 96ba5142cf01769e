#!/usr/bin/env bash
# scripts/tidy.sh [--all | FILE...]: clang-tidy with the checks of .clang-tidy over these sources, or over those of the
# programs, with --all of the tests too, as build/ci was configured for them. What it finds is an error.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

commands="$PNAS_ROOT/build/ci/compile_commands.json"
tidy=$(llvm_tool clang-tidy)
[ -f "$commands" ] || die "build/ci is not configured: run cmake --preset ci first"
files=("$@")
if [ "${1:-}" = --all ] || [ $# -eq 0 ]; then
    mapfile -t files < <(sed -nE 's/^ *"file": "(.*)",?$/\1/p' "$commands" | sort -u |
        { [ "${1:-}" = --all ] && cat || grep -v "^$PNAS_ROOT/tests/"; })
fi
[ "${#files[@]}" -gt 0 ] || die "$commands names no file"

say "clang-tidy over ${#files[@]} files"
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" \
    "$tidy" -p "$PNAS_ROOT/build/ci" --quiet 2>&1 |
    { grep -vE '^[0-9]+ (warning|error)s?.* generated\.$' || true; }
