#!/usr/bin/env bash
# file_names.sh SOURCE_DIR: a file name says which file is meant, and no folder is too full to be read at a glance.
set -euo pipefail
export LC_ALL=C
cd "$1"
most=30
failed=0
files=$(find src cl io mpi tests bench -name '*.[ch]' -o -name '*.cl')
twice=$(sed 's|.*/||' <<<"$files" | sort | uniq -d)
if [ -n "$twice" ]; then
    printf 'file names that stand twice in the tree:\n%s\n' "$twice"
    failed=1
fi
full=$(grep '\.c$' <<<"$files" | sed 's|/[^/]*$||' | sort | uniq -c | awk -v most=$most '$1 > most { print $2 ": " $1 }')
if [ -n "$full" ]; then
    printf 'folders with more than %d .c files:\n%s\n' "$most" "$full"
    failed=1
fi
exit "$failed"
