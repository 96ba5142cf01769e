#include "cl/train/warm_up.h"

#include "cl/train/child_plan.h"

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

pnas_status pnas_warm_up(pnas_cl *cl, const pnas_graph *const *graphs, int count,
                         const pnas_training_options *training)
{
    for (int i = 0; i < count; ++i)
        PNAS_TRY(make_plan(cl, graphs[i], training));
    return PNAS_OK;
}
