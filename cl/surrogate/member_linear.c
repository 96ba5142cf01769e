#include "cl/surrogate/member_linear.h"

#include "src/regression/linear_model.h"

#include <math.h>
#include <stdlib.h>

/* --- what another search's linear part says --- */

/* The linear part that fits start from; its effects are the caller's (pnas_linear_free). */
static pnas_status read_origin(const pnas_member *member, pnas_linear_model *out)
{
    const pnas_linear_part *part = &member->network.linear;
    const float *from = member->origin + part->at;
    size_t sides = (size_t)part->inputs * (size_t)part->operators;
    size_t pairs = (size_t)part->operators * (size_t)part->operators;
    *out = (pnas_linear_model){.inputs = part->inputs,
                               .operators = part->operators,
                               .bias = from[1],
                               .side = malloc(sides * sizeof *out->side),
                               .pair = malloc(pairs * sizeof *out->pair)};
    PNAS_CHECK(out->side && out->pair, PNAS_ERROR_MEMORY, "no memory for a linear model");
    for (size_t i = 0; i < sides; ++i)
        out->side[i] = from[PNAS_LINEAR_SIDES + i];
    for (size_t i = 0; i < pairs; ++i)
        out->pair[i] = from[PNAS_LINEAR_SIDES + sides + i];
    return PNAS_OK;
}

static void add(pnas_linear_model *to, const pnas_linear_model *more)
{
    to->bias += more->bias;
    for (int i = 0; i < to->inputs * to->operators; ++i)
        to->side[i] += more->side[i];
    for (int i = 0; i < to->operators * to->operators; ++i)
        to->pair[i] += more->pair[i];
}

/* Fits what `origin` leaves of each cell's logit, which ridge regression keeps small where cells do not
 * contradict it, and adds both up. */
static pnas_status fit_rest(const pnas_linear_model *origin, const pnas_cell *cells, const double *accuracy,
                            size_t count, pnas_linear_model *out)
{
    double *rest = malloc(count * sizeof *rest);
    PNAS_CHECK(rest, PNAS_ERROR_MEMORY, "no memory for %zu cells", count);
    for (size_t i = 0; i < count; ++i) {
        double logit = pnas_logit(accuracy[i], PNAS_ACCURACY_MARGIN) - pnas_linear_logit(origin, &cells[i]);
        rest[i] = 1 / (1 + exp(-logit));
    }
    pnas_status status = pnas_linear_fit(origin->inputs, origin->operators, cells, rest, count, out);
    if (status == PNAS_OK)
        add(out, origin);
    free(rest);
    return status;
}

/* Replaces *model by one that begins with the origin's, if that misses less of cells left out. */
static pnas_status try_origin(const pnas_member *member, const pnas_cell *cells, const double *accuracy,
                              size_t count, pnas_linear_model *model)
{
    pnas_linear_model origin, more = {0};
    pnas_status status = read_origin(member, &origin);
    if (status == PNAS_OK)
        status = fit_rest(&origin, cells, accuracy, count, &more);
    if (status == PNAS_OK && more.error < model->error) {
        pnas_linear_model worse = *model;
        *model = more;
        more = worse;
    }
    pnas_linear_free(&origin);
    pnas_linear_free(&more);
    return status;
}

/* --- the part --- */

static pnas_status put(pnas_member *member, const pnas_linear_model *model)
{
    const pnas_linear_part *part = &member->network.linear;
    size_t count = pnas_linear_part_size(part), sides = (size_t)part->inputs * (size_t)part->operators;
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
    if (status == PNAS_OK && member->origin)
        status = try_origin(member, cells, accuracy, count, &model);
    if (status == PNAS_OK)
        status = put(member, &model);
    pnas_linear_free(&model);
    return status;
}

pnas_status pnas_member_disable_linear(pnas_member *member)
{
    const float share = 0;
    const pnas_linear_part *part = &member->network.linear;
    if (part->operators == 0)
        return PNAS_OK;
    return pnas_buffer_write(member->cl, member->parameters, part->at * sizeof share, sizeof share, &share);
}
