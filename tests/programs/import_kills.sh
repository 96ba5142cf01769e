#!/usr/bin/env bash
# import_kills.sh SOURCE_DIR PNAS_DATA WRITE_PICTURES CALL_KILLER COUNT STEP: an import of COUNT pictures, and of files that
# are none, that is killed at every STEPth of its calls that change files gives the data set of an undisturbed one, as do
# stops, full disks and refusals; memory does not grow with the set.
set -euo pipefail
pnas_data=$2 write_pictures=$3 call_killer=$4 count=$5 step=$6
. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"
most_memory=262144 # KiB

"$write_pictures" set "$count" 100 60 1 >bad || fail "no pictures"
import=("$pnas_data" import --format folder --size 32 --test-share 0.34 set -o out.h5)

# expect CODE TEXT COMMAND...: the exit code, and a message like TEXT
expect() {
    run "$1" "${@:3}"
    grep -qE -- "$2" last.err || fail "no message like '$2'"
}

sum_of() {
    "$pnas_data" info "$1" | sed -n 's/^sha256 *//p'
}

same_set() {
    [ "$(sum_of "$1")" = "$sum" ] || fail "$1 is another data set"
    [ ! -e "$1.import" ] && [ ! -e "$1.partial" ] || fail "$1: something is left"
}

# killed AT [WITH]: the exit code in `code`
killed() {
    code=0
    {
        KILL_AT=$1 KILL_WITH=${2:-9} LD_PRELOAD="${LD_PRELOAD:+$LD_PRELOAD:}$call_killer" \
            "${import[@]}" --allow-bad 30 >last.out 2>last.err </dev/null || code=$?
    } 2>/dev/null # the shell's word of the kill
}

# Each bad file is named with what is wrong; nothing is read again where they are allowed.
bad=$(wc -l <bad)
[ "$bad" -ge 15 ] || fail "$bad bad files alone"
expect 65 "$bad of [0-9]+ pictures cannot be taken, the first: set/c001/empty.jpg: is empty.*--allow-bad $bad leaves them out" \
    "${import[@]}"
while read -r _ path; do
    grep -qE "warning: $path: [a-z ]+" last.err || fail "$path is not told"
done <bad
[ -e out.h5.import ] && [ ! -e out.h5 ] || fail "a refused import leaves the wrong files"
expect 0 'goes on after ([0-9]+) of \1 pictures' "${import[@]}" --allow-bad "$bad"
for told in 'grey' 'CMYK' '16 bits' 'turned upright'; do
    grep -q "$told" last.err || fail "no picture is told to be $told"
done
sum=$(sum_of out.h5)
expect 0 'verified' sh -c '"$1" verify out.h5 >&2' sh "$pnas_data"
rm out.h5
run 0 env time -f '%M %e' -o usage "${import[@]}" --allow-bad 30
same_set out.h5
read -r memory seconds <usage
echo "$count pictures in $seconds s, $memory KiB"
[ "$memory" -lt "$most_memory" ] || fail "$memory KiB of memory"

# A kill at any moment; the old file stays until the new one is there.
old=$(cat out.h5 | sha256sum)
import+=(--force)
for ((at = 1, finished = 0; finished < 1; at += step)); do
    rm -f out.h5.import out.h5.partial
    killed "$at"
    case $code in
    137) [ "$(sha256sum <out.h5)" = "$old" ] || [ "$(sum_of out.h5)" = "$sum" ] || fail "half a file after call $at" ;;
    0) finished=1 ;;
    *) fail "exit code $code at call $at" ;;
    esac
    run 0 "${import[@]}" --allow-bad 30
    same_set out.h5
    old=$(sha256sum <out.h5)
done
echo "killed at $(((at - 1) / step)) of $at calls"

# Again and again, until it is through; a start that only writes the result needs some calls, too.
went_on=0
for ((times = 1; times < 100; times++)); do
    killed $((24 + 4 * times))
    [ "$code" -ne 0 ] || break
    [ "$code" -eq 137 ] || fail "exit code $code"
    ! grep -q 'goes on after [1-9]' last.err || went_on=1
done
same_set out.h5
[ $times -gt 2 ] && [ $went_on -eq 1 ] || fail "an import that is killed does not go on"
echo "killed $times times"

# A stop in good order, while it reads and while it writes.
killed 6 15
[ "$code" -eq 75 ] || fail "exit code $code instead of 75"
grep -qE 'out.h5: stopped after [0-9]+ of [0-9]+ pictures; the same command goes on' last.err || fail "no word of the stop"

[ -e out.h5.import ] || fail "a stop leaves nothing"
killed 40 15
[ "$code" -eq 75 ] || [ "$code" -eq 0 ] || fail "exit code $code instead of 75"
[ ! -e out.h5.partial ] || fail "a stop leaves half a file"
killed 6 15

# What may change meanwhile, and what not.
expect 0 'goes on after [1-9]' "${import[@]}" --allow-bad 30 --name other --licence CC0
same_set out.h5
for change in '--size 24' '--seed 5' '--test-share 0.3' '--channels 1' '--size 32 --resize stretch'; do
    killed 6 15
    # shellcheck disable=SC2086
    expect 0 'out.h5.import: is of an import of other pictures, with other options' "${import[@]}" --allow-bad 30 $change
    [ "$(sum_of out.h5)" != "$sum" ] || fail "$change changes nothing"
done
killed 6 15
touch -d '2020-01-01' set/c099/*.jpg
expect 0 'this one begins anew' "${import[@]}" --allow-bad 30
same_set out.h5

# One import at a time.
killed 6 15
flock out.h5.import "${import[@]}" --allow-bad 30 >last.out 2>last.err && fail "a second import is let in"
grep -q 'out.h5: another run writes here' last.err || fail "a second import is not refused in words"
mv out.h5.import kept
echo 'a text' >out.h5.import
expect 74 'out.h5.import: is not a file that this program left; move it away' "${import[@]}" --allow-bad 30
mv kept out.h5.import

# A disk that is full, while it reads and while it writes; then there is room.
for ((at = 3; ; at += 4)); do
    killed "$at" 0
    [ "$code" -ne 0 ] || break
    [ "$code" -eq 74 ] || fail "exit code $code on a disk that is full after $at calls"
    tr '\n' ' ' <last.err | # HDF5's own words have two lines
        grep -qE 'error: out.h5(.import|: /[a-z]*/[a-z]*)?: cannot be (written|created).*No space left on device' ||
        fail "no word of the full disk"
    [ "$(sum_of out.h5)" = "$sum" ] && [ ! -e out.h5.partial ] || fail "a full disk leaves something"
done
[ "$at" -gt 15 ] || fail "the disk was never full"
same_set out.h5

# A file system that holds the pictures that were read, but not the data set besides. Needs no rights where the kernel
# lets users have name spaces.
small_disk() {
    mkdir disk
    mount -t tmpfs -o size=1800k tmpfs disk
    expect 74 'disk/out.h5: cannot be written: No space left on device; [0-9]+ MiB are needed' "${import[@]}"
    [ -e disk/out.h5.import ] && [ ! -e disk/out.h5 ] && [ ! -e disk/out.h5.partial ] || fail "the wrong files are left"
    mount -o remount,size=8m disk
    expect 0 'goes on after ([0-9]+) of \1 pictures' "${import[@]}"
    same_set disk/out.h5
}
if [ "$count" -lt 1000 ] && unshare --mount --map-root-user true 2>/dev/null; then
    import=("$pnas_data" import --format folder --size 32 --test-share 0.34 --allow-bad 30 set -o disk/out.h5)
    export -f fail run expect sum_of same_set small_disk
    export pnas_data sum
    unshare --mount --map-root-user bash -euo pipefail -c "$(declare -p import); small_disk" || fail "on a small disk"
fi

# Encoded images, killed again and again.
rm out.h5
import=("$pnas_data" import --format folder --size 32 --test-share 0.34 set -o out.h5 --force)
run 0 "${import[@]}" --allow-bad 30
run 0 "$pnas_data" encode out.h5 -o encoded.h5
sum=$(sum_of encoded.h5)
import+=(--encoded)
for ((times = 1; times < 100; times++)); do
    killed $((24 + 4 * times))
    [ "$code" -ne 0 ] || break
done
[ $times -gt 2 ] || fail "an encoded import is not killed"
same_set out.h5
