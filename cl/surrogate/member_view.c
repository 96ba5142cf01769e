#include "cl/surrogate/member_view.h"

#include <string.h>

#define UNITS_MAX 4096

static const pnas_named_tensor *find(const pnas_member_tensors *tensors, const char *name)
{
    for (size_t i = 0; i < tensors->count; ++i)
        if (strcmp(tensors->tensor[i].name, name) == 0)
            return &tensors->tensor[i];
    return NULL;
}

bool pnas_member_has(const pnas_member_tensors *tensors, const char *name)
{
    return find(tensors, name) != NULL;
}

pnas_status pnas_member_matrix(const pnas_member_tensors *tensors, const char *name, size_t *rows,
                               size_t *columns, const float **out)
{
    const pnas_named_tensor *tensor = find(tensors, name);
    PNAS_CHECK(tensor && tensor->rank == 2, PNAS_ERROR_DATA,
               "the surrogate has no matrix %s: it is of no model that scores a space", name);
    PNAS_CHECK(tensor->shape[0] > 0 && tensor->shape[1] > 0 && tensor->shape[0] <= 4 * UNITS_MAX &&
                   tensor->shape[1] <= 4 * UNITS_MAX && (*columns == 0 || tensor->shape[1] == *columns) &&
                   (*rows == 0 || tensor->shape[0] == *rows),
               PNAS_ERROR_DATA, "the surrogate's %s is %zu x %zu, which does not fit its other tensors", name,
               tensor->shape[0], tensor->shape[1]);
    *rows = tensor->shape[0];
    *columns = tensor->shape[1];
    *out = tensor->data;
    return PNAS_OK;
}

pnas_status pnas_member_vector(const pnas_member_tensors *tensors, const char *name, size_t size,
                               const float **out)
{
    const pnas_named_tensor *tensor = find(tensors, name);
    PNAS_CHECK(tensor && tensor->rank == 1 && tensor->shape[0] == size, PNAS_ERROR_DATA,
               "the surrogate has no vector %s of %zu values: it is of no model that scores a space", name,
               size);
    *out = tensor->data;
    return PNAS_OK;
}

pnas_status pnas_member_view_embeddings(const pnas_member_tensors *tensors, pnas_member_view *out)
{
    *out = (pnas_member_view){0};
    PNAS_TRY(
        pnas_member_matrix(tensors, "input_embedding", &out->inputs, &out->embedding, &out->input_embedding));
    return pnas_member_matrix(tensors, "operator_embedding", &out->operators, &out->embedding,
                              &out->operator_embedding);
}

pnas_status pnas_member_view_rest(const pnas_member_tensors *tensors, pnas_member_view *view)
{
    PNAS_TRY(pnas_member_vector(tensors, "output/weight", view->hidden, &view->output_weight));
    PNAS_TRY(pnas_member_vector(tensors, "output/bias", 1, &view->output_bias));
    if (!pnas_member_has(tensors, "linear/share"))
        return PNAS_OK;
    PNAS_TRY(pnas_member_vector(tensors, "linear/share", 1, &view->share));
    PNAS_TRY(pnas_member_vector(tensors, "linear/bias", 1, &view->linear_bias));
    PNAS_TRY(pnas_member_matrix(tensors, "linear/side", &view->inputs, &view->operators, &view->side));
    return pnas_member_matrix(tensors, "linear/pair", &view->operators, &view->operators, &view->pair);
}

pnas_status pnas_member_view_check(const pnas_member_view *view, int operators, const int *operator_of)
{
    for (int i = 0; i < operators; ++i) {
        int known = operator_of ? operator_of[i] : i;
        PNAS_CHECK(known >= 0 && (size_t)known < view->operators, PNAS_ERROR_DATA,
                   "the surrogate knows %zu operators; number %d is asked for", view->operators, known);
    }
    return PNAS_OK;
}

const float *pnas_member_input(const pnas_member_view *view, size_t input)
{
    return view->input_embedding + (input < view->inputs ? input : view->inputs - 1) * view->embedding;
}

const float *pnas_member_operator(const pnas_member_view *view, const int *operator_of, size_t op)
{
    return view->operator_embedding + (operator_of ? (size_t)operator_of[op] : op) * view->embedding;
}
