/* Tiles, partial sums and launches of the GPU's route. */
#include "cl/ops/convolution_gpu.h"

#include "cl/ops/weight_sum_gpu.h"

#include <stdio.h>

enum {
    GROUP = 64, /* as the kernels have them: gather_gpu.h, weight_piece_gpu.h, weight_gradient_gpu.cl */
    SLOTS = 128,
    ROWS = 24,
    COLUMNS = 24,

    TILE_COST = 6,        /* of a tile beside its outputs: the values that it reads, in outputs' products */
    GROUPS_WANTED = 1024, /* of a weight gradient: enough for a large GPU */
    PARTIAL_FLOATS = 1 << 21, /* of partial sums, where one chunk is not larger alone */
    ONE_PASS_FLOATS = 1 << 22 /* the same where a backward pass is one launch */
};

typedef struct { /* pixel_cut of gather_gpu.h */
    int N, tile, tiles, images;
} pixel_cut;

#define ARG_CUT(c)                                                                                           \
    PNAS_ARG_INT((c)->N), PNAS_ARG_INT((c)->tile), PNAS_ARG_INT((c)->tiles), PNAS_ARG_INT((c)->images)
#define ARG_CONV_WINDOW(w) ARG_WINDOW(w), PNAS_ARG_INT((w)->reduction_split)

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

int pnas_convolution_gpu_statistics_tile(int pixels)
{
    return pixels < SLOTS ? pixels : SLOTS;
}

static pixel_cut cut_pixels(int N, int pixels)
{
    pixel_cut cut = {.N = N, .tile = pnas_convolution_gpu_statistics_tile(pixels)};
    cut.tiles = divide_up(pixels, cut.tile);
    cut.images = cut.tiles > 1 ? 1 : SLOTS / cut.tile;
    return cut;
}

static int groups_of_pixels(const pixel_cut *cut)
{
    return cut->tiles > 1 ? cut->N * cut->tiles : divide_up(cut->N, cut->images);
}

/* Outputs of a group, of `channels` in all. */
static int choose_tile(int channels)
{
    static const int sizes[] = {24, 16, 12, 8};
    int best = 0, least = 0;
    for (int i = 0; i < (int)(sizeof sizes / sizeof *sizes); ++i) {
        int cost = divide_up(channels, sizes[i]) * (sizes[i] + TILE_COST);
        if (i == 0 || cost < least) {
            best = sizes[i];
            least = cost;
        }
    }
    return best;
}

static const char *tile_options(pnas_op_options *options, int tile)
{
    snprintf(options->text, sizeof options->text, "-DTILE=%d", tile);
    return options->text;
}

static size_t weights_of(const pnas_convolution *conv)
{
    return pnas_convolution_weights(conv->window, conv->x->view.channels, conv->y->channels);
}

pnas_status pnas_convolution_gpu_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                         pnas_slice statistics)
{
    const pnas_view *x = &conv->x->view, *y = conv->y;
    const pixel_cut cut = cut_pixels(conv->N, y->height * y->width);
    int tile = choose_tile(y->channels), outputs = divide_up(y->channels, tile);
    bool wanted = statistics.buffer != NULL;
    size_t sums = (size_t)conv->N * (size_t)cut.tiles * 2 * (size_t)y->channels;
    pnas_op_options options;
    pnas_launch_spec spec = {
        .label = "convolution forward",
        .file = "convolution_gpu.cl",
        .options = tile_options(&options, tile),
        .kernel = "convolution_forward_gpu",
        .flops = pnas_convolution_flops(conv->N, conv->window, x, y),
        .bytes = conv->N * (pnas_view_bytes(x) + pnas_view_bytes(y)),
        .half = x->half,
        PNAS_ACCESSES(READS_OPERAND(conv->x, conv->N),
                      pnas_slice_access(conv->weight, weights_of(conv), false),
                      pnas_view_access(y, conv->N, true),
                      pnas_access_if(wanted, pnas_slice_access(statistics, sums, true)))};
    pnas_op_groups(&spec, (size_t)outputs * (size_t)groups_of_pixels(&cut), GROUP);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(conv->x), PNAS_ARG_INT(x->channels), ARG_SIZE(x),
                                        ARG_SLICE(conv->weight), ARG_CONV_WINDOW(conv->window), ARG_VIEW(y),
                                        PNAS_ARG_INT(y->channels), ARG_SIZE(y),
                                        ARG_SLICE_IF(wanted, statistics, conv->weight.buffer),
                                        PNAS_ARG_INT(wanted), ARG_CUT(&cut), PNAS_ARG_INT(outputs)));
}

/* --- backward --- */

/* Every pixel of x makes the same pixel of y. */
static bool one_to_one(const pnas_window *w)
{
    return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 && w->pad_top == 0 &&
           w->pad_left == 0 && w->reduction_split == 0;
}

/* Partial sums of a backward pass in one launch: each group of pixels has one. */
static size_t one_pass_partials(int N, const pnas_window *window, const pnas_view *x, const pnas_view *y)
{
    const pixel_cut cut = cut_pixels(N, x->height * x->width);
    return (size_t)groups_of_pixels(&cut) * pnas_convolution_weights(window, x->channels, y->channels);
}

static bool is_one_pass(int N, const pnas_window *window, const pnas_view *x, const pnas_view *y)
{
    return one_to_one(window) && one_pass_partials(N, window, x, y) <= ONE_PASS_FLOATS;
}

typedef struct { /* of the weight gradient's own launch */
    int rows, columns, chunks, rounds;
} weight_cut;

static weight_cut cut_weights(int N, const pnas_window *window, const pnas_view *x, const pnas_view *y)
{
    int all = window->kernel_h * window->kernel_w * x->channels;
    size_t weights = pnas_convolution_weights(window, x->channels, y->channels);
    weight_cut cut = {.rows = divide_up(all, ROWS), .columns = divide_up(y->channels, COLUMNS)};
    int rounds = divide_up(N * y->height * y->width, GROUP);
    int most = divide_up(GROUPS_WANTED, cut.rows * cut.columns);
    if ((size_t)most > PARTIAL_FLOATS / weights)
        most = (int)(PARTIAL_FLOATS / weights);
    if (most > rounds)
        most = rounds;
    if (most < 1)
        most = 1;
    cut.rounds = divide_up(rounds, most);
    cut.chunks = divide_up(rounds, cut.rounds);
    return cut;
}

size_t pnas_convolution_gpu_scratch(int N, const pnas_window *window, const pnas_view *x, const pnas_view *y)
{
    const weight_cut cut = cut_weights(N, window, x, y);
    size_t own = (size_t)cut.chunks * pnas_convolution_weights(window, x->channels, y->channels);
    size_t one_pass = is_one_pass(N, window, x, y) ? one_pass_partials(N, window, x, y) : 0;
    return own > one_pass ? own : one_pass;
}

#define ARG_INPUT_GRADIENT(conv, y, dx, cut, outputs)                                                        \
    ARG_OPERAND((conv)->x), PNAS_ARG_INT((conv)->x->view.channels), ARG_SIZE(&(conv)->x->view),              \
        ARG_SLICE((conv)->weight), ARG_CONV_WINDOW((conv)->window), ARG_UPSTREAM(y),                         \
        PNAS_ARG_INT((y)->normalise), PNAS_ARG_INT((conv)->y->channels), ARG_SIZE((conv)->y),                \
        ARG_DOWNSTREAM(dx), ARG_CUT(cut), PNAS_ARG_INT(outputs)

static pnas_status append_input_gradient(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                         const pnas_upstream *y, const pnas_downstream *dx)
{
    const pnas_view *x = &conv->x->view;
    const pnas_window *w = conv->window;
    const pixel_cut cut =
        cut_pixels(conv->N, divide_up(x->height, w->stride_h) * divide_up(x->width, w->stride_w));
    int tile = choose_tile(x->channels), outputs = divide_up(x->channels, tile);
    size_t groups = (size_t)(w->stride_h * w->stride_w) * (size_t)groups_of_pixels(&cut) * (size_t)outputs;
    pnas_op_options options;
    pnas_launch_spec spec = {
        .label = "convolution input gradient",
        .file = "convolution_gpu.cl",
        .options = tile_options(&options, tile),
        .kernel = "convolution_input_gradient_gpu",
        .flops = pnas_convolution_flops(conv->N, w, x, conv->y),
        .bytes = conv->N * (pnas_view_bytes(x) + pnas_upstream_bytes(y)),
        .half = x->half,
        PNAS_ACCESSES(READS_MASK(conv->x, conv->N), pnas_slice_access(conv->weight, weights_of(conv), false),
                      READS_UPSTREAM(y, conv->N), pnas_view_access(&dx->into, conv->N, true))};
    pnas_op_groups(&spec, groups, GROUP);
    return pnas_launch_append(cl, list, &spec, PNAS_ARGS(ARG_INPUT_GRADIENT(conv, y, dx, &cut, outputs)));
}

static pnas_status append_one_pass(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                   const pnas_upstream *y, const pnas_downstream *dx, pnas_slice partial)
{
    const pnas_view *x = &conv->x->view;
    const pixel_cut cut = cut_pixels(conv->N, x->height * x->width);
    int tile = choose_tile(x->channels), outputs = divide_up(x->channels, tile);
    size_t partials = one_pass_partials(conv->N, conv->window, x, conv->y);
    pnas_op_options options;
    pnas_launch_spec spec = {
        .label = "pointwise backward",
        .file = "pointwise_gpu.cl",
        .options = tile_options(&options, tile),
        .kernel = "pointwise_backward_gpu",
        .flops = 2 * pnas_convolution_flops(conv->N, conv->window, x, conv->y),
        .bytes = conv->N * (pnas_view_bytes(x) + pnas_upstream_bytes(y) + pnas_view_bytes(&dx->into)),
        .half = x->half,
        PNAS_ACCESSES(READS_OPERAND(conv->x, conv->N),
                      pnas_slice_access(conv->weight, weights_of(conv), false), READS_UPSTREAM(y, conv->N),
                      pnas_view_access(&dx->into, conv->N, true),
                      pnas_slice_access(partial, partials, true))};
    pnas_op_groups(&spec, (size_t)groups_of_pixels(&cut) * (size_t)outputs, GROUP);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_INPUT_GRADIENT(conv, y, dx, &cut, outputs), ARG_SLICE(partial)));
}

static pnas_status append_weight_gradient(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                          const pnas_upstream *y, pnas_slice partial)
{
    const pnas_view *x = &conv->x->view, *shape = conv->y;
    const weight_cut cut = cut_weights(conv->N, conv->window, x, shape);
    size_t groups = (size_t)cut.rows * (size_t)cut.columns * (size_t)cut.chunks;
    pnas_launch_spec spec = {
        .label = "convolution weight gradient",
        .file = "weight_gradient_gpu.cl",
        .kernel = "convolution_weight_gradient_gpu",
        .flops = pnas_convolution_flops(conv->N, conv->window, x, shape),
        .bytes = conv->N * (pnas_view_bytes(x) + pnas_upstream_bytes(y)),
        .half = x->half,
        PNAS_ACCESSES(READS_OPERAND(conv->x, conv->N), READS_UPSTREAM(y, conv->N),
                      pnas_slice_access(partial, (size_t)cut.chunks * weights_of(conv), true))};
    pnas_op_groups(&spec, groups, GROUP);
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(ARG_OPERAND(conv->x), PNAS_ARG_INT(x->channels), ARG_SIZE(x), ARG_CONV_WINDOW(conv->window),
                  ARG_UPSTREAM(y), PNAS_ARG_INT(y->normalise), PNAS_ARG_INT(shape->channels), ARG_SIZE(shape),
                  ARG_SLICE(partial), PNAS_ARG_INT(conv->N), PNAS_ARG_INT(cut.rounds), PNAS_ARG_INT(cut.rows),
                  PNAS_ARG_INT(cut.columns)));
}

static pnas_status append_weight_sum(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                     int chunks, pnas_slice partial, pnas_slice weight_gradient)
{
    return pnas_weight_sum_gpu_split(cl, list, partial, chunks, weights_of(conv), conv->x->view.channels,
                                     conv->y->channels, conv->window->reduction_split, weight_gradient);
}

pnas_status pnas_convolution_gpu_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                          const pnas_upstream *y, const pnas_downstream *dx,
                                          pnas_slice weight_gradient, pnas_slice scratch)
{
    const pnas_view *x = &conv->x->view;
    bool wanted = dx->into.at.buffer != NULL;
    if (wanted && is_one_pass(conv->N, conv->window, x, conv->y)) {
        const pixel_cut cut = cut_pixels(conv->N, x->height * x->width);
        PNAS_TRY(append_one_pass(cl, list, conv, y, dx, scratch));
        return append_weight_sum(cl, list, conv, groups_of_pixels(&cut), scratch, weight_gradient);
    }
    if (wanted)
        PNAS_TRY(append_input_gradient(cl, list, conv, y, dx));
    PNAS_TRY(append_weight_gradient(cl, list, conv, y, scratch));
    return append_weight_sum(cl, list, conv, cut_weights(conv->N, conv->window, x, conv->y).chunks, scratch,
                             weight_gradient);
}
