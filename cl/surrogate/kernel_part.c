#include "cl/surrogate/kernel_part.h"

#include "cl/surrogate/stored_tensor.h"
#include "src/regression/kernel_values.h"

#include <stdlib.h>
#include <string.h>

enum { TENSORS = 10, FOREST_TENSORS = 2 }; /* the forest's come last */

/* --- as tensors --- */

/* How many they are. */
static size_t list_tensors(const pnas_kernel_model *model, pnas_stored_tensor out[TENSORS])
{
    size_t O = (size_t)model->operators, S = (size_t)model->places, n = model->count;
    size_t side = PNAS_KERNEL_HEAD, pair = side + PNAS_INPUT_KINDS * O, weight = pair + O * O;
    const pnas_stored_tensor all[TENSORS] = {
        {"kernel/share", 1, 1, 1, 1, 1, PNAS_KERNEL_SHARE},
        {"kernel/bias", 1, 1, 1, 1, 1, PNAS_KERNEL_BIAS},
        {"kernel/width", 1, 1, 1, 1, 1, PNAS_KERNEL_WIDTH},
        {"kernel/length", 1, 1, 1, 1, 1, PNAS_KERNEL_LENGTH},
        {"kernel/side", 2, PNAS_INPUT_KINDS, 1, O, O, side},
        {"kernel/pair", 2, O, 1, O, O, pair},
        {"kernel/weight", 1, 1, 1, n, n, weight},
        {"kernel/sides", 2, n, 1, S, S, weight + n},
        {"kernel/forest", 1, 1, 1, 1, 1, PNAS_KERNEL_FOREST},
        {"kernel/target", 1, 1, 1, model->targets, model->targets, weight + n + n * S},
    };
    memcpy(out, all, sizeof all);
    return model->targets > 0 ? TENSORS : TENSORS - FOREST_TENSORS;
}

pnas_status pnas_kernel_part_append(const pnas_kernel_model *model, pnas_named_tensor **tensors,
                                    size_t *count)
{
    pnas_stored_tensor list[TENSORS];
    pnas_named_tensor *mine = NULL;
    if (!model->values)
        return PNAS_OK;
    size_t more = list_tensors(model, list);
    PNAS_TRY(pnas_stored_tensors_name(list, more, model->values, &mine));
    pnas_named_tensor *all = realloc(*tensors, (*count + more) * sizeof *all);
    if (!all) {
        pnas_named_tensors_free(&mine, more);
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    }
    memcpy(all + *count, mine, more * sizeof *mine);
    free(mine);
    *tensors = all;
    *count += more;
    return PNAS_OK;
}

static const pnas_named_tensor *find(const pnas_named_tensor *tensors, size_t count, const char *name)
{
    for (size_t i = 0; i < count; ++i)
        if (strcmp(tensors[i].name, name) == 0)
            return &tensors[i];
    return NULL;
}

static pnas_status take_values(const pnas_named_tensor *tensors, size_t count, pnas_kernel_model *model)
{
    pnas_stored_tensor list[TENSORS];
    pnas_kernel_model taken = {0};
    size_t known = list_tensors(model, list);
    PNAS_TRY(pnas_stored_tensors_take(list, known, tensors, count, model->values));
    PNAS_TRY(pnas_kernel_take(model->operators, model->values, model->size, &taken));
    pnas_kernel_free(model);
    *model = taken;
    return PNAS_OK;
}

pnas_status pnas_kernel_part_take(const pnas_named_tensor *tensors, size_t count, int operators,
                                  pnas_kernel_model *out)
{
    const pnas_named_tensor *share = find(tensors, count, "kernel/share"),
                            *pair = find(tensors, count, "kernel/pair"),
                            *sides = find(tensors, count, "kernel/sides"),
                            *forest = find(tensors, count, "kernel/forest"),
                            *target = find(tensors, count, "kernel/target");
    *out = (pnas_kernel_model){0};
    if (!share && !pair && !sides)
        return PNAS_OK;
    PNAS_CHECK(share && pair && sides && pair->rank == 2 && sides->rank == 2, PNAS_ERROR_DATA,
               "the stored surrogate's kernel part is damaged: weights are missing");
    PNAS_CHECK(pair->shape[0] >= 1 && pair->shape[0] <= PNAS_OPERATORS_MAX &&
                   (operators == 0 || pair->shape[0] == (size_t)operators) &&
                   sides->shape[1] <= 2 * PNAS_BLOCKS_MAX,
               PNAS_ERROR_DATA, "the stored surrogate's kernel part is of %zu operators, which does not fit",
               pair->shape[0]);
    PNAS_CHECK(!target == !forest && (!target || (target->rank == 1 && target->shape[0] >= 1 &&
                                                  target->shape[0] <= sides->shape[0])),
               PNAS_ERROR_DATA, "the stored surrogate's forest is damaged: it was fit to other cells");
    PNAS_TRY(pnas_kernel_make((int)pair->shape[0], (int)sides->shape[1], sides->shape[0],
                              target ? target->shape[0] : 0, out));
    pnas_status status = take_values(tensors, count, out);
    if (status != PNAS_OK)
        pnas_kernel_free(out);
    return status;
}

/* --- of cells --- */

static pnas_status predict_length(const pnas_kernel_model *model, int blocks, const pnas_cell *cells,
                                  size_t count, double *out)
{
    pnas_kernel_values *values = NULL;
    PNAS_TRY(pnas_kernel_values_create(model, blocks, model->operators, NULL, &values));
    for (size_t i = 0; i < count; ++i)
        if (cells[i].blocks == blocks)
            out[i] = pnas_kernel_values_of(values, &cells[i]);
    pnas_kernel_values_destroy(&values);
    return PNAS_OK;
}

pnas_status pnas_kernel_part_logits(const pnas_kernel_model *model, const pnas_cell *cells, size_t count,
                                    double *out)
{
    bool there[PNAS_BLOCKS_MAX + 1] = {false};
    for (size_t i = 0; i < count; ++i)
        there[cells[i].blocks] = true;
    for (int blocks = 1; blocks <= PNAS_BLOCKS_MAX; ++blocks)
        if (there[blocks])
            PNAS_TRY(predict_length(model, blocks, cells, count, out));
    return PNAS_OK;
}
