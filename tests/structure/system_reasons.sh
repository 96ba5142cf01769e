#!/usr/bin/env bash
# system_reasons.sh SOURCE_DIR: no message ends in "Success". What failed without an errno has a reason in words by
# pnas_system_reason; strerror, perror and %m would say "Success".
set -euo pipefail
cd "$1"
found=$(grep -rnE '\b(strerror(_r)?|perror) ?\(|"[^"]*[( ]%m[)" ]' --include='*.[ch]' src io cl mpi | grep -v '^src/base/status\.c:' || true)
[ -z "$found" ] || {
    echo "instead of these, pnas_system_reason (src/base/status.h):"
    echo "$found"
    exit 1
}
[ "$(grep -rl 'pnas_system_reason(' --include='*.c' src io cl mpi | wc -l)" -gt 10 ] || {
    echo "nothing was looked at"
    exit 1
}
