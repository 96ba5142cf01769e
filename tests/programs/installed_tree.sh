#!/usr/bin/env bash
# installed_tree.sh SOURCE_DIR BUILD_DIR HARDENED: what cmake --install leaves works from anywhere, with its own kernels and
# data. That the source tree's are not used instead is shown by breaking the installed ones.
set -euo pipefail
source=$1
build=$2
hardened=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
mkdir "$work/empty" "$work/home"

fail() {
    echo "FAILED: $1"
    cat "$work/said" 2>/dev/null || true
    exit 1
}

cmake --install "$build" --prefix "$prefix" >"$work/said" || fail "cmake --install"
rm "$work/said"
for installed in bin/pnas_mpi bin/pnas_job bin/pnas_data bin/pnas_device bin/pnas_rank bin/pnas_score bin/pnas_train bin/pnas_net bin/pnas_table share/pnas/kernels/view.h share/pnas/kernels/trie.cl share/pnas/data/digits.h5 \
    share/pnas/configs/demo.yaml share/pnas/slurm/pnas_one_node.sbatch share/pnas/slurm/pnas_train.sbatch share/pnas/slurm/site.env.example \
    share/doc/pnas/README.md share/doc/pnas/docs/README.md; do
    [ -e "$prefix/$installed" ] || fail "$installed is not installed"
done
if [ -d "$build/packaging/completion" ]; then
    for program in "$prefix"/bin/*; do
        name=$(basename "$program")
        [ "$name" != pnas_job ] || continue
        grep -qx "complete -F _$name $name" "$prefix/share/bash-completion/completions/$name" || fail "no completion of $name in bash"
        grep -qx "#compdef $name" "$prefix/share/zsh/site-functions/_$name" || fail "no completion of $name in zsh"
    done
fi
if [ -f "$build/packaging/man/pnas_mpi.1" ]; then
    for page in "$build"/packaging/man/*.1; do
        gzip -dc "$prefix/share/man/man1/$(basename "$page").gz" >"$work/page" || fail "$(basename "$page") is not installed"
        grep -q . "$work/page" || fail "$(basename "$page") is empty"
        ! grep '@' "$work/page" || fail "$(basename "$page") names no folder"
    done
    gzip -dc "$prefix/share/man/man1/pnas_mpi.1.gz" | grep -qF "pnas_mpi $prefix/share/pnas/configs/demo.yaml" ||
        fail "the page does not name the installed configuration"
fi
mapfile -t programs < <(find "$prefix/bin" -type f ! -name pnas_job)
bash "$source/tests/structure/program_headers.sh" "$hardened" "${programs[@]}" >"$work/said" || fail "ELF headers"
for config in "$source"/configs/*.yaml; do
    cmp -s "$config" "$prefix/share/pnas/configs/$(basename "$config")" || fail "$(basename "$config") differs"
done

# Nothing of the caller's environment but what chooses the OpenCL platform and lets Open MPI run as root.
environment=(PATH="$prefix/bin:/usr/bin:/bin" HOME="$work/home")
for name in OCL_ICD_VENDORS OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM LSAN_OPTIONS LD_PRELOAD \
    ASAN_OPTIONS; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
done
installed() {
    (cd "$work/empty" && env -i "${environment[@]}" "$@") >"$work/said" 2>&1
}
one_child=(pnas_mpi "$prefix/share/pnas/configs/demo.yaml" -o run.h5 --set space.blocks=1 --set search.first=1
    --set training.epochs=1)

for example in 'pnas_mpi demo' 'pnas_train train_digits'; do
    ! installed "${example% *}" || fail "$example: nothing is refused"
    grep -qF " ${example% *} $prefix/share/pnas/configs/${example#* }.yaml " "$work/said" || fail "no installed example"
done
installed pnas_data info digits || fail "pnas_data does not find the embedded data set"
installed pnas_mpi "$prefix/share/pnas/configs/demo.yaml" --check || fail "--check fails"
installed "${one_child[@]}" || fail "a search of one child fails"
grep -q 'best 1 of 1 children' "$work/said" || fail "no ranking"
installed pnas_train "$prefix/share/pnas/configs/train_digits.yaml" --run run.h5 -o net.h5 --set training.epochs=1 ||
    fail "a training of one epoch fails"
installed pnas_net test net.h5 || fail "a test of its network fails"

rm -rf "$work/empty" "$work/home"
mkdir "$work/empty" "$work/home"
for kernel in "$prefix"/share/pnas/kernels/*.cl; do
    echo '#error the installed kernels are read' >>"$kernel"
done
! installed "${one_child[@]}" || fail "kernels are not read from the installed tree"
grep -q 'the installed kernels are read' "$work/said" || fail "kernels are not read from the installed tree"

echo 'not a data set' >"$prefix/share/pnas/data/digits.h5"
! installed pnas_data info digits || fail "data is not read from the installed tree"
grep -q "$prefix/.*share/pnas/data/digits.h5: is not" "$work/said" || fail "data is not read from the installed tree"
