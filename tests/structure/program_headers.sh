#!/usr/bin/env bash
# library_paths.sh PROGRAMS...: programs look for libraries in absolute folders alone. An empty or relative entry means the
# current directory, where anybody may have put a library of the right name.
set -euo pipefail
export LC_ALL=C
failed=0
[ $# -ge 6 ] || { echo "no programs"; exit 1; }
for program in "$@"; do
    dynamic=$(readelf --dynamic "$program")
    grep -q 'NEEDED.*libc\.so' <<<"$dynamic" || { echo "$program: readelf shows no libraries"; exit 1; }
    paths=$(sed -nE 's/.*(RPATH|RUNPATH).*\[(.*)\]$/\2/p' <<<"$dynamic")
    while IFS= read -r -d : path; do
        [[ $path == /* ]] && continue
        echo "$program: '$path' in its list of library folders, '$paths'"
        failed=1
    done <<<"${paths:+$paths:}"
done
exit "$failed"
