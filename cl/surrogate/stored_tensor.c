#include "cl/surrogate/stored_tensor.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t pnas_stored_tensor_reserve(size_t *count, size_t size)
{
    size_t at = *count;
    *count += (size + 7) / 8 * 8;
    return at;
}

static size_t columns_of(const pnas_stored_tensor *tensor)
{
    return tensor->groups * tensor->width;
}

static pnas_status name_tensor(const pnas_stored_tensor *from, const float *parameters,
                               pnas_named_tensor *out)
{
    size_t columns = columns_of(from);
    out->data = malloc(from->rows * columns * sizeof *out->data);
    PNAS_CHECK(out->data, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    snprintf(out->name, sizeof out->name, "%s", from->name);
    out->rank = from->rank;
    out->shape[0] = from->rank == 2 ? from->rows : columns;
    out->shape[1] = from->rank == 2 ? columns : 0;
    for (size_t run = 0; run < from->rows * from->groups; ++run)
        memcpy(out->data + run * from->width, parameters + from->at + run * from->stride,
               from->width * sizeof *out->data);
    return PNAS_OK;
}

void pnas_named_tensors_free(pnas_named_tensor **tensors, size_t count)
{
    for (size_t i = 0; *tensors && i < count; ++i)
        free((*tensors)[i].data);
    free(*tensors);
    *tensors = NULL;
}

pnas_status pnas_stored_tensors_name(const pnas_stored_tensor *from, size_t count, const float *parameters,
                                     pnas_named_tensor **out)
{
    *out = calloc(count, sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    pnas_status status = PNAS_OK;
    for (size_t i = 0; status == PNAS_OK && i < count; ++i)
        status = name_tensor(&from[i], parameters, &(*out)[i]);
    if (status != PNAS_OK)
        pnas_named_tensors_free(out, count);
    return status;
}

static bool same_shape(const pnas_stored_tensor *to, const pnas_named_tensor *tensor)
{
    size_t columns = columns_of(to);
    if (tensor->rank != to->rank)
        return false;
    return to->rank == 2 ? tensor->shape[0] == to->rows && tensor->shape[1] == columns
                         : tensor->shape[0] == columns;
}

static pnas_status take_tensor(const pnas_stored_tensor *to, const pnas_named_tensor *tensors, size_t count,
                               float *parameters)
{
    size_t i = 0;
    while (i < count && strcmp(tensors[i].name, to->name) != 0)
        ++i;
    PNAS_CHECK(i < count, PNAS_ERROR_DATA, "the stored surrogate has no weights called %s", to->name);
    PNAS_CHECK(same_shape(to, &tensors[i]), PNAS_ERROR_DATA,
               "the stored surrogate's weights %s have another shape than this search's", to->name);
    for (size_t run = 0; run < to->rows * to->groups; ++run)
        memcpy(parameters + to->at + run * to->stride, tensors[i].data + run * to->width,
               to->width * sizeof *parameters);
    return PNAS_OK;
}

pnas_status pnas_stored_tensors_take(const pnas_stored_tensor *to, size_t count,
                                     const pnas_named_tensor *tensors, size_t tensor_count, float *parameters)
{
    for (size_t i = 0; i < count; ++i)
        PNAS_TRY(take_tensor(&to[i], tensors, tensor_count, parameters));
    return PNAS_OK;
}
