#include "bench/op_bench.h"

#include "cl/ops/op.h"
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
    POSITIONS,
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
    if (c->kind == PNAS_CASE_REDUCTION)
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

static size_t scratch_floats(const pnas_op_bench *b)
{
    pnas_view x = view_in(b, X), y = view_out(b, Y);
    size_t norm = 2 * (size_t)b->N * (size_t)b->M, need = norm;
    if (b->what->kind == PNAS_CASE_DEPTHWISE)
        need = pnas_op_depthwise_scratch(b->cl, b->N, &x, &b->window, &y);
    else if (b->what->kind == PNAS_CASE_POINTWISE)
        need = pnas_op_pointwise_scratch(b->cl, b->N, &x, &b->window, &y);
    else if (b->what->kind == PNAS_CASE_DENSE || b->what->kind == PNAS_CASE_REDUCTION)
        need = pnas_op_convolution_scratch(b->cl, b->N, &x, &b->window, &y);
    else if (b->what->kind == PNAS_CASE_UPDATE)
        need = pnas_op_update_scratch((size_t)b->what->C);
    return need > norm ? need : norm;
}

static void set_floats(const pnas_op_bench *b, size_t floats[TENSORS])
{
    size_t C = (size_t)b->C, M = (size_t)b->M, N = (size_t)b->N;
    size_t taps = (size_t)b->window.kernel_h * (size_t)b->window.kernel_w;
    floats[X] = floats[DX] = N * C * (size_t)b->size * (size_t)b->size;
    floats[Y] = floats[DY] = N * M * (size_t)b->out_size * (size_t)b->out_size;
    floats[X2] = b->what->kind == PNAS_CASE_SUM ? floats[X] : 1;
    floats[WEIGHT] = floats[DW] = b->what->kind == PNAS_CASE_DEPTHWISE ? taps * C : taps * C * M;
    floats[NORM] = NORM_ROWS * M;
    floats[SCALE] = 2 * C;
    floats[STATISTICS] = 2 * N * M;
    floats[SCRATCH] = scratch_floats(b);
    floats[POSITIONS] = floats[Y] / 4 + 1;
    floats[STATE] = 4;
    if (b->what->kind == PNAS_CASE_UPDATE)
        floats[X] = floats[DX] = floats[Y] = (size_t)b->what->C; /* parameters, gradients, moments */
}

/* Random numbers of a period that no tensor's dimension divides; what counts steps or positions is zero. */
static pnas_status fill(pnas_op_bench *b, int tensor, size_t floats)
{
    enum { PERIOD = 65521 };
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, (uint64_t)tensor, 0);
    float *data = calloc(floats, sizeof *data);
    PNAS_CHECK(data, PNAS_ERROR_MEMORY, "no memory for %zu floats", floats);
    for (size_t i = 0; i < floats && tensor != POSITIONS && tensor != STATE; ++i)
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
    b->C = what->kind == PNAS_CASE_UPDATE ? cl->vector : padded(cl, what->C);
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

static pnas_operand operand_of(const pnas_op_bench *b, int tensor, bool normalise, bool relu)
{
    return (pnas_operand){
        .view = view_in(b, tensor), .normalise = normalise, .scale_shift = slice(b, SCALE), .relu = relu};
}

/* The batch's mean and deviation from the sums that the convolution left: what readers normalise with. */
static pnas_status append_norm(pnas_op_bench *b, pnas_launch_list *list)
{
    return pnas_op_norm_forward(b->cl, list, b->N, b->out_size * b->out_size, b->M, slice(b, STATISTICS),
                                norm_row(b, GAMMA), norm_row(b, BETA), 0.9, 1e-5, norm_row(b, RUNNING),
                                norm_row(b, SAVED), norm_row(b, SCALE_SHIFT));
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
                                         .state = b->buffer[STATE],
                                         .scratch = slice(b, SCRATCH)});
}

static pnas_status append_forward(pnas_op_bench *b, pnas_launch_list *list)
{
    const pnas_op_case *c = b->what;
    pnas_cl *cl = b->cl;
    pnas_view y = view_out(b, Y);
    pnas_operand plain = operand_of(b, X, false, c->relu), rectified = operand_of(b, X, true, true);
    pnas_operand first = operand_of(b, X, true, false), second = operand_of(b, X2, true, false);
    switch (c->kind) {
    case PNAS_CASE_DEPTHWISE:
        return pnas_op_depthwise_forward(cl, list, b->N, &rectified, slice(b, WEIGHT), &b->window, &y);
    case PNAS_CASE_POINTWISE:
        PNAS_TRY(pnas_op_pointwise_forward(cl, list, b->N, &plain, slice(b, WEIGHT), &b->window, &y,
                                           slice(b, STATISTICS)));
        return append_norm(b, list);
    case PNAS_CASE_DENSE:
    case PNAS_CASE_REDUCTION:
        if (c->kind == PNAS_CASE_DENSE && c->relu)
            plain = rectified; /* of a bottleneck: its input has a normalisation of its own */
        PNAS_TRY(pnas_op_convolution_forward(cl, list, b->N, &plain, slice(b, WEIGHT), &b->window, &y,
                                             slice(b, STATISTICS)));
        return append_norm(b, list);
    case PNAS_CASE_MAX_POOL:
        return pnas_op_max_pool_forward(cl, list, b->N, &plain, &b->window, &y, b->buffer[POSITIONS], 0);
    case PNAS_CASE_AVERAGE_POOL:
        return pnas_op_average_pool_forward(cl, list, b->N, &plain, &b->window, &y);
    case PNAS_CASE_SUM:
        return pnas_op_add_forward(cl, list, b->N, &first, &second, &y);
    case PNAS_CASE_UPDATE:
        return append_update(b, list);
    }
    return PNAS_OK;
}

static pnas_status append_norm_backward(pnas_op_bench *b, pnas_launch_list *list, const pnas_upstream *dy)
{
    return pnas_op_norm_backward(b->cl, list, b->N, &dy->gradient, &dy->raw, norm_row(b, GAMMA),
                                 norm_row(b, SAVED), norm_row(b, COEFFICIENTS), norm_row(b, GAMMA_GRADIENT),
                                 norm_row(b, BETA_GRADIENT), slice(b, SCRATCH));
}

static pnas_status append_backward(pnas_op_bench *b, pnas_launch_list *list)
{
    const pnas_op_case *c = b->what;
    pnas_cl *cl = b->cl;
    pnas_operand plain = operand_of(b, X, false, c->relu), rectified = operand_of(b, X, true, true);
    pnas_upstream direct = {.gradient = view_out(b, DY)}, dy = direct;
    bool is_stem = c->kind == PNAS_CASE_DENSE && !c->relu; /* nobody wants the images' gradient */
    pnas_downstream dx = {.into = view_in(b, DX)};
    if (is_stem)
        dx.into.at.buffer = NULL;
    dy.normalise = true;
    dy.raw = view_out(b, Y);
    dy.coefficients = norm_row(b, COEFFICIENTS);
    switch (c->kind) {
    case PNAS_CASE_DEPTHWISE:
        return pnas_op_depthwise_backward(cl, list, b->N, &rectified, slice(b, WEIGHT), &b->window, &direct,
                                          &dx, slice(b, DW), slice(b, SCRATCH));
    case PNAS_CASE_POINTWISE:
        PNAS_TRY(append_norm_backward(b, list, &dy));
        return pnas_op_pointwise_backward(cl, list, b->N, &plain, slice(b, WEIGHT), &b->window, &dy, &dx,
                                          slice(b, DW), slice(b, SCRATCH));
    case PNAS_CASE_DENSE:
    case PNAS_CASE_REDUCTION:
        PNAS_TRY(append_norm_backward(b, list, &dy));
        if (c->kind == PNAS_CASE_DENSE && c->relu)
            plain = rectified;
        return pnas_op_convolution_backward(cl, list, b->N, &plain, slice(b, WEIGHT), &b->window, &dy, &dx,
                                            slice(b, DW), slice(b, SCRATCH));
    case PNAS_CASE_MAX_POOL:
        return pnas_op_max_pool_backward(cl, list, b->N, &plain, &b->window, &direct, b->buffer[POSITIONS], 0,
                                         &dx);
    case PNAS_CASE_AVERAGE_POOL:
        return pnas_op_average_pool_backward(cl, list, b->N, &plain, &b->window, &direct, &dx);
    default:
        return PNAS_OK;
    }
}

pnas_status pnas_op_bench_append(pnas_op_bench *bench, pnas_launch_list *list, bool backward)
{
    return backward ? append_backward(bench, list) : append_forward(bench, list);
}
