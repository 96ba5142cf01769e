#!/usr/bin/env bash
# net_cases.sh SOURCE_DIR PNAS_NET PNAS_MPI PNAS_TRAIN: pnas_net from outside, on the weights that a small search
# leaves and on a small network that pnas_train made.
set -euo pipefail
source_dir=$1
pnas_net=$2
pnas_mpi=$3
pnas_train=$4

. "$(dirname "${BASH_SOURCE[0]}")/../own_folder.sh"

# net CODE ARGUMENTS...: stdout and stderr go to last.out and last.err
net() {
    local code=$1 found=0
    shift
    "$pnas_net" "$@" >last.out 2>last.err || found=$?
    [ "$found" -eq "$code" ] || fail "exit code $found, not $code: pnas_net $*"
    [ "$code" -eq 0 ] || [ "$(grep -c 'error:' last.err)" -eq 1 ] || [ "$code" -eq 64 ] || fail "not one sentence: $*"
}

expect() {
    grep -qE -- "$2" "$1" || fail "$1 has no line like '$2'"
}

"$pnas_mpi" "$source_dir/configs/demo.yaml" -o run.h5 --set keep_weights=1 --set space.blocks=1 --set search.first=1 \
    --set training.epochs=2 >search.out 2>search.err || fail "no search"
w=run.1.weights.h5
"$pnas_train" "$source_dir/tests/programs/tiny.yaml" --cell "-1:sep3+-2:max3" -o net.h5 --set training.epochs=2 \
    --set training.average=0.9 --set network.auxiliary=0.4 >train.out 2>train.err || fail "no training"

for seconds in 2 4 8 16 32; do # a training that is stopped before its first update leaves no file
    [ -e half.h5 ] || "$pnas_train" "$source_dir/tests/programs/tiny.yaml" --cell "-1:sep3+-2:max3" -o half.h5 \
        --set training.epochs=10000 --time-limit $seconds >half.out 2>half.err || [ $? -eq 75 ] || fail "no training"
done
net 0 test half.h5
expect last.err 'half.h5: its training is not over; these are the weights after [0-9]+ epochs'

net 0 info $w
expect last.out '^images +8 x 8 x 1 '
expect last.out '^stem/convolution +8 x 8 x 24 +[0-9]+ +13824$'
[ "$(awk '/^parameters/ { print $2 }' last.out)" -eq \
    "$(awk 'seen { sum += $(NF - 1) } /^layer/ { seen = 1 } END { print sum }' last.out)" ] ||
    fail "the parameters of the layers are not those of the network"

net 0 test $w --confusion confusion.csv
expect last.out '^data set +digits, test part, 359 images$'
accuracy=$(awk '/^accuracy/ { print $2 }' last.out)
right=$(awk -F, 'NR > 1 { sum += $NR } END { print sum }' confusion.csv)
awk -v a="$accuracy" -v r="$right" 'BEGIN { exit !(a - r / 359 < 1e-4 && r / 359 - a < 1e-4) }' ||
    fail "accuracy $accuracy is not $right of 359"
[ "$(h5dump -n $w | grep -c '/test')" -eq 0 ] || fail "figures were written without --write"
net 0 test $w
cp last.out whole.out
net 0 test $w --crop 1
cmp whole.out last.out || fail "--crop 1 is another test"
net 0 test $w --crop 0.875
expect last.out '^crop +0\.875 of both sides of each image, from its middle$'
net 0 test $w --crop 0.5
! diff <(grep -v '^crop ' last.out) whole.out || fail "--crop makes no difference"
net 0 test $w --crop 0.5 --json
expect last.out '"crop": 0\.5,'
for share in 0 -1 1.5 half nan; do
    net 64 test $w --crop $share
    expect last.err "--crop: '$share' is no share above 0 and at most 1, such as 0.875"
done
net 64 test $w --crop 0.5 --write
net 0 test $w --write --json
expect last.out '"trained_on_this": true, "crop": 1,'
net 0 info $w
expect last.out "^test +$accuracy, .*359 images of digits"

net 0 predict $w --data digits --csv -o all.csv
[ "$(wc -l <all.csv)" -eq 360 ] || fail "not one line an image"
net 0 predict $w --data digits --json
[ "$(grep -c '"probabilities"' last.out)" -eq 359 ] || fail "not one object an image"
net 0 predict $w --data digits --json --json -o twice.txt
"$pnas_net" predict $w --data digits --json >/dev/full 2>last.err && fail "a full disk was not noticed" || [ $? -eq 74 ] ||
    fail "exit code of a full disk"
expect last.err 'standard output cannot be written: (No space left|a part of it was lost)'
net 64 predict $w --data digits --csv --json
expect last.err 'exclude each other'

net 0 export $w --format safetensors -o w.safetensors
[ "$(head -c 9 w.safetensors | tail -c 1)" = '{' ] || fail "no header"
net 0 export $w --format onnx -o w.onnx
net 64 export $w --format onnx
net 64 export $w --format gif -o w.gif
for option in --keep-norm --pixels=255; do
    net 64 export $w --format safetensors -o ignored.safetensors $option
    expect last.err "${option%=*} is for --format onnx; safetensors has no such choice"
    [ ! -e ignored.safetensors ] || fail "safetensors with $option were written"
done
net 74 export $w --format onnx -o nowhere/w.onnx

# The better of the last weights and their average, the same for test, predict and export.
validation=$(sed -En 's/.*epoch 2 of 2.*validation ([0-9.]+), of the average ([0-9.]+);.*/\1 \2/p' train.err)
better=$(awk '{ print ($2 >= $1 ? "average" : "last") }' <<<"$validation")
expect train.err "net.h5 is complete after .*: of the last weights ${validation% *}, of the average ${validation#* }$"
net 0 test net.h5
expect last.out "^weights +$better$"
expect last.err "pnas_net: takes the (moving|last).*on the validation images"
net 74 predict net.h5 absent.png
! grep -q takes last.err || fail "weights were named before an image that is not there"
net 74 export net.h5 --format onnx -o nowhere/w.onnx
! grep -q takes last.err || fail "weights were named before a folder that is not there"
net 0 info net.h5
expect last.out "^network +filters [0-9]+, repeats [0-9]+, stem_multiplier [0-9]+$"
expect last.out "^validation +${validation% *}, with the last weights$"
expect last.out "^average .*; $([ "$better" = last ] && echo those are || echo it is) taken: "
net 0 report net.h5 -o net.html
expect net.html "Validation accuracy</span><b>$(awk -v b=$better '{ print (b == "average" ? $2 : $1) }' <<<"$validation")</b><span>of the (last|moving)"
expect net.html "Test it, and keep the figures for this page"
! grep -Eq '^(space|search|surrogate):' net.html && grep -q '^network:' net.html || fail "the keys of a network's page"
! awk '/<pre>title/,/<.pre>/' net.html | grep -q '^$' || fail "blank lines among the keys"
cp net.h5 tested.h5
net 0 test tested.h5 --weights last --write
net 0 info tested.h5
expect last.out "^test .*; weights: last\)$"
net 0 report tested.h5 -o tested.html
expect tested.html "images of [^<]*; of the last weights<"
net 0 predict net.h5 --data digits --csv -o better.csv
for weights in average last; do
    net 0 predict net.h5 --data digits --csv -o $weights.csv --weights $weights
    net 0 test net.h5 --weights $weights --json
    expect last.out "\"weights\": \"$weights\""
    net 0 export net.h5 --format onnx -o $weights.onnx --weights $weights
done
net 0 export net.h5 --format onnx -o better.onnx
cmp -s better.csv $better.csv && cmp -s better.onnx $better.onnx || fail "predict or export does not take the $better weights"
! cmp -s last.csv average.csv || fail "the average is no other weights"
net 64 test $w --weights average
expect last.err 'has no moving average'

# The whole network as a graph: each part with its shape, arrows to what it reads.
net 0 info net.h5 --draw net.gv
expect last.out '^auxiliary +classifier of [0-9]+ parameters at two thirds'
expect net.gv '<B>cell 0</B>.*8 x 8 x 4<'
expect net.gv '<B>cell 2, stride 2</B>.*2 x 2 x 16<'
expect net.gv '<B>auxiliary classifier, in training only</B>.*10 classes'
expect net.gv 'part3 -> part5;'             # cell 1 to the auxiliary classifier
expect net.gv 'part2 -> part4 .style=dashed' # cell 0 is H(c-2) of cell 2
expect net.gv 'sum0 -> concatenation'
net 0 info $w --draw w.gv
[ "$(grep -c '<B>cell [0-9]' w.gv)" -eq "$(grep -oE '^cell_[0-9]+' last.out | sort -u | wc -l)" ] || fail "other cells"
! grep -q auxiliary w.gv || fail "an auxiliary classifier that is not there is drawn"
if command -v dot >/dev/null; then
    net 0 info $w --draw w.svg
    grep -q '>cell 2, stride 2<' w.svg || fail "w.svg shows no cell 2"
fi
net 64 info $w --draw w.gif

# Pictures.
if command -v gnuplot >/dev/null; then
    for plot in curves confusion; do
        net 0 plot $w --plot $plot -o $plot.svg
        grep -q '<svg' $plot.svg || fail "$plot is no picture"
    done
    ! grep -q '> *1[.][0-9]*<' curves.svg || fail "a tick of the curves is a part of an epoch"
    ! grep -q '<image' confusion.svg || fail "the confusion matrix is a bitmap, which viewers blur"
    grep -q 'images of digits' confusion.svg || fail "the confusion matrix does not say of what"
    net 0 test $w --worst 7 -o worst.SVG --confusion matrix.PNG
    head -c 4 matrix.PNG | grep PNG >/dev/null || fail "the confusion matrix is no picture"
    grep -q 'the 7 worst of 359 test images' worst.SVG || fail "worst.SVG has no title"
    [ "$(grep -c '<polygon\|<rect' worst.SVG)" -ge $((7 * 64)) ] || fail "worst.SVG does not show 7 images of 64 pixels"
    net 64 test $w --worst 7 -o worst.gif
fi
net 64 test $w --worst 7
cp worst.png image.png 2>/dev/null || printf 'no picture\n' >image.png
cp image.png before.png
net 64 predict $w image.png --csv -o image.png
expect last.err '-o image.png: is one of the images; name another file'
cmp before.png image.png || fail "an image was replaced by what was found in it"
net 64 test $w -o worst.svg
net 64 test $w --confusion confusion.jpg
expect last.err "'confusion.jpg' does not end in .csv, .svg, .png or .pdf"
net 64 test $w --worst 0 -o worst.svg
net 64 plot $w --plot circles -o p.svg
net 64 plot $w --plot curves

# Bad input: one sentence, 65, nothing half-written.
head -c 30000 $w >cut.h5
cp "$source_dir/README.md" text.h5
for bad in cut.h5 text.h5 run.h5 gone.h5; do
    code=65
    [ $bad != gone.h5 ] || code=74
    net $code info $bad
    net $code test $bad
    net $code export $bad --format onnx -o none.csv
    net $code predict $bad --data digits -o none.csv
done
net 65 info run.h5
expect last.err 'is the run file of a search; pnas_train'
net 65 predict $w text.h5 -o none.csv
expect last.err 'text.h5: is no image'
net 74 predict $w gone.png -o none.csv
net 65 test $w --data text.h5
net 74 test $w --data gone.h5
net 74 predict $w --data gone.h5 -o none.csv
net 74 predict $w --data digits -o nowhere/none.csv
net 64 predict $w
net 64 predict $w --data digits --hdf5
expect last.err 'name it with -o'
net 69 predict $w --data digits --device nonesuch
POCL_MEMORY_LIMIT=1 net 69 test $w --batch 65536 # GiB
expect last.err '--batch 65536 is too large here, take fewer'
net 64 dance $w
net 64 test
net 64 test $w --weights heavy
[ ! -e none.csv ] && [ -z "$(find . -name '*.partial')" ] || fail "something half-written is left"
