#include "src/regression/kernel_values.h"

#include "src/regression/kernel_features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Cells fit to stand side by side in lanes, which are added up LANES at a time; those that fill up the last
 * have no weight. */
enum { LANES = 16, SIDES_MAX = PNAS_INPUT_KINDS * PNAS_OPERATORS_MAX };

struct pnas_kernel_values {
    const pnas_kernel_model *model;
    int blocks, operators;
    int operator_of[PNAS_OPERATORS_MAX];
    size_t lanes;                          /* n, filled up */
    float *weight;                         /* [lanes]: with the covariance of a cell that has nothing */
    float *side, *op;                      /* [3 operators], [operators], each [2 blocks][lanes]: see step */
    float *product, *first, *again, *next; /* [lanes]; next: [3 operators][lanes]; what is worked with */
};

/* The factors [lanes] of one more of a side or an operator where `count` of it are. */
static float *step(float *table, const pnas_kernel_values *v, int number, int count)
{
    return table + ((size_t)number * (size_t)(2 * v->blocks) + (size_t)count) * v->lanes;
}

/* --- tables --- */

/* How far a share of c / all is from one whose share and root in x are given, less how far none is. */
static double further(int c, int all, double scale, double share, double root)
{
    double value = scale * c / all, of_root = scale * PNAS_FEATURE_ROOT * sqrt((double)c / all);
    return value * (value - 2 * share) + of_root * (of_root - 2 * root);
}

/* The factor of one more of what there are c of. */
static float factor_of(int c, int all, double scale, double share, double root, double width)
{
    double more = further(c + 1, all, scale, share, root) - further(c, all, scale, share, root);
    return (float)exp(-more / (2 * width * width));
}

static void fill_lane(pnas_kernel_values *v, size_t lane, const double *x)
{
    const pnas_kernel_model *m = v->model;
    int O = m->operators, S = PNAS_INPUT_KINDS * O, all = 2 * v->blocks;
    const double *side = x + 2 * (size_t)O;
    const double log_blocks = PNAS_FEATURE_BLOCKS * log(v->blocks), width = m->width;
    size_t last = pnas_kernel_x_size(O) - 1;
    double nothing = (x[last] - log_blocks) * (x[last] - log_blocks);
    for (size_t i = 0; i < last; ++i)
        nothing += x[i] * x[i];
    v->weight[lane] = (float)(m->weight[lane] * exp(-nothing / (2 * width * width)));
    for (int op = 0; op < v->operators; ++op)
        for (int c = 0; c < all; ++c) {
            int known = v->operator_of[op];
            step(v->op, v, op, c)[lane] =
                factor_of(c, all, PNAS_FEATURE_OPERATOR, x[known], x[O + known], width);
            for (int kind = 0; kind < PNAS_INPUT_KINDS; ++kind) {
                int number = kind * O + known;
                step(v->side, v, kind * v->operators + op, c)[lane] =
                    factor_of(c, all, PNAS_FEATURE_SIDE, side[number], side[S + number], width);
            }
        }
}

static pnas_status fill(pnas_kernel_values *v)
{
    const pnas_kernel_model *m = v->model;
    double *x = malloc(pnas_kernel_x_size(m->operators) * sizeof *x);
    PNAS_CHECK(x, PNAS_ERROR_MEMORY, "no memory for the surrogate's kernel part");
    for (size_t i = 0; i < m->count; ++i) {
        int sides[2 * PNAS_BLOCKS_MAX], count = 0;
        const float *from = m->sides + i * (size_t)m->places;
        for (; count < m->places && from[count] >= 0; ++count)
            sides[count] = (int)from[count];
        pnas_kernel_x(m->operators, sides, count, x);
        fill_lane(v, i, x);
    }
    free(x);
    return PNAS_OK;
}

static pnas_status make_room(pnas_kernel_values *v)
{
    size_t O = (size_t)v->operators, S = PNAS_INPUT_KINDS * O, counts = 2 * (size_t)v->blocks;
    size_t lanes = v->lanes, rows = 1 + (S + O) * counts + 3 + S;
    v->weight = aligned_alloc(64, rows * lanes * sizeof *v->weight);
    PNAS_CHECK(v->weight, PNAS_ERROR_MEMORY, "no memory for the surrogate's kernel part");
    for (size_t i = 0; i < rows * lanes; ++i)
        v->weight[i] = i < lanes ? 0 : 1;
    v->side = v->weight + lanes;
    v->op = v->side + S * counts * lanes;
    v->product = v->op + O * counts * lanes;
    v->first = v->product + lanes;
    v->again = v->first + lanes;
    v->next = v->again + lanes;
    return PNAS_OK;
}

pnas_status pnas_kernel_values_create(const pnas_kernel_model *model, int blocks, int operators,
                                      const int *operator_of, pnas_kernel_values **out)
{
    pnas_kernel_values *v = calloc(1, sizeof *v);
    *out = NULL;
    PNAS_CHECK(v, PNAS_ERROR_MEMORY, "no memory for the surrogate's kernel part");
    v->model = model;
    v->blocks = blocks;
    v->operators = operators;
    for (int op = 0; op < operators; ++op)
        v->operator_of[op] = operator_of ? operator_of[op] : op;
    v->lanes = (model->count + LANES - 1) / LANES * LANES;
    v->lanes = v->lanes ? v->lanes : LANES;
    pnas_status status = make_room(v);
    if (status == PNAS_OK)
        status = fill(v);
    if (status != PNAS_OK)
        pnas_kernel_values_destroy(&v);
    *out = v;
    return status;
}

void pnas_kernel_values_destroy(pnas_kernel_values **values)
{
    if (*values)
        free((*values)->weight);
    free(*values);
    *values = NULL;
}

/* --- sums over the cells fit to --- */

static void multiply(const float *restrict by, size_t lanes, float *restrict product)
{
    for (size_t i = 0; i < lanes; i += LANES)
        for (size_t j = 0; j < LANES; ++j)
            product[i + j] *= by[i + j];
}

static double total(const float part[LANES])
{
    double all = 0;
    for (size_t j = 0; j < LANES; ++j)
        all += part[j];
    return all;
}

static double sum(const float *restrict a, size_t lanes)
{
    float part[LANES] = {0};
    for (size_t i = 0; i < lanes; i += LANES)
        for (size_t j = 0; j < LANES; ++j)
            part[j] += a[i + j];
    return total(part);
}

static double dot(const float *restrict a, const float *restrict b, size_t lanes)
{
    float part[LANES] = {0};
    for (size_t i = 0; i < lanes; i += LANES)
        for (size_t j = 0; j < LANES; ++j)
            part[j] += a[i + j] * b[i + j];
    return total(part);
}

/* --- cells --- */

typedef struct { /* how often each stands in the cell so far */
    int side[SIDES_MAX], op[PNAS_OPERATORS_MAX];
} side_counts;

static void add_side(const pnas_kernel_values *v, int side, side_counts *counts, float *product)
{
    int op = side % v->operators;
    multiply(step(v->side, v, side, counts->side[side]++), v->lanes, product);
    multiply(step(v->op, v, op, counts->op[op]++), v->lanes, product);
}

/* What two sides of a block add to the linear half of the logit. */
static double block_effect(const pnas_kernel_values *v, int side1, int side2)
{
    const pnas_kernel_model *m = v->model;
    int O = v->operators, op1 = v->operator_of[side1 % O], op2 = v->operator_of[side2 % O];
    double sum = m->side[side1 / O * m->operators + op1] + m->side[side2 / O * m->operators + op2] +
                 m->pair[op1 * m->operators + op2];
    return sum / v->blocks;
}

/* The linear half of the logit; v->product and the counts are those of the blocks of `cell`. */
static double begin(pnas_kernel_values *v, const pnas_cell *cell, side_counts *counts)
{
    double linear = v->model->bias + v->model->length * log(v->blocks);
    int sides[2 * PNAS_BLOCKS_MAX], count = pnas_kernel_sides(v->operators, cell, sides);
    memset(counts, 0, sizeof *counts);
    memcpy(v->product, v->weight, v->lanes * sizeof *v->product);
    for (int s = 0; s < count; ++s)
        add_side(v, sides[s], counts, v->product);
    for (int s = 0; s < count; s += 2)
        linear += block_effect(v, sides[s], sides[s + 1]);
    return linear;
}

/* --- the forest beside --- */

enum { COUNTS_MAX = PNAS_OPERATORS_MAX + PNAS_INPUT_KINDS + 1 };

/* The counts of the blocks of `cell` in the model's numbers, of a cell of v->blocks blocks. */
static void begin_counts(const pnas_kernel_values *v, const pnas_cell *cell, uint8_t out[COUNTS_MAX])
{
    int sides[2 * PNAS_BLOCKS_MAX], count = pnas_kernel_sides(v->operators, cell, sides);
    for (int s = 0; s < count; ++s)
        sides[s] = sides[s] / v->operators * v->model->operators + v->operator_of[sides[s] % v->operators];
    pnas_kernel_counts(v->model->operators, sides, count, out);
    out[v->model->operators + PNAS_INPUT_KINDS] = (uint8_t)v->blocks;
}

static void count_side(const pnas_kernel_values *v, int side, int more, uint8_t counts[COUNTS_MAX])
{
    uint8_t *op = &counts[v->operator_of[side % v->operators]],
            *kind = &counts[v->model->operators + side / v->operators];
    *op = (uint8_t)(*op + more);
    *kind = (uint8_t)(*kind + more);
}

static double with_forest(const pnas_kernel_values *v, double logit, const uint8_t *counts)
{
    const double share = v->model->forest_share;
    return (1 - share) * logit + share * pnas_forest_value(v->model->forest, counts);
}

/* --- of a cell --- */

double pnas_kernel_values_of(pnas_kernel_values *v, const pnas_cell *cell)
{
    side_counts counts;
    uint8_t plain[COUNTS_MAX];
    double logit = begin(v, cell, &counts);
    logit += sum(v->product, v->lanes);
    if (!v->model->forest)
        return logit;
    begin_counts(v, cell, plain);
    return with_forest(v, logit, plain);
}

/* --- of all cells after a prefix --- */

/* The factor that a side is after those of `counts`, to out [lanes]. */
static void next_factor(const pnas_kernel_values *v, const side_counts *counts, int side, float *out)
{
    int op = side % v->operators;
    memcpy(out, step(v->side, v, side, counts->side[side]), v->lanes * sizeof *out);
    multiply(step(v->op, v, op, counts->op[op]), v->lanes, out);
}

/* The sums of a cell that ends with side1 and any from side1 on, to out. */
static void finish_with(pnas_kernel_values *v, const side_counts *before, int side1, double linear,
                        float *out)
{
    int O = v->operators, S = PNAS_INPUT_KINDS * O;
    side_counts counts = *before;
    memcpy(v->first, v->product, v->lanes * sizeof *v->first);
    add_side(v, side1, &counts, v->first);
    for (int side2 = side1; side2 < S; ++side2) {
        const float *factor = v->next + (size_t)side2 * v->lanes;
        if (side2 % O == side1 % O) {
            next_factor(v, &counts, side2, v->again);
            factor = v->again;
        }
        double logit = linear + block_effect(v, side1, side2) + dot(v->first, factor, v->lanes);
        out[side1 * S + side2] = out[side2 * S + side1] = (float)logit;
    }
}

/* out has the logits of the process. */
static void add_forest(const pnas_kernel_values *v, const pnas_cell *prefix, float *out)
{
    int S = PNAS_INPUT_KINDS * v->operators;
    uint8_t counts[COUNTS_MAX];
    begin_counts(v, prefix, counts);
    for (int side1 = 0; side1 < S; ++side1) {
        count_side(v, side1, 1, counts);
        for (int side2 = side1; side2 < S; ++side2) {
            count_side(v, side2, 1, counts);
            float *one = &out[side1 * S + side2];
            *one = out[side2 * S + side1] = (float)with_forest(v, *one, counts);
            count_side(v, side2, -1, counts);
        }
        count_side(v, side1, -1, counts);
    }
}

void pnas_kernel_values_after(pnas_kernel_values *v, const pnas_cell *prefix, float *out)
{
    side_counts counts;
    double linear = begin(v, prefix, &counts);
    int S = PNAS_INPUT_KINDS * v->operators;
    for (int side = 0; side < S; ++side)
        next_factor(v, &counts, side, v->next + (size_t)side * v->lanes);
    for (int side = 0; side < S; ++side)
        finish_with(v, &counts, side, linear, out);
    if (v->model->forest)
        add_forest(v, prefix, out);
}
