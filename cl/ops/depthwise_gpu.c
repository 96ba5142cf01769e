#include "cl/ops/depthwise_gpu.h"

#include "cl/ops/op_arguments.h"
#include "cl/ops/weight_sum_gpu.h"

/* As in kernels/depthwise_gpu.cl. */
enum { GROUP = 128, STRIP = 4, TILE = 1600, TAPS_MOST = 7 };
enum { WIDEST = 32 }; /* columns of a tile: as many work-items side by side as read memory together */

static const char file[] = "depthwise_gpu.cl";

typedef struct {        /* what a group makes */
    int tile_h, tile_w; /* tile_h: a multiple of STRIP */
    int tiles_h, tiles_w;
    int images; /* several only where a tile is a whole image */
    int parts;  /* groups of a channel block */
} division;

#define ARG_DIVISION(N, d)                                                                                   \
    PNAS_ARG_INT(N), PNAS_ARG_INT((d)->tile_h), PNAS_ARG_INT((d)->tile_w), PNAS_ARG_INT((d)->tiles_h),       \
        PNAS_ARG_INT((d)->tiles_w), PNAS_ARG_INT((d)->images)

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static int segment_of(const pnas_window *window)
{
    return window->stride_w == 1 && window->dilation == 1 ? 8 : 4;
}

/* Float4s of local memory for one image's tile of outputs. */
static int pass_floats4(const pnas_window *window, int step_h, int step_w, int tile_h, int tile_w)
{
    int rows = (tile_h - 1) * step_h + (window->kernel_h - 1) * window->dilation + 1;
    int columns = (tile_w - 1) * step_w + (window->kernel_w - 1) * window->dilation + 1;
    return rows * (columns | 1);
}

/* The same for the weight gradient, which keeps the upstream gradients, too. */
static int weight_floats4(const pnas_window *window, int step_h, int step_w, int tile_h, int tile_w)
{
    int g_columns = divide_up(tile_w, segment_of(window)) * segment_of(window);
    int chunks = divide_up(window->kernel_w, TAPS_MOST), taps = chunks * divide_up(window->kernel_w, chunks);
    int rows = (tile_h - 1) * step_h + (window->kernel_h - 1) * window->dilation + 1;
    int columns = (g_columns - 1) * step_w + (taps - 1) * window->dilation + 1;
    return rows * (columns | 1) + tile_h * (g_columns | 1);
}

typedef int floats4_of(const pnas_window *window, int step_h, int step_w, int tile_h, int tile_w);

/* Tiles of about GROUP strips. Depends on shapes alone. */
static division divide(int N, int OH, int OW, const pnas_window *window, int step_h, int step_w,
                       floats4_of *floats4)
{
    division d = {.tiles_w = divide_up(OW, WIDEST), .images = 1};
    d.tile_w = divide_up(OW, d.tiles_w);
    int strips_all = divide_up(OH, STRIP), strips = GROUP / d.tile_w;
    if (strips > strips_all)
        strips = strips_all;
    while (strips > 1 && floats4(window, step_h, step_w, strips * STRIP, d.tile_w) > TILE)
        --strips;
    while (d.tile_w > 1 && floats4(window, step_h, step_w, strips * STRIP, d.tile_w) > TILE)
        d.tile_w = divide_up(d.tile_w, 2);
    d.tiles_w = divide_up(OW, d.tile_w);
    d.tiles_h = divide_up(strips_all, strips);
    strips = divide_up(strips_all, d.tiles_h);
    d.tile_h = strips * STRIP;
    if (d.tiles_h * d.tiles_w == 1) {
        int room = TILE / floats4(window, step_h, step_w, d.tile_h, d.tile_w);
        int lanes = GROUP / (strips * d.tile_w);
        d.images = lanes < room ? lanes : room;
        if (d.images < 1)
            d.images = 1;
    }
    d.parts = divide_up(N, d.images) * d.tiles_h * d.tiles_w;
    return d;
}

static division of_weight_gradient(int N, const pnas_window *window, const pnas_view *y)
{
    return divide(N, y->height, y->width, window, window->stride_h, window->stride_w, weight_floats4);
}

bool pnas_depthwise_gpu_serves(const pnas_window *w)
{
    return pass_floats4(w, w->stride_h, w->stride_w, STRIP, 1) <= TILE &&
           pass_floats4(w, 1, 1, STRIP, 1) <= TILE &&
           weight_floats4(w, w->stride_h, w->stride_w, STRIP, 1) <= TILE &&
           w->kernel_h * divide_up(w->kernel_w, TAPS_MOST) <= GROUP;
}

static size_t weights_of(const pnas_view *x, const pnas_window *window)
{
    return (size_t)window->kernel_h * (size_t)window->kernel_w * (size_t)x->channels;
}

static double flops_of(int N, const pnas_window *window, const pnas_view *y)
{
    return 2.0 * N * pnas_view_values(y) * window->kernel_h * window->kernel_w;
}

static size_t groups_of(const pnas_cl *cl, const division *d, const pnas_view *x)
{
    return (size_t)d->parts * ((size_t)x->channels / (size_t)cl->vector);
}

pnas_status pnas_depthwise_gpu_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                       pnas_slice weight, const pnas_window *window, const pnas_view *y)
{
    const division d =
        divide(N, y->height, y->width, window, window->stride_h, window->stride_w, pass_floats4);
    pnas_op_options text;
    pnas_launch_spec spec = {.label = "depthwise forward",
                             .file = file,
                             .options = pnas_op_window_options(&text, true, window, false),
                             .kernel = "depthwise_forward_gpu",
                             .flops = flops_of(N, window, y),
                             .bytes = N * (pnas_view_bytes(&x->view) + pnas_view_bytes(y)),
                             .half = x->view.half,
                             PNAS_ACCESSES(READS_OPERAND(x, N),
                                           pnas_slice_access(weight, weights_of(&x->view, window), false),
                                           pnas_view_access(y, N, true))};
    pnas_op_groups(&spec, groups_of(cl, &d, &x->view), GROUP);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels), ARG_SIZE(&x->view),
                                        ARG_SLICE(weight), ARG_WINDOW(window), ARG_VIEW(y), ARG_SIZE(y),
                                        ARG_DIVISION(N, &d)));
}

pnas_status pnas_depthwise_gpu_input_gradient(pnas_cl *cl, pnas_launch_list *list, int N,
                                              const pnas_operand *x, pnas_slice weight,
                                              const pnas_window *window, const pnas_upstream *y,
                                              const pnas_downstream *dx)
{
    const pnas_view *dy = &y->gradient;
    const division d = divide(N, x->view.height, x->view.width, window, 1, 1, pass_floats4);
    pnas_op_options text;
    pnas_launch_spec spec = {.label = "depthwise input gradient",
                             .file = file,
                             .options = pnas_op_window_options(&text, true, window, y->normalise),
                             .kernel = "depthwise_input_gradient_gpu",
                             .flops = flops_of(N, window, dy),
                             .bytes = N * (pnas_view_bytes(&x->view) + pnas_view_bytes(dy)),
                             .half = x->view.half,
                             PNAS_ACCESSES(READS_MASK(x, N),
                                           pnas_slice_access(weight, weights_of(&x->view, window), false),
                                           READS_UPSTREAM(y, N), pnas_view_access(&dx->into, N, true))};
    pnas_op_groups(&spec, groups_of(cl, &d, &x->view), GROUP);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels), ARG_SIZE(&x->view),
                                        ARG_SLICE(weight), ARG_WINDOW(window), ARG_UPSTREAM(y), ARG_SIZE(dy),
                                        ARG_DOWNSTREAM(dx), ARG_DIVISION(N, &d)));
}

pnas_status pnas_depthwise_gpu_weight_gradient(pnas_cl *cl, pnas_launch_list *list, int N,
                                               const pnas_operand *x, const pnas_window *window,
                                               const pnas_upstream *y, pnas_slice weight_gradient,
                                               pnas_slice scratch)
{
    const pnas_view *dy = &y->gradient;
    const division d = of_weight_gradient(N, window, dy);
    size_t weights = weights_of(&x->view, window);
    pnas_op_options text;
    pnas_launch_spec spec = {.label = "depthwise weight gradient",
                             .file = file,
                             .options = pnas_op_window_options(&text, true, window, y->normalise),
                             .kernel = "depthwise_weight_gradient_gpu",
                             .flops = flops_of(N, window, dy),
                             .bytes = N * (pnas_view_bytes(&x->view) + pnas_view_bytes(dy)),
                             .half = x->view.half,
                             PNAS_ACCESSES(READS_OPERAND(x, N), READS_UPSTREAM(y, N),
                                           pnas_slice_access(scratch, (size_t)d.parts * weights, true))};
    pnas_op_groups(&spec, groups_of(cl, &d, &x->view), GROUP);
    PNAS_TRY(pnas_launch_append(cl, list, &spec,
                                PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels), ARG_SIZE(&x->view),
                                          ARG_WINDOW(window), ARG_UPSTREAM(y), ARG_SIZE(dy),
                                          ARG_SLICE(scratch), ARG_DIVISION(N, &d))));
    return pnas_weight_sum_gpu(cl, list, scratch, d.parts, weights, weight_gradient);
}

size_t pnas_depthwise_gpu_scratch(int N, const pnas_view *x, const pnas_window *window, const pnas_view *y)
{
    return (size_t)of_weight_gradient(N, window, y).parts * weights_of(x, window);
}
