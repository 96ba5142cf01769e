#include "cl/train/child_plan.h"

#include "cl/runtime/kernel_warm.h"
#include "cl/train/child_arena.h"
#include "cl/train/child_launches.h"
#include "cl/train/child_parameters.h"

#include <stdlib.h>
#include <string.h>

/* The largest scratch that any op of the backward pass asks for. */
static size_t scratch_floats(const pnas_child_plan *plan)
{
    const pnas_graph *graph = plan->graph;
    size_t largest = pnas_op_update_scratch(plan->parameter_floats);
    for (int i = 0; i < graph->layer_count; ++i) {
        const pnas_layer *layer = &graph->layer[i];
        const pnas_layer_op *op = pnas_layer_op_of(layer->kind);
        pnas_layer_operands on = pnas_child_operands(plan, i);
        size_t need = op->scratch ? op->scratch(plan->cl, &on) : 0;
        if (layer->norm >= 0 && need < 2 * (size_t)plan->options.batch * (size_t)on.y.channels)
            need = 2 * (size_t)plan->options.batch * (size_t)on.y.channels;
        if (need > largest)
            largest = need;
    }
    return largest;
}

static size_t statistics_floats(const pnas_child_plan *plan)
{
    size_t largest = 1;
    for (int i = 0; i < plan->graph->layer_count; ++i) {
        const pnas_layer *layer = &plan->graph->layer[i];
        if (layer->norm < 0)
            continue;
        pnas_layer_operands on = pnas_child_operands(plan, i);
        size_t need = pnas_layer_statistics_floats(plan->cl, layer->kind, &on);
        largest = need > largest ? need : largest;
    }
    return largest;
}

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

static size_t factor_floats(const pnas_child_plan *plan)
{
    return pnas_child_drops(plan) ? (size_t)plan->graph->drop_paths * (size_t)plan->options.batch : 0;
}

static size_t stream_bytes(const pnas_child_plan *plan, int period, bool training)
{
    size_t ints = PNAS_RECORD_INTS;
    if (training && mixes_images(plan))
        ints += PNAS_MIX_INTS;
    if (training && pnas_child_drops(plan))
        ints += pnas_drop_words(plan->graph->drop_paths);
    return (size_t)period * ((size_t)plan->options.batch * ints * sizeof(cl_int) + 2 * sizeof(cl_float)) +
           4 * sizeof(cl_int);
}

static pnas_status create_stream(pnas_child_plan *plan, int period, bool training, pnas_batch_stream *stream)
{
    stream->period = period;
    size_t images = (size_t)period * (size_t)plan->options.batch;
    PNAS_TRY(pnas_buffer_create(plan->cl, images * PNAS_RECORD_INTS * sizeof(cl_int), &stream->records));
    if (training && mixes_images(plan))
        PNAS_TRY(pnas_buffer_create(plan->cl, images * PNAS_MIX_INTS * sizeof(cl_int), &stream->mixes));
    if (training && pnas_child_drops(plan))
        PNAS_TRY(pnas_buffer_create(
            plan->cl, images * pnas_drop_words(plan->graph->drop_paths) * sizeof(cl_uint), &stream->kept));
    PNAS_TRY(pnas_buffer_create(plan->cl, 4 * sizeof(cl_int), &stream->state));
    PNAS_TRY(pnas_buffer_create(plan->cl, 2 * (size_t)period * sizeof(cl_float), &stream->metrics));
    const cl_int zero[4] = {0};
    return pnas_buffer_write(plan->cl, stream->state, 0, sizeof zero, zero);
}

static void release_stream(pnas_batch_stream *stream)
{
    pnas_buffer_release(&stream->records);
    pnas_buffer_release(&stream->mixes);
    pnas_buffer_release(&stream->kept);
    pnas_buffer_release(&stream->state);
    pnas_buffer_release(&stream->metrics);
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
    memory.drop_path = pnas_child_drops(plan);
    PNAS_TRY_CLEANUP(pnas_memory_plan_create(graph, &memory, &plan->memory));
    PNAS_TRY_CLEANUP(pnas_child_arena_lay_out(plan));
    PNAS_TRY_CLEANUP(pnas_child_parameters_lay_out(plan));
    plan->backward_end = calloc((size_t)graph->layer_count, sizeof *plan->backward_end);
    PNAS_CHECK_CLEANUP(plan->backward_end, PNAS_ERROR_MEMORY, "no memory for %d layers", graph->layer_count);
    plan->scratch_floats = scratch_floats(plan);
    plan->statistics_floats = statistics_floats(plan);
    *out = plan;
    return PNAS_OK;
cleanup:
    pnas_child_plan_destroy(&plan);
    return status;
}

uint64_t pnas_child_plan_bytes(const pnas_child_plan *plan)
{
    uint64_t floats = (uint64_t)plan->memory->floats + plan->parameter_floats + gradient_floats(plan) +
                      average_floats(plan) + moment_floats(plan) + plan->norm_floats + plan->scratch_floats +
                      plan->statistics_floats + rate_floats(plan) + factor_floats(plan);
    return floats * sizeof(cl_float) + stream_bytes(plan, plan->options.train_steps, true) +
           stream_bytes(plan, plan->options.evaluation_steps, false);
}

static pnas_status create_buffers(pnas_child_plan *plan)
{
    const struct {
        cl_mem *buffer;
        size_t floats;
    } wanted[] = {
        {&plan->parameters, plan->parameter_floats}, {&plan->gradients, gradient_floats(plan)},
        {&plan->moments, moment_floats(plan)},       {&plan->norms, plan->norm_floats},
        {&plan->scratch, plan->scratch_floats},      {&plan->statistics, plan->statistics_floats},
        {&plan->rates, rate_floats(plan)},
    };
    PNAS_TRY(pnas_child_arena_create(plan));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; ++i)
        PNAS_TRY(pnas_buffer_create(plan->cl, wanted[i].floats * sizeof(cl_float), wanted[i].buffer));
    if (pnas_child_drops(plan))
        PNAS_TRY(pnas_buffer_create(plan->cl, factor_floats(plan) * sizeof(cl_float), &plan->factors));
    if (average_floats(plan))
        PNAS_TRY(pnas_buffer_create(plan->cl, average_floats(plan) * sizeof(cl_float), &plan->average));
    if (plan->options.shards)
        PNAS_TRY(pnas_buffer_create(plan->cl, 4 * sizeof(cl_int), &plan->update_state));
    PNAS_TRY(create_stream(plan, plan->options.train_steps, true, &plan->train));
    return create_stream(plan, plan->options.evaluation_steps, false, &plan->validation);
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
    pnas_status status = pnas_buffer_write(plan->cl, plan->rates, 0, steps * sizeof *rate, rate);
    free(rate);
    return status;
}

/* The arena, and the records, of which every one is then an image that there is. */
static pnas_status append_zeros(pnas_child_plan *plan, pnas_launch_list *list)
{
    const pnas_batch_stream *streams[] = {&plan->train, &plan->validation};
    PNAS_TRY(pnas_child_arena_append_zeros(plan, list));
    PNAS_TRY(pnas_op_zero(plan->cl, list, (pnas_slice){plan->gradients, 0}, gradient_floats(plan)));
    for (int i = 0; i < 2; ++i) {
        size_t images = (size_t)streams[i]->period * (size_t)plan->options.batch;
        PNAS_TRY(
            pnas_op_zero(plan->cl, list, (pnas_slice){streams[i]->records, 0}, images * PNAS_RECORD_INTS));
        if (streams[i]->mixes)
            PNAS_TRY(
                pnas_op_zero(plan->cl, list, (pnas_slice){streams[i]->mixes, 0}, images * PNAS_MIX_INTS));
        PNAS_TRY(pnas_op_zero(plan->cl, list, (pnas_slice){streams[i]->state, 0}, 4));
    }
    if (plan->update_state)
        PNAS_TRY(pnas_op_zero(plan->cl, list, (pnas_slice){plan->update_state, 0}, 4));
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
    pnas_slice metrics = {auxiliary ? NULL : stream->metrics, 0};
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

static pnas_status append_images(pnas_child_plan *plan, pnas_launch_list *list,
                                 const pnas_batch_stream *stream)
{
    const pnas_value *image = &plan->graph->layer[0].in[0];
    pnas_view view = pnas_child_data(plan, image->tensor, 0, 1);
    pnas_slice figures = {plan->options.mean_deviation, 0};
    int N = plan->options.batch, channels = plan->graph->options.channels;
    PNAS_TRY(pnas_op_load_images(plan->cl, list, N, plan->options.images, channels, figures, stream->records,
                                 stream->state, stream->period, &view));
    if (!stream->mixes)
        return PNAS_OK;
    return pnas_op_mix_images(plan->cl, list, N, plan->options.images, channels, figures, stream->mixes,
                              stream->state, stream->period, &view);
}

/* Before the first layer of a training step. */
static pnas_status append_factors(pnas_child_plan *plan, pnas_launch_list *list)
{
    if (!pnas_child_drops(plan))
        return PNAS_OK;
    const pnas_training_options *training = plan->options.training;
    const pnas_drop drop = {.keep = training->drop_path,
                            .paths = plan->graph->drop_paths,
                            .cells = pnas_graph_cells(plan->graph),
                            .steps = training->epochs * plan->options.train_steps,
                            .kept = plan->train.kept,
                            .state = plan->train.state,
                            .period = plan->train.period};
    return pnas_op_drop_factors(plan->cl, list, plan->options.batch, &drop, (pnas_slice){plan->factors, 0});
}

/* `state` counts the updates. */
static pnas_status append_update(pnas_child_plan *plan, pnas_launch_list *list, cl_mem state)
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
                          .parameters = {plan->parameters, 0},
                          .gradients = {plan->gradients, 0},
                          .moments = {plan->moments, 0},
                          .rates = {plan->rates, 0},
                          .state = state,
                          .scratch = {plan->scratch, 0}};
    return pnas_op_update(plan->cl, list, &update);
}

/* What is done once the gradients of all shards are together in the place of one shard's. */
static pnas_status append_shards_update(pnas_child_plan *plan)
{
    PNAS_TRY(append_update(plan, &plan->update, plan->update_state));
    if (plan->average)
        PNAS_TRY(pnas_op_average(plan->cl, &plan->update, plan->parameter_floats,
                                 (pnas_slice){plan->parameters, 0}, (pnas_slice){plan->average, 0},
                                 plan->options.training->average, plan->update_state));
    return pnas_op_advance(plan->cl, &plan->update, plan->update_state);
}

static pnas_status append_lists(pnas_child_plan *plan)
{
    pnas_launch_list *step = &plan->step, *evaluation = &plan->evaluation;
    if (plan->options.shards)
        PNAS_TRY(pnas_op_zero(plan->cl, step, (pnas_slice){plan->gradients, plan->parameter_floats},
                              plan->running_floats));
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
    PNAS_TRY(append_lists(plan));
    PNAS_TRY(pnas_launch_build(plan->cl, lists, count, options));
    PNAS_TRY(run(plan->cl, zeros));
    for (size_t i = 1; i < count; ++i)
        PNAS_TRY(pnas_kernels_warm(plan->cl, lists[i], options, &ran));
    return ran ? run(plan->cl, zeros) : PNAS_OK;
}

pnas_status pnas_child_plan_build(pnas_child_plan *plan, const pnas_build_options *options)
{
    pnas_launch_list zeros = {0};
    PNAS_TRY(create_buffers(plan));
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
    if (plan->parameters)
        pnas_cl_finish(plan->cl); /* a buffer must not go while a kernel may still use it */
    pnas_launch_clear(&plan->step);
    pnas_launch_clear(&plan->update);
    pnas_launch_clear(&plan->before_evaluation);
    pnas_launch_clear(&plan->evaluation);
    pnas_child_arena_release(plan);
    cl_mem *const buffers[] = {&plan->parameters, &plan->gradients,   &plan->moments, &plan->norms,
                               &plan->scratch,    &plan->statistics,  &plan->rates,   &plan->factors,
                               &plan->average,    &plan->update_state};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; ++i)
        pnas_buffer_release(buffers[i]);
    release_stream(&plan->train);
    release_stream(&plan->validation);
    pnas_memory_plan_destroy(&plan->memory);
    free(plan->parameter_at);
    free(plan->norm_at);
    free(plan->running_at);
    free(plan->backward_end);
    free(plan);
    *plan_pointer = NULL;
}
