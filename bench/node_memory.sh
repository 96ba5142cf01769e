#!/usr/bin/env bash
# node_memory.sh PNAS_TRAIN SET.h5 [RANKS ...]: what the ranks of one machine hold in memory while they train on a set for
# SECONDS_LONG (20). Columns: ranks; MiB of all ranks together, where pages that ranks share count once (the sum of Pss); the
# largest Rss of a rank, which counts such pages in each rank that has looked at them. Each is the largest seen.
set -euo pipefail
pnas_train=$(realpath "$(command -v "$1")") images=$(realpath "$2")
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >small.yaml <<YAML
dataset: {file: "$images", validation: 64}
network: {filters: 4, repeats: 1}
training: {epochs: 1, batch: 64, shards: 8}
YAML

# The sum of Pss and the largest Rss of mpirun's children.
sample() {
    for child in $(pgrep -P "$1"); do
        awk '/^(Pss|Rss):/ { print $1, $2 }' "/proc/$child/smaps_rollup" 2>/dev/null || true
    done | awk '$1 == "Pss:" { pss += $2 } $1 == "Rss:" && $2 > most { most = $2 }
        END { printf "%d %d\n", pss / 1024, most / 1024 }'
}

printf '%-6s %12s %12s\n' ranks 'Pss, all' 'Rss, one'
for ranks in "${@:-1 2 4 8}"; do
    for n in $ranks; do
        rm -f net.h5*
        mpirun -n "$n" --oversubscribe --bind-to none "$pnas_train" small.yaml --cell '-2:identity+-1:max3' -o net.h5 \
            --threads 1 --time-limit "${SECONDS_LONG:-20}" >out 2>&1 &
        run=$!
        while kill -0 $run 2>/dev/null; do
            sample $run
            sleep 0.1
        done >samples
        wait $run || [ $? -eq 75 ] || { tail out && exit 1; }
        awk -v n="$n" '{ if ($1 > pss) pss = $1; if ($2 > rss) rss = $2 }
            END { printf "%-6d %12d %12d\n", n, pss, rss }' samples
    done
done
