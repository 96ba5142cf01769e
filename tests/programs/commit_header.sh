#!/usr/bin/env bash
# commit_header.sh SOURCE CMAKE: the header with the commit follows the repository at every build, and is written only then.
set -euo pipefail
source_dir=$1 cmake=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

fail() {
    echo "FAILED: $1"
    cat header.h || true
    exit 1
}

header() {
    "$cmake" -DSOURCE="$work/tree" -DOUT="$work/header.h" -P "$source_dir/cmake/commit.cmake"
    cat header.h
}

commit() {
    echo "$1" >tree/file
    git -C tree add file
    git -C tree -c user.name=a -c user.email=a@b -c commit.gpgsign=false commit -qm "$1"
}

mkdir tree
GIT_CEILING_DIRECTORIES=$work header | grep -q '"unknown"' || fail "no repository, but a commit"
command -v git >/dev/null || exit 0
git init -q tree
commit first
first=$(header)
[[ $first == *"\"$(git -C tree rev-parse --short=12 HEAD)\""* ]] || fail "not the commit"
touch -d '2001-01-01' header.h
[ "$(header)" = "$first" ] && [ "$(date -r header.h +%Y)" = 2001 ] || fail "written without need"
echo changed >tree/file
dirty=$(header)
[[ $dirty == *"-dirty-"* ]] || fail "a change is not told"
echo "changed again" >tree/file
[ "$(header)" != "$dirty" ] || fail "unlike changes are told alike"
commit second
second=$(header)
[ "$second" != "$first" ] && [[ $second != *dirty* ]] || fail "the commit before it"
