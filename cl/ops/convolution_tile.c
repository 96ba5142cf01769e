/* The pieces and stages of the tile and wide routes, and their launches. */
#include "cl/ops/convolution_tile.h"

#include <stdio.h>

enum {
    STAGE_FLOATS = 8192, /* 32 KB: what a core's first cache holds */
    TAPS_LEAST = 64,
    VECTOR = 8 /* V; also what the pixels of a register tile divide */
};

typedef struct { /* SHAPE of convolution_tile.cl, and the floats it needs */
    int rows, columns;
    int stage_rows, stage_phases, stage_columns, row_step;
    size_t floats;
} piece;

typedef struct { /* what a piece's stage depends on */
    const pnas_convolution *conv;
    const pnas_window *window;
    int depth; /* channels staged */
} staging;

#define ARG_PIECE(p)                                                                                         \
    PNAS_ARG_INT((p)->rows), PNAS_ARG_INT((p)->columns), PNAS_ARG_INT((p)->stage_rows),                      \
        PNAS_ARG_INT((p)->stage_phases), PNAS_ARG_INT((p)->stage_columns), PNAS_ARG_INT((p)->row_step)

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* The inputs of rows x columns outputs. Only the rows and phases that some tap reads are staged. */
static piece stage_inputs(const staging *on, int rows, int columns)
{
    const pnas_window *w = on->window;
    int high = (w->kernel_h - 1) * w->dilation, wide = (w->kernel_w - 1) * w->dilation;
    piece p = {.rows = rows, .columns = columns};
    p.row_step = high == 0 ? w->stride_h : 1;
    p.stage_rows = (rows - 1) * w->stride_h / p.row_step + high + 1;
    p.stage_phases = least(w->stride_w, wide + 1);
    p.stage_columns = columns + wide / w->stride_w;
    p.floats = (size_t)on->depth * p.stage_rows * p.stage_phases * p.stage_columns;
    return p;
}

/* Inputs, and the upstream gradients of the same outputs behind them. */
static piece stage_both(const staging *on, int rows, int columns)
{
    piece p = stage_inputs(on, rows, columns);
    p.floats += (size_t)on->conv->y->channels * rows * columns;
    return p;
}

/* The upstream gradients that reach rows x columns inputs, wherever the piece's corner is. */
static piece stage_upstream(const staging *on, int rows, int columns)
{
    const pnas_window *w = on->window;
    int high = (w->kernel_h - 1) * w->dilation, wide = (w->kernel_w - 1) * w->dilation;
    piece p = {.rows = rows, .columns = columns, .stage_phases = 1, .row_step = 1};
    p.stage_rows = (rows - 1 + high + w->stride_h - 1) / w->stride_h + 1;
    p.stage_columns = columns / w->stride_w + (wide + 2 * (w->stride_w - 1)) / w->stride_w;
    p.floats = (size_t)on->depth * p.stage_rows * p.stage_columns;
    return p;
}

/* The largest pieces whose stage fits, full width first, then rows; all about as large as one another.
 * Columns are a multiple of `step`. */
static piece choose_piece(piece (*stage)(const staging *, int, int), const staging *on, int height, int width,
                          int step)
{
    int columns = divide_up(width, step) * step;
    while (columns > step && stage(on, 1, columns).floats > STAGE_FLOATS)
        columns -= step;
    columns = divide_up(divide_up(width, divide_up(width, columns)), step) * step;
    int rows = height;
    while (rows > 1 && stage(on, rows, columns).floats > STAGE_FLOATS)
        --rows;
    return stage(on, divide_up(height, divide_up(height, rows)), columns);
}

/* A child's convolutions share one program: forward launches name the upstream's form, too, and the stage
 * only grows, in powers of two, for channels or taps far beyond a search's. */
static const char *build_options(char out[128], size_t floats, const pnas_window *window, bool normalised)
{
    size_t stage = STAGE_FLOATS;
    int taps = TAPS_LEAST;
    while (stage < floats)
        stage *= 2;
    while (taps < window->kernel_h * window->kernel_w)
        taps *= 2;
    snprintf(out, 128, "-DSTAGE=%zu -DTAPS=%d -DUPSTREAM_NORMALISED=%d", stage, taps, normalised);
    return out;
}

static const char *file_of(const pnas_convolution *conv)
{
    return pnas_route_file(PNAS_OP_CONVOLUTION_FORWARD, conv->route);
}

static double moved_bytes(const pnas_convolution *conv, double bytes_of_y)
{
    return conv->N * (pnas_view_bytes(&conv->x->view) + bytes_of_y);
}

pnas_status pnas_convolution_tile_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                          const pnas_tap_range *range, pnas_slice weight,
                                          pnas_slice statistics)
{
    const pnas_view *x = &conv->x->view, *y = conv->y;
    const staging on = {conv, &range->window, x->channels};
    const piece p = choose_piece(stage_inputs, &on, y->height, y->width, VECTOR);
    char options[128];
    const pnas_launch_spec spec = {.label = "convolution forward",
                                   .file = file_of(conv),
                                   .options = build_options(options, p.floats, on.window, true),
                                   .kernel = PNAS_KERNEL_OF(conv->route, "convolution_forward"),
                                   .global = {(size_t)conv->N},
                                   .local = {1, 1, 1},
                                   .flops = pnas_convolution_flops(conv->N, on.window, x, y),
                                   .bytes = moved_bytes(conv, pnas_view_bytes(y)),
                                   .half = x->half};
    bool wanted = statistics.buffer != NULL;
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(conv->x), ARG_CHANNELS(x), ARG_SIZE(x), ARG_SLICE(weight),
                                        ARG_WINDOW(on.window), PNAS_ARG_INT(range->first),
                                        PNAS_ARG_INT(range->last), ARG_VIEW(y), PNAS_ARG_INT(y->channels),
                                        ARG_SIZE(y), ARG_SLICE_IF(wanted, statistics, y->at.buffer),
                                        PNAS_ARG_INT(wanted), ARG_PIECE(&p)));
}

pnas_status pnas_convolution_tile_input_gradient(pnas_cl *cl, pnas_launch_list *list,
                                                 const pnas_convolution *conv, const pnas_tap_range *range,
                                                 pnas_slice transposed, const pnas_upstream *y,
                                                 const pnas_downstream *dx)
{
    const pnas_view *x = &conv->x->view, *shape = conv->y;
    int blocks = divide_up(range->last, VECTOR) - range->first / VECTOR;
    const staging on = {conv, &range->window, blocks * VECTOR};
    const piece p = choose_piece(stage_upstream, &on, x->height, x->width, VECTOR * on.window->stride_w);
    char options[128];
    const pnas_launch_spec spec = {.label = "convolution input gradient",
                                   .file = file_of(conv),
                                   .options = build_options(options, p.floats, on.window, y->normalise),
                                   .kernel = PNAS_KERNEL_OF(conv->route, "convolution_input_gradient"),
                                   .global = {(size_t)conv->N},
                                   .local = {1, 1, 1},
                                   .flops = pnas_convolution_flops(conv->N, on.window, x, shape),
                                   .bytes = moved_bytes(conv, pnas_upstream_bytes(y)),
                                   .half = x->half};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(ARG_OPERAND(conv->x), PNAS_ARG_INT(x->channels), ARG_SIZE(x), ARG_SLICE(transposed),
                  ARG_WINDOW(on.window), PNAS_ARG_INT(range->first), PNAS_ARG_INT(range->last),
                  ARG_UPSTREAM(y), ARG_CHANNELS(shape), ARG_SIZE(shape), ARG_DOWNSTREAM(dx), ARG_PIECE(&p)));
}

pnas_status pnas_convolution_tile_weight_gradient(pnas_cl *cl, pnas_launch_list *list,
                                                  const pnas_convolution *conv, const pnas_tap_range *range,
                                                  const pnas_upstream *y, pnas_slice partial)
{
    const pnas_view *x = &conv->x->view, *shape = conv->y;
    size_t weights = pnas_convolution_weights(conv->window, x->channels, shape->channels);
    int chunks = pnas_convolution_chunks(conv->N, weights);
    const staging on = {conv, &range->window, x->channels};
    const piece p = choose_piece(stage_both, &on, shape->height, shape->width, VECTOR);
    char options[128];
    const pnas_launch_spec spec = {.label = "convolution weight gradient",
                                   .file = file_of(conv),
                                   .options = build_options(options, p.floats, on.window, y->normalise),
                                   .kernel = PNAS_KERNEL_OF(conv->route, "convolution_weight_gradient"),
                                   .global = {(size_t)chunks},
                                   .local = {1, 1, 1},
                                   .flops = pnas_convolution_flops(conv->N, on.window, x, shape),
                                   .bytes = moved_bytes(conv, pnas_upstream_bytes(y)),
                                   .half = x->half};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(ARG_OPERAND(conv->x), ARG_CHANNELS(x), ARG_SIZE(x), ARG_WINDOW(on.window),
                  PNAS_ARG_INT(range->first), PNAS_ARG_INT(range->last), ARG_UPSTREAM(y),
                  PNAS_ARG_INT(shape->channels), ARG_SIZE(shape), PNAS_ARG_INT(conv->N), PNAS_ARG_INT(chunks),
                  ARG_SLICE(partial), PNAS_ARG_OFFSET(weights), ARG_PIECE(&p)));
}

/* Both operands of the same pixels. */
static piece stage_pixels(const staging *on, int rows, int columns)
{
    return (piece){.rows = rows,
                   .columns = columns,
                   .floats = (size_t)(on->depth + on->conv->y->channels) * rows * columns};
}

pnas_status pnas_convolution_tile_pointwise(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                            pnas_slice transposed, const pnas_upstream *y,
                                            const pnas_downstream *dx, pnas_slice partial)
{
    const pnas_view *x = &conv->x->view, *shape = conv->y;
    const pnas_window *window = conv->window;
    int chunks =
        pnas_convolution_chunks(conv->N, pnas_convolution_weights(window, x->channels, shape->channels));
    const staging on = {conv, window, x->channels};
    const piece p = choose_piece(stage_pixels, &on, shape->height, shape->width, VECTOR);
    bool wanted = dx->into.at.buffer != NULL;
    char options[128];
    const pnas_launch_spec spec = {
        .label = window->reduction_split ? "reduction backward" : "pointwise backward",
        .file = pnas_route_file(PNAS_OP_POINTWISE_BACKWARD, conv->route),
        .options = build_options(options, p.floats, window, y->normalise),
        .kernel = PNAS_KERNEL_OF(conv->route, "pointwise_backward"),
        .global = {(size_t)chunks},
        .local = {1, 1, 1},
        .flops = (1 + wanted) * pnas_convolution_flops(conv->N, window, x, shape),
        .bytes = moved_bytes(conv, pnas_upstream_bytes(y)) + wanted * conv->N * pnas_view_bytes(&dx->into),
        .half = x->half};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(ARG_OPERAND(conv->x), PNAS_ARG_INT(x->channels), ARG_SIZE(x), ARG_SLICE(transposed),
                  PNAS_ARG_INT(window->kernel_h), PNAS_ARG_INT(window->stride_h),
                  PNAS_ARG_INT(window->stride_w), PNAS_ARG_INT(window->reduction_split), ARG_UPSTREAM(y),
                  ARG_CHANNELS(shape), ARG_SIZE(shape), ARG_SLICE_IF(wanted, dx->into.at, partial.buffer),
                  PNAS_ARG_OFFSET(dx->into.image_stride), PNAS_ARG_INT(dx->accumulate), PNAS_ARG_INT(wanted),
                  PNAS_ARG_INT(conv->N), PNAS_ARG_INT(chunks), ARG_SLICE(partial), PNAS_ARG_INT(p.rows),
                  PNAS_ARG_INT(p.columns)));
}

pnas_status pnas_convolution_tile_transpose(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                            pnas_slice scratch)
{
    int C = conv->x->view.channels, M = conv->y->channels;
    size_t weights = pnas_convolution_weights(conv->window, C, M);
    char options[128];
    const pnas_launch_spec spec = {.label = "convolution transpose",
                                   .file = file_of(conv),
                                   .options = build_options(options, 0, conv->window, true),
                                   .kernel = PNAS_KERNEL_OF(conv->route, "convolution_transpose"),
                                   .global = {(size_t)M / VECTOR, weights / ((size_t)C * M)},
                                   .local = {1, 1, 1},
                                   .bytes = 8.0 * (double)weights,
                                   .half = conv->x->view.half};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_SLICE(conv->weight), PNAS_ARG_INT(C), PNAS_ARG_INT(M),
                                        PNAS_ARG_INT(conv->window->reduction_split), ARG_SLICE(scratch)));
}

pnas_status pnas_convolution_tile_weight_sum(pnas_cl *cl, pnas_launch_list *list,
                                             const pnas_convolution *conv, pnas_slice scratch,
                                             pnas_slice weight_gradient)
{
    int C = conv->x->view.channels, M = conv->y->channels;
    size_t weights = pnas_convolution_weights(conv->window, C, M);
    int chunks = pnas_convolution_chunks(conv->N, weights);
    pnas_slice partial = pnas_convolution_partial(conv, scratch);
    char options[128];
    const pnas_launch_spec spec = {.label = "convolution weight sum",
                                   .file = file_of(conv),
                                   .options = build_options(options, 0, conv->window, true),
                                   .kernel = PNAS_KERNEL_OF(conv->route, "convolution_weight_sum"),
                                   .global = {weights / (VECTOR * VECTOR)},
                                   .local = {1, 1, 1},
                                   .bytes = 4.0 * (double)weights * (1 + chunks),
                                   .half = conv->x->view.half};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_SLICE(partial), PNAS_ARG_INT(chunks), PNAS_ARG_INT(weights),
                                        ARG_CHANNELS(&conv->x->view), PNAS_ARG_INT(M),
                                        PNAS_ARG_INT(conv->window->reduction_split),
                                        ARG_SLICE(weight_gradient)));
}
