#include "src/regression/kernel_features.h"

#include <math.h>
#include <string.h>

int pnas_kernel_sides(int operators, const pnas_cell *cell, int *out)
{
    for (int b = 0; b < cell->blocks; ++b) {
        const pnas_block *block = &cell->block[b];
        out[2 * b] = pnas_kernel_side(operators, block->in1, block->op1);
        out[2 * b + 1] = pnas_kernel_side(operators, block->in2, block->op2);
    }
    return 2 * cell->blocks;
}

size_t pnas_kernel_x_size(int operators)
{
    return 2 * (size_t)(1 + PNAS_INPUT_KINDS) * (size_t)operators + 1;
}

size_t pnas_kernel_f_size(int operators)
{
    size_t O = (size_t)operators;
    return O + PNAS_INPUT_KINDS + PNAS_INPUT_KINDS * O + O * O + 1;
}

/* to [count] of counts among `all`, scaled, and to [count .. 2 count) their roots. */
static void add_roots(double *to, int count, int all, double scale)
{
    for (int i = 0; i < count; ++i) {
        double share = to[i] / all;
        to[i] = scale * share;
        to[count + i] = scale * PNAS_FEATURE_ROOT * sqrt(share);
    }
}

void pnas_kernel_x(int operators, const int *sides, int count, double *x)
{
    int O = operators;
    size_t size = pnas_kernel_x_size(O);
    memset(x, 0, size * sizeof *x);
    for (int s = 0; s < count; ++s) {
        ++x[sides[s] % O];
        ++x[2 * O + sides[s]];
    }
    add_roots(x, O, count, PNAS_FEATURE_OPERATOR);
    add_roots(x + 2 * (size_t)O, PNAS_INPUT_KINDS * O, count, PNAS_FEATURE_SIDE);
    x[size - 1] = PNAS_FEATURE_BLOCKS * log(count / 2.0);
}

void pnas_kernel_f(int operators, const int *sides, int count, double *f)
{
    int O = operators;
    size_t size = pnas_kernel_f_size(O);
    double *kind = f + O, *side = kind + PNAS_INPUT_KINDS, *pair = side + (size_t)PNAS_INPUT_KINDS * O;
    const double each = 1.0 / count; /* half of the mean over blocks */
    memset(f, 0, size * sizeof *f);
    for (int s = 0; s < count; ++s) {
        f[sides[s] % O] += each;
        kind[sides[s] / O] += each;
        side[sides[s]] += PNAS_FEATURE_RARE * each;
    }
    for (int s = 0; s < count; s += 2) {
        int a = sides[s] % O, b = sides[s + 1] % O, low = a < b ? a : b, high = a < b ? b : a;
        pair[low * O + high] += PNAS_FEATURE_RARE * each;
    }
    f[size - 1] = PNAS_FEATURE_LENGTH * log(count / 2.0);
}
