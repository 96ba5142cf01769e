#include "src/regression/kernel_model.h"

#include "src/regression/linear_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MOST 16000000.0 /* numbers up to here are exact in a float */

static size_t size_of(size_t operators, size_t places, size_t count, size_t targets)
{
    return PNAS_KERNEL_HEAD + PNAS_INPUT_KINDS * operators + operators * operators + count * (1 + places) +
           targets;
}

/* Sets the fields by `values`, which have been checked. */
static void look_at(size_t size, float *values, pnas_kernel_model *out)
{
    int O = (int)values[PNAS_KERNEL_OPERATORS];
    *out = (pnas_kernel_model){.size = size,
                               .values = values,
                               .operators = O,
                               .places = (int)values[PNAS_KERNEL_PLACES],
                               .count = (size_t)values[PNAS_KERNEL_COUNT],
                               .share = values[PNAS_KERNEL_SHARE],
                               .bias = values[PNAS_KERNEL_BIAS],
                               .width = values[PNAS_KERNEL_WIDTH],
                               .length = values[PNAS_KERNEL_LENGTH],
                               .side = values + PNAS_KERNEL_HEAD,
                               .forest_share = values[PNAS_KERNEL_FOREST],
                               .targets = (size_t)values[PNAS_KERNEL_TARGETS]};
    out->pair = out->side + (size_t)PNAS_INPUT_KINDS * (size_t)O;
    out->weight = out->pair + (size_t)O * (size_t)O;
    out->sides = out->weight + out->count;
    out->target = out->sides + out->count * (size_t)out->places;
}

pnas_status pnas_kernel_make(int operators, int places, size_t count, size_t targets, pnas_kernel_model *out)
{
    size_t size = size_of((size_t)operators, (size_t)places, count, targets);
    float *values = calloc(size, sizeof *values);
    *out = (pnas_kernel_model){0};
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "no memory for the surrogate's kernel part of %zu cells", count);
    values[PNAS_KERNEL_OPERATORS] = (float)operators;
    values[PNAS_KERNEL_PLACES] = (float)places;
    values[PNAS_KERNEL_COUNT] = (float)count;
    values[PNAS_KERNEL_TARGETS] = (float)targets;
    look_at(size, values, out);
    return PNAS_OK;
}

void pnas_kernel_set(pnas_kernel_model *model, double bias, double width, double length)
{
    model->values[PNAS_KERNEL_BIAS] = model->bias = (float)bias;
    model->values[PNAS_KERNEL_WIDTH] = model->width = (float)width;
    model->values[PNAS_KERNEL_LENGTH] = model->length = (float)length;
}

void pnas_kernel_set_share(pnas_kernel_model *model, double share)
{
    model->values[PNAS_KERNEL_SHARE] = model->share = (float)share;
}

void pnas_kernel_free(pnas_kernel_model *model)
{
    pnas_forest_destroy(&model->forest);
    free(model->values);
    *model = (pnas_kernel_model){0};
}

static bool is_whole(float value, double least, double most)
{
    return value >= least && value <= most && value == floorf(value);
}

static bool heads_model(int operators, const float *values, size_t size)
{
    const float *v = values;
    return size >= PNAS_KERNEL_HEAD && is_whole(v[PNAS_KERNEL_OPERATORS], operators, operators) &&
           is_whole(v[PNAS_KERNEL_PLACES], 1, 2 * PNAS_BLOCKS_MAX) &&
           is_whole(v[PNAS_KERNEL_COUNT], 0, COUNT_MOST) && v[PNAS_KERNEL_SHARE] >= 0 &&
           v[PNAS_KERNEL_SHARE] <= 1 && v[PNAS_KERNEL_WIDTH] > 0 && v[PNAS_KERNEL_FOREST] >= 0 &&
           v[PNAS_KERNEL_FOREST] <= 1 &&
           is_whole(v[PNAS_KERNEL_TARGETS], v[PNAS_KERNEL_FOREST] > 0, v[PNAS_KERNEL_COUNT]) &&
           size == size_of((size_t)operators, (size_t)v[PNAS_KERNEL_PLACES], (size_t)v[PNAS_KERNEL_COUNT],
                           (size_t)v[PNAS_KERNEL_TARGETS]);
}

/* At least one side a cell, and none behind the last. */
static bool has_sides(const pnas_kernel_model *m)
{
    for (size_t i = 0; i < m->count; ++i) {
        const float *side = m->sides + i * (size_t)m->places;
        int found = 0;
        while (found < m->places && is_whole(side[found], 0, PNAS_INPUT_KINDS * m->operators - 1))
            ++found;
        for (int s = found; s < m->places; ++s)
            if (side[s] != -1)
                return false;
        if (found == 0 || found % 2 == 1)
            return false;
    }
    return true;
}

static bool has_targets(const pnas_kernel_model *m)
{
    for (size_t i = 0; i < m->targets; ++i)
        if (!isfinite(m->target[i]))
            return false;
    return true;
}

/* --- the forest --- */

static size_t counts_size(int operators)
{
    return (size_t)operators + PNAS_INPUT_KINDS + 1;
}

void pnas_kernel_counts(int operators, const int *sides, int count, uint8_t *out)
{
    memset(out, 0, counts_size(operators));
    for (int s = 0; s < count; ++s) {
        ++out[sides[s] % operators];
        ++out[operators + sides[s] / operators];
    }
    out[operators + PNAS_INPUT_KINDS] = (uint8_t)(count / 2);
}

static void count_cell(const pnas_kernel_model *m, size_t cell, uint8_t *out)
{
    const float *from = m->sides + cell * (size_t)m->places;
    int sides[2 * PNAS_BLOCKS_MAX], count = 0;
    for (; count < m->places && from[count] >= 0; ++count)
        sides[count] = (int)from[count];
    pnas_kernel_counts(m->operators, sides, count, out);
}

/* Of a model whose values have been checked. */
static pnas_status grow_forest(pnas_kernel_model *m)
{
    size_t features = counts_size(m->operators);
    pnas_forest *forest = NULL;
    if (m->targets == 0)
        return PNAS_OK;
    uint8_t *row = malloc(m->targets * features);
    PNAS_CHECK(row, PNAS_ERROR_MEMORY, "no memory for a forest over %zu cells", m->targets);
    for (size_t i = 0; i < m->targets; ++i)
        count_cell(m, i, row + i * features);
    pnas_status status = pnas_forest_fit(row, m->target, m->targets, features, &forest);
    m->forest = forest;
    free(row);
    return status;
}

pnas_status pnas_kernel_add_forest(pnas_kernel_model *model, double share, const double *accuracy,
                                   size_t count)
{
    pnas_kernel_model with;
    if (share <= 0)
        return PNAS_OK;
    PNAS_TRY(pnas_kernel_make(model->operators, model->places, model->count, count, &with));
    memcpy(with.values, model->values, (model->size - model->targets) * sizeof *with.values);
    with.values[PNAS_KERNEL_FOREST] = (float)share;
    with.values[PNAS_KERNEL_TARGETS] = (float)count;
    look_at(with.size, with.values, &with);
    for (size_t i = 0; i < count; ++i)
        with.target[i] = (float)pnas_logit(accuracy[i], PNAS_ACCURACY_MARGIN);
    pnas_status status = grow_forest(&with);
    if (status == PNAS_OK) {
        pnas_kernel_model before = *model;
        *model = with;
        with = before;
    }
    pnas_kernel_free(&with);
    return status;
}

/* --- from values --- */

pnas_status pnas_kernel_take(int operators, const float *values, size_t size, pnas_kernel_model *out)
{
    *out = (pnas_kernel_model){0};
    PNAS_CHECK(heads_model(operators, values, size), PNAS_ERROR_DATA,
               "the surrogate's kernel part is damaged or of another number of operators than %d", operators);
    float *copy = malloc(size * sizeof *copy);
    PNAS_CHECK(copy, PNAS_ERROR_MEMORY, "no memory for the surrogate's kernel part");
    memcpy(copy, values, size * sizeof *copy);
    look_at(size, copy, out);
    pnas_status status =
        has_sides(out) && has_targets(out)
            ? grow_forest(out)
            : pnas_fail(PNAS_ERROR_DATA,
                        "the surrogate's kernel part is damaged: the cells that it was fit to "
                        "have sides that there are not, or no logits");
    if (status != PNAS_OK)
        pnas_kernel_free(out);
    return status;
}

int pnas_kernel_side(int operators, int input, int op)
{
    return pnas_input_kind(input) * operators + op;
}
