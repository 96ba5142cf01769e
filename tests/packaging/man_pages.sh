#!/usr/bin/env bash
# man_pages.sh SOURCE_DIR PROGRAMS_DIR PAGES_DIR: each program and each of its commands has a page with all sections and all
# options, which man shows without a warning. Exit codes and variables are those of the documentation and of the sources.
set -euo pipefail
source=$1
programs=$2
pages=$3
failed=0

complain() {
    printf 'FAILED: %s\n' "$1"
    failed=1
}

# check_page PAGE PROGRAM [COMMAND]
check_page() {
    local page=$pages/$1.1 said shown section
    [ -f "$page" ] || { complain "$1 has no page"; return; }
    said=$(MANWIDTH=80 man -l --warnings "$page" 2>&1 >/dev/null)
    [ -z "$said" ] || complain "$1: $said"
    shown=$(MANWIDTH=500 man -l "$page" | col -bx)
    for section in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXIT STATUS' ENVIRONMENT FILES EXAMPLES 'SEE ALSO'; do
        [ "$(grep -cx "$section" <<<"$shown")" -eq 1 ] || complain "$1: section $section"
    done
    grep -q "^ *$1 - [a-z]" <<<"$shown" || complain "$1: NAME"
    # All options, and no others, in their section.
    diff <("${@:2}" --_options | awk -F '\t' '$1 == "option" { print ($3 == "-") ? $2 : $3 }' | sort) \
        <(awk '/^[A-Z]/ { here = $0 == "OPTIONS" } here' <<<"$shown" |
            sed -n '/:$/d; s/^  *\(-[^-].*, \)\{0,1\}\(--*[a-z][a-z0-9-]*\)\([= ].*\)\{0,1\}$/\2/p' | sort) ||
        complain "$1: options"
}

count=0
for program in "$programs"/*; do
    name=$(basename "$program")
    check_page "$name" "$program"
    count=$((count + 1))
    for command in $("$program" --_options | awk -F '\t' '$1 == "command" { print $2 }'); do
        check_page "$name-$command" "$program" "$command"
        count=$((count + 1))
    done
done
[ "$count" -eq "$(find "$pages" -name '*.1' | wc -l)" ] || complain "there are pages of no program"
[ "$count" -ge 20 ] || complain "only $count pages"

# Exit codes as docs/formats.md has them
page=$pages/pnas_mpi.1
diff <(sed -n '/^## Exit codes/,$s/^| \([0-9]*\) | \(.*\) |$/\1 \2/p' "$source/docs/formats.md") \
    <(sed -n '/^\.SH "EXIT STATUS"/,/^\.SH [A-Z]/p' "$page" | grep -v '^\.SH' | sed 's/^\.B //' |
        paste -d ' ' - - - | sed 's/^\.TP //') ||
    complain 'exit codes are not those of docs/formats.md'

# Variables that the sources read, and those alone with our name
diff <(grep -rhoE 'getenv\("PNAS_[A-Z_]+"\)' "$source"/{src,cl,io,mpi} --include='*.c' | grep -oE 'PNAS_[A-Z_]+' | sort -u) \
    <(sed -n 's/^\.B \(PNAS_.*\)/\1/p' "$page" | sort -u) || complain 'variables are not those of the sources'
exit "$failed"
