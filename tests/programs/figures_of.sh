# figures_of RUN.h5: all figures of a run of two levels that must not depend on ranks, stops and kills, exactly, as text.
# Sourced.
figures_of() {
    local level name datasets=()
    for level in 1 2; do
        for name in cell hash accuracy predicted predicted_std history parameters multiply_adds; do
            datasets+=(-d "/levels/$level/$name")
        done
    done
    h5dump -A 0 -m %a "${datasets[@]}" -g /controller "$1" | tail -n +2
}
