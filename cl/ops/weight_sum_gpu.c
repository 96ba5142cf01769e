#include "cl/ops/weight_sum_gpu.h"

#include "cl/ops/op_arguments.h"

enum { GROUP = 128 }; /* as in kernels/weight_sum_gpu.cl */
enum { LANES_MOST = 32, PARTIALS_OF_LANE = 4 };

/* Work-items that share a sum: each has some partial sums, so that a few of them make no crowd of groups. */
static int lanes_of(int partials)
{
    int lanes = 1;
    while (lanes < LANES_MOST && 2 * lanes * PARTIALS_OF_LANE <= partials)
        lanes *= 2;
    return lanes;
}

pnas_status pnas_weight_sum_gpu_split(pnas_cl *cl, pnas_launch_list *list, pnas_slice partial, int partials,
                                      size_t weights, int C, int M, int split, pnas_slice gradient)
{
    int lanes = lanes_of(partials);
    size_t of_group = (size_t)(GROUP / lanes) * (size_t)cl->vector;
    pnas_launch_spec spec = {.label = "weight sum",
                             .file = "weight_sum_gpu.cl",
                             .kernel = "weight_sum_gpu",
                             .bytes = sizeof(cl_float) * (double)weights * (1 + partials),
                             PNAS_ACCESSES(pnas_slice_access(partial, weights * (size_t)partials, false),
                                           pnas_slice_access(gradient, weights, true))};
    pnas_op_groups(&spec, (weights + of_group - 1) / of_group, GROUP);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_SLICE(partial), PNAS_ARG_INT(partials), PNAS_ARG_INT(weights),
                                        PNAS_ARG_INT(lanes), PNAS_ARG_INT(C), PNAS_ARG_INT(M),
                                        PNAS_ARG_INT(split), ARG_SLICE(gradient)));
}

pnas_status pnas_weight_sum_gpu(pnas_cl *cl, pnas_launch_list *list, pnas_slice partial, int partials,
                                size_t weights, pnas_slice gradient)
{
    return pnas_weight_sum_gpu_split(cl, list, partial, partials, weights, 0, 0, 0, gradient);
}
