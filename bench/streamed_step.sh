#!/usr/bin/env bash
# streamed_step.sh PNAS_TRAIN SET.h5 [PAIRS]: what streaming costs a training, whose buffer holds a tenth of the set. In
# turns with the images in memory. Columns: images a second, the share of the time that the training waited for images,
# processor seconds of the whole program, and the loss, which is the same.
set -euo pipefail
pnas_train=$(realpath "$(command -v "$1")") images=$(realpath "$2") pairs=${3:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
shape_of() { # ARRAY: its sizes, with asterisks between them
    h5dump -H -d "$1" "$images" 2>/dev/null | sed -n 's/.*SIMPLE { ( \([^)]*\) .*/\1/p' | head -n 1 | tr -d ' ' | tr , '*' || true
}
number() { h5dump -a "/$1" "$images" | sed -n 's/.*(0): \([0-9]*\)$/\1/p'; }
shape=$(shape_of /train/images)
[ -n "$shape" ] || shape="$(shape_of /train/encoded_ends)*$(number height)*$(number width)*$(number channels)"
bytes=$((shape))
one=$((bytes / ${shape%%\**}))
cat >step.yaml <<YAML
dataset: {file: "$images", validation: 0, shuffle_window: $((bytes / 20 / one))}
network: {filters: 8, repeats: 1}
training: {epochs: 1, batch: 64, shards: 2}
YAML
printf '%-10s %10s %10s %10s %10s\n' images 'images/s' 'waited %' 'CPU s' loss
TIMEFORMAT='%U %S'
for ((i = 0; i < pairs; i++)); do
    for where in resident streamed; do
        buffer=0
        [ $where = resident ] || buffer=$((bytes / 10))
        { time "$pnas_train" step.yaml --cell '-2:identity+-1:sep3' --threads 1 --set dataset.buffer=$buffer \
            -o $where.$i.h5 >out 2>&1; } 2>cpu || { tail out && exit 1; }
        awk -v where=$where -v cpu="$(awk '{ print $1 + $2 }' cpu)" '/epoch 1 of 1/ {
            for (k = 1; k <= NF; k++) {
                if ($k == "loss") loss = $(k + 1)
                if ($k ~ /^images\/s/) rate = $(k - 1)
                if ($k == "waiting") waited = $(k - 2)
            }
            printf "%-10s %10s %10s %10.1f %10s\n", where, rate, waited == "" ? "-" : waited, cpu, loss }' out
    done
done
