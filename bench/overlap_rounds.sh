#!/usr/bin/env bash
# overlap_rounds.sh PNAS_MPI RUN.h5 CONFIG.yaml [--set a.b=c ...]: docs/scaling.md's table of rounds that overlap.
# Simulates the guided search of CONFIG with the durations of the children in RUN.h5, for ranks ($RANKS), children a
# rank ($EACH) and lags ($LAGS; 0: rounds that do not overlap). A round has a child for each rank. "Busy" of the whole
# time; "before": until each rank had its last child.
set -euo pipefail
pnas_mpi=$1 run=$2 configuration=$3
shift 3
echo "| ranks | children | lag | hours | busy | before |"
echo "|---|---|---|---|---|---|"
for ranks in ${RANKS:-4 32 128}; do
    for each in ${EACH:-10 40}; do
        for lag in ${LAGS:-0 1 2 3 5}; do
            overlap=(--set "search.overlap=true" --set "search.lag=$lag")
            [ "$lag" -gt 0 ] || overlap=()
            "$pnas_mpi" --quiet --simulate "$ranks" --durations "$run" "$configuration" --set search.strategy=guided \
                --set "search.children=$((ranks * each))" --set "search.round=$ranks" "${overlap[@]}" "$@" |
                awk -v ranks="$ranks" -v lag="$lag" '
                    / children in .*hours/ { children = $1; match($0, /\([0-9.]+/); hours = substr($0, RSTART + 1, RLENGTH - 1) }
                    /^all ranks were busy/ { n = split($0, part, "for "); busy = part[2] + 0; before = n > 2 ? (part[3] + 0) " %" : "" }
                    END { printf "| %d | %d | %s | %.1f | %s %% | %s |\n", ranks, children, lag ? lag : "none", hours, busy, before }'
        done
    done
done
