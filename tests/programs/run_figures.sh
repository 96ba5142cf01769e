# run_figures RUN.h5 [WEIGHT]: checksums of all in a run of two levels that must be the same whoever trained it, bit by
# bit; WEIGHT is one inside each of the surrogate's three members. Sourced; leaves figure.bin in the current folder.
run_figures() {
    local level name member
    for level in 1 2; do
        for name in cell hash accuracy predicted predicted_std history parameters multiply_adds; do
            h5dump -d "/levels/$level/$name" -b LE -o figure.bin "$1" >/dev/null
            printf '%s/%s %s\n' "$level" "$name" "$(sha256sum <figure.bin)"
        done
    done
    for member in 0 1 2; do
        for name in input_embedding "${2:-mlp/first_weight}" output/bias; do
            h5dump -d "/controller/2/$member/$name" -b LE -o figure.bin "$1" >/dev/null
            printf '%s/%s %s\n' "$member" "$name" "$(sha256sum <figure.bin)"
        done
    done
}
