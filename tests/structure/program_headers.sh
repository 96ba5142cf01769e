#!/usr/bin/env bash
# program_headers.sh HARDENED PROGRAMS...: what the ELF headers of programs say. They look for libraries in absolute folders
# alone: an empty or relative entry means the current directory, where anybody may have put a library of the right name. With
# HARDENED 1 they are position independent, have no writable table of functions and no executable stack, and were compiled
# with checks of buffers and of the stack.
set -euo pipefail
export LC_ALL=C
hardened=$1
shift
failed=0
[ $# -ge 6 ] || { echo "no programs"; exit 1; }

complain() {
    echo "$program: $1"
    failed=1
}

# lacks PATTERN TEXT: no line of TEXT matches.
lacks() {
    ! grep -qE "$1" <<<"$2"
}

for program in "$@"; do
    dynamic=$(readelf --dynamic "$program")
    ! lacks 'NEEDED.*libc\.so' "$dynamic" || { echo "$program: readelf shows no libraries"; exit 1; }
    paths=$(sed -nE 's/.*(RPATH|RUNPATH).*\[(.*)\]$/\2/p' <<<"$dynamic")
    while IFS= read -r -d : path; do
        [[ $path == /* ]] || complain "'$path' in its list of library folders, '$paths'"
    done <<<"${paths:+$paths:}"
    [ "$hardened" = 1 ] || continue
    headers=$(readelf --wide --file-header --program-headers "$program")
    symbols=$(readelf --wide --dyn-syms "$program")
    ! lacks 'Type: +DYN' "$headers" || complain 'not position independent (-pie)'
    ! lacks '^ +GNU_RELRO ' "$headers" || complain 'no GNU_RELRO (-z relro)'
    ! lacks 'BIND_NOW|\(FLAGS_1\).* NOW' "$dynamic" || complain 'functions are looked up one by one (-z now)'
    ! lacks '^ +GNU_STACK .* RW +0x' "$headers" || complain 'its stack is executable'
    ! lacks ' __stack_chk_fail@' "$symbols" || complain 'the stack is not checked (-fstack-protector-strong)'
    ! lacks ' __[a-z]+_chk@' "$symbols" || complain 'buffers are not checked (_FORTIFY_SOURCE)'
done
exit "$failed"
