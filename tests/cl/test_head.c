/* Both ends of a child against double precision: images in, global pool, classifier, softmax loss. */
#include "tests/cl/op_harness.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 2e-6

static cl_mem int_buffer(op_harness *h, const int *values, size_t count)
{
    cl_mem buffer = NULL;
    cr_assert_eq(pnas_buffer_create(h->cl, count * sizeof *values, &buffer), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_buffer_write(h->cl, buffer, 0, count * sizeof *values, values), PNAS_OK, "%s",
                 pnas_message());
    return buffer;
}

static void ok(pnas_status status)
{
    cr_assert_eq(status, PNAS_OK, "%s", pnas_message());
}

/* --- global pool --- */
static void check_global_pool(op_harness *h, int N, int C, int H, int W, bool accumulate)
{
    int padded = op_harness_padded(h, C), pixels = H * W;
    size_t count = (size_t)N * C * pixels, features = (size_t)N * padded;
    op_operand x =
        op_harness_operand(h, N, C, H, W, op_harness_between(h, 0, 1), op_harness_between(h, 0, 1));
    double *g = op_harness_random(h, (size_t)N * C), *before = op_harness_random(h, count);
    pnas_slice out = op_harness_output_slice(h, features, NULL);
    pnas_slice gradient = op_harness_slice(h, features, op_harness_pad(h, 1, N, N, C, padded, g));
    pnas_downstream dx = {.into = op_harness_output(h, N, C, H, W, accumulate ? before : NULL),
                          .accumulate = accumulate};
    ok(pnas_op_global_pool_forward(h->cl, &h->list, N, &x.operand, out));
    ok(pnas_op_global_pool_backward(h->cl, &h->list, N, &x.operand, gradient, &dx));
    op_harness_run(h);
    double *mean = op_harness_zeros(h, (size_t)N * C), *size = op_harness_zeros(h, (size_t)N * C);
    double *expected = op_harness_zeros(h, count), *magnitude = op_harness_zeros(h, count);
    for (size_t i = 0; i < count; ++i) {
        size_t nc = i / pixels;
        mean[nc] += x.value[i] / pixels;
        size[nc] += x.magnitude[i] / pixels;
        expected[i] = x.mask[i] * g[nc] / pixels + (accumulate ? before[i] : 0);
        magnitude[i] = fabs(g[nc]) / pixels + (accumulate ? fabs(before[i]) : 0);
    }
    op_harness_compare("features",
                       op_harness_unpad(h, 1, N, N, C, padded, op_harness_read_slice(h, out, features)), mean,
                       size, (size_t)N * C, TOLERANCE);
    op_harness_compare("gradient", op_harness_read(h, &dx.into, N, C), expected, magnitude, count, TOLERANCE);
}

Test(global_pool, agrees_with_the_mean_on_every_route)
{
    static const struct {
        int vector;
        pnas_route route;
    } at[] = {{1, PNAS_ROUTE_PLAIN}, {4, PNAS_ROUTE_PLAIN}, {8, PNAS_ROUTE_PLAIN}, {8, PNAS_ROUTE_TILE}};
    for (int i = 0; i < 4; ++i) {
        op_harness h;
        op_harness_open(&h, at[i].vector, at[i].route, (uint64_t)i);
        for (int round = 0; round < 6; ++round)
            check_global_pool(&h, op_harness_between(&h, 1, 3), op_harness_between(&h, 1, 17),
                              op_harness_between(&h, 1, 8), op_harness_between(&h, 1, 9), round % 2);
        op_harness_close(&h);
    }
}

/* --- classifier --- */
/* c [m][n] += a b, all row-major with any strides; absolute: of absolute values. */
static void product(int m, int n, int k, const double *a, int a_row, int a_column, const double *b, int b_row,
                    int b_column, bool absolute, double *c)
{
    for (int i = 0; i < m; ++i)
        for (int j = 0; j < n; ++j)
            for (int l = 0; l < k; ++l) {
                double term = a[i * a_row + l * a_column] * b[l * b_row + j * b_column];
                c[i * n + j] += absolute ? fabs(term) : term;
            }
}

static void compare_product(op_harness *h, const char *what, pnas_slice got, int m, int n, int k,
                            const double *a, int a_row, int a_column, const double *b, int b_row,
                            int b_column, const double *bias)
{
    size_t count = (size_t)m * n;
    double *expected = op_harness_zeros(h, count), *magnitude = op_harness_zeros(h, count);
    for (size_t i = 0; bias && i < count; ++i) {
        expected[i] = bias[i % (size_t)n];
        magnitude[i] = fabs(expected[i]);
    }
    product(m, n, k, a, a_row, a_column, b, b_row, b_column, false, expected);
    product(m, n, k, a, a_row, a_column, b, b_row, b_column, true, magnitude);
    op_harness_compare(what, op_harness_read_slice(h, got, count), expected, magnitude, count, TOLERANCE);
}

static void check_classifier(op_harness *h, int N, int C, int classes)
{
    double *x = op_harness_random(h, (size_t)N * C), *w = op_harness_random(h, (size_t)C * classes);
    double *bias = op_harness_random(h, (size_t)classes), *g = op_harness_random(h, (size_t)N * classes);
    double *ones = op_harness_zeros(h, (size_t)N);
    for (int n = 0; n < N; ++n)
        ones[n] = 1;
    pnas_slice features = op_harness_slice(h, (size_t)N * C, x);
    pnas_slice weight = op_harness_slice(h, (size_t)C * classes, w);
    pnas_slice logits = op_harness_output_slice(h, (size_t)N * classes, NULL);
    pnas_slice gradient = op_harness_slice(h, (size_t)N * classes, g);
    pnas_slice dw = op_harness_output_slice(h, (size_t)C * classes, NULL);
    pnas_slice dbias = op_harness_output_slice(h, (size_t)classes, NULL);
    pnas_slice dx = op_harness_output_slice(h, (size_t)N * C, NULL);
    ok(pnas_op_classifier_forward(h->cl, &h->list, N, C, classes, features, weight,
                                  op_harness_slice(h, (size_t)classes, bias), logits));
    ok(pnas_op_classifier_backward(h->cl, &h->list, N, C, classes, features, weight, gradient, dw, dbias,
                                   dx));
    op_harness_run(h);
    compare_product(h, "logits", logits, N, classes, C, x, C, 1, w, classes, 1, bias);
    compare_product(h, "weight gradient", dw, C, classes, N, x, 1, C, g, classes, 1, NULL);
    compare_product(h, "bias gradient", dbias, 1, classes, N, ones, 0, 1, g, classes, 1, NULL);
    compare_product(h, "features gradient", dx, N, C, classes, g, classes, 1, w, 1, classes, NULL);
}

Test(classifier, agrees_with_double_precision)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 20);
    check_classifier(&h, 1, 8, 2);
    check_classifier(&h, 5, 24, 10);
    if (!op_harness_small())
        check_classifier(&h, 64, 96, 100);
    op_harness_close(&h);
}

/* --- softmax loss --- */
/* Records of `period` steps whose labels are all that matters here. */
static cl_mem label_records(op_harness *h, int N, int period, const int *labels)
{
    int *records = calloc((size_t)N * period * PNAS_RECORD_INTS, sizeof *records);
    cr_assert(records);
    for (int r = 0; r < N * period; ++r)
        records[r * PNAS_RECORD_INTS + PNAS_RECORD_LABEL] = labels[r];
    cl_mem buffer = int_buffer(h, records, (size_t)N * period * PNAS_RECORD_INTS);
    free(records);
    return buffer;
}

typedef struct {
    int N, classes, valid, right;
    const int *labels;
    double *logits, *gradient;
} loss_case;

/* Mean loss in double precision; sets gradient, valid and right. */
static double reference_loss(void *payload)
{
    loss_case *t = payload;
    double loss = 0;
    t->valid = t->right = 0;
    for (int n = 0; n < t->N; ++n)
        t->valid += t->labels[n] >= 0;
    for (int n = 0; n < t->N; ++n) {
        const double *row = t->logits + (size_t)n * t->classes;
        double sum = 0;
        int best = 0;
        for (int k = 0; k < t->classes; ++k)
            best = row[k] > row[best] ? k : best;
        for (int k = 0; k < t->classes; ++k)
            sum += exp(row[k] - row[best]);
        for (int k = 0; k < t->classes; ++k)
            t->gradient[(size_t)n * t->classes + k] =
                t->labels[n] < 0 ? 0 : (exp(row[k] - row[best]) / sum - (k == t->labels[n])) / t->valid;
        if (t->labels[n] >= 0)
            loss += log(sum) + row[best] - row[t->labels[n]];
        t->right += best == t->labels[n];
    }
    return t->valid ? loss / t->valid : 0;
}

static void check_loss(op_harness *h, int N, int classes, int period, int step, double scale)
{
    size_t count = (size_t)N * classes;
    int *labels = malloc((size_t)N * period * sizeof *labels), state[4] = {step};
    cr_assert(labels);
    for (int r = 0; r < N * period; ++r)
        labels[r] = op_harness_between(h, -1, classes - 1);
    loss_case t = {.N = N,
                   .classes = classes,
                   .labels = labels + (size_t)(step % period) * N,
                   .logits = op_harness_random(h, count),
                   .gradient = op_harness_zeros(h, count)};
    for (size_t i = 0; i < count; ++i)
        t.logits[i] = (float)(t.logits[i] * scale);
    double loss = reference_loss(&t), untouched[2] = {-7, -7};
    double *start = op_harness_zeros(h, 2 * (size_t)period), *ones = op_harness_zeros(h, count);
    for (int i = 0; i < period; ++i)
        memcpy(start + 2 * i, untouched, sizeof untouched);
    for (size_t i = 0; i < count; ++i)
        ones[i] = 1.0 / (t.valid ? t.valid : 1);
    cl_mem records = label_records(h, N, period, labels), counter = int_buffer(h, state, 4);
    pnas_slice logits = op_harness_slice(h, count, t.logits),
               metrics = op_harness_output_slice(h, 2 * (size_t)period, start);
    pnas_slice gradient = op_harness_output_slice(h, count, NULL);
    ok(pnas_op_softmax_loss(h->cl, &h->list, N, classes, logits, records, counter, period, gradient,
                            metrics));
    op_harness_run(h);
    op_harness_compare("gradient", op_harness_read_slice(h, gradient, count), t.gradient, ones, count, 1e-6);
    double *got = op_harness_read_slice(h, metrics, 2 * (size_t)period);
    for (int i = 0; i < period; ++i) {
        double want = i == step % period ? loss : -7, right = i == step % period ? t.right : -7;
        cr_assert(fabs(got[2 * i] - want) <= 1e-5 * (1 + fabs(want)), "loss in slot %d: %.9g, expected %.9g",
                  i, got[2 * i], want);
        cr_assert_eq((int)got[2 * i + 1], (int)right, "right in slot %d: %g", i, got[2 * i + 1]);
    }
    pnas_buffer_release(&records);
    pnas_buffer_release(&counter);
    free(labels);
}

Test(softmax_loss, agrees_with_double_precision)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 21);
    check_loss(&h, 1, 2, 1, 0, 1);
    check_loss(&h, 5, 10, 3, 4, 3);
    check_loss(&h, 70, 10, 2, 7, 1);
    check_loss(&h, 33, 100, 4, 2, 40); /* exp() of the logits themselves would overflow */
    op_harness_close(&h);
}

/* Two metrics of one step. */
static void run_loss(op_harness *h, int N, int classes, const double *values, const int *labels,
                     double *metrics)
{
    int state[4] = {0};
    cl_mem records = label_records(h, N, 1, labels), counter = int_buffer(h, state, 4);
    pnas_slice logits = op_harness_slice(h, (size_t)N * classes, values);
    pnas_slice out = op_harness_output_slice(h, 2, NULL);
    ok(pnas_op_softmax_loss(h->cl, &h->list, N, classes, logits, records, counter, 1, (pnas_slice){0}, out));
    op_harness_run(h);
    memcpy(metrics, op_harness_read_slice(h, out, 2), 2 * sizeof *metrics);
    pnas_buffer_release(&records);
    pnas_buffer_release(&counter);
}

Test(softmax_loss, a_loss_that_is_not_finite_is_reported_and_counts_as_wrong)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 22);
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    for (int at = 0; at < 3; ++at)
        for (int i = 0; i < 3; ++i) {
            double logits[9] = {0, 1, 2, 2, 1, 0, 0, 3, 0}, metrics[2];
            int labels[3] = {2, i == 2 ? at : 0, 1}; /* minus infinity: only the label's own matters */
            logits[3 + at] = bad[i];
            run_loss(&h, 3, 3, logits, labels, metrics);
            cr_assert(!isfinite(metrics[0]), "%g at %d: loss %g", bad[i], at, metrics[0]);
            cr_assert_eq((int)metrics[1], 2);
        }
    op_harness_close(&h);
}

Test(softmax_loss, a_tie_is_right_for_the_smallest_index_only)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 23);
    double logits[6] = {1, 1, 0, 1, 1, 0}, metrics[2];
    run_loss(&h, 2, 3, logits, (int[]){0, 1}, metrics);
    cr_assert_eq((int)metrics[1], 1);
    op_harness_close(&h);
}

Test(softmax_loss, padding_counts_for_nothing_even_if_not_finite)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 24);
    double logits[6] = {0, 0, 0, NAN, NAN, NAN}, metrics[2];
    run_loss(&h, 2, 3, logits, (int[]){0, -1}, metrics);
    cr_assert(fabs(metrics[0] - log(3)) < 1e-6, "%g", metrics[0]);
    run_loss(&h, 2, 3, logits, (int[]){-1, -1}, metrics);
    cr_assert(metrics[0] == 0 && metrics[1] == 0);
    op_harness_close(&h);
}

Test(softmax_loss, the_references_gradient_is_that_of_finite_differences)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 25);
    enum { N = 4, CLASSES = 5 };
    loss_case t = {.N = N,
                   .classes = CLASSES,
                   .labels = (int[]){3, -1, 0, 4},
                   .logits = op_harness_random(&h, N * CLASSES),
                   .gradient = op_harness_zeros(&h, N * CLASSES)};
    double *gradient = op_harness_zeros(&h, N * CLASSES);
    reference_loss(&t);
    memcpy(gradient, t.gradient, N * CLASSES * sizeof *gradient);
    op_harness_check_gradient(&h, "logits", reference_loss, &t, t.logits, gradient, N * CLASSES, 40, 1e-6);
    op_harness_close(&h);
}

/* --- images in --- */
enum { IMAGES = 6 };

static double reference_pixel(const unsigned char *images, const int *r, int C, int H, int W, int h, int w,
                              int c, const double *mean_deviation)
{
    int y = h + r[PNAS_RECORD_SHIFT_Y], x = (r[PNAS_RECORD_FLIP] ? W - 1 - w : w) + r[PNAS_RECORD_SHIFT_X];
    int top = r[PNAS_RECORD_CUT_TOP], left = r[PNAS_RECORD_CUT_LEFT], side = r[PNAS_RECORD_CUT_SIDE];
    if (y < 0 || y >= H || x < 0 || x >= W)
        return 0;
    if (h >= top && h < top + side && w >= left && w < left + side)
        return 0;
    size_t at = (((size_t)r[PNAS_RECORD_IMAGE] * H + y) * W + x) * C + c;
    return (images[at] / 255.0 - mean_deviation[c]) / mean_deviation[C + c];
}

static void random_record(op_harness *h, int *r, int H, int W)
{
    r[PNAS_RECORD_IMAGE] = op_harness_between(h, 0, IMAGES - 1);
    r[PNAS_RECORD_SHIFT_Y] = op_harness_between(h, -3, 3);
    r[PNAS_RECORD_SHIFT_X] = op_harness_between(h, -3, 3);
    r[PNAS_RECORD_FLIP] = op_harness_between(h, 0, 1);
    r[PNAS_RECORD_CUT_TOP] = op_harness_between(h, -2, H - 1);
    r[PNAS_RECORD_CUT_LEFT] = op_harness_between(h, -2, W - 1);
    r[PNAS_RECORD_CUT_SIDE] = op_harness_between(h, 0, 4);
}

static void check_images(op_harness *h, int N, int C, int H, int W)
{
    enum { PERIOD = 3, STEP = 4 };
    size_t bytes = (size_t)IMAGES * H * W * C, count = (size_t)N * C * H * W;
    unsigned char *images = malloc(bytes);
    int *records = calloc((size_t)PERIOD * N * PNAS_RECORD_INTS, sizeof *records), state[4] = {STEP};
    cr_assert(images && records);
    for (size_t i = 0; i < bytes; ++i)
        images[i] = (unsigned char)op_harness_between(h, 0, 255);
    for (int r = 0; r < PERIOD * N; ++r)
        random_record(h, records + (size_t)r * PNAS_RECORD_INTS, H, W);
    double *figures = op_harness_random(h, 2 * (size_t)C);
    for (int c = 0; c < C; ++c)
        figures[C + c] = (float)(fabs(figures[C + c]) + 0.25);
    cl_mem pixels = NULL, ring = int_buffer(h, records, (size_t)PERIOD * N * PNAS_RECORD_INTS),
           counter = int_buffer(h, state, 4);
    ok(pnas_buffer_create(h->cl, bytes, &pixels));
    ok(pnas_buffer_write(h->cl, pixels, 0, bytes, images));
    pnas_view y = op_harness_output(h, N, C, H, W, NULL);
    ok(pnas_op_load_images(h->cl, &h->list, N, pixels, C, op_harness_slice(h, 2 * (size_t)C, figures), ring,
                           counter, PERIOD, &y));
    op_harness_run(h);
    double *expected = op_harness_zeros(h, count), *magnitude = op_harness_zeros(h, count);
    for (size_t i = 0; i < count; ++i) {
        int w = (int)(i % W), row = (int)(i / W % H), c = (int)(i / W / H % C), n = (int)(i / W / H / C);
        const int *r = records + ((size_t)(STEP % PERIOD) * N + n) * PNAS_RECORD_INTS;
        expected[i] = reference_pixel(images, r, C, H, W, row, w, c, figures);
        magnitude[i] = (1 + fabs(figures[c])) / figures[C + c];
    }
    op_harness_compare("images", op_harness_read(h, &y, N, C), expected, magnitude, count, 1e-6);
    pnas_buffer_release(&pixels);
    pnas_buffer_release(&ring);
    pnas_buffer_release(&counter);
    free(images);
    free(records);
}

Test(load_images, shifts_flips_cuts_and_whitens_as_the_reference)
{
    static const struct {
        int vector;
        pnas_route route;
    } at[] = {{1, PNAS_ROUTE_PLAIN}, {4, PNAS_ROUTE_PLAIN}, {8, PNAS_ROUTE_PLAIN}, {8, PNAS_ROUTE_TILE}};
    for (int i = 0; i < 4; ++i) {
        op_harness h;
        op_harness_open(&h, at[i].vector, at[i].route, (uint64_t)(30 + i));
        check_images(&h, 5, 3, 8, 8);
        check_images(&h, 4, 1, 7, 9);
        check_images(&h, 2, 10, 5, 4);
        op_harness_close(&h);
    }
}

Test(advance, counts_one_step_at_a_time)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 40);
    int state[4] = {41, 5, 6, 7};
    cl_mem counter = int_buffer(&h, state, 4);
    ok(pnas_op_advance(h.cl, &h.list, counter));
    op_harness_run(&h);
    ok(pnas_buffer_read(h.cl, counter, 0, sizeof state, state));
    cr_assert(state[0] == 42 && state[1] == 5 && state[2] == 6 && state[3] == 7);
    pnas_buffer_release(&counter);
    op_harness_close(&h);
}
