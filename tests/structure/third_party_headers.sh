#!/usr/bin/env bash
# third_party_headers.sh SOURCE_DIR: a third-party header is included only in the room that is made for it, and our own
# headers by their path from the root. System folders hold all third-party headers, so the compiler accepts them
# everywhere; what of our own a room may include is CMake's business (forbidden_includes.sh).
set -euo pipefail
cd "$1"
failed=0
includes=$(grep -rnE '^[[:space:]]*#[[:space:]]*include' --include='*.c' --include='*.h' src cl io mpi)

# only FOLDER HEADERS: includes that match the extended regular expression HEADERS stand only under FOLDER.
only() {
    [ -d "$1" ] || { echo "no folder $1"; exit 1; }
    grep -qE "^$1/.*include[[:space:]]*<($2)" <<<"$includes" || { echo "$1 includes none of $2: the rule is out of date"; failed=1; }
    local found
    found=$(grep -E "include[[:space:]]*[<\"]($2)" <<<"$includes" | grep -v "^$1/" || true)
    [ -z "$found" ] && return
    printf 'only %s may include this:\n%s\n' "$1" "$found"
    failed=1
}

only src/base 'Random123/'
only cl '(CL/|OpenCL/|clblast)'
only mpi 'mpi\.h'
only io/config 'yaml\.h'
only io '(hdf5|H5|zlib)'
only io/file 'openssl/'
only io/data '(png|jpeglib)\.h'
only io/net 'onnx\.pb-c\.h'

relative=$(grep -E 'include[[:space:]]*"([^"]*\.\./|\./|[^/"]*")' <<<"$includes" |
    grep -vE '^cl/ops/kernels/|"pnas_(version|build|commit)\.h"' || true)
if [ -n "$relative" ]; then
    printf 'write includes from the root of the repository:\n%s\n' "$relative"
    failed=1
fi
exit "$failed"
