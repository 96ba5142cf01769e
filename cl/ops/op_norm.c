/* Batch normalisation: what lies between the sums that convolutions make and the transforms that readers use. */
#include "cl/ops/op_arguments.h"

enum { GROUP = 128 }; /* as in kernels/norm_gpu.cl */

/* Of what is done for each channel, whatever the size of an image: the GPU's or plain. */
static pnas_route route_of_channels(const pnas_cl *cl, int N, int channels)
{
    pnas_view all = {.channels = channels};
    bool gpu = pnas_op_route_of(cl, PNAS_OP_NORM, N, &all, NULL, NULL) == PNAS_ROUTE_GPU;
    return gpu ? PNAS_ROUTE_GPU : PNAS_ROUTE_PLAIN;
}

/* `rows` values a channel. */
static pnas_access rows_access(pnas_slice slice, int rows, int channels, bool write)
{
    return pnas_slice_access(slice, (size_t)rows * (size_t)channels, write);
}

pnas_status pnas_op_norm_forward(pnas_cl *cl, pnas_launch_list *list, int N, int pixels, int tile,
                                 int channels, pnas_slice statistics, pnas_slice gamma, pnas_slice beta,
                                 double momentum, double epsilon, pnas_slice running, pnas_slice saved,
                                 pnas_slice scale_shift)
{
    pnas_route route = route_of_channels(cl, N, channels);
    int parts = N * pnas_statistics_tiles(pixels, tile);
    pnas_launch_spec spec = {
        .label = "norm forward",
        .file = pnas_route_file(PNAS_OP_NORM, route),
        .kernel = PNAS_KERNEL_OF(route, "norm_forward"),
        .global = {(size_t)channels},
        .bytes = 8.0 * parts * channels,
        PNAS_ACCESSES(rows_access(statistics, 2 * parts, channels, false),
                      rows_access(gamma, 1, channels, false), rows_access(beta, 1, channels, false),
                      rows_access(running, 2, channels, true), rows_access(saved, 2, channels, true),
                      rows_access(scale_shift, 2, channels, true))};
    if (route == PNAS_ROUTE_GPU)
        pnas_op_groups(&spec, (size_t)(channels / cl->vector), GROUP);
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
    pnas_route route = route_of_channels(cl, 1, channels);
    pnas_launch_spec spec = {
        .label = "norm from running statistics",
        .file = pnas_route_file(PNAS_OP_NORM, route),
        .kernel = PNAS_KERNEL_OF(route, "norm_running"),
        .global = {(size_t)channels},
        PNAS_ACCESSES(rows_access(gamma, 1, channels, false), rows_access(beta, 1, channels, false),
                      rows_access(running, 2, channels, false), rows_access(scale_shift, 2, channels, true))};
    size_t of_group = (size_t)GROUP * (size_t)cl->vector;
    if (route == PNAS_ROUTE_GPU)
        pnas_op_groups(&spec, ((size_t)channels + of_group - 1) / of_group, GROUP);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(PNAS_ARG_INT(channels), ARG_SLICE(gamma), ARG_SLICE(beta),
                                        PNAS_ARG_FLOAT(epsilon), ARG_SLICE(running), ARG_SLICE(scale_shift)));
}

static pnas_status backward_sums(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_view *gradient,
                                 const pnas_view *raw, pnas_slice saved, pnas_slice scratch)
{
    pnas_route route = pnas_op_route_of(cl, PNAS_OP_NORM, N, raw, NULL, NULL);
    bool tiled = route == PNAS_ROUTE_TILE;
    size_t channels = (size_t)raw->channels;
    int pixels = raw->height * raw->width, items = pnas_op_items_of_image(pixels, GROUP);
    pnas_launch_spec spec = {.label = "norm backward, sums",
                             .file = pnas_route_file(PNAS_OP_NORM, route),
                             .kernel = PNAS_KERNEL_OF(route, "norm_backward_sums"),
                             .global = {tiled ? channels / (size_t)cl->vector : channels, (size_t)N},
                             .local = {tiled ? 1 : 0},
                             .bytes = N * (pnas_view_bytes(gradient) + pnas_view_bytes(raw)),
                             .half = raw->half,
                             PNAS_ACCESSES(pnas_view_access(gradient, N, false),
                                           pnas_view_access(raw, N, false),
                                           rows_access(saved, 2, raw->channels, false),
                                           rows_access(scratch, 2 * N, raw->channels, true))};
    if (route == PNAS_ROUTE_GPU)
        pnas_op_image_groups(cl, &spec, N, raw->channels, items, GROUP);
    return pnas_op_append(cl, list, &spec, route, 2,
                          PNAS_ARGS(ARG_VIEW(gradient), ARG_VIEW(raw), PNAS_ARG_INT(channels),
                                    PNAS_ARG_INT(pixels), ARG_SLICE(saved), ARG_SLICE(scratch),
                                    PNAS_ARG_INT(N), PNAS_ARG_INT(items)));
}

pnas_status pnas_op_norm_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_view *gradient,
                                  const pnas_view *raw, pnas_slice gamma, pnas_slice saved,
                                  pnas_slice coefficients, pnas_slice gamma_gradient,
                                  pnas_slice beta_gradient, pnas_slice scratch)
{
    int channels = raw->channels;
    pnas_route route = route_of_channels(cl, N, channels);
    PNAS_TRY(backward_sums(cl, list, N, gradient, raw, saved, scratch));
    pnas_launch_spec spec = {
        .label = "norm backward",
        .file = pnas_route_file(PNAS_OP_NORM, route),
        .kernel = PNAS_KERNEL_OF(route, "norm_backward"),
        .global = {(size_t)channels},
        .bytes = 8.0 * N * channels,
        PNAS_ACCESSES(rows_access(scratch, 2 * N, channels, false), rows_access(gamma, 1, channels, false),
                      rows_access(saved, 2, channels, false), rows_access(coefficients, 3, channels, true),
                      rows_access(gamma_gradient, 1, channels, true),
                      rows_access(beta_gradient, 1, channels, true))};
    if (route == PNAS_ROUTE_GPU)
        pnas_op_groups(&spec, (size_t)(channels / cl->vector), GROUP);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_SLICE(scratch), PNAS_ARG_INT(N),
                                        PNAS_ARG_INT(raw->height * raw->width), PNAS_ARG_INT(channels),
                                        ARG_SLICE(gamma), ARG_SLICE(saved), ARG_SLICE(coefficients),
                                        ARG_SLICE(gamma_gradient), ARG_SLICE(beta_gradient)));
}
