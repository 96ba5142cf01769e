#!/usr/bin/env bash
# file_circles.sh SOURCE_DIR OBJECTS: files stand above each other. No source calls one that calls it, by whatever way
# round, and no header includes one that includes it. (A source may include the header of a file that calls it, for the
# types there.)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/symbols.sh"
export LC_ALL=C
failed=0

# acyclic WHAT: lines "A B" on standard input form no circle.
acyclic() {
    local pairs circles
    pairs=$(cat)
    [ -n "$pairs" ] || { echo "found nothing: $1"; failed=1; return; }
    circles=$(tsort <<<"$pairs" 2>&1 >/dev/null) && return
    sed "s/^tsort: -: input contains a loop:/A circle: $1/; s/^tsort: /    /" <<<"$circles"
    failed=1
}

all=$(symbols "$2")
acyclic "sources call each other" < <(awk '
    $1 == "defines" { home[$3] = $2 }
    $1 == "uses" { use[$2 " " $3] }
    END {
        for (u in use) {
            split(u, part, " ")
            if (part[2] in home && home[part[2]] != part[1])
                print part[1], home[part[2]]
        }
    }' <<<"$all" | sort -u)

cd "$1"
acyclic "headers include each other" < <(grep -rE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[a-z].*/' --include='*.h' src cl io mpi |
    sed -E 's/^([^:]*):.*"(.*)".*/\1 \2/')
exit "$failed"
