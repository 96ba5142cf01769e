#!/usr/bin/env bash
# room_table.sh SOURCE_DIR ROOMS: the table of rooms in docs/architecture.md says what the CMake files say. Each room has
# one row: its folder and its library in the first two columns, and in the last one the folders that it may include.
# Programs are left out: each stands alone.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/rooms.sh"
export LC_ALL=C
read_rooms "$2"
page=$1/docs/architecture.md

wanted=$(for room in "${rooms[@]}"; do
    [[ ${folder_of[$room]} == src/programs/pnas_* ]] && continue
    folders=$(for other in ${links[$room]}; do echo "\`${folder_of[$other]}\`"; done | paste -sd, | sed 's/,/, /g')
    echo "| \`${folder_of[$room]}\` | \`$room\` | ... | ${folders:-nothing} |"
done)
# Rows that begin with a room's folder and library; what stands between those and the last column is free.
found=$(sed -nE 's/^\| (`[a-z0-9_/]+`) \| (`pnas_[a-z0-9_]+`) \| .* \| ([^|]*) \|$/| \1 | \2 | ... | \3 |/p' "$page")
if [ "$found" != "$wanted" ]; then
    printf 'docs/architecture.md (-) and CMake (+) differ about the rooms:\n'
    diff -U 100 --label docs/architecture.md --label CMake <(echo "$found") <(echo "$wanted") || true
    exit 1
fi
