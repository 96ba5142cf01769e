#include "cl/member_linear.h"

#include "src/search/linear_model.h"

#include <stdlib.h>

static pnas_status put(pnas_member *member, const pnas_linear_model *model)
{
    const pnas_linear_part *part = &member->network.linear;
    size_t count = pnas_linear_part_size(part), sides = (size_t)(part->inputs * part->operators);
    float *values = calloc(count, sizeof *values);
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    values[0] = (float)member->options.linear;
    values[1] = (float)model->bias;
    for (size_t i = 0; i < sides; ++i)
        values[PNAS_LINEAR_SIDES + i] = (float)model->side[i];
    for (size_t i = PNAS_LINEAR_SIDES + sides; i < count; ++i)
        values[i] = (float)model->pair[i - PNAS_LINEAR_SIDES - sides];
    pnas_status status = pnas_buffer_write(member->cl, member->parameters, part->at * sizeof *values,
                                           count * sizeof *values, values);
    free(values);
    return status;
}

pnas_status pnas_member_fit_linear(pnas_member *member, const pnas_cell *cells, const double *accuracy,
                                   size_t count)
{
    const pnas_linear_part *part = &member->network.linear;
    pnas_linear_model model;
    if (part->operators == 0)
        return PNAS_OK;
    pnas_status status = pnas_linear_fit(part->inputs, part->operators, cells, accuracy, count, &model);
    if (status == PNAS_OK)
        status = put(member, &model);
    pnas_linear_free(&model);
    return status;
}

pnas_status pnas_member_mute_linear(pnas_member *member)
{
    const float share = 0;
    const pnas_linear_part *part = &member->network.linear;
    if (part->operators == 0)
        return PNAS_OK;
    return pnas_buffer_write(member->cl, member->parameters, part->at * sizeof share, sizeof share, &share);
}
