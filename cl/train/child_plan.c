#include "cl/train/child_plan.h"

#include "cl/ops/op_augment.h"
#include "cl/runtime/context.h"
#include "cl/runtime/kernel_warm.h"
#include "cl/train/child_arena.h"
#include "cl/train/child_join.h"
#include "cl/train/child_launches.h"
#include "cl/train/child_parameters.h"
#include "cl/train/child_pieces.h"
#include "cl/train/child_scratch.h"

#include <stdlib.h>
#include <string.h>

static size_t moment_floats(const pnas_child_plan *plan)
{
    return plan->parameter_floats * (plan->options.training->optimizer == PNAS_OPTIMIZER_SGD ? 1 : 2);
}

static size_t rate_floats(const pnas_child_plan *plan)
{
    int steps = plan->options.train_steps / (plan->options.shards ? plan->options.shards : 1);
    return (size_t)plan->options.training->epochs * (size_t)steps;
}

static size_t gradient_floats(const pnas_child_plan *plan)
{
    return plan->parameter_floats + (plan->options.shards ? plan->running_floats : 0);
}

static size_t average_floats(const pnas_child_plan *plan)
{
    return plan->options.shards && plan->options.training->average > 0 ? plan->parameter_floats : 0;
}

static bool mixes_images(const pnas_child_plan *plan)
{
    return plan->options.training->mixup > 0 || plan->options.training->cutmix > 0;
}

/* Of the images of one step, as bytes. */
static size_t shown_bytes(const pnas_child_plan *plan)
{
    const pnas_network_options *network = &plan->graph->options;
    return (size_t)plan->options.batch * (size_t)network->height * (size_t)network->width *
           (size_t)network->channels;
}

static size_t shown_floats(const pnas_child_plan *plan)
{
    return pnas_child_augments(plan) ? (shown_bytes(plan) + sizeof(cl_float) - 1) / sizeof(cl_float) : 0;
}

static size_t factor_floats(const pnas_child_plan *plan)
{
    return pnas_child_drops(plan) ? (size_t)plan->graph->drop_paths * (size_t)plan->options.batch : 0;
}

/* --- memory --- */

enum { PIECES = 24 };

static size_t list_stream(const pnas_child_plan *plan, pnas_batch_stream *stream, int period, bool training,
                          pnas_child_piece *out)
{
    size_t images = (size_t)period * (size_t)plan->options.batch, count = 0;
    out[count++] = (pnas_child_piece){&stream->records, images * PNAS_RECORD_INTS};
    if (training && mixes_images(plan))
        out[count++] = (pnas_child_piece){&stream->mixes, images * PNAS_MIX_INTS};
    if (training && pnas_child_augments(plan))
        out[count++] = (pnas_child_piece){&stream->recipes, images * PNAS_RECIPE_INTS};
    if (training && pnas_child_drops(plan))
        out[count++] = (pnas_child_piece){&stream->kept, images * pnas_drop_words(plan->graph->drop_paths)};
    out[count++] = (pnas_child_piece){&stream->state, 4};
    out[count++] = (pnas_child_piece){&stream->metrics, 2 * (size_t)period};
    return count;
}

/* All but the arena, [PIECES]; returns how many. */
static size_t list_pieces(pnas_child_plan *plan, pnas_child_piece *out)
{
    size_t count = 0;
    out[count++] = (pnas_child_piece){&plan->parameters, plan->parameter_floats};
    out[count++] = (pnas_child_piece){&plan->gradients, gradient_floats(plan)};
    out[count++] = (pnas_child_piece){&plan->moments, moment_floats(plan)};
    out[count++] = (pnas_child_piece){&plan->norms, plan->norm_floats};
    out[count++] = (pnas_child_piece){&plan->scratch, plan->scratch_floats};
    out[count++] = (pnas_child_piece){&plan->statistics, plan->statistics_floats};
    out[count++] = (pnas_child_piece){&plan->rates, rate_floats(plan)};
    out[count++] = (pnas_child_piece){&plan->factors, factor_floats(plan)};
    out[count++] = (pnas_child_piece){&plan->shown, shown_floats(plan)};
    out[count++] = (pnas_child_piece){&plan->average, average_floats(plan)};
    out[count++] = (pnas_child_piece){&plan->update_state, plan->options.shards ? 4 : 0};
    count += list_stream(plan, &plan->train, plan->options.train_steps, true, out + count);
    return count + list_stream(plan, &plan->validation, plan->options.evaluation_steps, false, out + count);
}

static uint64_t memory_floats(pnas_child_plan *plan)
{
    pnas_child_piece pieces[PIECES];
    size_t count = list_pieces(plan, pieces);
    return pnas_child_arena_floats(plan) + pnas_child_pieces_floats(plan, pieces, count);
}

pnas_status pnas_child_plan_create(pnas_cl *cl, const pnas_graph *graph,
                                   const pnas_child_plan_options *options, pnas_child_plan **out)
{
    pnas_memory_plan_options memory = {.batch = options->batch,
                                       .vector = cl->vector,
                                       .training = true,
                                       .storage = options->training->storage,
                                       .part = (int64_t)(cl->info.largest_allocation / sizeof(cl_float))};
    pnas_child_plan *plan = calloc(1, sizeof *plan);
    pnas_status status;
    *out = NULL;
    PNAS_CHECK(plan, PNAS_ERROR_MEMORY, "no memory for a child's plan");
    plan->cl = cl;
    plan->graph = graph;
    plan->options = *options;
    plan->joins = !options->separate && options->shards == 0 && pnas_cl_joins(cl);
    memory.drop_path = pnas_child_drops(plan);
    PNAS_TRY_CLEANUP(pnas_memory_plan_create(graph, &memory, &plan->memory));
    PNAS_TRY_CLEANUP(pnas_child_arena_lay_out(plan));
    PNAS_TRY_CLEANUP(pnas_child_parameters_lay_out(plan));
    plan->backward_end = calloc((size_t)graph->layer_count, sizeof *plan->backward_end);
    PNAS_CHECK_CLEANUP(plan->backward_end, PNAS_ERROR_MEMORY, "no memory for %d layers", graph->layer_count);
    PNAS_TRY_CLEANUP(pnas_child_scratch_lay_out(plan));
    plan->bytes = memory_floats(plan) * sizeof(cl_float);
    *out = plan;
    return PNAS_OK;
cleanup:
    pnas_child_plan_destroy(&plan);
    return status;
}

uint64_t pnas_child_plan_bytes(const pnas_child_plan *plan)
{
    return plan->bytes;
}

static pnas_status find_places(pnas_child_plan *plan)
{
    pnas_child_piece pieces[PIECES];
    size_t count = list_pieces(plan, pieces);
    PNAS_TRY(pnas_child_pieces_open(plan, plan->bytes / sizeof(cl_float)));
    PNAS_TRY(pnas_child_arena_create(plan));
    PNAS_TRY(pnas_child_pieces_take(plan, pieces, count));
    plan->train.period = plan->options.train_steps;
    plan->validation.period = plan->options.evaluation_steps;
    return PNAS_OK;
}

static pnas_status start_streams(pnas_child_plan *plan)
{
    const cl_int zero[4] = {0};
    PNAS_TRY(pnas_slice_write(plan->cl, plan->train.state, 0, sizeof zero, zero));
    return pnas_slice_write(plan->cl, plan->validation.state, 0, sizeof zero, zero);
}

pnas_status pnas_child_plan_scale_rates(pnas_child_plan *plan, double factor)
{
    pnas_schedule schedule = plan->options.training->schedule;
    schedule.epochs = plan->options.training->epochs;
    size_t steps = rate_floats(plan);
    schedule.steps_per_epoch = (int)(steps / (size_t)schedule.epochs);
    float *rate = malloc((steps ? steps : 1) * sizeof *rate);
    PNAS_CHECK(rate, PNAS_ERROR_MEMORY, "no memory for %zu learning rates", steps);
    for (size_t i = 0; i < steps; ++i)
        rate[i] = (float)(factor * pnas_schedule_rate(&schedule, (int)i));
    pnas_status status = pnas_slice_write(plan->cl, plan->rates, 0, steps * sizeof *rate, rate);
    free(rate);
    return status;
}

/* The arena, and the records, of which every one is then an image that there is. */
static pnas_status append_zeros(pnas_child_plan *plan, pnas_launch_list *list)
{
    const pnas_batch_stream *streams[] = {&plan->train, &plan->validation};
    PNAS_TRY(pnas_child_arena_append_zeros(plan, list));
    PNAS_TRY(pnas_op_zero(plan->cl, list, plan->gradients, gradient_floats(plan)));
    for (int i = 0; i < 2; ++i) {
        size_t images = (size_t)streams[i]->period * (size_t)plan->options.batch;
        PNAS_TRY(pnas_op_zero(plan->cl, list, streams[i]->records, images * PNAS_RECORD_INTS));
        if (streams[i]->mixes.buffer)
            PNAS_TRY(pnas_op_zero(plan->cl, list, streams[i]->mixes, images * PNAS_MIX_INTS));
        if (streams[i]->recipes.buffer)
            PNAS_TRY(pnas_op_zero(plan->cl, list, streams[i]->recipes, images * PNAS_RECIPE_INTS));
        PNAS_TRY(pnas_op_zero(plan->cl, list, streams[i]->state, 4));
    }
    if (plan->update_state.buffer)
        PNAS_TRY(pnas_op_zero(plan->cl, list, plan->update_state, 4));
    return PNAS_OK;
}

/* The loss of one classifier; the metrics are the last layer's. */
static pnas_status append_loss_of(pnas_child_plan *plan, pnas_launch_list *list,
                                  const pnas_batch_stream *stream, int tensor, bool training)
{
    bool auxiliary = tensor == plan->graph->auxiliary_logits;
    const pnas_loss_targets targets = {.smoothing = training ? plan->options.training->label_smoothing : 0,
                                       .mixes = stream->mixes,
                                       .weight = auxiliary ? plan->graph->options.auxiliary : 1};
    pnas_slice logits = pnas_child_data(plan, tensor, 0, 1).at;
    pnas_slice gradient = training ? pnas_child_gradient(plan, tensor, 0, 1).at : (pnas_slice){NULL, 0};
    pnas_slice metrics = auxiliary ? (pnas_slice){NULL, 0} : stream->metrics;
    return pnas_op_softmax_loss(plan->cl, list, plan->options.batch, plan->graph->options.classes, logits,
                                stream->records, stream->state, stream->period, &targets, gradient, metrics);
}

static pnas_status append_loss(pnas_child_plan *plan, pnas_launch_list *list, const pnas_batch_stream *stream,
                               bool training)
{
    const pnas_graph *graph = plan->graph;
    if (training && graph->auxiliary_logits >= 0)
        PNAS_TRY(append_loss_of(plan, list, stream, graph->auxiliary_logits, training));
    return append_loss_of(plan, list, stream, graph->layer[graph->layer_count - 1].out, training);
}

/* *pixels become those that the recipes make of the step's images. */
static pnas_status append_shown(pnas_child_plan *plan, pnas_launch_list *list,
                                const pnas_batch_stream *stream, pnas_slice figures, pnas_pixels *pixels)
{
    const pnas_network_options *network = &plan->graph->options;
    const pnas_slice shown = {plan->shown.buffer, plan->shown.offset * sizeof(cl_float)};
    PNAS_TRY(pnas_op_augment_images(plan->cl, list, plan->options.batch, pixels->buffer, network->channels,
                                    network->height, network->width, figures, stream->recipes, stream->state,
                                    stream->period, shown));
    *pixels = (pnas_pixels){shown.buffer, shown.offset, shown_bytes(plan)};
    return PNAS_OK;
}

static pnas_status append_images(pnas_child_plan *plan, pnas_launch_list *list,
                                 const pnas_batch_stream *stream)
{
    const pnas_value *image = &plan->graph->layer[0].in[0];
    pnas_view view = pnas_child_data(plan, image->tensor, 0, 1);
    pnas_slice figures = {plan->options.mean_deviation, 0};
    int N = plan->options.batch, channels = plan->graph->options.channels;
    pnas_pixels pixels = {.buffer = plan->options.images};
    if (stream->recipes.buffer)
        PNAS_TRY(append_shown(plan, list, stream, figures, &pixels));
    PNAS_TRY(pnas_op_load_images(plan->cl, list, N, pixels, channels, figures, stream->records, stream->state,
                                 stream->period, &view));
    if (!stream->mixes.buffer)
        return PNAS_OK;
    return pnas_op_mix_images(plan->cl, list, N, pixels, channels, figures, stream->mixes, stream->state,
                              stream->period, &view);
}

/* Before the first layer of a training step. */
static pnas_status append_factors(pnas_child_plan *plan, pnas_launch_list *list)
{
    if (!pnas_child_drops(plan))
        return PNAS_OK;
    const pnas_training_options *training = plan->options.training;
    const pnas_drop drop = {.keep = training->drop_path,
                            .paths = plan->graph->drop_paths,
                            .cells = pnas_network_cells(&plan->graph->options),
                            .steps = training->epochs * plan->options.train_steps,
                            .kept = plan->train.kept,
                            .state = plan->train.state,
                            .period = plan->train.period};
    return pnas_op_drop_factors(plan->cl, list, plan->options.batch, &drop, plan->factors);
}

/* `state` counts the updates. */
static pnas_status append_update(pnas_child_plan *plan, pnas_launch_list *list, pnas_slice state)
{
    const pnas_training_options *training = plan->options.training;
    pnas_update update = {.optimizer = (int)training->optimizer,
                          .momentum = training->momentum,
                          .beta1 = training->beta1,
                          .beta2 = training->beta2,
                          .epsilon = training->epsilon,
                          .weight_decay = training->weight_decay,
                          .clip_norm = training->clip_norm,
                          .nesterov = training->nesterov,
                          .count = plan->parameter_floats,
                          .decayed = plan->decayed_floats,
                          .parameters = plan->parameters,
                          .gradients = plan->gradients,
                          .moments = plan->moments,
                          .rates = plan->rates,
                          .steps = rate_floats(plan),
                          .state = state,
                          .scratch = pnas_child_scratch(plan, plan->graph->layer_count)};
    return pnas_op_update(plan->cl, list, &update);
}

/* What is done once the gradients of all shards are together in the place of one shard's. */
static pnas_status append_shards_update(pnas_child_plan *plan)
{
    PNAS_TRY(append_update(plan, &plan->update, plan->update_state));
    if (plan->average.buffer)
        PNAS_TRY(pnas_op_average(plan->cl, &plan->update, plan->parameter_floats, plan->parameters,
                                 plan->average, plan->options.training->average, plan->update_state));
    return pnas_op_advance(plan->cl, &plan->update, plan->update_state);
}

static pnas_status append_lists(pnas_child_plan *plan)
{
    pnas_launch_list *step = &plan->step, *evaluation = &plan->evaluation;
    pnas_slice running = plan->gradients;
    running.offset += plan->parameter_floats;
    if (plan->options.shards)
        PNAS_TRY(pnas_op_zero(plan->cl, step, running, plan->running_floats));
    PNAS_TRY(append_images(plan, step, &plan->train));
    PNAS_TRY(append_factors(plan, step));
    PNAS_TRY(pnas_child_append_forward(plan, step, true));
    PNAS_TRY(append_loss(plan, step, &plan->train, true));
    PNAS_TRY(pnas_child_append_backward(plan, step));
    if (plan->options.shards) {
        PNAS_TRY(append_shards_update(plan));
    } else {
        PNAS_TRY(append_update(plan, step, plan->train.state));
        PNAS_TRY(pnas_op_advance(plan->cl, step, plan->train.state));
    }
    for (int i = 0; i < plan->graph->norm_count; ++i) {
        const pnas_norm *norm = &plan->graph->norm[i];
        PNAS_TRY(pnas_op_norm_running(
            plan->cl, &plan->before_evaluation, pnas_child_padded(plan, norm->channels),
            pnas_child_parameter(plan, norm->gamma), pnas_child_parameter(plan, norm->beta),
            plan->options.training->norm_epsilon, pnas_child_norm(plan, i, PNAS_NORM_RUNNING),
            pnas_child_norm(plan, i, PNAS_NORM_SCALE_SHIFT)));
    }
    PNAS_TRY(append_images(plan, evaluation, &plan->validation));
    PNAS_TRY(pnas_child_append_forward(plan, evaluation, false));
    PNAS_TRY(append_loss(plan, evaluation, &plan->validation, false));
    return pnas_op_advance(plan->cl, evaluation, plan->validation.state);
}

static pnas_status run(pnas_cl *cl, pnas_launch_list *list)
{
    PNAS_TRY(pnas_launch_run(cl, list, NULL));
    return pnas_cl_finish(cl);
}

/* All programs are built together, so that ranks that start together share that work. Kernels that are run
 * for their compilation find zeros, and what they wrote is cleared again. */
static pnas_status build_lists(pnas_child_plan *plan, pnas_launch_list *zeros,
                               const pnas_build_options *options)
{
    pnas_launch_list *const lists[] = {zeros, &plan->step, &plan->update, &plan->before_evaluation,
                                       &plan->evaluation};
    const size_t count = sizeof lists / sizeof *lists;
    bool ran = false;
    PNAS_TRY(append_zeros(plan, zeros));
    PNAS_TRY(pnas_launch_build(plan->cl, lists, count, options));
    PNAS_TRY(run(plan->cl, zeros));
    for (size_t i = 1; i < count; ++i)
        PNAS_TRY(pnas_kernels_warm(plan->cl, lists[i], options, &ran));
    return ran ? run(plan->cl, zeros) : PNAS_OK;
}

pnas_status pnas_child_plan_record(pnas_child_plan *plan)
{
    PNAS_TRY(find_places(plan));
    PNAS_TRY(append_lists(plan));
    return pnas_child_join(plan);
}

pnas_status pnas_child_plan_build(pnas_child_plan *plan, const pnas_build_options *options)
{
    pnas_launch_list zeros = {0};
    PNAS_TRY(pnas_child_plan_record(plan));
    PNAS_TRY(start_streams(plan));
    PNAS_TRY(pnas_child_plan_scale_rates(plan, 1));
    pnas_status status = build_lists(plan, &zeros, options);
    pnas_launch_clear(&zeros);
    return status;
}

void pnas_child_plan_destroy(pnas_child_plan **plan_pointer)
{
    pnas_child_plan *plan = *plan_pointer;
    if (!plan)
        return;
    if (plan->parameters.buffer)
        pnas_cl_finish(plan->cl); /* a buffer must not go while a kernel may still use it */
    pnas_launch_clear(&plan->step);
    pnas_launch_clear(&plan->update);
    pnas_launch_clear(&plan->before_evaluation);
    pnas_launch_clear(&plan->evaluation);
    pnas_child_join_clear(plan);
    pnas_child_arena_release(plan);
    pnas_child_pieces_release(plan);
    pnas_memory_plan_destroy(&plan->memory);
    free(plan->parameter_at);
    free(plan->norm_at);
    free(plan->running_at);
    free(plan->scratch_at);
    free(plan->norm_scratch_at);
    free(plan->statistics_at);
    free(plan->backward_end);
    free(plan);
    *plan_pointer = NULL;
}
