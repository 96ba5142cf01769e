#include "bench/op_bench.h"

#include "cl/ops/layer_op.h"
#include "src/base/random.h"
#include "src/net/training.h"

#include <stdlib.h>

enum {
    X,
    X2, /* a sum's other operand */
    Y,
    DY,
    DX,
    WEIGHT,
    DW,
    NORM,  /* gamma, beta; running, saved, scale and shift; coefficients; their gradients: rows of M */
    SCALE, /* of the input */
    STATISTICS,
    SCRATCH,
    KEPT,
    STATE,
    TENSORS
};
enum { GAMMA, BETA, RUNNING, SAVED = RUNNING + 2, SCALE_SHIFT = SAVED + 2, COEFFICIENTS = SCALE_SHIFT + 2 };
enum { GAMMA_GRADIENT = COEFFICIENTS + 3, BETA_GRADIENT, NORM_ROWS };

struct pnas_op_bench {
    pnas_cl *cl;
    const pnas_op_case *what;
    pnas_window window;
    int N, C, M, size, out_size; /* channels padded */
    cl_mem buffer[TENSORS];
};

static pnas_slice slice(const pnas_op_bench *b, int tensor)
{
    return (pnas_slice){b->buffer[tensor], 0};
}

static pnas_slice norm_row(const pnas_op_bench *b, int row)
{
    return (pnas_slice){b->buffer[NORM], (size_t)row * (size_t)b->M};
}

static pnas_view view_in(const pnas_op_bench *b, int tensor)
{
    return (pnas_view){.at = slice(b, tensor),
                       .image_stride = (size_t)b->C * b->size * b->size,
                       .channels = b->C,
                       .used = b->what->C,
                       .height = b->size,
                       .width = b->size};
}

static pnas_view view_out(const pnas_op_bench *b, int tensor)
{
    return (pnas_view){.at = slice(b, tensor),
                       .image_stride = (size_t)b->M * b->out_size * b->out_size,
                       .channels = b->M,
                       .used = b->what->M,
                       .height = b->out_size,
                       .width = b->out_size};
}

/* SAME padding: what is left over goes to the bottom and the right. */
static int pad_before(int size, int out_size, int kernel, int stride, int dilation)
{
    int total = (out_size - 1) * stride + (kernel - 1) * dilation + 1 - size;
    return total > 0 ? total / 2 : 0;
}

static pnas_window make_window(const pnas_op_bench *b)
{
    const pnas_op_case *c = b->what;
    if (pnas_layer_kind_traits(c->kind)->form == PNAS_WEIGHT_SPLIT)
        return (pnas_window){.kernel_h = 2,
                             .kernel_w = 1,
                             .stride_h = 2,
                             .stride_w = 2,
                             .dilation = 1,
                             .reduction_split = c->M / 2};
    return (pnas_window){.kernel_h = c->kernel_h,
                         .kernel_w = c->kernel_w,
                         .stride_h = c->stride,
                         .stride_w = c->stride,
                         .dilation = c->dilation,
                         .pad_top = pad_before(b->size, b->out_size, c->kernel_h, c->stride, c->dilation),
                         .pad_left = pad_before(b->size, b->out_size, c->kernel_w, c->stride, c->dilation)};
}

static pnas_operand operand_of(const pnas_op_bench *b, int tensor)
{
    const pnas_op_case *c = b->what;
    return (pnas_operand){.view = view_in(b, tensor),
                          .normalise = c->normalised,
                          .scale_shift = slice(b, SCALE),
                          .relu = c->relu || (c->normalised && c->kind != PNAS_LAYER_ADD)};
}

static pnas_layer_operands operands_of(const pnas_op_bench *b)
{
    const pnas_op_case *c = b->what;
    pnas_layer_operands on = {.N = b->N,
                              .inputs = c->kind == PNAS_LAYER_ADD ? 2 : 1,
                              .x = {operand_of(b, X), operand_of(b, X2)},
                              .channels = c->C,
                              .x_segment = c->C,
                              .y_segment = c->M,
                              .window = b->window,
                              .weight = slice(b, WEIGHT),
                              .kept = b->buffer[KEPT],
                              .y = view_out(b, Y),
                              .statistics = slice(b, STATISTICS),
                              .dy = {.gradient = view_out(b, DY)},
                              .dx = {{.into = view_in(b, DX)}},
                              .weight_gradient = slice(b, DW),
                              .scratch = slice(b, SCRATCH)};
    if (c->kind == PNAS_LAYER_CONVOLUTION && !c->normalised)
        on.dx[0].into.at.buffer = NULL; /* of the stem: nobody wants the images' gradient */
    if (pnas_layer_kind_traits(c->kind)->normalised) {
        on.dy.normalise = true;
        on.dy.raw = on.y;
        on.dy.coefficients = norm_row(b, COEFFICIENTS);
    }
    return on;
}

static size_t scratch_floats(const pnas_op_bench *b)
{
    if (b->what->update)
        return pnas_op_update_scratch((size_t)b->what->C);
    const pnas_layer_op *op = pnas_layer_op_of(b->what->kind);
    const pnas_layer_operands on = operands_of(b);
    size_t norm = 2 * (size_t)b->N * (size_t)b->M, need = op->scratch ? op->scratch(b->cl, &on) : 0;
    return need > norm ? need : norm;
}

static size_t statistics_floats(const pnas_op_bench *b)
{
    const pnas_layer_operands on = operands_of(b);
    return b->what->update ? 1 : pnas_layer_statistics_floats(b->cl, b->what->kind, &on);
}

static void set_floats(const pnas_op_bench *b, size_t floats[TENSORS])
{
    size_t C = (size_t)b->C, M = (size_t)b->M, N = (size_t)b->N;
    size_t taps = (size_t)b->window.kernel_h * (size_t)b->window.kernel_w;
    floats[X] = floats[DX] = N * C * (size_t)b->size * (size_t)b->size;
    floats[Y] = floats[DY] = N * M * (size_t)b->out_size * (size_t)b->out_size;
    floats[X2] = b->what->kind == PNAS_LAYER_ADD ? floats[X] : 1;
    bool depthwise = pnas_layer_kind_traits(b->what->kind)->form == PNAS_WEIGHT_DEPTHWISE;
    floats[WEIGHT] = floats[DW] = depthwise ? taps * C : taps * C * M;
    floats[NORM] = NORM_ROWS * M;
    floats[SCALE] = 2 * C;
    floats[STATISTICS] = statistics_floats(b);
    floats[SCRATCH] = scratch_floats(b);
    floats[KEPT] =
        floats[Y] * (size_t)pnas_layer_kind_traits(b->what->kind)->kept_bytes / sizeof(cl_float) + 1;
    floats[STATE] = 4;
    if (b->what->update)
        floats[X] = floats[DX] = floats[Y] = (size_t)b->what->C; /* parameters, gradients, moments */
}

/* Random numbers of a period that no tensor's dimension divides; what counts steps or was kept is zero. */
static pnas_status fill(pnas_op_bench *b, int tensor, size_t floats)
{
    enum { PERIOD = 65521 };
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, (uint64_t)tensor, 0);
    float *data = calloc(floats, sizeof *data);
    PNAS_CHECK(data, PNAS_ERROR_MEMORY, "no memory for %zu floats", floats);
    for (size_t i = 0; i < floats && tensor != KEPT && tensor != STATE; ++i)
        data[i] = i < PERIOD ? (float)(pnas_stream_uniform(&stream) - 0.5) : data[i - PERIOD];
    pnas_status status = pnas_buffer_create(b->cl, floats * sizeof *data, &b->buffer[tensor]);
    if (status == PNAS_OK)
        status = pnas_buffer_write(b->cl, b->buffer[tensor], 0, floats * sizeof *data, data);
    free(data);
    return status;
}

static int padded(const pnas_cl *cl, int channels)
{
    return (channels + cl->vector - 1) / cl->vector * cl->vector;
}

pnas_status pnas_op_bench_create(pnas_cl *cl, const pnas_op_case *what, int batch, pnas_op_bench **out)
{
    size_t floats[TENSORS];
    pnas_status status = PNAS_OK;
    pnas_op_bench *b = calloc(1, sizeof *b);
    PNAS_CHECK(b, PNAS_ERROR_MEMORY, "no memory to measure an op");
    b->cl = cl;
    b->what = what;
    b->N = batch;
    b->C = what->update ? cl->vector : padded(cl, what->C);
    b->M = padded(cl, what->M);
    b->size = what->size;
    b->out_size = (what->size + what->stride - 1) / what->stride;
    b->window = make_window(b);
    set_floats(b, floats);
    for (int t = 0; t < TENSORS && status == PNAS_OK; ++t)
        status = fill(b, t, floats[t]);
    if (status != PNAS_OK)
        pnas_op_bench_destroy(&b);
    *out = b;
    return status;
}

void pnas_op_bench_destroy(pnas_op_bench **bench)
{
    if (!*bench)
        return;
    pnas_cl_finish((*bench)->cl); /* a buffer must not go while a kernel may still use it */
    for (int t = 0; t < TENSORS; ++t)
        pnas_buffer_release(&(*bench)->buffer[t]);
    free(*bench);
    *bench = NULL;
}

/* --- what runs --- */

/* The batch's mean and deviation from the sums that the convolution left: what readers normalise with. */
static pnas_status append_norm(pnas_op_bench *b, pnas_launch_list *list)
{
    const pnas_layer_operands on = operands_of(b);
    return pnas_op_norm_forward(b->cl, list, b->N, b->out_size * b->out_size,
                                pnas_layer_statistics_tile(b->cl, b->what->kind, &on), b->M,
                                slice(b, STATISTICS), norm_row(b, GAMMA), norm_row(b, BETA), 0.9, 1e-5,
                                norm_row(b, RUNNING), norm_row(b, SAVED), norm_row(b, SCALE_SHIFT));
}

static pnas_status append_update(pnas_op_bench *b, pnas_launch_list *list)
{
    size_t count = (size_t)b->what->C;
    return pnas_op_update(b->cl, list,
                          &(pnas_update){.optimizer = PNAS_OPTIMIZER_SGD,
                                         .momentum = 0.9,
                                         .weight_decay = 5e-4,
                                         .clip_norm = 5,
                                         .count = count,
                                         .decayed = count,
                                         .parameters = slice(b, X),
                                         .gradients = slice(b, DX),
                                         .moments = slice(b, Y),
                                         .rates = slice(b, SCALE),
                                         .steps = 1,
                                         .state = slice(b, STATE),
                                         .scratch = slice(b, SCRATCH)});
}

static pnas_status append_forward(pnas_op_bench *b, pnas_launch_list *list)
{
    if (b->what->update)
        return append_update(b, list);
    const pnas_layer_operands on = operands_of(b);
    PNAS_TRY(pnas_layer_op_of(b->what->kind)->forward(b->cl, list, &on));
    return on.dy.normalise ? append_norm(b, list) : PNAS_OK;
}

static pnas_status append_norm_backward(pnas_op_bench *b, pnas_launch_list *list, const pnas_upstream *dy)
{
    return pnas_op_norm_backward(b->cl, list, b->N, &dy->gradient, &dy->raw, norm_row(b, GAMMA),
                                 norm_row(b, SAVED), norm_row(b, COEFFICIENTS), norm_row(b, GAMMA_GRADIENT),
                                 norm_row(b, BETA_GRADIENT), slice(b, SCRATCH));
}

static pnas_status append_backward(pnas_op_bench *b, pnas_launch_list *list)
{
    if (b->what->update || pnas_layer_kind_traits(b->what->kind)->passes_gradient_through)
        return PNAS_OK;
    const pnas_layer_operands on = operands_of(b);
    if (on.dy.normalise)
        PNAS_TRY(append_norm_backward(b, list, &on.dy));
    return pnas_layer_op_of(b->what->kind)->backward(b->cl, list, &on);
}

pnas_status pnas_op_bench_append(pnas_op_bench *bench, pnas_launch_list *list, bool backward)
{
    return backward ? append_backward(bench, list) : append_forward(bench, list);
}
