#!/usr/bin/env bash
# named_files.sh SOURCE_DIR: each file that CONTRIBUTING.md and docs/architecture.md name is there, and so is each function
# that docs/architecture.md names with its file: in a row | `function` | `file` |, or as `function` (`file`).
set -euo pipefail
cd "$1"
failed=0
named=0
while IFS=: read -r page file; do
    case $file in *NAME*) continue ;; esac # a file that a recipe makes
    named=$((named + 1))
    [ -e "$file" ] || { echo "$page names $file, which is not there"; failed=1; }
done < <(grep -oE '`(src|cl|io|mpi|tests|bench|scripts)/[A-Za-z0-9_./]+\.[a-z]+`' CONTRIBUTING.md docs/architecture.md | tr -d '`')
functions=0
while IFS='`' read -r _ function _ file _; do
    functions=$((functions + 1))
    grep -qE "^[a-z].*\b$function\(" "$file" 2>/dev/null ||
        { echo "docs/architecture.md says that $function is in $file"; failed=1; }
done < <(tr '\n' ' ' <docs/architecture.md | grep -oE '`pnas_[a-z_]+` (\(|\| )`[a-z_/]+\.c`')
if [ "$named" -lt 30 ] || [ "$functions" -lt 10 ]; then
    echo "only $named files and $functions functions are found: the pages are not written as this test reads them"
    failed=1
fi
exit "$failed"
