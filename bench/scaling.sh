#!/usr/bin/env bash
# scaling.sh PNAS_MPI RUN.h5 CONFIG.yaml [--set a.b=c ...]: the sizing tables of docs/scaling.md. Simulates the
# search of CONFIG for ranks ($RANKS) times beams ($BEAMS), with the durations of the children in RUN.h5.
# "Worst level": the level that comes least near to the best possible; "known": what a plan with every duration
# known beforehand would reach; "other work": fitting and scoring, of the whole time.
set -euo pipefail
pnas_mpi=$1 run=$2 configuration=$3
shift 3
echo "| ranks | K | children | hours | busy | at best | of the best possible | worst level | known | other work |"
echo "|---|---|---|---|---|---|---|---|---|---|"
for beam in ${BEAMS:-256 1024 4096}; do
    for ranks in ${RANKS:-8 32 128 512 2048 16384}; do
        "$pnas_mpi" --quiet --simulate "$ranks" --durations "$run" "$configuration" --set search.beam="$beam" "$@" |
            awk -v ranks="$ranks" -v beam="$beam" '
                function shares(line) { split(line, part, "%"); for (i = 1; i <= 3; i++) { n = split(part[i], word, " "); share[i] = word[n] } }
                / children in .*hours/ { children = $1; match($0, /\([0-9.]+/); hours = substr($0, RSTART + 1, RLENGTH - 1)
                                         match($0, /[0-9.]+ % of it/); other = 100 - substr($0, RSTART, RLENGTH - 8) }
                /^training could/ { match($0, /\([0-9.]+/); known = substr($0, RSTART + 1, RLENGTH - 1) " %" }
                /^ +[0-9]+ .*%/ { shares($0); if (worst == "" || share[3] + 0 < worst + 0) worst = share[3] }
                /^  all/ { shares($0) }
                END { printf "| %d | %d | %d | %.1f | %s %% | %s %% | %s %% | %s %% | %s | %.2f %% |\n",
                      ranks, beam, children, hours, share[1], share[2], share[3], worst, known, other }'
    done
done
