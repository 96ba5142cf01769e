#!/usr/bin/env bash
# module_file.sh BUILD_DIR: the installed module file makes the programs of its own installation found, and unloading takes
# that back. With whatever of environment modules and Lmod is installed; skipped without both.
set -euo pipefail
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tried=0

fail() {
    echo "FAILED: $1"
    exit 1
}

# try_with NAME COMMAND...: COMMAND bash load pnas prints what a shell is to evaluate.
try_with() {
    local before=$PATH said
    tried=1
    [ "$1" != lmod ] || before=/usr/bin:/bin
    (
        PATH=$before
        export MODULEPATH=$work/prefix/share/pnas/modulefiles
        unset LOADEDMODULES _LMFILES_ MANPATH
        eval "$("${@:2}" bash load pnas 2>"$work/said")"
        [ "$(command -v pnas_rank)" = "$work/prefix/bin/pnas_rank" ] || { cat "$work/said"; fail "$1: pnas_rank is not found"; }
        [ "$PNAS_HOME" = "$work/prefix" ] || fail "$1: PNAS_HOME is $PNAS_HOME"
        said=$(pnas_data info digits) || fail "$1: pnas_data does not run"
        [[ $said == *"$work/prefix/"* ]] || fail "$1: another data set"
        eval "$("${@:2}" bash unload pnas 2>"$work/said")"
        [ "$PATH" = "$before" ] || fail "$1: PATH is $PATH"
        [ -z "${PNAS_HOME:-}" ] || fail "$1: PNAS_HOME stays"
    )
}

cmake --install "$build" --prefix "$work/prefix" >/dev/null
for modules in /usr/lib/*/modulecmd.tcl; do
    [ ! -x "$modules" ] || try_with 'environment modules' "$modules"
done
[ ! -x /usr/share/lmod/lmod/libexec/lmod ] || try_with lmod /usr/share/lmod/lmod/libexec/lmod
[ "$tried" -eq 1 ] || exit 77
