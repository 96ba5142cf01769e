#!/usr/bin/env bash
# Installs what is missing, builds, searches on the embedded handwritten digits with two ranks, and shows the
# ranking. The run is build/demo.h5; each time a new one.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

install_packages "${PNAS_BUILD_PACKAGES[@]}"
build_preset release >&2

programs="$PNAS_ROOT/build/release/bin"
run="$PNAS_ROOT/build/demo.h5"
rm -f "$run" "$run.journal"

cd "$PNAS_ROOT"
say "mpirun -n 2 pnas_mpi configs/demo.yaml -o build/demo.h5"
mpirun --oversubscribe -n 2 "$programs/pnas_mpi" configs/demo.yaml -o build/demo.h5
say "pnas_rank build/demo.h5"
"$programs/pnas_rank" build/demo.h5
