#!/usr/bin/env bash
# unused_functions.sh SOURCE_DIR OBJECTS: what is public is used by another file than its own, or by a benchmark. Tests do
# not count: what they alone use is dead.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/symbols.sh"
export LC_ALL=C

all=$(symbols "$2")
[ "$(grep -c '^defines' <<<"$all")" -gt 100 ] || { echo "the functions are not found"; exit 1; }
unused=$(awk '
    $1 == "defines" { home[$3] = $2 }
    $1 == "uses" { used[$3] }
    END { for (name in home) if (!(name in used)) print home[name] ".c", name }' <<<"$all" | sort)
# Parts of a larger function of the same file, which tests want to try by themselves.
exceptions="pnas_h5_close          # at will, by tests; readers end by pnas_h5_finish
pnas_access_overlap    # against a map of bytes
pnas_cell_csv_parse    # text, where a file would have to be written; fuzzed
pnas_same_pad          # against the table of padded values
pnas_selection_offer   # the same"
while read -r name _; do
    grep -q " $name\$" <<<"$unused" || { echo "$name is used, or gone: no exception any more"; exit 1; }
done <<<"$exceptions"
unused=$(awk 'NR == FNR { known[$1]; next } !($2 in known)' \
    <(echo "$exceptions" && grep -ohE '\bpnas_[a-z0-9_]+' "$1"/bench/*.c) <(echo "$unused"))
if [ -n "$unused" ]; then
    printf 'public, but no other file of the programs uses it; make it static or remove it:\n%s\n' "$unused"
    exit 1
fi
