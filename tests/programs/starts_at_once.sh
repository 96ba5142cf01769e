#!/usr/bin/env bash
# starts_at_once.sh SOURCE_DIR PNAS_NET: processes without a launcher that start and end at the same time on one
# machine, as in a job array or a parallel build. Each answers.
set -euo pipefail
export pnas_net=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# shellcheck disable=SC2016
if ! seq 150 | xargs -P 16 -I N sh -c '"$pnas_net" predict --help >N.out 2>N.err'; then
    echo "FAILED: some of 150 starts"
    find . -name '*.err' -size +0 -exec head -n 5 {} + | head -n 20
    exit 1
fi
