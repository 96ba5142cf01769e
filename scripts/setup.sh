# What demo.sh and test.sh share: the packages they need and one way to build. Sourced, not run.

PNAS_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

PNAS_BUILD_PACKAGES=(build-essential cmake ninja-build pkg-config git
    ocl-icd-opencl-dev pocl-opencl-icd libclblast-dev libopenmpi-dev openmpi-bin
    libhdf5-dev hdf5-tools libyaml-dev librandom123-dev uthash-dev zlib1g-dev libssl-dev libpng-dev libjpeg-dev
    libprotobuf-c-dev protobuf-c-compiler libonnx-dev)
PNAS_TEST_PACKAGES=(libcriterion-dev oclgrind clang-format clang-tidy gnuplot-nox graphviz
    help2man man-db file python3-onnx clang-15 libclc-15 rocm-device-libs) # the last three compile kernels for GPUs
PNAS_LLVM=14 # Debian 12's; another version formats otherwise and finds other things

say() {
    printf '== %s\n' "$*" >&2
}

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Packages of "$@" that are not installed, one a line.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || echo "$package"
    done
}

# Installs what is missing of "$@"; asks for root only then.
install_packages() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        [ -n "${PNAS_PACKAGES_PRESENT:-}" ] && return
        die "this system has no apt. Install what Debian calls: $*;
then run this again with PNAS_PACKAGES_PRESENT=1 in the environment"
    fi
    local missing as_root=()
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "packages are missing and sudo is not here. As root, first run:
    apt-get update && apt-get install --yes --no-install-recommends ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing ${missing[*]}"
    "${as_root[@]}" apt-get update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends "${missing[@]}"
}

# The command of $1, clang-format or clang-tidy, in the version that is wanted.
llvm_tool() {
    local command
    for command in "$1-$PNAS_LLVM" "$1"; do
        if "$command" --version 2>/dev/null | grep -q "version $PNAS_LLVM\."; then
            echo "$command"
            return
        fi
    done
    die "$1 $PNAS_LLVM is needed; install $1-$PNAS_LLVM"
}

# Configures and builds build/$1 by the preset of that name.
build_preset() {
    say "building build/$1"
    (cd "$PNAS_ROOT" && cmake --preset "$1" && cmake --build --preset "$1")
}

# Open MPI refuses to run as root, as in a container, unless it is told twice.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
