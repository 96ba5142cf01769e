#!/usr/bin/env bash
# check_includes.sh SOURCE_DIR: the rooms reach only for the floors below them, and third-party headers stay in
# the room that is made for them.
set -euo pipefail
cd "$1"
failed=0

# forbid "WHERE" "EXTENDED REGULAR EXPRESSION FOR WHAT IS INCLUDED" "WHY"
forbid() {
    local found
    # A folder that is not there would pass unseen.
    for room in $1; do
        [ -d "$room" ] || { echo "no folder $room"; exit 1; }
    done
    # shellcheck disable=SC2086
    found=$(grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)" --include='*.c' --include='*.h' $1 || true)
    if [ -n "$found" ]; then
        printf '%s:\n%s\n' "$3" "$found"
        failed=1
    fi
}

forbid "src/base" '(src/(search|net|programs)|cl|io|mpi)/' "src/base is the lowest floor"
forbid "src/search" '(src/(net|programs)|cl|io|mpi)/' "src/search stands on src/base alone"
forbid "src/net" '(src/programs|cl|io|mpi)/' "src/net stands on src/base and src/search"
forbid "cl" '(io|mpi|src/programs)/' "cl includes neither io nor mpi"
forbid "io" '(cl|mpi|src/programs)/' "io includes neither cl nor mpi"
forbid "mpi" '(cl|io|src/net|src/programs)/' "mpi includes neither cl nor io"
forbid "src io mpi" '(CL/|OpenCL/|clblast)' "OpenCL is spoken in cl alone"
forbid "src cl io" 'mpi\.h' "MPI is spoken in mpi alone"
forbid "src cl mpi" '(hdf5|H5|cyaml|yaml|zlib|openssl)' "file formats are spoken in io alone"
forbid "src cl io mpi" '\.' "includes are written from the repository root"
exit "$failed"
