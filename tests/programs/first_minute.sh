#!/usr/bin/env bash
# first_minute.sh SOURCE_DIR PROGRAM...: what a person meets first is short, right, names the next step, and is told
# once, however many ranks there are.
set -euo pipefail
source_dir=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0

fail() {
    echo "FAILED: $1"
    cat out err
    failed=1
}

# run CODE COMMAND...: output in out, messages in err
run() {
    local expected=$1 code=0
    shift
    what=$*
    "$@" >out 2>err || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected: $what"
}

# Without a word of mpirun's own.
ranks() {
    local expected=$1
    shift
    run "$expected" mpirun -q --oversubscribe -n 3 "$@"
}

said_once() {
    [ "$(grep -cF -- "$1" err)" -eq 1 ] || fail "not once '$1': $what"
}

at_most() {
    [ "$(cat out err | wc -l)" -le "$1" ] || fail "more than $1 lines: $what"
}

# Questions and mistakes need no device, and those of a process alone no MPI: it could not even start here.
untouched() {
    export PNAS_CACHE=$work/cache
    for word in --help --usage --version; do
        OMPI_MCA_pml=none_such run 0 "$@" "$word"
        ranks 0 "$@" "$word"
    done
    OMPI_MCA_pml=none_such run 64 "$@" --nonsense
    ranks 64 "$@" --nonsense
    [ ! -e "$PNAS_CACHE" ] || fail "the cache of kernels was touched: $*"
    unset PNAS_CACHE
}

for program; do
    name=$(basename "$program")
    run 64 "$program"
    at_most 3
    said_once "Try \`$name --help'"
    run 64 "$program" --nonsense
    at_most 3
    said_once "unrecognized option '--nonsense'"
    run 64 "$program" --hlep=3
    at_most 2
    said_once "$name: unrecognized option '--hlep'; did you mean --help?"
    said_once "Try \`$name --help' or \`$name --usage' for more information."
    run 0 "$program" --help
    [ ! -s err ] || fail "messages beside the help: $what"
    awk 'length($0) > 80 { exit 1 }' out || fail "lines of more than 80 columns: $what"
    grep -q '^Usage: ' out || fail "no usage: $what"
    [ "$name" != pnas_mpi ] || tr -s ' \n' ' ' <out | grep -qF 'in its last line, the run file' || fail "a bare line is not explained"
    case $name in
    pnas_mpi | pnas_train | pnas_score)
        ranks 64 "$program"
        at_most 2
        said_once "Try \`$name --help'"
        ranks 64 "$program" --nonsense
        at_most 2
        ranks 64 "$program" --hlep
        at_most 2
        said_once "did you mean --help?"
        ranks 0 "$program" --help
        [ "$(grep -c '^Usage: ' out)" -eq 1 ] || fail "the help is not there once: $what"
        ranks 0 "$program" --version
        [ "$(grep -c "^$name " out)" -eq 1 ] || fail "the version is not there once: $what"
        ;;
    esac
    case $name in
    pnas_rank) slip=--plot=acuracy meant=accuracy ;;
    pnas_data) slip=inof meant=info ;;
    pnas_net) slip='plot net.h5 -o a.svg --plot curvs' meant=curves ;;
    pnas_device) slip='list --verbsoe' meant=--verbose ;;
    pnas_score) slip='run.h5 -o --tpo --limit-parameter-s 3' meant=--limit-parameters ;; # a file may be named --tpo
    pnas_table) slip='a.csv --otuput' meant=--output ;;
    *) slip='--ouput run.h5' meant=--output ;;
    esac
    # shellcheck disable=SC2086
    run 64 "$program" $slip
    at_most 3
    said_once "; did you mean $meant?"
    case $name in
    pnas_mpi | pnas_train | pnas_score) untouched "$program" ;;
    pnas_net) untouched "$program" && untouched "$program" test && untouched "$program" predict ;;
    esac
    case $name in
    pnas_mpi)
        run 64 "$program" && said_once 'as in: mpirun -n 2 pnas_mpi configs/demo.yaml -o run.h5'
        wrong=("$program" nowhere -o new.h5)
        blind=("$program" "$source_dir/configs/demo.yaml" -o new.h5)
        ;;
    pnas_train)
        run 64 "$program" && said_once 'as in: pnas_train configs/train_digits.yaml --run run.h5 -o net.h5'
        wrong=("$program" nowhere --cell '-1:sep3+-1:sep3' -o new.h5)
        blind=("$program" "$source_dir/configs/train_digits.yaml" --cell '-1:sep3+-1:sep3' -o new.h5)
        ;;
    pnas_score) wrong=("$program" nowhere -o new.h5) blind=() ;;
    pnas_data | pnas_net) wrong=("$program" info nowhere) blind=() ;;
    pnas_device) wrong=("$program" routes --config nowhere) blind=("$program" list) ;;
    pnas_rank | pnas_table) wrong=("$program" nowhere) blind=() ;;
    *) fail "$name has no wrong file here: add one" && continue ;;
    esac
    run 74 "${wrong[@]}"
    at_most 1
    said_once 'nowhere: cannot be opened: No such file or directory'
    [ ${#blind[@]} -eq 0 ] || OCL_ICD_VENDORS=$work run 69 "${blind[@]}"
    [ ${#blind[@]} -eq 0 ] || said_once 'no usable OpenCL device'
    case $name in
    pnas_mpi | pnas_train)
        ranks 74 "${wrong[@]}"
        at_most 1
        OCL_ICD_VENDORS=$work ranks 69 "${blind[@]}"
        said_once 'no usable OpenCL device'
        at_most 2
        ;;
    esac
done
[ ! -e new.h5 ] || fail "a file was made"
exit "$failed"
