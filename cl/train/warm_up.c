#include "cl/train/warm_up.h"

#include "cl/train/child_plan.h"

#include <math.h>

enum { ON_GPU_MOST = 4 };

static pnas_status make_plan(pnas_cl *cl, const pnas_graph *graph, const pnas_training_options *training)
{
    const pnas_network_options *network = &graph->options;
    size_t image = (size_t)network->height * (size_t)network->width * (size_t)network->channels;
    pnas_child_plan_options options = {
        .training = training, .batch = training->batch, .train_steps = 1, .evaluation_steps = 1};
    pnas_child_plan *plan = NULL;
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, image, &options.images)); /* every record is the first image */
    PNAS_TRY_CLEANUP(
        pnas_buffer_create(cl, 2 * (size_t)network->channels * sizeof(cl_float), &options.mean_deviation));
    PNAS_TRY_CLEANUP(pnas_child_plan_create(cl, graph, &options, &plan));
    PNAS_TRY_CLEANUP(pnas_child_plan_build(plan, NULL));
cleanup:
    pnas_child_plan_destroy(&plan);
    pnas_buffer_release(&options.images);
    pnas_buffer_release(&options.mean_deviation);
    return status;
}

/* A driver's context takes some hundred MiB of a GPU, which others may use meanwhile. */
#define MEMORY_PER_PROCESS 0x1p31

int pnas_warm_up_processes(const pnas_device_info *device, int cores)
{
    double most = cores;
    if (!device->cpu)
        most = fmin(most, fmin(ON_GPU_MOST, (double)device->memory / MEMORY_PER_PROCESS));
    return most < 1 ? 1 : (int)most;
}

pnas_status pnas_warm_up(pnas_cl *cl, const pnas_graph *const *graphs, int count,
                         const pnas_training_options *training)
{
    for (int i = 0; i < count; ++i)
        PNAS_TRY(make_plan(cl, graphs[i], training));
    return PNAS_OK;
}
