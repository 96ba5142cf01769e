/* Batch normalisation: what lies between the sums that convolutions make and the transforms that readers use. */
#include "cl/ops/op_arguments.h"

pnas_status pnas_op_norm_forward(pnas_cl *cl, pnas_launch_list *list, int N, int pixels, int tile,
                                 int channels, pnas_slice statistics, pnas_slice gamma, pnas_slice beta,
                                 double momentum, double epsilon, pnas_slice running, pnas_slice saved,
                                 pnas_slice scale_shift)
{
    pnas_launch_spec spec = {.label = "norm forward",
                             .file = "norm.cl",
                             .kernel = "norm_forward",
                             .global = {(size_t)channels},
                             .bytes = 8.0 * N * pnas_statistics_tiles(pixels, tile) * channels};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_SLICE(statistics), PNAS_ARG_INT(N), PNAS_ARG_INT(pixels),
                                        PNAS_ARG_INT(tile), PNAS_ARG_INT(channels), ARG_SLICE(gamma),
                                        ARG_SLICE(beta), PNAS_ARG_FLOAT(momentum),
                                        PNAS_ARG_FLOAT(1.0 - momentum), PNAS_ARG_FLOAT(epsilon),
                                        ARG_SLICE(running), ARG_SLICE(saved), ARG_SLICE(scale_shift)));
}

pnas_status pnas_op_norm_running(pnas_cl *cl, pnas_launch_list *list, int channels, pnas_slice gamma,
                                 pnas_slice beta, double epsilon, pnas_slice running, pnas_slice scale_shift)
{
    pnas_launch_spec spec = {.label = "norm from running statistics",
                             .file = "norm.cl",
                             .kernel = "norm_running",
                             .global = {(size_t)channels}};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(PNAS_ARG_INT(channels), ARG_SLICE(gamma), ARG_SLICE(beta),
                                        PNAS_ARG_FLOAT(epsilon), ARG_SLICE(running), ARG_SLICE(scale_shift)));
}

static pnas_status backward_sums(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_view *gradient,
                                 const pnas_view *raw, pnas_slice saved, pnas_slice scratch)
{
    bool tiled = pnas_op_tiled(cl, PNAS_OP_NORM, N, raw, NULL, NULL);
    size_t channels = (size_t)raw->channels;
    pnas_launch_spec spec = {.label = "norm backward, sums",
                             .file = tiled ? "norm_tile.cl" : "norm.cl",
                             .kernel = tiled ? "norm_backward_sums_tile" : "norm_backward_sums",
                             .global = {tiled ? channels / (size_t)cl->vector : channels, (size_t)N},
                             .local = {tiled ? 1 : 0},
                             .bytes = N * (pnas_view_bytes(gradient) + pnas_view_bytes(raw)),
                             .half = raw->half};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_VIEW(gradient), ARG_VIEW(raw), PNAS_ARG_INT(channels),
                                        PNAS_ARG_INT(raw->height * raw->width), ARG_SLICE(saved),
                                        ARG_SLICE(scratch)));
}

pnas_status pnas_op_norm_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_view *gradient,
                                  const pnas_view *raw, pnas_slice gamma, pnas_slice saved,
                                  pnas_slice coefficients, pnas_slice gamma_gradient,
                                  pnas_slice beta_gradient, pnas_slice scratch)
{
    PNAS_TRY(backward_sums(cl, list, N, gradient, raw, saved, scratch));
    pnas_launch_spec spec = {.label = "norm backward",
                             .file = "norm.cl",
                             .kernel = "norm_backward",
                             .global = {(size_t)raw->channels}};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_SLICE(scratch), PNAS_ARG_INT(N),
                                        PNAS_ARG_INT(raw->height * raw->width), PNAS_ARG_INT(raw->channels),
                                        ARG_SLICE(gamma), ARG_SLICE(saved), ARG_SLICE(coefficients),
                                        ARG_SLICE(gamma_gradient), ARG_SLICE(beta_gradient)));
}
