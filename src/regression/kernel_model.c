#include "src/regression/kernel_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MOST 16000000.0 /* numbers up to here are exact in a float */

static size_t size_of(size_t operators, size_t places, size_t count)
{
    return PNAS_KERNEL_HEAD + PNAS_INPUT_KINDS * operators + operators * operators + count * (1 + places);
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
                               .side = values + PNAS_KERNEL_HEAD};
    out->pair = out->side + (size_t)PNAS_INPUT_KINDS * (size_t)O;
    out->weight = out->pair + (size_t)O * (size_t)O;
    out->sides = out->weight + out->count;
}

pnas_status pnas_kernel_make(int operators, int places, size_t count, pnas_kernel_model *out)
{
    size_t size = size_of((size_t)operators, (size_t)places, count);
    float *values = calloc(size, sizeof *values);
    *out = (pnas_kernel_model){0};
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "no memory for the surrogate's kernel part of %zu cells", count);
    values[PNAS_KERNEL_OPERATORS] = (float)operators;
    values[PNAS_KERNEL_PLACES] = (float)places;
    values[PNAS_KERNEL_COUNT] = (float)count;
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
           v[PNAS_KERNEL_SHARE] <= 1 && v[PNAS_KERNEL_WIDTH] > 0 &&
           size == size_of((size_t)operators, (size_t)v[PNAS_KERNEL_PLACES], (size_t)v[PNAS_KERNEL_COUNT]);
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

pnas_status pnas_kernel_take(int operators, const float *values, size_t size, pnas_kernel_model *out)
{
    *out = (pnas_kernel_model){0};
    PNAS_CHECK(heads_model(operators, values, size), PNAS_ERROR_DATA,
               "the surrogate's kernel part is damaged or of another number of operators than %d", operators);
    float *copy = malloc(size * sizeof *copy);
    PNAS_CHECK(copy, PNAS_ERROR_MEMORY, "no memory for the surrogate's kernel part");
    memcpy(copy, values, size * sizeof *copy);
    look_at(size, copy, out);
    if (has_sides(out))
        return PNAS_OK;
    pnas_kernel_free(out);
    return pnas_fail(PNAS_ERROR_DATA, "the surrogate's kernel part is damaged: the cells that it was fit to "
                                      "have sides that there are not");
}

int pnas_kernel_side(int operators, int input, int op)
{
    return pnas_input_kind(input) * operators + op;
}
