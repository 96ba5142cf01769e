#!/usr/bin/env bash
# sleeping_children.sh PNAS_MPI [RANKS [CHILDREN]]: what messages cost. A random search over a made-up table whose
# children sleep about a quarter of a second each (and with PACE=0.1 a tenth of that), on RANKS processes.
set -euo pipefail
pnas_mpi=$(realpath "$(command -v "$1")") ranks=${2:-64} children=${3:-1536}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
awk 'BEGIN {
    srand(4)
    split("identity sep3 sep5 sep7 1x7-7x1 avg3 max3 dil3", name, " ")
    print "score,parameters,multiply_adds,train_seconds,cell"
    while (rows < 4000) {
        cell = ""
        for (side = 0; side < 4; side++)
            cell = cell (side == 2 ? " | " : side ? "+" : "") (int(3 * rand()) % (side < 2 ? 2 : 3) - 2) ":" \
                   name[1 + int(8 * rand())]
        if (cell in seen)
            continue
        seen[cell] = 1
        rows++
        size = 2000 + int(8000 * rand())
        printf "%.4f,1000,%d,%.4f,%s\n", rand(), 100 * size, size * 4e-5 * (0.9 + 0.2 * rand()), cell
    }
}' >sleep.csv
cat >sleep.yaml <<YAML
title: Children that sleep
evaluator: table
table: sleep.csv
table_pace: ${PACE:-1}
space: {blocks: 2}
search: {strategy: random, first: 1, beam: $children, candidates: table}
YAML
mpirun -n "$ranks" --oversubscribe --bind-to none "$pnas_mpi" sleep.yaml -o run.h5 >run.out 2>run.err ||
    { tail run.err && exit 1; }
grep 'level 2: trained' run.err
h5dump -a /levels/span_seconds -a /levels/lane_seconds -a /levels/busy_seconds run.h5 |
    awk -v children="$children" '/\(0\)/ { value[++n] = $2 }
        END { printf "%.1f ms a child that a rank waited; a child each %.2f ms on all ranks together\n",
              1e3 * (value[2] - value[3]) / children, 1e3 * value[1] / children }'
