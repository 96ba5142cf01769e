#!/usr/bin/env bash
# Installs what is missing, builds, searches on the embedded handwritten digits with two ranks, trains the best cell in
# full, tests that network on images that nothing has looked at so far, and exports it. Everything is made anew each
# time: the search build/demo.h5, the network build/demo.net.h5 and build/demo.onnx.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

# run PROGRAM [ARGUMENT...], and with two ranks
run() {
    say "$*"
    "$PNAS_ROOT/build/release/bin/$1" "${@:2}"
}

run_2() {
    say "mpirun -n 2 $*"
    mpirun --oversubscribe -n 2 "$PNAS_ROOT/build/release/bin/$1" "${@:2}"
}

install_packages "${PNAS_BUILD_PACKAGES[@]}"
build_preset release >&2
cd "$PNAS_ROOT"
rm -f build/demo.h5 build/demo.h5.journal build/demo.net.h5 build/demo.onnx

run_2 pnas_mpi configs/demo.yaml -o build/demo.h5
run pnas_rank build/demo.h5
run_2 pnas_train configs/train_digits.yaml --run build/demo.h5 -o build/demo.net.h5
run pnas_net test build/demo.net.h5 --write
run pnas_net export build/demo.net.h5 --format onnx -o build/demo.onnx

say "done. What to do next:"
cat <<'NEXT'
    export PATH=$PWD/build/release/bin:$PATH
    pnas_net info build/demo.net.h5                            # its layers, sizes and accuracies
    pnas_net predict build/demo.net.h5 --data digits           # or PNG and JPEG files of 8x8 pixels
    pnas_net plot build/demo.net.h5 --plot confusion -o c.svg  # needs gnuplot
    pnas_rank build/demo.h5 --cell 1 -o cell.svg               # needs Graphviz
build/demo.onnx runs in other programs: docs/networks.md. README.md goes on with a search on larger images.
NEXT
