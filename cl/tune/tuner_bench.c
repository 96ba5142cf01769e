#include "cl/tune/tuner_bench.h"

#include "cl/ops/gemm.h"
#include "cl/ops/layer_op.h"
#include "cl/runtime/context.h"
#include "src/base/clock.h"
#include "src/base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sums in another order differ by far less; a wrong or missing term shows. Of the largest value. */
#define TOLERANCE       1e-4
#define REPEATS_MOST    20
#define REPEATS_SECONDS 0.1

enum { X, Y, DY, RAW, DX, WEIGHT, DW, DBETA, SCRATCH, STATISTICS, SCALE, COEFFICIENTS, SAVED, KEPT, TENSORS };

struct pnas_tuner_bench {
    pnas_cl *cl;
    const pnas_routed_op *op;
    cl_mem buffer[TENSORS];
    size_t floats[TENSORS];
    float *plain[TENSORS]; /* what PLAIN computed; NULL where it is no result */
    float *host;           /* as large as the largest tensor */
};

/* A layer's op goes through the functions of its kind. A sum, which copies share, and a normalisation are of one
 * tensor, the output. */
static bool is_layer(pnas_op_kind op)
{
    return op != PNAS_OP_GEMM && op != PNAS_OP_NORM && op != PNAS_OP_ADD;
}

bool pnas_tuner_bench_knows(pnas_op_kind op)
{
    return op != PNAS_OP_HEAD && op != PNAS_OP_UPDATE && op != PNAS_OP_TRIE && op != PNAS_OP_AUGMENT;
}

/* --- tensors --- */

static pnas_view view_of(const pnas_tuner_bench *b, int tensor, int channels, int height, int width)
{
    return (pnas_view){.at = {b->buffer[tensor], 0},
                       .image_stride = (size_t)channels * height * width,
                       .channels = channels,
                       .height = height,
                       .width = width};
}

static pnas_slice slice(const pnas_tuner_bench *b, int tensor)
{
    return (pnas_slice){b->buffer[tensor], 0};
}

/* Of an op that is_layer: everything is wanted. */
static pnas_layer_operands operands_of(const pnas_tuner_bench *b)
{
    const pnas_routed_op *o = b->op;
    return (pnas_layer_operands){.N = o->N,
                                 .inputs = 1,
                                 .x = {{.view = view_of(b, X, o->C, o->H, o->W),
                                        .normalise = true,
                                        .scale_shift = slice(b, SCALE),
                                        .relu = true}},
                                 .channels = o->C,
                                 .x_segment = o->C,
                                 .y_segment = o->M,
                                 .window = o->window,
                                 .weight = slice(b, WEIGHT),
                                 .kept = b->buffer[KEPT],
                                 .y = view_of(b, Y, o->M, o->OH, o->OW),
                                 .statistics = slice(b, STATISTICS),
                                 .dy = {.gradient = view_of(b, DY, o->M, o->OH, o->OW),
                                        .normalise = true,
                                        .raw = view_of(b, RAW, o->M, o->OH, o->OW),
                                        .coefficients = slice(b, COEFFICIENTS)},
                                 .dx = {{.into = view_of(b, DX, o->C, o->H, o->W)}},
                                 .weight_gradient = slice(b, DW),
                                 .scratch = slice(b, SCRATCH)};
}

static size_t scratch_floats(const pnas_cl *cl, const pnas_tuner_bench *b)
{
    if (!is_layer(b->op->op))
        return 2 * (size_t)b->op->N * (size_t)b->op->M; /* of a normalisation */
    const pnas_layer_op *op = pnas_layer_op_of(b->op->layer->kind);
    pnas_layer_operands on = operands_of(b);
    return op->scratch ? op->scratch(cl, &on) : 1;
}

static size_t statistics_floats(const pnas_cl *cl, const pnas_tuner_bench *b)
{
    pnas_layer_operands on = operands_of(b);
    return is_layer(b->op->op) ? pnas_layer_statistics_floats(cl, b->op->layer->kind, &on) : 1;
}

/* On the route that needs most. */
static size_t most(const pnas_tuner_bench *b, size_t (*floats)(const pnas_cl *cl, const pnas_tuner_bench *b))
{
    size_t largest = 1;
    for (int r = 0; r < PNAS_ROUTES; ++r) {
        pnas_cl lane = *b->cl; /* only asked which route it takes */
        lane.route = (pnas_route)r;
        size_t need = floats(&lane, b);
        largest = need > largest ? need : largest;
    }
    return largest;
}

static void set_sizes(pnas_tuner_bench *b)
{
    const pnas_routed_op *o = b->op;
    size_t *f = b->floats, C = (size_t)o->C, M = (size_t)o->M;
    if (o->op == PNAS_OP_GEMM) {
        f[X] = (size_t)(o->shape.H * o->shape.C);
        f[WEIGHT] = (size_t)(o->shape.C * o->shape.W);
        f[Y] = (size_t)(o->shape.H * o->shape.W);
        return;
    }
    size_t taps = (size_t)o->window.kernel_h * (size_t)o->window.kernel_w;
    bool depthwise = pnas_layer_kind_traits(o->layer->kind)->form == PNAS_WEIGHT_DEPTHWISE;
    f[X] = f[DX] = (size_t)o->N * C * (size_t)o->H * (size_t)o->W;
    f[Y] = f[DY] = f[RAW] = (size_t)o->N * M * (size_t)o->OH * (size_t)o->OW;
    f[WEIGHT] = f[DW] = depthwise ? taps * C : taps * C * M;
    f[STATISTICS] = most(b, statistics_floats);
    f[SCALE] = 2 * C;
    f[COEFFICIENTS] = 3 * M;
    f[SAVED] = 2 * M;
    f[KEPT] = f[Y] * (size_t)pnas_layer_kind_traits(o->layer->kind)->kept_bytes / sizeof(float) + 1;
    f[SCRATCH] = most(b, scratch_floats);
    if (o->op == PNAS_OP_ADD || o->op == PNAS_OP_NORM) { /* of one tensor, the output */
        f[X] = f[DX] = f[Y];
        f[SCALE] = 2 * M;
        f[WEIGHT] = f[DW] = f[DBETA] = M;
    }
}

/* Which tensors are results of the op. */
static bool is_result(const pnas_tuner_bench *b, int tensor)
{
    const pnas_routed_op *o = b->op;
    if (o->op == PNAS_OP_GEMM)
        return tensor == Y;
    if (o->op == PNAS_OP_NORM)
        return tensor == COEFFICIENTS || tensor == DW || tensor == DBETA;
    if (o->op == PNAS_OP_ADD)
        return tensor == Y || tensor == DX;
    const pnas_layer_traits *traits = pnas_layer_kind_traits(o->layer->kind);
    return (o->forward && (tensor == Y || (tensor == STATISTICS && traits->normalised))) ||
           (o->backward && (tensor == DX || (tensor == DW && traits->form != PNAS_WEIGHT_NONE)));
}

/* Random numbers of a period that no tensor's dimension divides. */
static pnas_status fill(pnas_tuner_bench *b, int tensor)
{
    enum { PERIOD = 65521 };
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, (uint64_t)tensor, 0);
    size_t count = b->floats[tensor], random = count < PERIOD ? count : PERIOD;
    bool positive = tensor == SAVED; /* deviations */
    for (size_t i = 0; i < random; ++i)
        b->host[i] = (float)(pnas_stream_uniform(&stream) * 2 - 1 + 2 * positive);
    for (size_t i = random; i < count; ++i)
        b->host[i] = b->host[i - PERIOD];
    return pnas_buffer_write(b->cl, b->buffer[tensor], 0, count * sizeof(float), b->host);
}

static pnas_status make_tensors(pnas_tuner_bench *b)
{
    size_t largest = 1;
    set_sizes(b);
    for (int t = 0; t < TENSORS; ++t)
        largest = b->floats[t] > largest ? b->floats[t] : largest;
    b->host = malloc(largest * sizeof *b->host);
    PNAS_CHECK(b->host, PNAS_ERROR_MEMORY, "no memory for %zu floats", largest);
    for (int t = 0; t < TENSORS; ++t) {
        PNAS_TRY(pnas_buffer_create(b->cl, b->floats[t] * sizeof(float), &b->buffer[t]));
        PNAS_TRY(fill(b, t));
    }
    return PNAS_OK;
}

/* --- the op --- */

static pnas_status append_product(const pnas_tuner_bench *b, pnas_cl *cl, pnas_launch_list *list)
{
    const pnas_routed_op *o = b->op;
    int m = (int)o->shape.H, n = (int)o->shape.W, k = (int)o->shape.C;
    return pnas_gemm_append(cl, list,
                            &(pnas_gemm){.transpose_a = o->transpose_a,
                                         .transpose_b = o->transpose_b,
                                         .m = m,
                                         .n = n,
                                         .k = k,
                                         .alpha = 1,
                                         .a = slice(b, X),
                                         .b = slice(b, WEIGHT),
                                         .c = slice(b, Y),
                                         .lda = o->transpose_a ? m : k,
                                         .ldb = o->transpose_b ? k : n,
                                         .ldc = n});
}

static pnas_status append_sum_or_norm(const pnas_tuner_bench *b, pnas_cl *cl, pnas_launch_list *list)
{
    const pnas_routed_op *o = b->op;
    pnas_view y = view_of(b, Y, o->M, o->OH, o->OW), dy = view_of(b, DY, o->M, o->OH, o->OW);
    pnas_operand x = {.view = view_of(b, X, o->M, o->OH, o->OW),
                      .normalise = true,
                      .scale_shift = slice(b, SCALE),
                      .relu = true};
    pnas_downstream dx = {.into = view_of(b, DX, o->M, o->OH, o->OW)};
    if (o->op == PNAS_OP_NORM)
        return pnas_op_norm_backward(cl, list, o->N, &dy, &x.view, slice(b, WEIGHT), slice(b, SAVED),
                                     slice(b, COEFFICIENTS), slice(b, DW), slice(b, DBETA),
                                     slice(b, SCRATCH));
    pnas_operand other = {.view = view_of(b, RAW, o->M, o->OH, o->OW), .relu = true};
    PNAS_TRY(pnas_op_add_forward(cl, list, o->N, &x, &other, NULL, &y));
    return pnas_op_add_backward(cl, list, o->N, &x, &dy, (pnas_slice){NULL, 0}, &dx);
}

static pnas_status append_op(const pnas_tuner_bench *b, pnas_cl *cl, pnas_launch_list *list)
{
    if (b->op->op == PNAS_OP_GEMM)
        return append_product(b, cl, list);
    if (!is_layer(b->op->op))
        return append_sum_or_norm(b, cl, list);
    const pnas_layer_op *op = pnas_layer_op_of(b->op->layer->kind);
    pnas_layer_operands on = operands_of(b);
    if (b->op->forward)
        PNAS_TRY(op->forward(cl, list, &on));
    return b->op->backward ? op->backward(cl, list, &on) : PNAS_OK;
}

/* --- measuring --- */

static pnas_status run(pnas_cl *cl, pnas_launch_list *list)
{
    PNAS_TRY(pnas_launch_run(cl, list, NULL));
    return pnas_cl_finish(cl);
}

static bool agrees(const float *plain, const float *other, size_t count)
{
    double largest = 0, difference = 0;
    for (size_t i = 0; i < count; ++i) {
        double d = fabs((double)plain[i] - other[i]);
        if (!(d <= difference)) /* not a number: never less */
            difference = d;
        largest = fabs(plain[i]) > largest ? fabs(plain[i]) : largest;
    }
    return difference <= TOLERANCE * largest;
}

/* Statistics of tiles become those of images, in front; their number. */
static size_t sum_tiles(const pnas_tuner_bench *b, const pnas_cl *lane, float *statistics)
{
    size_t image = 2 * (size_t)b->op->M, images = (size_t)b->op->N;
    size_t tiles = statistics_floats(lane, b) / (image * images);
    for (size_t i = 0; i < image * images; ++i) {
        float sum = 0;
        for (size_t t = 0; t < tiles; ++t)
            sum += statistics[(i / image * tiles + t) * image + i % image];
        statistics[i] = sum;
    }
    return image * images;
}

/* Keeps what PLAIN computed, or compares with it. */
static pnas_status hold_against_plain(pnas_tuner_bench *b, const pnas_cl *lane, bool *right)
{
    *right = true;
    for (int t = 0; t < TENSORS; ++t) {
        size_t count = b->floats[t], bytes = count * sizeof(float);
        if (!is_result(b, t))
            continue;
        PNAS_TRY(pnas_buffer_read(b->cl, b->buffer[t], 0, bytes, b->host));
        if (t == STATISTICS)
            count = sum_tiles(b, lane, b->host);
        if (lane->route == PNAS_ROUTE_PLAIN) {
            b->plain[t] = b->plain[t] ? b->plain[t] : malloc(bytes);
            PNAS_CHECK(b->plain[t], PNAS_ERROR_MEMORY, "no memory for %zu bytes", bytes);
            memcpy(b->plain[t], b->host, bytes);
        } else {
            *right = *right && agrees(b->plain[t], b->host, count);
        }
    }
    return PNAS_OK;
}

static pnas_status spoil_results(pnas_tuner_bench *b)
{
    for (int t = 0; t < TENSORS; ++t) {
        if (!is_result(b, t))
            continue;
        memset(b->host, 0xff, b->floats[t] * sizeof(float)); /* not numbers */
        PNAS_TRY(pnas_buffer_write(b->cl, b->buffer[t], 0, b->floats[t] * sizeof(float), b->host));
    }
    return PNAS_OK;
}

static pnas_status time_list(pnas_cl *cl, pnas_launch_list *list, double *least)
{
    double total = 0;
    *least = INFINITY;
    for (int i = 0; i < REPEATS_MOST && total < REPEATS_SECONDS; ++i) {
        double start = pnas_clock_seconds();
        PNAS_TRY(run(cl, list));
        double seconds = pnas_clock_seconds() - start;
        total += seconds;
        *least = seconds < *least ? seconds : *least;
    }
    return PNAS_OK;
}

pnas_status pnas_tuner_bench_measure(pnas_tuner_bench *b, pnas_route route, double *microseconds)
{
    pnas_launch_list list = {0};
    pnas_status status;
    bool right = true;
    double seconds = 0;
    pnas_cl *lane = NULL;
    PNAS_TRY_CLEANUP(pnas_cl_create_lane(b->cl, route, &lane));
    PNAS_TRY_CLEANUP(spoil_results(b));
    PNAS_TRY_CLEANUP(append_op(b, lane, &list));
    PNAS_TRY_CLEANUP(run(lane, &list)); /* compiles, too */
    PNAS_TRY_CLEANUP(hold_against_plain(b, lane, &right));
    PNAS_TRY_CLEANUP(time_list(lane, &list, &seconds));
    *microseconds = right ? 1e6 * seconds : -1e6 * seconds;
cleanup:
    if (lane)
        pnas_cl_finish(lane); /* scratch memory must not go while a kernel may still use it */
    pnas_launch_clear(&list);
    pnas_cl_destroy(&lane);
    return status;
}

pnas_status pnas_tuner_bench_create(pnas_cl *cl, const pnas_routed_op *op, pnas_tuner_bench **out)
{
    pnas_tuner_bench *b = calloc(1, sizeof *b);
    PNAS_CHECK(b, PNAS_ERROR_MEMORY, "no memory to measure an op");
    b->cl = cl;
    b->op = op;
    pnas_status status = make_tensors(b);
    if (status != PNAS_OK)
        pnas_tuner_bench_destroy(&b);
    *out = b;
    return status;
}

void pnas_tuner_bench_destroy(pnas_tuner_bench **bench)
{
    pnas_tuner_bench *b = *bench;
    if (!b)
        return;
    pnas_cl_finish(b->cl); /* a buffer must not go while a kernel may still use it */
    for (int t = 0; t < TENSORS; ++t) {
        pnas_buffer_release(&b->buffer[t]);
        free(b->plain[t]);
    }
    free(b->host);
    free(b);
    *bench = NULL;
}
