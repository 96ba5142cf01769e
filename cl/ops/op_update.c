/* The update of all parameters: clipping by the global norm, then one optimizer's step. */
#include "cl/ops/op_arguments.h"
#include "src/net/training.h"

#include <math.h>

static const char gpu_file[] = "update_gpu.cl";

enum { CHUNK = 4096, GROUP = 64, GROUPS_MOST = 256 }; /* CHUNK and GROUP as in update.cl */

/* Partial sums of squares on a CPU: of chunks, a work-item each. */
static size_t chunks_of(size_t count)
{
    return (count + CHUNK - 1) / CHUNK;
}

/* The same on other devices: of groups, which go through the gradients side by side. */
static size_t groups_of(size_t count)
{
    size_t groups = (count + GROUP - 1) / GROUP;
    return groups < GROUPS_MOST ? groups : GROUPS_MOST;
}

/* Room for the partial sums of any device. */
static size_t partials_most(size_t count)
{
    return chunks_of(count) > groups_of(count) ? chunks_of(count) : groups_of(count);
}

size_t pnas_op_update_scratch(size_t count)
{
    return partials_most(count) + 3; /* partial sums of squares, then the factor, then Adam's corrections */
}

static pnas_slice factor_of(const pnas_update *update)
{
    return (pnas_slice){update->scratch.buffer, update->scratch.offset + partials_most(update->count)};
}

/* The factor on every gradient into the last float of the scratch: two stages, each of a fixed order. */
static pnas_status clip(pnas_cl *cl, pnas_launch_list *list, const pnas_update *update, const char *options)
{
    bool chunks = cl->info.cpu;
    size_t partials = chunks ? chunks_of(update->count) : groups_of(update->count);
    pnas_slice factor = factor_of(update);
    pnas_launch_spec squares = {.label = "gradient squares",
                                .file = "update.cl",
                                .options = options,
                                .kernel = chunks ? "gradient_squares" : "gradient_squares_of_groups",
                                .global = {chunks ? partials : partials * GROUP},
                                .local = {chunks ? 1 : GROUP},
                                .bytes = 4.0 * (double)update->count};
    PNAS_TRY(pnas_launch_append(cl, list, &squares,
                                PNAS_ARGS(ARG_SLICE(update->gradients), PNAS_ARG_OFFSET(update->count),
                                          ARG_SLICE(update->scratch), PNAS_ARG_INT(partials))));
    pnas_launch_spec factors = {.label = "clip factor",
                                .file = "update.cl",
                                .options = options,
                                .kernel = "clip_factor",
                                .global = {GROUP},
                                .local = {GROUP}};
    return pnas_launch_append(cl, list, &factors,
                              PNAS_ARGS(ARG_SLICE(update->scratch), PNAS_ARG_INT(partials),
                                        PNAS_ARG_FLOAT(update->clip_norm), ARG_SLICE(factor)));
}

/* log(beta) for 1 - beta^t; beta = 0 leaves nothing of the past, as a very small one does. */
static double log_beta(double beta)
{
    return beta > 0 ? log(beta) : -1e30;
}

static pnas_status correct(pnas_cl *cl, pnas_launch_list *list, const pnas_update *update,
                           const char *options)
{
    pnas_slice corrections = factor_of(update);
    corrections.offset += 1;
    const pnas_launch_spec spec = {.label = "adam corrections",
                                   .file = "update.cl",
                                   .options = options,
                                   .kernel = "adam_corrections",
                                   .global = {1}};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_SLICE(update->state), PNAS_ARG_FLOAT(log_beta(update->beta1)),
                                        PNAS_ARG_FLOAT(log_beta(update->beta2)), ARG_SLICE(corrections)));
}

/* As OPTIMIZER in the kernels. */
static int optimizer_number(int optimizer)
{
    return optimizer == PNAS_OPTIMIZER_ADAM ? 1 : optimizer == PNAS_OPTIMIZER_RMSPROP ? 2 : 0;
}

static const char *build_options(bool wide, int optimizer)
{
    static const char *const text[2][3] = {
        {"-DWIDTH=1 -DOPTIMIZER=0", "-DWIDTH=1 -DOPTIMIZER=1", "-DWIDTH=1 -DOPTIMIZER=2"},
        {"-DWIDTH=8 -DOPTIMIZER=0", "-DWIDTH=8 -DOPTIMIZER=1", "-DWIDTH=8 -DOPTIMIZER=2"}};
    return text[wide][optimizer_number(optimizer)];
}

/* --- the route of GPUs --- */

/* Its kernels read and write whole float4s. */
static bool is_for_gpu(const pnas_cl *cl, size_t count, const pnas_slice *slice, int slices)
{
    pnas_view all = {.channels = cl->vector};
    bool whole = count % 4 == 0;
    for (int i = 0; i < slices; ++i)
        whole = whole && slice[i].offset % 4 == 0;
    return whole && pnas_op_route_of(cl, PNAS_OP_UPDATE, 1, &all, NULL, NULL) == PNAS_ROUTE_GPU;
}

/* Groups that sum squares. */
static size_t gpu_partials(size_t count)
{
    size_t groups = (count / 4 + PNAS_SPREAD_GROUP - 1) / PNAS_SPREAD_GROUP;
    return groups < GROUPS_MOST ? groups : GROUPS_MOST;
}

static pnas_status append_squares(pnas_cl *cl, pnas_launch_list *list, const pnas_update *u,
                                  const char *options)
{
    size_t partials = gpu_partials(u->count);
    pnas_launch_spec spec = {.label = "gradient squares",
                             .file = gpu_file,
                             .options = options,
                             .kernel = "gradient_squares_gpu",
                             .bytes = 4.0 * (double)u->count,
                             PNAS_ACCESSES(pnas_slice_access(u->gradients, u->count, false),
                                           pnas_slice_access(u->scratch, partials, true))};
    pnas_op_groups(&spec, partials, PNAS_SPREAD_GROUP);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_SLICE(u->gradients), PNAS_ARG_OFFSET(u->count),
                                        ARG_SLICE(u->scratch), PNAS_ARG_INT(partials)));
}

static pnas_status update_on_gpu(pnas_cl *cl, pnas_launch_list *list, const pnas_update *u)
{
    static const char *const options[] = {"-DOPTIMIZER=0", "-DOPTIMIZER=1", "-DOPTIMIZER=2"};
    const char *own = options[optimizer_number(u->optimizer)];
    size_t partials = u->clip_norm > 0 ? gpu_partials(u->count) : 0;
    size_t moments = u->count * (u->optimizer == PNAS_OPTIMIZER_SGD ? 1 : 2);
    if (partials)
        PNAS_TRY(append_squares(cl, list, u, own));
    pnas_launch_spec spec = {
        .label = "update",
        .file = gpu_file,
        .options = own,
        .kernel = "update_gpu",
        .bytes = (u->optimizer == PNAS_OPTIMIZER_SGD ? 20.0 : 28.0) * (double)u->count,
        PNAS_ACCESSES(pnas_slice_access(u->parameters, u->count, true),
                      pnas_slice_access(u->gradients, u->count, false),
                      pnas_slice_access(u->moments, moments, true), pnas_slice_access(u->state, 1, false),
                      pnas_slice_access(u->rates, u->steps, false),
                      pnas_access_if(partials > 0, pnas_slice_access(u->scratch, partials, false)))};
    pnas_op_spread(&spec, u->count / 4, PNAS_SPREAD_EACH);
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(ARG_SLICE(u->parameters), ARG_SLICE(u->gradients), ARG_SLICE(u->moments),
                  PNAS_ARG_OFFSET(u->count), PNAS_ARG_OFFSET(u->decayed), ARG_SLICE(u->rates),
                  ARG_SLICE(u->scratch), ARG_SLICE(u->state), PNAS_ARG_INT(partials),
                  PNAS_ARG_FLOAT(u->clip_norm), PNAS_ARG_FLOAT(u->weight_decay), PNAS_ARG_FLOAT(u->momentum),
                  PNAS_ARG_FLOAT(u->beta1), PNAS_ARG_FLOAT(1.0 - u->beta1), PNAS_ARG_FLOAT(u->beta2),
                  PNAS_ARG_FLOAT(1.0 - u->beta2), PNAS_ARG_FLOAT(u->epsilon), PNAS_ARG_INT(u->nesterov),
                  PNAS_ARG_FLOAT(log_beta(u->beta1)), PNAS_ARG_FLOAT(log_beta(u->beta2))));
}

pnas_status pnas_op_update(pnas_cl *cl, pnas_launch_list *list, const pnas_update *u)
{
    const pnas_slice slices[] = {u->parameters, u->gradients, u->moments};
    pnas_view all = {.channels = cl->vector};
    if (is_for_gpu(cl, u->count, slices, 3))
        return update_on_gpu(cl, list, u);
    bool wide = pnas_op_tiled(cl, PNAS_OP_UPDATE, 1, &all, NULL, NULL), clipping = u->clip_norm > 0;
    const char *options = build_options(wide, u->optimizer);
    pnas_slice factor = factor_of(u);
    if (clipping)
        PNAS_TRY(clip(cl, list, u, options));
    if (u->optimizer == PNAS_OPTIMIZER_ADAM)
        PNAS_TRY(correct(cl, list, u, options));
    pnas_launch_spec spec = {.label = "update",
                             .file = "update.cl",
                             .options = options,
                             .kernel = "update",
                             .global = {wide ? (u->count + 7) / 8 : u->count},
                             .bytes = (u->optimizer == PNAS_OPTIMIZER_SGD ? 20.0 : 28.0) * (double)u->count};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(ARG_SLICE(u->parameters), ARG_SLICE(u->gradients), ARG_SLICE(u->moments),
                  PNAS_ARG_OFFSET(u->count), PNAS_ARG_OFFSET(u->decayed), ARG_SLICE(u->rates),
                  ARG_SLICE(u->state), ARG_SLICE(factor), PNAS_ARG_INT(clipping),
                  PNAS_ARG_FLOAT(u->weight_decay), PNAS_ARG_FLOAT(u->momentum), PNAS_ARG_FLOAT(u->beta1),
                  PNAS_ARG_FLOAT(1.0 - u->beta1), PNAS_ARG_FLOAT(u->beta2), PNAS_ARG_FLOAT(1.0 - u->beta2),
                  PNAS_ARG_FLOAT(u->epsilon), PNAS_ARG_INT(u->nesterov)));
}

pnas_status pnas_op_average(pnas_cl *cl, pnas_launch_list *list, size_t count, pnas_slice parameters,
                            pnas_slice average, double decay, pnas_slice state)
{
    const pnas_slice slices[] = {parameters, average};
    bool gpu = is_for_gpu(cl, count, slices, 2);
    pnas_launch_spec spec = {.label = "moving average",
                             .file = gpu ? gpu_file : "update.cl",
                             .options = gpu ? NULL : build_options(false, PNAS_OPTIMIZER_SGD),
                             .kernel = gpu ? "average_gpu" : "average",
                             .global = {count},
                             .bytes = 12.0 * (double)count,
                             PNAS_ACCESSES(pnas_slice_access(parameters, count, false),
                                           pnas_slice_access(state, 1, false),
                                           pnas_slice_access(average, count, true))};
    if (gpu)
        pnas_op_spread(&spec, count / 4, PNAS_SPREAD_EACH);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_SLICE(parameters), PNAS_ARG_OFFSET(count), PNAS_ARG_FLOAT(decay),
                                        ARG_SLICE(state), ARG_SLICE(average)));
}
