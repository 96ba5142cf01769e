#include "cl/ops/clblast_route.h"
#include "cl/ops/gemm.h"
#include "cl/ops/route.h"
#include "tests/cl/test_device.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    pnas_gemm gemm;
    float *a, *b, *c;
    double *want, *magnitude; /* the product in double precision, and of absolute values */
    size_t a_count, b_count, c_count;
} product;

/* A product of random matrices with gaps between rows and before the first. */
static product make_product(pnas_stream *stream, int m, int n, int k, int transposes, float alpha, float beta)
{
    product p = {0};
    pnas_gemm *g = &p.gemm;
    *g = (pnas_gemm){.transpose_a = transposes & 1,
                     .transpose_b = transposes & 2,
                     .m = m,
                     .n = n,
                     .k = k,
                     .alpha = alpha,
                     .beta = beta};
    g->a.offset = pnas_stream_below(stream, 9);
    g->b.offset = pnas_stream_below(stream, 9);
    g->c.offset = pnas_stream_below(stream, 9);
    g->lda = (g->transpose_a ? m : k) + (int)pnas_stream_below(stream, 4);
    g->ldb = (g->transpose_b ? k : n) + (int)pnas_stream_below(stream, 4);
    g->ldc = n + (int)pnas_stream_below(stream, 4);
    p.a_count = g->a.offset + (size_t)(g->transpose_a ? k : m) * (size_t)g->lda;
    p.b_count = g->b.offset + (size_t)(g->transpose_b ? n : k) * (size_t)g->ldb;
    p.c_count = g->c.offset + (size_t)m * (size_t)g->ldc;
    p.a = test_device_random(stream, p.a_count);
    p.b = test_device_random(stream, p.b_count);
    p.c = test_device_random(stream, p.c_count);
    return p;
}

static void free_product(product *p)
{
    free(p->a);
    free(p->b);
    free(p->c);
    free(p->want);
    free(p->magnitude);
}

/* Fills want and magnitude for all of C, the gaps included, which no product may touch. */
static void compute(product *p)
{
    const pnas_gemm *g = &p->gemm;
    p->want = malloc(p->c_count * sizeof *p->want);
    p->magnitude = calloc(p->c_count, sizeof *p->magnitude);
    cr_assert(p->want && p->magnitude);
    for (size_t i = 0; i < p->c_count; ++i)
        p->want[i] = p->c[i];
    for (int i = 0; i < g->m; ++i)
        for (int j = 0; j < g->n; ++j) {
            double sum = 0, size = 0;
            for (int d = 0; d < g->k; ++d) {
                size_t at_a = g->transpose_a ? (size_t)d * (size_t)g->lda + (size_t)i
                                             : (size_t)i * (size_t)g->lda + (size_t)d;
                size_t at_b = g->transpose_b ? (size_t)j * (size_t)g->ldb + (size_t)d
                                             : (size_t)d * (size_t)g->ldb + (size_t)j;
                double term = (double)p->a[g->a.offset + at_a] * p->b[g->b.offset + at_b];
                sum += term;
                size += fabs(term);
            }
            size_t at = g->c.offset + (size_t)i * (size_t)g->ldc + (size_t)j;
            double old = g->beta == 0 ? 0 : g->beta * p->c[at];
            p->want[at] = g->alpha * sum + old;
            p->magnitude[at] = fabs(g->alpha) * size + fabs(old);
        }
}

/* Runs the product on the device; C is NaN at the start where beta = 0. Returns C, the caller's. */
static float *multiply(pnas_cl *cl, product *p)
{
    pnas_gemm *g = &p->gemm;
    float *start = malloc(p->c_count * sizeof *start);
    cr_assert(start);
    memcpy(start, p->c, p->c_count * sizeof *start);
    for (int i = 0; i < g->m && g->beta == 0; ++i)
        for (int j = 0; j < g->n; ++j)
            start[g->c.offset + (size_t)i * (size_t)g->ldc + (size_t)j] = NAN;
    g->a.buffer = test_device_buffer(cl, p->a, p->a_count);
    g->b.buffer = test_device_buffer(cl, p->b, p->b_count);
    g->c.buffer = test_device_buffer(cl, start, p->c_count);
    pnas_launch_list list = {0};
    cr_assert_eq(pnas_gemm_append(cl, &list, g), PNAS_OK, "%s", pnas_message());
    test_device_run(cl, &list);
    test_device_read(cl, g->c.buffer, start, p->c_count);
    pnas_buffer_release(&g->a.buffer);
    pnas_buffer_release(&g->b.buffer);
    pnas_buffer_release(&g->c.buffer);
    return start;
}

/* An element may be off by a few roundings of its terms: k additions in any order stay far below
 * 3e-7 * sqrt(k) of the sum of absolute values; untouched elements (magnitude 0) must be equal. */
static void expect_close(pnas_cl *cl, product *p)
{
    compute(p);
    float *got = multiply(cl, p);
    const pnas_gemm *g = &p->gemm;
    for (size_t i = 0; i < p->c_count; ++i)
        cr_assert(fabs(got[i] - p->want[i]) <= 3e-7 * sqrt(g->k) * p->magnitude[i],
                  "%d x %d x %d, transposes %d%d, element %zu: %.9g, expected %.9g", g->m, g->n, g->k,
                  g->transpose_a, g->transpose_b, i, got[i], p->want[i]);
    free(got);
}

static void check_shapes(pnas_route route, const int (*shapes)[3], size_t count)
{
    pnas_cl *cl = test_device_open_route(0, route);
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, route, 0);
    static const float factors[][2] = {{1, 0}, {-0.5f, 1}, {2, 0.25f}};
    for (size_t i = 0; i < count; ++i)
        for (int transposes = 0; transposes < 4; ++transposes) {
            const float *f = factors[pnas_stream_below(&stream, 3)];
            product p =
                make_product(&stream, shapes[i][0], shapes[i][1], shapes[i][2], transposes, f[0], f[1]);
            expect_close(cl, &p);
            free_product(&p);
        }
    cr_assert(!cl->clblast->refused);
    test_device_close(&cl);
}

/* Random shapes up to a limit that suits what watches. */
static void check_random_shapes(pnas_route route, int most)
{
    enum { COUNT = 12 };
    int shapes[COUNT][3];
    int count = test_device_small() ? 3 : COUNT;
    pnas_stream stream = pnas_stream_make(2, PNAS_STREAM_TEST, route, 0);
    for (int i = 0; i < count; ++i)
        for (int j = 0; j < 3; ++j)
            shapes[i][j] = 1 + (int)pnas_stream_below(&stream, (uint32_t)(test_device_small() ? 40 : most));
    check_shapes(route, (const int(*)[3])shapes, (size_t)count);
}

Test(gemm, plain_agrees_with_double_precision)
{
    check_random_shapes(PNAS_ROUTE_PLAIN, 70);
}

Test(gemm, tile_agrees_with_double_precision)
{
    check_random_shapes(PNAS_ROUTE_TILE, 300);
}

Test(gemm, tile_is_right_at_its_edges)
{
    static const int shapes[][3] = {{1, 1, 1},   {6, 16, 5},    {7, 17, 3},   {5, 15, 8},
                                    {6, 8, 2},   {12, 9, 4},    {96, 64, 10}, {97, 65, 11},
                                    {95, 63, 1}, {3, 130, 257}, {200, 5, 256}};
    check_shapes(PNAS_ROUTE_TILE, shapes, test_device_small() ? 6 : sizeof shapes / sizeof *shapes);
}

Test(gemm, deep_products_are_split_and_summed)
{
    static const int shapes[][3] = {{24, 24, 8195}, {10, 3, 1024}, {100, 40, 3000}};
    static const int small[][3] = {{3, 5, 1030}};
    if (test_device_small())
        check_shapes(PNAS_ROUTE_TILE, small, 1);
    else
        check_shapes(PNAS_ROUTE_TILE, shapes, sizeof shapes / sizeof *shapes);
}

Test(gemm, any_vector_width_gives_the_same_bits)
{
    float *first = NULL;
    static const int widths[] = {1, 4, 8};
    for (int i = 0; i < 3; ++i) {
        pnas_cl *cl = test_device_open(widths[i]);
        pnas_stream stream = pnas_stream_make(3, PNAS_STREAM_TEST, 0, 0);
        product p = make_product(&stream, 20, 30, 40, 0, 1, 0);
        float *got = multiply(cl, &p);
        size_t last = p.gemm.c.offset + 19 * (size_t)p.gemm.ldc + 30;
        if (first)
            cr_assert_arr_eq(got, first, last * sizeof *got);
        free(i == 0 ? NULL : got);
        if (i == 0)
            first = got;
        free_product(&p);
        test_device_close(&cl);
    }
    free(first);
}

Test(gemm, repeats_give_the_same_bits)
{
    pnas_cl *cl = test_device_open(0);
    pnas_stream stream = pnas_stream_make(4, PNAS_STREAM_TEST, 0, 0);
    static const int shapes[][3] = {{40, 30, 4096}, {250, 190, 120}};
    for (int i = 0; i < 2; ++i) {
        product p = make_product(&stream, shapes[i][0], shapes[i][1], shapes[i][2], 1, 1, 0.5f);
        float *one = multiply(cl, &p);
        for (int repeat = 0; repeat < 5; ++repeat) {
            float *other = multiply(cl, &p);
            cr_assert_arr_eq(one, other, p.c_count * sizeof *one);
            free(other);
        }
        free(one);
        free_product(&p);
    }
    test_device_close(&cl);
}

Test(gemm, cpu_takes_tiles_and_clblast_is_left_to_gpus)
{
    pnas_cl *cl = test_device_open(0);
    const pnas_route_shape shape = {.N = 1, .C = 10, .H = 10, .W = 10};
    cl->info.cpu = true;
    cr_assert_eq(pnas_route_choose(cl, PNAS_OP_GEMM, &shape), PNAS_ROUTE_TILE);
    cl->info.cpu = false;
    cr_assert_eq(pnas_route_choose(cl, PNAS_OP_GEMM, &shape), PNAS_ROUTE_CLBLAST);
    cl->clblast->refused = true;
    cr_assert_eq(pnas_route_choose(cl, PNAS_OP_GEMM, &shape), PNAS_ROUTE_PLAIN);
    test_device_close(&cl);
}

Test(clblast, agrees_with_double_precision)
{
    static const int shapes[][3] = {{1, 1, 1}, {33, 65, 17}, {300, 200, 129}, {24, 24, 3000}, {40, 24, 2049}};
    check_shapes(PNAS_ROUTE_CLBLAST, shapes, sizeof shapes / sizeof *shapes);
}

/* A reference that CLBlast cannot agree with. */
static pnas_status append_doubled(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *gemm)
{
    pnas_gemm doubled = *gemm;
    doubled.alpha *= 2;
    return pnas_gemm_append(cl, list, &doubled);
}

Test(clblast, is_given_up_where_it_disagrees_with_the_plain_product)
{
    pnas_cl *cl = test_device_open_route(0, PNAS_ROUTE_PLAIN);
    const pnas_route_shape shape = {.N = 1, .C = 10, .H = 10, .W = 10};
    cr_assert_eq(pnas_clblast_check(cl, append_doubled), PNAS_OK);
    cr_assert(cl->clblast->checked);
    cr_assert(cl->clblast->refused);
    cr_assert_str_eq(pnas_cl_device(cl)->clblast, "refused");
    pnas_cl *lane = test_device_lane(cl, PNAS_ROUTE_CLBLAST);
    cr_assert_eq(pnas_route_choose(lane, PNAS_OP_GEMM, &shape), PNAS_ROUTE_PLAIN);
    pnas_cl_destroy(&lane);
    test_device_close(&cl);
}

static pnas_status append_nothing(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *gemm)
{
    (void)list, (void)gemm;
    return pnas_fail(PNAS_ERROR_DEVICE, "%s was lost", cl->info.name);
}

Test(clblast, is_not_judged_on_a_device_that_fails)
{
    pnas_cl *cl = test_device_open_route(0, PNAS_ROUTE_PLAIN);
    cr_assert_eq(pnas_clblast_check(cl, append_nothing), PNAS_ERROR_DEVICE);
    cr_assert(strstr(pnas_message(), "CLBlast cannot be checked on "), "%s", pnas_message());
    cr_assert(strstr(pnas_message(), " was lost"), "%s", pnas_message());
    cr_assert(!cl->clblast->checked && !cl->clblast->refused);
    cr_assert_str_eq(pnas_cl_device(cl)->clblast, "");
    test_device_close(&cl);
}
