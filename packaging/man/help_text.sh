#!/bin/sh
# PNAS_PAGE="PROGRAM [COMMAND]" help_text.sh: what help2man reads in the program's place. It is the program's help in long
# lines, with the headings that help2man knows: options after the description, and then notes.
set -eu
ARGP_HELP_FMT=rmargin=900,opt-doc-col=60,header-col=0,dup-args=1,dup-args-note=0
export ARGP_HELP_FMT
# shellcheck disable=SC2086
help=$($PNAS_PAGE --help)
printf '%s\n' "$help" | awk '
    { line[NR] = $0 }
    END {
        for (i = 1; i <= NR; i++) {
            option = line[i] ~ /^ +-/
            if (!begun && (option || (line[i] ~ /:$/ && line[i + 1] ~ /^ +-/))) {
                print "Options:\n"
                begun = 1
            }
            if (begun && !over && !option && line[i] != "" && !(line[i + 1] ~ /^ +-/)) {
                print (line[i] ~ /^Commands/) ? "*Commands*\n" : "*Notes*\n"
                over = 1
                if (line[i] ~ /^Commands/)
                    continue
            }
            print line[i]
        }
    }'
