#include "cl/ops/check/head_case.h"

#include "cl/ops/check/op_check.h"

#include <math.h>
#include <string.h>

#define TOLERANCE 2e-6

/* --- global pool --- */
void global_pool_case_check(op_harness *h, int N, int C, int H, int W, bool accumulate)
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
    op_harness_ok(h, pnas_op_global_pool_forward(h->cl, &h->list, N, &x.operand, out));
    op_harness_ok(h, pnas_op_global_pool_backward(h->cl, &h->list, N, &x.operand, gradient, &dx));
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
    op_harness_compare(h, "features",
                       op_harness_unpad(h, 1, N, N, C, padded, op_harness_read_slice(h, out, features)), mean,
                       size, (size_t)N * C, TOLERANCE);
    op_harness_compare(h, "gradient", op_harness_read(h, &dx.into, N, C), expected, magnitude, count,
                       TOLERANCE);
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
    op_harness_compare(h, what, op_harness_read_slice(h, got, count), expected, magnitude, count, TOLERANCE);
}

void classifier_case_check(op_harness *h, int N, int C, int classes)
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
    op_harness_ok(h, pnas_op_classifier_forward(h->cl, &h->list, N, C, classes, features, weight,
                                                op_harness_slice(h, (size_t)classes, bias), logits));
    op_harness_ok(h, pnas_op_classifier_backward(h->cl, &h->list, N, C, classes, features, weight, gradient,
                                                 dw, dbias, dx));
    op_harness_run(h);
    compare_product(h, "logits", logits, N, classes, C, x, C, 1, w, classes, 1, bias);
    compare_product(h, "weight gradient", dw, C, classes, N, x, 1, C, g, classes, 1, NULL);
    compare_product(h, "bias gradient", dbias, 1, classes, N, ones, 0, 1, g, classes, 1, NULL);
    compare_product(h, "features gradient", dx, N, C, classes, g, classes, 1, w, 1, classes, NULL);
}

/* --- softmax loss --- */
pnas_slice loss_case_records(op_harness *h, int N, int period, const int *labels)
{
    int *records = op_harness_memory(h, (size_t)N * period * PNAS_RECORD_INTS * sizeof *records);
    for (int r = 0; r < N * period; ++r)
        records[r * PNAS_RECORD_INTS + PNAS_RECORD_LABEL] = labels[r];
    return op_harness_ints(h, (size_t)N * period * PNAS_RECORD_INTS, records);
}

static double float_of(int bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static int bits_of(double value)
{
    int bits;
    memcpy(&bits, &(float){(float)value}, sizeof bits);
    return bits;
}

/* What the loss wants of class k. */
static double wanted(const loss_case *t, int n, int k)
{
    const int *mix = t->mixes ? t->mixes + (size_t)n * PNAS_MIX_INTS : NULL;
    double share = mix ? float_of(mix[PNAS_MIX_LABEL_SHARE]) : 1;
    double all = share * (k == t->labels[n]);
    if (mix)
        all += (1 - share) * (k == mix[PNAS_RECORD_LABEL]);
    return (1 - t->smoothing) * all + t->smoothing / t->classes;
}

/* The label that has to come out. */
static int label_of(const loss_case *t, int n)
{
    const int *mix = t->mixes ? t->mixes + (size_t)n * PNAS_MIX_INTS : NULL;
    bool other = mix && float_of(mix[PNAS_MIX_LABEL_SHARE]) < 0.5;
    return other && t->labels[n] >= 0 ? mix[PNAS_RECORD_LABEL] : t->labels[n];
}

double loss_case_reference(void *payload)
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
        for (int k = 0; k < t->classes; ++k) {
            double target = wanted(t, n, k);
            t->gradient[(size_t)n * t->classes + k] =
                t->labels[n] < 0 ? 0 : (exp(row[k] - row[best]) / sum - target) / t->valid;
            if (t->labels[n] >= 0)
                loss += target * (log(sum) + row[best] - row[k]);
        }
        t->right += best == label_of(t, n);
    }
    return t->valid ? loss / t->valid : 0;
}

void loss_case_check(op_harness *h, int N, int classes, int period, int step, double scale, double smoothing,
                     bool mixed)
{
    size_t count = (size_t)N * classes;
    int *labels = op_harness_memory(h, (size_t)N * period * sizeof *labels), state[4] = {step};
    for (int r = 0; r < N * period; ++r)
        labels[r] = op_harness_between(h, -1, classes - 1);
    loss_case t = {.N = N,
                   .classes = classes,
                   .labels = labels + (size_t)(step % period) * N,
                   .smoothing = (float)smoothing,
                   .logits = op_harness_random(h, count),
                   .gradient = op_harness_zeros(h, count)};
    for (size_t i = 0; i < count; ++i)
        t.logits[i] = (float)(t.logits[i] * scale);
    int *mixes = op_harness_memory(h, (size_t)N * period * PNAS_MIX_INTS * sizeof *mixes);
    for (int r = 0; r < N * period; ++r) {
        mixes[r * PNAS_MIX_INTS + PNAS_RECORD_LABEL] = op_harness_between(h, 0, classes - 1);
        mixes[r * PNAS_MIX_INTS + PNAS_MIX_LABEL_SHARE] = bits_of(op_harness_between(h, 0, 8) / 8.0);
    }
    if (mixed)
        t.mixes = mixes + (size_t)(step % period) * N * PNAS_MIX_INTS;
    const pnas_loss_targets targets = {
        .smoothing = smoothing,
        .weight = 0.5,
        .mixes =
            mixed ? op_harness_ints(h, (size_t)N * period * PNAS_MIX_INTS, mixes) : (pnas_slice){NULL, 0}};
    double loss = loss_case_reference(&t);
    for (size_t i = 0; i < count; ++i)
        t.gradient[i] *= targets.weight;
    double untouched[2] = {-7, -7};
    double *start = op_harness_zeros(h, 2 * (size_t)period), *ones = op_harness_zeros(h, count);
    for (int i = 0; i < period; ++i)
        memcpy(start + 2 * i, untouched, sizeof untouched);
    for (size_t i = 0; i < count; ++i)
        ones[i] = 1.0 / (t.valid ? t.valid : 1);
    pnas_slice records = loss_case_records(h, N, period, labels), counter = op_harness_ints(h, 4, state);
    pnas_slice logits = op_harness_slice(h, count, t.logits),
               metrics = op_harness_output_slice(h, 2 * (size_t)period, start);
    pnas_slice gradient = op_harness_output_slice(h, count, NULL);
    op_harness_ok(h, pnas_op_softmax_loss(h->cl, &h->list, N, classes, logits, records, counter, period,
                                          &targets, gradient, metrics));
    op_harness_run(h);
    op_harness_compare(h, "gradient", op_harness_read_slice(h, gradient, count), t.gradient, ones, count,
                       1e-6);
    double *got = op_harness_read_slice(h, metrics, 2 * (size_t)period);
    for (int i = 0; i < period; ++i) {
        double want = i == step % period ? loss : -7, right = i == step % period ? t.right : -7;
        op_harness_expect(h, fabs(got[2 * i] - want) <= 1e-5 * (1 + fabs(want)),
                          "loss in slot %d: %.9g, expected %.9g", i, got[2 * i], want);
        op_harness_expect(h, (int)got[2 * i + 1] == (int)right, "right in slot %d: %g", i, got[2 * i + 1]);
    }
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

void images_case_check(op_harness *h, int N, int C, int H, int W)
{
    enum { PERIOD = 3, STEP = 4 };
    size_t bytes = (size_t)IMAGES * H * W * C, count = (size_t)N * C * H * W;
    unsigned char *images = op_harness_memory(h, bytes);
    int *records = op_harness_memory(h, (size_t)PERIOD * N * PNAS_RECORD_INTS * sizeof *records),
        state[4] = {STEP};
    for (size_t i = 0; i < bytes; ++i)
        images[i] = (unsigned char)op_harness_between(h, 0, 255);
    for (int r = 0; r < PERIOD * N; ++r)
        random_record(h, records + (size_t)r * PNAS_RECORD_INTS, H, W);
    double *figures = op_harness_random(h, 2 * (size_t)C);
    for (int c = 0; c < C; ++c)
        figures[C + c] = (float)(fabs(figures[C + c]) + 0.25);
    pnas_slice ring = op_harness_ints(h, (size_t)PERIOD * N * PNAS_RECORD_INTS, records),
               counter = op_harness_ints(h, 4, state);
    cl_mem pixels = op_harness_buffer(h, bytes, images);
    pnas_view y = op_harness_stored_output(h, N, C, H, W, NULL);
    op_harness_ok(h, pnas_op_load_images(h->cl, &h->list, N, (pnas_pixels){.buffer = pixels}, C,
                                         op_harness_slice(h, 2 * (size_t)C, figures), ring, counter, PERIOD,
                                         &y));
    op_harness_run(h);
    double *expected = op_harness_zeros(h, count), *magnitude = op_harness_zeros(h, count);
    for (size_t i = 0; i < count; ++i) {
        int w = (int)(i % W), row = (int)(i / W % H), c = (int)(i / W / H % C), n = (int)(i / W / H / C);
        const int *r = records + ((size_t)(STEP % PERIOD) * N + n) * PNAS_RECORD_INTS;
        expected[i] = reference_pixel(images, r, C, H, W, row, w, c, figures);
        magnitude[i] = (1 + fabs(figures[c])) / figures[C + c];
    }
    op_harness_compare_stored(h, "images", op_harness_read(h, &y, N, C), expected, magnitude, count, 1e-6);
}

static void random_mix(op_harness *h, int *mix, int H, int W)
{
    random_record(h, mix, H, W);
    mix[PNAS_MIX_TOP] = op_harness_between(h, 0, H - 1);
    mix[PNAS_MIX_LEFT] = op_harness_between(h, 0, W - 1);
    mix[PNAS_MIX_HEIGHT] = op_harness_between(h, 0, H - mix[PNAS_MIX_TOP]);
    mix[PNAS_MIX_WIDTH] = op_harness_between(h, 0, W - mix[PNAS_MIX_LEFT]);
    mix[PNAS_MIX_IMAGE_SHARE] = bits_of(op_harness_between(h, 0, 10) / 10.0);
}

static double reference_share(const int *mix, int h, int w)
{
    int y = h - mix[PNAS_MIX_TOP], x = w - mix[PNAS_MIX_LEFT];
    bool inside = y >= 0 && y < mix[PNAS_MIX_HEIGHT] && x >= 0 && x < mix[PNAS_MIX_WIDTH];
    return inside ? 0 : float_of(mix[PNAS_MIX_IMAGE_SHARE]);
}

void mix_case_check(op_harness *h, int N, int C, int H, int W)
{
    enum { PERIOD = 2, STEP = 3 };
    size_t bytes = (size_t)IMAGES * H * W * C, count = (size_t)N * C * H * W;
    size_t ints = (size_t)PERIOD * N * PNAS_MIX_INTS;
    unsigned char *images = op_harness_memory(h, bytes);
    int *mixes = op_harness_memory(h, ints * sizeof *mixes), state[4] = {STEP};
    for (size_t i = 0; i < bytes; ++i)
        images[i] = (unsigned char)op_harness_between(h, 0, 255);
    for (int r = 0; r < PERIOD * N; ++r)
        random_mix(h, mixes + (size_t)r * PNAS_MIX_INTS, H, W);
    double *figures = op_harness_random(h, 2 * (size_t)C), *own = op_harness_random_stored(h, count);
    for (int c = 0; c < C; ++c)
        figures[C + c] = (float)(fabs(figures[C + c]) + 0.25);
    pnas_slice ring = op_harness_ints(h, ints, mixes), counter = op_harness_ints(h, 4, state);
    cl_mem pixels = op_harness_buffer(h, bytes, images);
    pnas_view y = op_harness_stored_output(h, N, C, H, W, own);
    op_harness_ok(h,
                  pnas_op_mix_images(h->cl, &h->list, N, (pnas_pixels){.buffer = pixels}, C,
                                     op_harness_slice(h, 2 * (size_t)C, figures), ring, counter, PERIOD, &y));
    op_harness_run(h);
    double *expected = op_harness_zeros(h, count), *magnitude = op_harness_zeros(h, count);
    for (size_t i = 0; i < count; ++i) {
        int w = (int)(i % W), row = (int)(i / W % H), c = (int)(i / W / H % C), n = (int)(i / W / H / C);
        const int *mix = mixes + ((size_t)(STEP % PERIOD) * N + n) * PNAS_MIX_INTS;
        double share = reference_share(mix, row, w);
        expected[i] =
            share * own[i] + (1 - share) * reference_pixel(images, mix, C, H, W, row, w, c, figures);
        magnitude[i] = fabs(own[i]) + (1 + fabs(figures[c])) / figures[C + c];
    }
    op_harness_compare_stored(h, "mixed images", op_harness_read(h, &y, N, C), expected, magnitude, count,
                              1e-6);
}

/* --- the self-test --- */

static void try_images(op_harness *h, int round)
{
    images_case_check(h, op_harness_up_to(h, 5), op_harness_up_to(h, 10), op_harness_up_to(h, 9) + 3,
                      op_harness_up_to(h, 9) + 3);
    mix_case_check(h, op_harness_up_to(h, 5), op_harness_up_to(h, 10), op_harness_up_to(h, 9) + 3,
                   op_harness_up_to(h, 9) + 3);
}

static void try_global_pool(op_harness *h, int round)
{
    global_pool_case_check(h, op_harness_up_to(h, 3), op_harness_up_to(h, 17), op_harness_up_to(h, 9),
                           op_harness_up_to(h, 9), round % 2);
}

/* Four products with every transposition; the last ones are deep enough to be split. */
static void try_product(op_harness *h, int round)
{
    static const int sizes[][3] = {{1, 8, 2}, {5, 24, 10}, {70, 96, 33}, {24, 1500, 24}, {1200, 24, 17}};
    const int *s = sizes[h->small ? round % 2 : round];
    classifier_case_check(h, s[0], s[1], s[2]);
}

static void try_loss(op_harness *h, int round)
{
    loss_case_check(h, op_harness_up_to(h, 70), 1 + op_harness_up_to(h, 99), op_harness_up_to(h, 4), round,
                    round ? 30 : 1, round == 2 ? 0.1 : 0, round == 3);
}

static void try_classifier(op_harness *h, int round)
{
    classifier_case_check(h, op_harness_up_to(h, 40), 4 * op_harness_up_to(h, 20),
                          op_harness_between(h, 2, 40));
}

OP_CHECK(classifier) = {"classifier", PNAS_OP_HEAD, try_classifier, 4};
OP_CHECK(images) = {"images", PNAS_OP_HEAD, try_images, 4};
OP_CHECK(PNAS_LAYER_GLOBAL_POOL) = {"global pool", PNAS_OP_HEAD, try_global_pool, 4};
OP_CHECK(PNAS_LAYER_CLASSIFIER) = {"matrix product", PNAS_OP_GEMM, try_product, 5};
OP_CHECK(loss) = {"softmax loss", PNAS_OP_HEAD, try_loss, 4};
