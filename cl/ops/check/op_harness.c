#include "cl/ops/check/op_harness.h"

#include "cl/ops/check/half.h"
#include "cl/runtime/context.h"
#include "cl/runtime/launch_check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUARD_BITS      0x7fc0babeu /* a quiet NaN */
#define HALF_GUARD_BITS 0x7ebau

struct op_buffer {
    struct op_buffer *next;
    cl_mem buffer;
    void *before;  /* the contents when made; NULL: nobody watches it */
    size_t values; /* in it */
    bool half;     /* of two bytes each, else floats */
    bool output;
    size_t offset, stride, run; /* `images` runs of `run` values, `stride` apart, from `offset` */
    int images;
};

struct op_memory {
    struct op_memory *next;
};

void op_harness_fail(op_harness *h, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    h->failed(h->payload, message);
    abort();
}

void op_harness_ok(op_harness *h, pnas_status status)
{
    op_harness_expect(h, status == PNAS_OK, "%s", pnas_message());
}

void *op_harness_memory(op_harness *h, size_t bytes)
{
    size_t head = (sizeof(struct op_memory) + 15) / 16 * 16;
    struct op_memory *memory = calloc(1, head + bytes);
    op_harness_expect(h, memory, "no memory for %zu bytes", bytes);
    memory->next = h->memory;
    h->memory = memory;
    return (char *)memory + head;
}

void op_harness_start(op_harness *h, const op_harness_options *options)
{
    *h = (op_harness){.cl = options->cl,
                      .small = options->small,
                      .half = options->half,
                      .failed = options->failed,
                      .payload = options->payload,
                      .random = pnas_stream_make(options->seed, PNAS_STREAM_TEST, 0, 0)};
}

void op_harness_close(op_harness *h)
{
    pnas_cl_finish(h->cl); /* a buffer must not go while a kernel may still use it */
    pnas_launch_clear(&h->list);
    while (h->buffers) {
        struct op_buffer *buffer = h->buffers;
        h->buffers = buffer->next;
        pnas_buffer_release(&buffer->buffer);
        free(buffer->before);
        free(buffer);
    }
    while (h->memory) {
        struct op_memory *memory = h->memory;
        h->memory = memory->next;
        free(memory);
    }
}

static size_t bytes_of(const struct op_buffer *buffer, size_t values)
{
    return values * (buffer->half ? sizeof(uint16_t) : sizeof(float));
}

static double value_at(bool half, const void *values, size_t i)
{
    return half ? half_value(((const uint16_t *)values)[i]) : (double)((const float *)values)[i];
}

static void set_value(bool half, void *values, size_t i, double value)
{
    if (half)
        ((uint16_t *)values)[i] = half_from(value);
    else
        ((float *)values)[i] = (float)value;
}

/* Nothing outside the runs of an output has changed, and nothing at all of an input. */
static void check_buffer(op_harness *h, const struct op_buffer *buffer)
{
    if (!buffer->before)
        return;
    size_t one = bytes_of(buffer, 1), bytes = bytes_of(buffer, buffer->values);
    char *now = op_harness_memory(h, bytes);
    op_harness_ok(h, pnas_buffer_read(h->cl, buffer->buffer, 0, bytes, now));
    for (size_t i = 0; i < buffer->values; ++i) {
        if (memcmp(now + i * one, (const char *)buffer->before + i * one, one) == 0)
            continue;
        size_t inside = i - buffer->offset;
        bool own = i >= buffer->offset && inside / buffer->stride < (size_t)buffer->images &&
                   inside % buffer->stride < buffer->run;
        op_harness_expect(h, own, "a value outside of the tensor was written: index %zu, tensor at %zu, %g",
                          i, buffer->offset, value_at(buffer->half, now, i));
        op_harness_expect(h, buffer->output, "an input was written: index %zu, %g to %g", inside,
                          value_at(buffer->half, buffer->before, i), value_at(buffer->half, now, i));
    }
}

void op_harness_run(op_harness *h)
{
    op_harness_ok(h, pnas_launch_check_accesses(h->cl, &h->list));
    for (const struct op_buffer *buffer = h->buffers; buffer; buffer = buffer->next)
        check_buffer(h, buffer);
    pnas_launch_clear(&h->list);
}

int op_harness_between(op_harness *h, int low, int high)
{
    return low + (int)pnas_stream_below(&h->random, (uint32_t)(high - low + 1));
}

int op_harness_up_to(op_harness *h, int largest)
{
    return op_harness_between(h, 1, h->small ? 6 : largest);
}

double *op_harness_zeros(op_harness *h, size_t count)
{
    return op_harness_memory(h, count * sizeof(double));
}

double *op_harness_random(op_harness *h, size_t count)
{
    double *values = op_harness_zeros(h, count);
    for (size_t i = 0; i < count; ++i)
        values[i] = (float)pnas_stream_normal(&h->random);
    return values;
}

double op_harness_round(const op_harness *h, double value)
{
    return h->half ? half_value(half_from(value)) : (float)value;
}

double *op_harness_random_stored(op_harness *h, size_t count)
{
    double *values = op_harness_random(h, count);
    for (size_t i = 0; i < count; ++i)
        values[i] = op_harness_round(h, values[i]);
    return values;
}

int op_harness_padded(const op_harness *h, int channels)
{
    int V = pnas_cl_vector(h->cl);
    return (channels + V - 1) / V * V;
}

/* A buffer full of guards, before it goes to the device. */
static struct op_buffer *new_buffer(op_harness *h, size_t offset, size_t stride, size_t run, int images,
                                    bool half, bool output)
{
    struct op_buffer *buffer = calloc(1, sizeof *buffer);
    op_harness_expect(h, buffer, "no memory for a tensor");
    *buffer = (struct op_buffer){.next = h->buffers,
                                 .values = offset + stride * (size_t)images + 32,
                                 .half = half,
                                 .output = output,
                                 .offset = offset,
                                 .stride = stride,
                                 .run = run,
                                 .images = images};
    h->buffers = buffer;
    buffer->before = malloc(bytes_of(buffer, buffer->values));
    op_harness_expect(h, buffer->before, "no memory for %zu values", buffer->values);
    for (size_t i = 0; i < buffer->values; ++i)
        if (half)
            ((uint16_t *)buffer->before)[i] = HALF_GUARD_BITS;
        else
            ((uint32_t *)buffer->before)[i] = GUARD_BITS;
    return buffer;
}

static void upload(op_harness *h, struct op_buffer *buffer)
{
    size_t bytes = bytes_of(buffer, buffer->values);
    op_harness_ok(h, pnas_buffer_create(h->cl, bytes, &buffer->buffer));
    op_harness_ok(h, pnas_buffer_write(h->cl, buffer->buffer, 0, bytes, buffer->before));
}

cl_mem op_harness_buffer(op_harness *h, size_t bytes, const void *data)
{
    struct op_buffer *buffer = calloc(1, sizeof *buffer);
    op_harness_expect(h, buffer, "no memory for a buffer");
    buffer->next = h->buffers;
    h->buffers = buffer;
    op_harness_ok(h, pnas_buffer_create(h->cl, bytes, &buffer->buffer));
    if (data)
        op_harness_ok(h, pnas_buffer_write(h->cl, buffer->buffer, 0, bytes, data));
    return buffer->buffer;
}

static size_t place(const pnas_view *view, int V, int n, int c, int pixel)
{
    size_t pixels = (size_t)view->height * view->width;
    return (size_t)n * view->image_stride + (size_t)(c / V) * pixels * V + (size_t)pixel * V + c % V;
}

static pnas_view make_view(op_harness *h, int N, int C, int H, int W, const double *values, bool half,
                           bool output)
{
    int V = pnas_cl_vector(h->cl);
    pnas_view view = {.half = half,
                      .channels = op_harness_padded(h, C),
                      .used = op_harness_between(h, 0, 1) ? C : 0,
                      .height = H,
                      .width = W};
    size_t block = (size_t)H * W * V, run = block * (view.channels / V);
    view.image_stride = run + block * (size_t)op_harness_between(h, 0, 2);
    view.at.offset = 32 + (size_t)(V * op_harness_between(h, 0, 5));
    struct op_buffer *buffer = new_buffer(h, view.at.offset, view.image_stride, run, N, half, output);
    for (int n = 0; values && n < N; ++n)
        for (int c = 0; c < view.channels; ++c)
            for (int p = 0; p < H * W; ++p)
                set_value(half, buffer->before, view.at.offset + place(&view, V, n, c, p),
                          c < C ? values[((size_t)n * C + c) * H * W + p] : 0);
    upload(h, buffer);
    view.at.buffer = buffer->buffer;
    return view;
}

pnas_view op_harness_view(op_harness *h, int N, int C, int H, int W, const double *values)
{
    return make_view(h, N, C, H, W, values, false, false);
}

pnas_view op_harness_output(op_harness *h, int N, int C, int H, int W, const double *values)
{
    return make_view(h, N, C, H, W, values, false, true);
}

pnas_view op_harness_stored(op_harness *h, int N, int C, int H, int W, const double *values)
{
    return make_view(h, N, C, H, W, values, h->half, false);
}

pnas_view op_harness_stored_output(op_harness *h, int N, int C, int H, int W, const double *values)
{
    return make_view(h, N, C, H, W, values, h->half, true);
}

double *op_harness_read(op_harness *h, const pnas_view *view, int N, int C)
{
    int V = pnas_cl_vector(h->cl), pixels = view->height * view->width;
    size_t count = (size_t)N * view->image_stride, one = view->half ? sizeof(uint16_t) : sizeof(float);
    void *packed = op_harness_memory(h, count * one);
    double *values = op_harness_zeros(h, (size_t)N * C * pixels);
    op_harness_ok(h, pnas_buffer_read(h->cl, view->at.buffer, view->at.offset * one, count * one, packed));
    for (int n = 0; n < N; ++n)
        for (int c = 0; c < view->channels; ++c)
            for (int p = 0; p < pixels; ++p) {
                double value = value_at(view->half, packed, place(view, V, n, c, p));
                if (c < C)
                    values[((size_t)n * C + c) * pixels + p] = value;
                else
                    op_harness_expect(h, value == 0, "padded channel %d of image %d is %g, not 0", c, n,
                                      value);
            }
    return values;
}

static pnas_slice make_slice(op_harness *h, size_t count, const double *values, bool output)
{
    size_t offset = 32 + (size_t)(pnas_cl_vector(h->cl) * op_harness_between(h, 0, 5));
    struct op_buffer *buffer = new_buffer(h, offset, count, count, 1, false, output);
    for (size_t i = 0; values && i < count; ++i)
        set_value(false, buffer->before, offset + i, values[i]);
    upload(h, buffer);
    return (pnas_slice){.buffer = buffer->buffer, .offset = offset};
}

pnas_slice op_harness_slice(op_harness *h, size_t count, const double *values)
{
    return make_slice(h, count, values, false);
}

pnas_slice op_harness_output_slice(op_harness *h, size_t count, const double *values)
{
    return make_slice(h, count, values, true);
}

pnas_slice op_harness_ints(op_harness *h, size_t count, const int *values)
{
    size_t before = (size_t)op_harness_between(h, 0, 5);
    int *all = op_harness_memory(h, (before + count) * sizeof *all);
    memset(all, 0x5a, before * sizeof *all);
    memcpy(all + before, values, count * sizeof *all);
    return (pnas_slice){op_harness_buffer(h, (before + count) * sizeof *all, all), before};
}

double *op_harness_read_slice(op_harness *h, pnas_slice slice, size_t count)
{
    float *packed = op_harness_memory(h, count * sizeof *packed);
    double *values = op_harness_zeros(h, count);
    op_harness_ok(h, pnas_buffer_read(h->cl, slice.buffer, slice.offset * sizeof(float),
                                      count * sizeof(float), packed));
    for (size_t i = 0; i < count; ++i)
        values[i] = packed[i];
    return values;
}

double *op_harness_pad(op_harness *h, int outer, int rows, int padded_rows, int columns, int padded_columns,
                       const double *values)
{
    double *padded = op_harness_zeros(h, (size_t)outer * padded_rows * padded_columns);
    for (int o = 0; o < outer; ++o)
        for (int r = 0; r < rows; ++r)
            for (int c = 0; c < columns; ++c)
                padded[((size_t)o * padded_rows + r) * padded_columns + c] =
                    values[((size_t)o * rows + r) * columns + c];
    return padded;
}

double *op_harness_unpad(op_harness *h, int outer, int rows, int padded_rows, int columns, int padded_columns,
                         const double *values)
{
    double *inner = op_harness_zeros(h, (size_t)outer * rows * columns);
    for (int o = 0; o < outer; ++o)
        for (int r = 0; r < padded_rows; ++r)
            for (int c = 0; c < padded_columns; ++c) {
                double value = values[((size_t)o * padded_rows + r) * padded_columns + c];
                if (r < rows && c < columns)
                    inner[((size_t)o * rows + r) * columns + c] = value;
                else
                    op_harness_expect(h, value == 0, "padding at [%d][%d][%d] is %g, not 0", o, r, c, value);
            }
    return inner;
}

op_operand op_harness_operand(op_harness *h, int N, int C, int H, int W, bool normalise, bool relu)
{
    size_t pixels = (size_t)H * W, count = (size_t)N * C * pixels;
    op_operand x = {.raw = op_harness_zeros(h, count),
                    .value = op_harness_zeros(h, count),
                    .magnitude = op_harness_zeros(h, count),
                    .mask = op_harness_zeros(h, count),
                    .scale = normalise ? op_harness_random(h, 2 * (size_t)C) : NULL};
    for (size_t i = 0; i < count; ++i) {
        size_t c = i / pixels % C;
        double scale = normalise ? x.scale[c] : 1, shift = normalise ? x.scale[C + c] : 0, value;
        do {
            x.raw[i] = op_harness_round(h, pnas_stream_normal(&h->random));
            value = scale * x.raw[i] + shift;
        } while (fabs(value) < 1e-5);
        x.mask[i] = !relu || value > 0;
        x.value[i] = x.mask[i] * value;
        x.magnitude[i] = x.mask[i] * (fabs(scale * x.raw[i]) + fabs(shift));
    }
    int padded = op_harness_padded(h, C);
    x.operand =
        (pnas_operand){.view = op_harness_stored(h, N, C, H, W, x.raw), .normalise = normalise, .relu = relu};
    if (normalise)
        x.operand.scale_shift =
            op_harness_slice(h, 2 * (size_t)padded, op_harness_pad(h, 1, 2, 2, C, padded, x.scale));
    return x;
}

op_upstream op_harness_upstream(op_harness *h, int N, int C, int H, int W, bool normalise)
{
    size_t pixels = (size_t)H * W, count = (size_t)N * C * pixels;
    double *g = op_harness_random(h, count);
    op_upstream y = {.value = op_harness_zeros(h, count), .magnitude = op_harness_zeros(h, count)};
    y.upstream.gradient = op_harness_view(h, N, C, H, W, g);
    y.upstream.normalise = normalise;
    double *raw = normalise ? op_harness_random_stored(h, count) : NULL;
    double *abd = normalise ? op_harness_random(h, 3 * (size_t)C) : NULL;
    for (size_t i = 0; i < count; ++i) {
        size_t c = i / pixels % C;
        double a = normalise ? abd[c] * g[i] : g[i], b = normalise ? abd[C + c] * raw[i] : 0,
               d = normalise ? abd[2 * C + c] : 0;
        y.value[i] = a + b + d;
        y.magnitude[i] = fabs(a) + fabs(b) + fabs(d);
    }
    if (normalise) {
        int padded = op_harness_padded(h, C);
        y.upstream.raw = op_harness_stored(h, N, C, H, W, raw);
        y.upstream.coefficients =
            op_harness_slice(h, 3 * (size_t)padded, op_harness_pad(h, 1, 3, 3, C, padded, abd));
    }
    return y;
}

void op_harness_compare(op_harness *h, const char *what, const double *got, const double *expected,
                        const double *magnitude, size_t count, double tolerance)
{
    for (size_t i = 0; i < count; ++i) {
        double error = fabs(got[i] - expected[i]);
        op_harness_expect(h, error <= tolerance * magnitude[i] + 1e-30,
                          "%s[%zu of %zu]: %.9g, expected %.9g; off by %.3g of the terms' absolute sum", what,
                          i, count, got[i], expected[i], error / magnitude[i]);
    }
}

void op_harness_compare_stored(op_harness *h, const char *what, const double *got, const double *expected,
                               const double *magnitude, size_t count, double tolerance)
{
    const double rounding = h->half ? ldexp(1, -11) : 0, smallest = h->half ? ldexp(1, -25) : 1e-30;
    for (size_t i = 0; i < count; ++i) {
        double error = fabs(got[i] - expected[i]);
        op_harness_expect(h, error <= tolerance * magnitude[i] + rounding * fabs(expected[i]) + smallest,
                          "%s[%zu of %zu]: %.9g, expected %.9g; off by %.3g of the terms' absolute sum", what,
                          i, count, got[i], expected[i], error / magnitude[i]);
    }
}
