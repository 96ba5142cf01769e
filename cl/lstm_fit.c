/* The fit: all data go to the device once, and a counter there says which batch a step reads, so the host
 * only enqueues the same launches again and again. */
#include "cl/lstm.h"
#include "cl/lstm_order.h"
#include "src/net/training.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS_A_PAUSE = 8 }; /* some 20 ms on one core: ticks come often, and the queue stays short */

typedef struct {
    pnas_lstm *lstm;
    pnas_lstm_order order;
    int tokens; /* of the longest cell */
    cl_mem order_cells, all_tokens, all_targets, rates, state, gradients, moments, scratch;
    pnas_lstm_work work;
    pnas_launch_list step[PNAS_BLOCKS_MAX + 1]; /* by length; empty where no cell has it */
} lstm_fit;

static void release(lstm_fit *fit)
{
    for (int blocks = 0; blocks <= PNAS_BLOCKS_MAX; ++blocks)
        pnas_launch_clear(&fit->step[blocks]);
    pnas_lstm_work_release(&fit->work);
    pnas_buffer_release(&fit->order_cells);
    pnas_buffer_release(&fit->all_tokens);
    pnas_buffer_release(&fit->all_targets);
    pnas_buffer_release(&fit->rates);
    pnas_buffer_release(&fit->state);
    pnas_buffer_release(&fit->gradients);
    pnas_buffer_release(&fit->moments);
    pnas_buffer_release(&fit->scratch);
    pnas_lstm_order_free(&fit->order);
}

/* A new buffer with this content; NULL data: zeros. */
static pnas_status upload(pnas_cl *cl, size_t bytes, const void *data, cl_mem *out)
{
    void *zeros = data ? NULL : calloc(1, bytes);
    pnas_status status = PNAS_OK;
    if (!data && !zeros)
        status = pnas_fail(PNAS_ERROR_MEMORY, "no memory for a surrogate's fit");
    if (status == PNAS_OK)
        status = pnas_buffer_create(cl, bytes, out);
    if (status == PNAS_OK)
        status = pnas_buffer_write(cl, *out, 0, bytes, data ? data : zeros);
    free(zeros);
    return status;
}

static pnas_status upload_cells(lstm_fit *fit, const pnas_cell *cells, const double *accuracy, size_t count)
{
    pnas_cl *cl = fit->lstm->cl;
    size_t stride = (size_t)fit->tokens;
    cl_int *tokens = calloc(count * stride, sizeof *tokens);
    float *targets = malloc(count * sizeof *targets);
    pnas_status status;
    PNAS_CHECK_CLEANUP(tokens && targets, PNAS_ERROR_MEMORY, "no memory for %zu cells", count);
    for (size_t i = 0; i < count; ++i) {
        PNAS_CHECK_CLEANUP(isfinite(accuracy[i]), PNAS_ERROR_DATA,
                           "the accuracy of child %zu is not finite: a surrogate cannot be fit to it", i);
        targets[i] = (float)accuracy[i];
        PNAS_TRY_CLEANUP(pnas_lstm_encode(&fit->lstm->layout, &cells[i], tokens + i * stride));
    }
    PNAS_TRY_CLEANUP(upload(cl, count * stride * sizeof *tokens, tokens, &fit->all_tokens));
    PNAS_TRY_CLEANUP(upload(cl, count * sizeof *targets, targets, &fit->all_targets));
cleanup:
    free(tokens);
    free(targets);
    return status;
}

static pnas_status upload_rates(lstm_fit *fit, int level)
{
    const pnas_surrogate_options *options = &fit->lstm->options;
    float *rates = malloc(fit->order.steps * sizeof *rates);
    PNAS_CHECK(rates, PNAS_ERROR_MEMORY, "no memory for a surrogate's fit");
    for (size_t i = 0; i < fit->order.steps; ++i)
        rates[i] = (float)(level == 1 ? options->rate_first : options->rate_later);
    pnas_status status = upload(fit->lstm->cl, fit->order.steps * sizeof *rates, rates, &fit->rates);
    free(rates);
    return status;
}

static pnas_status upload_parameters(lstm_fit *fit, int level)
{
    pnas_lstm *lstm = fit->lstm;
    size_t bytes = lstm->layout.count * sizeof(float);
    float *parameters = malloc(bytes);
    PNAS_CHECK(parameters, PNAS_ERROR_MEMORY, "no memory for a surrogate's weights");
    pnas_lstm_initialise(&lstm->layout, &lstm->options, level, parameters);
    pnas_status status = pnas_buffer_write(lstm->cl, lstm->parameters, 0, bytes, parameters);
    free(parameters);
    PNAS_TRY(status);
    PNAS_TRY(upload(lstm->cl, bytes, NULL, &fit->gradients));
    PNAS_TRY(upload(lstm->cl, 2 * bytes, NULL, &fit->moments));
    PNAS_TRY(upload(lstm->cl, 4 * sizeof(cl_int), NULL, &fit->state));
    return pnas_buffer_create(lstm->cl, pnas_op_update_scratch(lstm->layout.count) * sizeof(float),
                              &fit->scratch);
}

static pnas_status upload_all(lstm_fit *fit, int level, const pnas_cell *cells, const double *accuracy,
                              size_t count)
{
    pnas_lstm *lstm = fit->lstm;
    for (size_t i = 0; i < count; ++i) {
        PNAS_CHECK(cells[i].blocks >= 1 && cells[i].blocks <= lstm->blocks, PNAS_ERROR_DATA,
                   "the surrogate was made for cells of 1 to %d blocks, not %d", lstm->blocks,
                   cells[i].blocks);
        fit->tokens = 4 * cells[i].blocks > fit->tokens ? 4 * cells[i].blocks : fit->tokens;
    }
    PNAS_TRY(pnas_lstm_order_make(&lstm->options, level, cells, count, &fit->order));
    size_t order_bytes = fit->order.steps * (size_t)fit->order.rows * sizeof(cl_int);
    PNAS_TRY(upload(lstm->cl, order_bytes, fit->order.cell, &fit->order_cells));
    PNAS_TRY(upload_cells(fit, cells, accuracy, count));
    PNAS_TRY(upload_rates(fit, level));
    PNAS_TRY(upload_parameters(fit, level));
    return pnas_lstm_work_create(lstm->cl, &lstm->layout, fit->order.rows, fit->tokens, true, &fit->work);
}

static pnas_status append_load(lstm_fit *fit, pnas_launch_list *list, int tokens)
{
    const pnas_launch_spec spec = {
        .label = "lstm load", .file = "lstm.cl", .kernel = "lstm_load", .global = {(size_t)fit->work.rows}};
    return pnas_launch_append(fit->lstm->cl, list, &spec,
                              PNAS_ARGS(PNAS_ARG_BUFFER(fit->order_cells), PNAS_ARG_BUFFER(fit->state),
                                        PNAS_ARG_BUFFER(fit->all_tokens), PNAS_ARG_INT(fit->tokens),
                                        PNAS_ARG_BUFFER(fit->all_targets), PNAS_ARG_BUFFER(fit->work.token),
                                        PNAS_ARG_BUFFER(fit->work.target), PNAS_ARG_BUFFER(fit->work.valid),
                                        PNAS_ARG_INT(tokens), PNAS_ARG_INT(fit->work.rows)));
}

/* One step of Adam with the paper's unstated defaults (Kingma and Ba 2015). */
static pnas_status append_update(lstm_fit *fit, pnas_launch_list *list)
{
    pnas_lstm *lstm = fit->lstm;
    const pnas_update update = {.optimizer = PNAS_OPTIMIZER_ADAM,
                                .beta1 = 0.9,
                                .beta2 = 0.999,
                                .epsilon = 1e-8,
                                .count = lstm->layout.count,
                                .parameters = {lstm->parameters, 0},
                                .gradients = {fit->gradients, 0},
                                .moments = {fit->moments, 0},
                                .rates = {fit->rates, 0},
                                .state = fit->state,
                                .scratch = {fit->scratch, 0}};
    return pnas_op_update(lstm->cl, list, &update);
}

static pnas_status append_step(lstm_fit *fit, int blocks)
{
    pnas_lstm *lstm = fit->lstm;
    pnas_launch_list *list = &fit->step[blocks];
    int tokens = 4 * blocks;
    PNAS_TRY(append_load(fit, list, tokens));
    PNAS_TRY(pnas_lstm_forward_append(lstm->cl, list, &lstm->layout, lstm->parameters, &fit->work, tokens));
    PNAS_TRY(pnas_lstm_backward_append(lstm->cl, list, &lstm->layout, lstm->parameters, fit->gradients,
                                       &fit->work, tokens));
    PNAS_TRY(append_update(fit, list));
    return pnas_op_advance(lstm->cl, list, fit->state);
}

static pnas_status run(lstm_fit *fit)
{
    for (size_t i = 0; i < fit->order.steps; ++i) {
        int blocks = fit->order.blocks[i];
        if (fit->step[blocks].count == 0)
            PNAS_TRY(append_step(fit, blocks));
        PNAS_TRY(pnas_launch_run(fit->lstm->cl, &fit->step[blocks], NULL));
        if (i % STEPS_A_PAUSE == STEPS_A_PAUSE - 1)
            PNAS_TRY(pnas_lstm_pause(fit->lstm));
    }
    return pnas_lstm_pause(fit->lstm);
}

pnas_status pnas_lstm_fit(void *payload, int level, const pnas_cell *cells, const double *accuracy,
                          size_t count)
{
    pnas_lstm *lstm = payload;
    lstm_fit fit = {.lstm = lstm};
    pnas_status status;
    PNAS_CHECK(count > 0, PNAS_ERROR_DATA, "a surrogate cannot be fit to no children");
    lstm->fitted = false;
    PNAS_TRY_CLEANUP(upload_all(&fit, level, cells, accuracy, count));
    PNAS_TRY_CLEANUP(run(&fit));
    lstm->fitted = true;
cleanup:
    release(&fit);
    return status;
}
