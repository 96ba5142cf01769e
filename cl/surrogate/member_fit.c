#include "cl/surrogate/member_fit.h"

#include "cl/surrogate/held_out.h"
#include "cl/surrogate/member_linear.h"
#include "cl/surrogate/member_order.h"
#include "cl/surrogate/member_predict.h"
#include "cl/surrogate/member_scale.h"
#include "cl/surrogate/member_unseen.h"
#include "src/net/training.h"

#include <math.h>
#include <stdlib.h>

/* The fit: all data go to the device once, and a counter there says which batch a step reads, so the host
 * only enqueues the same launches again and again. */

enum { STEPS_A_PAUSE = 8 }; /* some 20 ms on one core: ticks come often, and the queue stays short */

typedef struct { /* cells, and what they reached */
    pnas_cell *cell;
    double *accuracy;
    size_t count;
} sample;

typedef struct {
    pnas_member *member;
    sample fitted, held_out; /* a partition of the cells; fitted: then their mirror images, if wanted */
    size_t plain;            /* of the fitted, those that are no mirror images */
    pnas_fit_order order;
    int tokens; /* of the longest cell */
    cl_mem order_cells, all_tokens, all_targets, rates, state, gradients, moments, scratch;
    pnas_network_work work;
    pnas_launch_list step[PNAS_BLOCKS_MAX + 1]; /* by length; empty where no cell has it */
    double *predicted;                          /* of held_out */
    float *best;                                /* parameters of the smallest loss on held_out */
    double least;                               /* that loss */
    int idle;                                   /* epochs since then */
} member_fit;

static void release(member_fit *fit)
{
    for (int blocks = 0; blocks <= PNAS_BLOCKS_MAX; ++blocks)
        pnas_launch_clear(&fit->step[blocks]);
    pnas_network_work_release(&fit->member->network, &fit->work);
    pnas_buffer_release(&fit->order_cells);
    pnas_buffer_release(&fit->all_tokens);
    pnas_buffer_release(&fit->all_targets);
    pnas_buffer_release(&fit->rates);
    pnas_buffer_release(&fit->state);
    pnas_buffer_release(&fit->gradients);
    pnas_buffer_release(&fit->moments);
    pnas_buffer_release(&fit->scratch);
    pnas_fit_order_free(&fit->order);
    free(fit->fitted.cell);
    free(fit->fitted.accuracy);
    free(fit->held_out.cell);
    free(fit->held_out.accuracy);
    free(fit->predicted);
    free(fit->best);
}

/* --- which cells --- */

static pnas_status make_sample(size_t room, sample *out)
{
    *out = (sample){malloc(room * sizeof *out->cell), malloc(room * sizeof *out->accuracy), 0};
    PNAS_CHECK(out->cell && out->accuracy, PNAS_ERROR_MEMORY, "no memory for %zu cells", room);
    return PNAS_OK;
}

static void add(sample *to, const pnas_cell *cell, double accuracy)
{
    to->cell[to->count] = *cell;
    to->accuracy[to->count++] = accuracy;
}

/* The same network with in1, op1 and in2, op2 of each block exchanged: what a canonical form never shows, and
 * what tells a model that both sides count alike. */
static pnas_cell mirrored(const pnas_cell *cell)
{
    pnas_cell out = {.blocks = cell->blocks};
    for (int i = 0; i < cell->blocks; ++i) {
        const pnas_block *b = &cell->block[i];
        out.block[i] = (pnas_block){b->in2, b->op2, b->in1, b->op1};
    }
    return out;
}

static pnas_status split(member_fit *fit, int level, const pnas_cell *cells, const double *accuracy,
                         size_t count)
{
    bool *left_out = calloc(count, sizeof *left_out);
    PNAS_CHECK(left_out, PNAS_ERROR_MEMORY, "no memory for the share of %zu cells", count);
    const pnas_member *member = fit->member;
    pnas_status status;
    PNAS_TRY_CLEANUP(make_sample(member->options.augment_swap ? 2 * count : count, &fit->fitted));
    PNAS_TRY_CLEANUP(make_sample(count, &fit->held_out));
    PNAS_TRY_CLEANUP(pnas_member_leave_out(&member->options, level, member->number, cells, count, left_out));
    for (size_t i = 0; i < count; ++i)
        add(left_out[i] ? &fit->held_out : &fit->fitted, &cells[i], accuracy[i]);
    fit->plain = fit->fitted.count;
    for (size_t i = 0; member->options.augment_swap && i < fit->plain; ++i) {
        pnas_cell other = mirrored(&fit->fitted.cell[i]);
        add(&fit->fitted, &other, fit->fitted.accuracy[i]);
    }
cleanup:
    free(left_out);
    return status;
}

/* --- what the device needs --- */

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

static pnas_status upload_cells(member_fit *fit)
{
    const sample *s = &fit->fitted;
    pnas_cl *cl = fit->member->cl;
    size_t stride = (size_t)fit->tokens;
    cl_int *tokens = calloc(s->count * stride, sizeof *tokens);
    float *targets = malloc(s->count * sizeof *targets);
    pnas_status status;
    PNAS_CHECK_CLEANUP(tokens && targets, PNAS_ERROR_MEMORY, "no memory for %zu cells", s->count);
    for (size_t i = 0; i < s->count; ++i) {
        targets[i] = (float)s->accuracy[i];
        PNAS_TRY_CLEANUP(pnas_network_encode(&fit->member->network, &s->cell[i], tokens + i * stride));
    }
    PNAS_TRY_CLEANUP(upload(cl, s->count * stride * sizeof *tokens, tokens, &fit->all_tokens));
    PNAS_TRY_CLEANUP(upload(cl, s->count * sizeof *targets, targets, &fit->all_targets));
cleanup:
    free(tokens);
    free(targets);
    return status;
}

/* Weights that another search has fit are no beginner's. */
static pnas_status upload_rates(member_fit *fit, int level)
{
    const pnas_surrogate_options *options = &fit->member->options;
    bool first = level == 1 && !fit->member->origin;
    float *rates = malloc(fit->order.steps * sizeof *rates);
    PNAS_CHECK(rates, PNAS_ERROR_MEMORY, "no memory for a surrogate's fit");
    for (size_t i = 0; i < fit->order.steps; ++i)
        rates[i] = (float)(first ? options->rate_first : options->rate_later);
    pnas_status status = upload(fit->member->cl, fit->order.steps * sizeof *rates, rates, &fit->rates);
    free(rates);
    return status;
}

/* The logit of the mean accuracy, within what accuracies of 1e-3 and 1 - 1e-3 would give. */
static float mean_bias(const sample *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->count; ++i)
        sum += s->accuracy[i];
    double mean = fmin(fmax(sum / (double)s->count, 1e-3), 1 - 1e-3);
    return (float)log(mean / (1 - mean));
}

static pnas_status upload_fresh_parameters(member_fit *fit, int level)
{
    const pnas_member *member = fit->member;
    size_t bytes = member->network.count * sizeof(float);
    float *parameters = malloc(bytes);
    PNAS_CHECK(parameters, PNAS_ERROR_MEMORY, "no memory for a surrogate's weights");
    pnas_network_initialise(&member->network, &member->options, pnas_member_identity(level, member->number),
                            parameters);
    if (member->options.bias == PNAS_BIAS_MEAN)
        parameters[member->network.output_bias] = mean_bias(&fit->fitted);
    pnas_status status = pnas_buffer_write(member->cl, member->parameters, 0, bytes, parameters);
    free(parameters);
    return status;
}

/* What the fit starts from: the weights of the fit before, those of another search, or fresh ones. */
static pnas_status upload_start(member_fit *fit, int level, bool finetune)
{
    pnas_member *member = fit->member;
    if (!finetune && !member->origin)
        return upload_fresh_parameters(fit, level);
    if (!finetune)
        PNAS_TRY(pnas_buffer_write(member->cl, member->parameters, 0,
                                   member->network.count * sizeof *member->origin, member->origin));
    return pnas_member_disable_linear(member);
}

static pnas_status upload_parameters(member_fit *fit, int level, bool finetune)
{
    pnas_cl *cl = fit->member->cl;
    size_t count = fit->member->network.count, bytes = count * sizeof(float);
    PNAS_TRY(upload_start(fit, level, finetune));
    PNAS_TRY(upload(cl, bytes, NULL, &fit->gradients));
    PNAS_TRY(upload(cl, 2 * bytes, NULL, &fit->moments));
    PNAS_TRY(upload(cl, 4 * sizeof(cl_int), NULL, &fit->state));
    return pnas_buffer_create(cl, pnas_op_update_scratch(count) * sizeof(float), &fit->scratch);
}

static pnas_status upload_all(member_fit *fit, int level, bool finetune)
{
    const pnas_member *member = fit->member;
    for (size_t i = 0; i < fit->fitted.count; ++i)
        if (4 * fit->fitted.cell[i].blocks > fit->tokens)
            fit->tokens = 4 * fit->fitted.cell[i].blocks;
    /* release frees it. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    PNAS_TRY(pnas_fit_order_make(&member->options, pnas_member_identity(level, member->number),
                                 fit->fitted.cell, fit->fitted.count, &fit->order));
    size_t order_bytes = fit->order.steps * (size_t)fit->order.rows * sizeof(cl_int);
    PNAS_TRY(upload(member->cl, order_bytes, fit->order.cell, &fit->order_cells));
    PNAS_TRY(upload_cells(fit));
    PNAS_TRY(upload_rates(fit, level));
    PNAS_TRY(upload_parameters(fit, level, finetune));
    return pnas_network_work_create(member->cl, &member->network, fit->order.rows, fit->tokens, true,
                                    &fit->work);
}

/* --- a step --- */

static pnas_status append_load(member_fit *fit, pnas_launch_list *list, int tokens)
{
    const pnas_network_work *w = &fit->work;
    const pnas_launch_spec spec = {.label = "surrogate load",
                                   .file = "surrogate.cl",
                                   .kernel = "surrogate_load",
                                   .global = {(size_t)w->rows}};
    return pnas_launch_append(fit->member->cl, list, &spec,
                              PNAS_ARGS(PNAS_ARG_BUFFER(fit->order_cells), PNAS_ARG_BUFFER(fit->state),
                                        PNAS_ARG_BUFFER(fit->all_tokens), PNAS_ARG_INT(fit->tokens),
                                        PNAS_ARG_BUFFER(fit->all_targets), PNAS_ARG_BUFFER(w->token),
                                        PNAS_ARG_BUFFER(w->loss.target), PNAS_ARG_BUFFER(w->loss.valid),
                                        PNAS_ARG_INT(tokens), PNAS_ARG_INT(w->rows)));
}

/* Adam with the defaults that the paper leaves unsaid (Kingma and Ba 2015), or SGD. */
static pnas_status append_update(member_fit *fit, pnas_launch_list *list)
{
    pnas_member *member = fit->member;
    bool adam = member->options.optimizer == PNAS_SURROGATE_ADAM;
    const pnas_update update = {.optimizer = adam ? PNAS_OPTIMIZER_ADAM : PNAS_OPTIMIZER_SGD,
                                .momentum = member->options.momentum,
                                .beta1 = 0.9,
                                .beta2 = 0.999,
                                .epsilon = 1e-8,
                                .weight_decay = member->options.weight_decay,
                                .count = member->network.count,
                                .decayed = member->network.decayed,
                                .parameters = {member->parameters, 0},
                                .gradients = {fit->gradients, 0},
                                .moments = {fit->moments, 0},
                                .rates = {fit->rates, 0},
                                .steps = fit->order.steps,
                                .state = {fit->state, 0},
                                .scratch = {fit->scratch, 0}};
    return pnas_op_update(member->cl, list, &update);
}

static pnas_status append_step(member_fit *fit, int blocks)
{
    pnas_member *member = fit->member;
    pnas_launch_list *list = &fit->step[blocks];
    int tokens = 4 * blocks;
    PNAS_TRY(append_load(fit, list, tokens));
    PNAS_TRY(pnas_network_forward_append(member->cl, list, &member->network, member->parameters, &fit->work,
                                         tokens));
    PNAS_TRY(pnas_network_backward_append(member->cl, list, &member->network, member->options.loss,
                                          member->parameters, fit->gradients, &fit->work, tokens));
    PNAS_TRY(append_update(fit, list));
    return pnas_op_advance(member->cl, list, (pnas_slice){fit->state, 0});
}

static pnas_status run_epoch(member_fit *fit, size_t epoch)
{
    size_t first = epoch * fit->order.epoch_steps, end = first + fit->order.epoch_steps;
    for (size_t i = first; i < end; ++i) {
        int blocks = fit->order.blocks[i];
        if (fit->step[blocks].count == 0)
            PNAS_TRY(append_step(fit, blocks));
        PNAS_TRY(pnas_launch_run(fit->member->cl, &fit->step[blocks], NULL));
        if (i % STEPS_A_PAUSE == STEPS_A_PAUSE - 1)
            PNAS_TRY(pnas_member_poll(fit->member));
    }
    return PNAS_OK;
}

/* --- early stopping --- */

static bool stops_early(const member_fit *fit)
{
    return fit->member->options.patience > 0 && fit->held_out.count > 0;
}

static pnas_status prepare_stopping(member_fit *fit)
{
    fit->predicted = malloc(fit->held_out.count * sizeof *fit->predicted);
    fit->best = malloc(fit->member->network.count * sizeof *fit->best);
    fit->least = INFINITY;
    PNAS_CHECK(fit->predicted && fit->best, PNAS_ERROR_MEMORY, "no memory for a surrogate's best weights");
    return PNAS_OK;
}

/* After an epoch: predicts the cells held out, and keeps the weights if none were better. */
static pnas_status evaluate_held_out(member_fit *fit)
{
    pnas_member *member = fit->member;
    const sample *s = &fit->held_out;
    PNAS_TRY(pnas_member_predict(member, s->cell, s->count, fit->predicted));
    double loss = pnas_held_out_loss(member->options.loss, s->cell, s->accuracy, fit->predicted, s->count);
    ++fit->idle;
    if (!(loss < fit->least))
        return PNAS_OK;
    fit->least = loss;
    fit->idle = 0;
    return pnas_buffer_read(member->cl, member->parameters, 0, member->network.count * sizeof *fit->best,
                            fit->best);
}

static pnas_status run(member_fit *fit)
{
    pnas_member *member = fit->member;
    bool stopping = stops_early(fit);
    if (stopping)
        PNAS_TRY(prepare_stopping(fit));
    for (int epoch = 0; epoch < member->options.epochs; ++epoch) {
        PNAS_TRY(run_epoch(fit, (size_t)epoch));
        if (stopping)
            PNAS_TRY(evaluate_held_out(fit));
        if (stopping && fit->idle >= member->options.patience)
            break;
    }
    if (stopping && fit->least < INFINITY)
        PNAS_TRY(pnas_buffer_write(member->cl, member->parameters, 0,
                                   member->network.count * sizeof *fit->best, fit->best));
    return pnas_member_poll(member);
}

pnas_status pnas_member_fit(pnas_member *member, int level, const pnas_cell *cells, const double *accuracy,
                            size_t count)
{
    member_fit fit = {.member = member};
    bool finetune = member->fitted && level > 1 && member->options.refit == PNAS_REFIT_FINETUNE;
    pnas_status status;
    PNAS_CHECK(count > 0, PNAS_ERROR_DATA, "a surrogate cannot be fit to no children");
    for (size_t i = 0; i < count; ++i)
        PNAS_CHECK(isfinite(accuracy[i]), PNAS_ERROR_DATA,
                   "the accuracy of child %zu is not finite: a surrogate cannot be fit to it", i);
    PNAS_TRY(pnas_member_check_cells(member, cells, count));
    member->fitted = false;
    PNAS_TRY_CLEANUP(split(&fit, level, cells, accuracy, count));
    PNAS_TRY_CLEANUP(upload_all(&fit, level, finetune));
    PNAS_TRY_CLEANUP(run(&fit));
    PNAS_TRY_CLEANUP(pnas_member_initialise_unseen(member, fit.fitted.cell, fit.fitted.count));
    if (member->options.loss == PNAS_LOSS_RANKING)
        PNAS_TRY_CLEANUP(pnas_member_scale(member, fit.fitted.cell, fit.fitted.accuracy, fit.fitted.count));
    PNAS_TRY_CLEANUP(pnas_member_fit_linear(member, fit.fitted.cell, fit.fitted.accuracy, fit.plain));
    member->fitted = true;
cleanup:
    release(&fit);
    return status;
}

/* What upload_parameters and upload_all take; between epochs, cells held out are predicted. */
uint64_t pnas_member_fit_bytes(const pnas_network *network, const pnas_surrogate_options *options, int blocks,
                               uint64_t *largest)
{
    uint64_t weights = network->count * sizeof(float);
    uint64_t work = pnas_network_work_bytes(network, options->batch, 4 * blocks, true);
    uint64_t scratch = pnas_op_update_scratch(network->count) * sizeof(float);
    *largest = 2 * weights > work ? 2 * weights : work;
    return 3 * weights + scratch + work + pnas_member_predict_bytes(network, blocks);
}
