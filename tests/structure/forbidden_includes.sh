#!/usr/bin/env bash
# forbidden_includes.sh SOURCE_DIR ROOMS COMPILER: a file of one room that includes a header of another one compiles if
# the room is linked with the other, and only then. Tried for each pair of rooms.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/rooms.sh"
export LC_ALL=C
source_dir=$(realpath "$1")
compiler=$3
read_rooms "$2"
cd "$(dirname "$2")" # a quoted include is looked for beside the file first: not in the source tree
failed=0
declare -A tried=([allowed]=0 [forbidden]=0)

# try KIND ROOM HEADER: whether a file of ROOM with one line that includes HEADER is preprocessed as KIND says.
try() {
    local output
    tried[$1]=$((tried[$1] + 1))
    # shellcheck disable=SC2086
    if output=$("$compiler" -E -x c -o /dev/null ${include_flags[$2]} - <<<"#include \"$3\"" 2>&1); then
        [ "$1" = allowed ] && return
        echo "$2 can include $3, though it is not linked with that room"
    else
        [ "$1" = forbidden ] && [[ $output == *"$3"*[Nn]"o such file"* || $output == *"'$3' file not found"* ]] && return
        printf '%s cannot include %s (%s), but not because it is out of sight:\n%s\n' "$2" "$3" "$1" "$output"
    fi
    failed=1
}

declare -A header_of
for room in "${rooms[@]}"; do
    header_of[$room]=$(cd "$source_dir" && find "${folder_of[$room]}" -name '*.h' | sort | head -n 1)
done
for room in "${rooms[@]}"; do
    allowed=" $(reachable "$room") "
    for other in "${rooms[@]}"; do
        [ -n "${header_of[$other]}" ] || continue
        kind=forbidden
        [[ $allowed == *" $other "* ]] && kind=allowed
        try "$kind" "$room" "${header_of[$other]}"
    done
done
echo "${#rooms[@]} rooms: ${tried[allowed]} includes are allowed, ${tried[forbidden]} are forbidden"
[ "${tried[allowed]}" -gt 0 ] && [ "${tried[forbidden]}" -gt 0 ] || failed=1
exit "$failed"
