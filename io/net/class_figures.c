#include "io/net/class_figures.h"

pnas_class_figures pnas_class_figures_of(const pnas_network_test *test, int classes, int index)
{
    size_t width = (size_t)classes, at = (size_t)index;
    pnas_class_figures figures = {.right = test->confusion[at * width + at]};
    for (size_t c = 0; c < width; ++c) {
        figures.images += test->confusion[at * width + c];
        figures.predicted += test->confusion[c * width + at];
    }
    return figures;
}
