#include "cl/surrogate/surrogate_ensemble.h"

#include "cl/surrogate/ensemble_state.h"
#include "cl/surrogate/kernel_part.h"
#include "cl/surrogate/member_fit.h"
#include "cl/surrogate/member_predict.h"

#include <math.h>
#include <stdlib.h>

static pnas_status check_options(const pnas_surrogate_options *o)
{
    PNAS_CHECK(o->members >= 0 && o->members <= PNAS_MEMBERS_MAX, PNAS_ERROR_USAGE,
               "a surrogate of %d members: allowed are 1 to %d", o->members, PNAS_MEMBERS_MAX);
    PNAS_CHECK(o->fit_share >= 0 && o->fit_share <= 1, PNAS_ERROR_USAGE,
               "a surrogate's members fit on %g of the cells: allowed is above 0, at most 1", o->fit_share);
    PNAS_CHECK(o->linear >= 0 && o->linear <= 1, PNAS_ERROR_USAGE,
               "a linear part of %g of the surrogate's logit: allowed are 0 to 1", o->linear);
    PNAS_CHECK(o->kernel >= 0 && o->kernel <= 1, PNAS_ERROR_USAGE,
               "a kernel part of %g of the surrogate's logit: allowed are 0 to 1", o->kernel);
    PNAS_CHECK(o->forest >= 0 && o->forest <= 1, PNAS_ERROR_USAGE,
               "a forest of %g of the kernel part of the surrogate: allowed are 0 to 1", o->forest);
    PNAS_CHECK(o->embedding >= 1 && o->embedding <= 4096, PNAS_ERROR_USAGE,
               "a surrogate's embedding of %d: allowed are 1 to 4096", o->embedding);
    PNAS_CHECK(o->hidden >= 1 && o->hidden <= 4096, PNAS_ERROR_USAGE,
               "a surrogate's hidden layer of %d: allowed are 1 to 4096", o->hidden);
    PNAS_CHECK(o->epochs >= 1, PNAS_ERROR_USAGE, "a surrogate's fit of %d epochs: at least 1", o->epochs);
    PNAS_CHECK(o->batch >= 1 && o->batch <= 65536, PNAS_ERROR_USAGE,
               "a surrogate's batch of %d: allowed are 1 to 65536", o->batch);
    return PNAS_OK;
}

pnas_status pnas_ensemble_create(pnas_cl *cl, const pnas_surrogate_options *options, const pnas_space *space,
                                 pnas_ensemble **out)
{
    pnas_status status;
    *out = NULL;
    PNAS_TRY(check_options(options));
    pnas_ensemble *ensemble = calloc(1, sizeof *ensemble);
    PNAS_CHECK(ensemble, PNAS_ERROR_MEMORY, "no memory for a surrogate");
    ensemble->members = options->members ? options->members : 1;
    ensemble->member = calloc((size_t)ensemble->members, sizeof *ensemble->member);
    PNAS_CHECK_CLEANUP(ensemble->member, PNAS_ERROR_MEMORY, "no memory for a surrogate");
    for (int m = 0; m < ensemble->members; ++m)
        PNAS_TRY_CLEANUP(pnas_member_open(cl, options, space, m, &ensemble->member[m]));
    *out = ensemble;
    return PNAS_OK;
cleanup:
    pnas_ensemble_destroy(&ensemble);
    return status;
}

void pnas_ensemble_destroy(pnas_ensemble **ensemble)
{
    if (!*ensemble)
        return;
    for (int m = 0; (*ensemble)->member && m < (*ensemble)->members; ++m)
        pnas_member_close(&(*ensemble)->member[m]);
    free((*ensemble)->member);
    pnas_kernel_free(&(*ensemble)->kernel);
    pnas_kernel_free(&(*ensemble)->origin);
    free(*ensemble);
    *ensemble = NULL;
}

pnas_status pnas_ensemble_needs(const pnas_surrogate_options *options, const pnas_space *space,
                                pnas_ensemble_memory *out)
{
    pnas_network network;
    PNAS_TRY(check_options(options));
    pnas_network_make(options, space, &network);
    uint64_t predict = pnas_member_predict_bytes(&network, space->blocks);
    *out = (pnas_ensemble_memory){.weights = network.count * sizeof(float)};
    out->kept = out->weights * (uint64_t)(options->members ? options->members : 1);
    out->working = pnas_member_fit_bytes(&network, options, space->blocks, &out->largest);
    out->largest = predict > out->largest ? predict : out->largest;
    return PNAS_OK;
}

int pnas_ensemble_members(const pnas_ensemble *ensemble)
{
    return ensemble->members;
}

void pnas_ensemble_set_tick(pnas_ensemble *ensemble, pnas_status (*tick)(void *payload), void *payload)
{
    for (int m = 0; m < ensemble->members; ++m) {
        ensemble->member[m].tick = tick;
        ensemble->member[m].tick_payload = payload;
    }
}

/* --- fit --- */

static pnas_status check_member(const pnas_ensemble *ensemble, int member)
{
    PNAS_CHECK(member >= 0 && member < ensemble->members, PNAS_ERROR_INTERNAL,
               "member %d of a surrogate of %d", member, ensemble->members);
    return PNAS_OK;
}

pnas_status pnas_ensemble_fit_member(pnas_ensemble *ensemble, int member, int level, const pnas_cell *cells,
                                     const double *accuracy, size_t count)
{
    PNAS_TRY(check_member(ensemble, member));
    return pnas_member_fit(&ensemble->member[member], level, cells, accuracy, count);
}

pnas_status pnas_ensemble_fit(void *payload, int level, const pnas_cell *cells, const double *accuracy,
                              size_t count)
{
    pnas_ensemble *ensemble = payload;
    for (int m = 0; m < ensemble->members; ++m)
        PNAS_TRY(pnas_ensemble_fit_member(ensemble, m, level, cells, accuracy, count));
    return pnas_ensemble_fit_kernel(ensemble, cells, accuracy, count);
}

/* --- the kernel part --- */

static const pnas_surrogate_options *options_of(const pnas_ensemble *ensemble)
{
    return &ensemble->member[0].options;
}

bool pnas_ensemble_has_kernel(const pnas_ensemble *ensemble)
{
    return options_of(ensemble)->kernel > 0;
}

static pnas_status check_cells(const pnas_ensemble *ensemble, const pnas_cell *cells, const double *accuracy,
                               size_t count)
{
    const pnas_member *member = &ensemble->member[0];
    cl_int tokens[4 * PNAS_BLOCKS_MAX];
    PNAS_CHECK(count > 0, PNAS_ERROR_DATA, "a surrogate cannot be fit to no children");
    PNAS_TRY(pnas_member_check_cells(member, cells, count));
    for (size_t i = 0; i < count; ++i) {
        PNAS_TRY(pnas_network_encode(&member->network, &cells[i], tokens));
        PNAS_CHECK(isfinite(accuracy[i]), PNAS_ERROR_DATA,
                   "the accuracy of child %zu is not finite: a surrogate cannot be fit to it", i);
    }
    return PNAS_OK;
}

pnas_status pnas_ensemble_fit_kernel(pnas_ensemble *ensemble, const pnas_cell *cells, const double *accuracy,
                                     size_t count)
{
    pnas_kernel_free(&ensemble->kernel);
    if (!pnas_ensemble_has_kernel(ensemble))
        return PNAS_OK;
    PNAS_TRY(check_cells(ensemble, cells, accuracy, count));
    const pnas_kernel_model *origin = ensemble->origin.values ? &ensemble->origin : NULL;
    PNAS_TRY(pnas_kernel_fit(ensemble->member[0].network.operators, cells, accuracy, count, origin,
                             &ensemble->kernel));
    PNAS_TRY(pnas_kernel_add_forest(&ensemble->kernel, options_of(ensemble)->forest, accuracy, count));
    pnas_kernel_set_share(&ensemble->kernel, options_of(ensemble)->kernel);
    return PNAS_OK;
}

const float *pnas_ensemble_kernel(const pnas_ensemble *ensemble, size_t *count)
{
    *count = ensemble->kernel.size;
    return ensemble->kernel.values;
}

pnas_status pnas_ensemble_write_kernel(pnas_ensemble *ensemble, const float *values, size_t count)
{
    pnas_kernel_model taken = {0};
    if (count > 0)
        PNAS_TRY(pnas_kernel_take(ensemble->member[0].network.operators, values, count, &taken));
    pnas_kernel_free(&ensemble->kernel);
    ensemble->kernel = taken;
    return PNAS_OK;
}

pnas_status pnas_ensemble_start_kernel(pnas_ensemble *ensemble, const float *values, size_t count)
{
    PNAS_TRY(pnas_ensemble_write_kernel(ensemble, values, count));
    pnas_kernel_free(&ensemble->origin);
    if (count == 0)
        return PNAS_OK;
    return pnas_kernel_take(ensemble->kernel.operators, values, count, &ensemble->origin);
}

/* --- predict --- */

/* Mean and sample deviation of out [members][count] at place i. */
static void combine(const double *out, int members, size_t count, size_t i, double *mean, double *spread)
{
    double sum = 0, squares = 0;
    for (int m = 0; m < members; ++m)
        sum += out[(size_t)m * count + i];
    *mean = sum / members;
    for (int m = 0; m < members; ++m) {
        double away = out[(size_t)m * count + i] - *mean;
        squares += away * away;
    }
    *spread = members > 1 ? sqrt(squares / (members - 1)) : 0;
}

/* `out` has room for [members + 1][count]. */
static pnas_status predict_piece(pnas_ensemble *ensemble, const pnas_cell *cells, size_t count, double *out,
                                 double *mean, double *spread)
{
    pnas_beside beside = {.share = ensemble->kernel.share};
    double *logit = out + (size_t)ensemble->members * count;
    PNAS_TRY(pnas_member_check_cells(&ensemble->member[0], cells, count));
    if (ensemble->kernel.values) {
        PNAS_TRY(pnas_kernel_part_logits(&ensemble->kernel, cells, count, logit));
        beside.logit = logit;
    }
    for (int m = 0; m < ensemble->members; ++m)
        PNAS_TRY(
            pnas_member_predict_beside(&ensemble->member[m], cells, &beside, count, out + (size_t)m * count));
    for (size_t i = 0; i < count; ++i)
        combine(out, ensemble->members, count, i, &mean[i], &spread[i]);
    return PNAS_OK;
}

pnas_status pnas_ensemble_predict(void *payload, const pnas_cell *cells, size_t count, double *mean,
                                  double *spread)
{
    pnas_ensemble *ensemble = payload;
    pnas_status status = PNAS_OK;
    for (int m = 0; m < ensemble->members; ++m)
        PNAS_CHECK(ensemble->member[m].fitted, PNAS_ERROR_INTERNAL,
                   "a surrogate cannot predict before its first fit");
    double *out = malloc((size_t)(ensemble->members + 1) * PNAS_ENSEMBLE_PIECE * sizeof *out);
    PNAS_CHECK(out, PNAS_ERROR_MEMORY, "no memory for predictions");
    for (size_t first = 0; status == PNAS_OK && first < count; first += PNAS_ENSEMBLE_PIECE) {
        size_t piece = count - first < PNAS_ENSEMBLE_PIECE ? count - first : PNAS_ENSEMBLE_PIECE;
        status = predict_piece(ensemble, cells + first, piece, out, mean + first, spread + first);
    }
    free(out);
    return status;
}

/* --- weights --- */

static pnas_status check_fitted(const pnas_ensemble *ensemble, int member)
{
    PNAS_TRY(check_member(ensemble, member));
    PNAS_CHECK(ensemble->member[member].fitted, PNAS_ERROR_INTERNAL,
               "a surrogate has no weights before its first fit");
    return PNAS_OK;
}

size_t pnas_ensemble_weight_count(const pnas_ensemble *ensemble)
{
    return ensemble->member[0].network.count;
}

pnas_status pnas_ensemble_read(pnas_ensemble *ensemble, int member, float *weights)
{
    PNAS_TRY(check_fitted(ensemble, member));
    const pnas_member *m = &ensemble->member[member];
    return pnas_buffer_read(m->cl, m->parameters, 0, m->network.count * sizeof *weights, weights);
}

pnas_status pnas_ensemble_write(pnas_ensemble *ensemble, int member, const float *weights)
{
    PNAS_TRY(check_member(ensemble, member));
    pnas_member *m = &ensemble->member[member];
    m->fitted = false;
    PNAS_TRY(pnas_buffer_write(m->cl, m->parameters, 0, m->network.count * sizeof *weights, weights));
    m->fitted = true;
    return PNAS_OK;
}

pnas_status pnas_ensemble_start_from(pnas_ensemble *ensemble, int member, const float *weights)
{
    PNAS_TRY(pnas_ensemble_write(ensemble, member, weights));
    return pnas_member_start_from(&ensemble->member[member], weights);
}

pnas_status pnas_ensemble_weights(pnas_ensemble *ensemble, int member, pnas_named_tensor **out, size_t *count)
{
    pnas_status status;
    *out = NULL;
    *count = 0;
    PNAS_TRY(check_fitted(ensemble, member));
    float *weights = malloc(pnas_ensemble_weight_count(ensemble) * sizeof *weights);
    PNAS_CHECK(weights, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    PNAS_TRY_CLEANUP(pnas_ensemble_read(ensemble, member, weights));
    PNAS_TRY_CLEANUP(pnas_network_name(&ensemble->member[member].network, weights, out, count));
    if (member == 0)
        status = pnas_kernel_part_append(&ensemble->kernel, out, count);
    if (status != PNAS_OK)
        pnas_ensemble_free_weights(out, *count);
cleanup:
    free(weights);
    return status;
}

static pnas_status set_kernel(pnas_ensemble *ensemble, const pnas_named_tensor *tensors, size_t count)
{
    pnas_kernel_model taken;
    if (!pnas_ensemble_has_kernel(ensemble))
        return PNAS_OK;
    PNAS_TRY(pnas_kernel_part_take(tensors, count, ensemble->member[0].network.operators, &taken));
    pnas_kernel_free(&ensemble->kernel);
    ensemble->kernel = taken;
    return PNAS_OK;
}

pnas_status pnas_ensemble_set_weights(pnas_ensemble *ensemble, int member, const pnas_named_tensor *tensors,
                                      size_t count)
{
    pnas_status status;
    PNAS_TRY(check_member(ensemble, member));
    float *weights = malloc(pnas_ensemble_weight_count(ensemble) * sizeof *weights);
    PNAS_CHECK(weights, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    PNAS_TRY_CLEANUP(pnas_network_take(&ensemble->member[member].network, tensors, count, weights));
    if (member == 0)
        PNAS_TRY_CLEANUP(set_kernel(ensemble, tensors, count));
    PNAS_TRY_CLEANUP(pnas_ensemble_write(ensemble, member, weights));
cleanup:
    free(weights);
    return status;
}

void pnas_ensemble_free_weights(pnas_named_tensor **tensors, size_t count)
{
    pnas_named_tensors_free(tensors, count);
}
