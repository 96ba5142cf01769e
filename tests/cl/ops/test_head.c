/* Both ends of a child against double precision: images in, global pool, classifier, softmax loss. */
#include "cl/ops/check/head_case.h"
#include "tests/cl/ops/op_test.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void ok(pnas_status status)
{
    cr_assert_eq(status, PNAS_OK, "%s", pnas_message());
}

static const struct {
    int vector;
    pnas_route route;
} every_route[] = {{1, PNAS_ROUTE_PLAIN},
                   {4, PNAS_ROUTE_PLAIN},
                   {8, PNAS_ROUTE_PLAIN},
                   {8, PNAS_ROUTE_TILE},
                   {4, PNAS_ROUTE_GPU}};
enum { ROUTES = sizeof every_route / sizeof *every_route };

Test(global_pool, agrees_with_the_mean_on_every_route)
{
    for (int i = 0; i < ROUTES; ++i) {
        op_harness h;
        op_test_open(&h, every_route[i].vector, every_route[i].route, (uint64_t)i);
        for (int round = 0; round < 6; ++round)
            global_pool_case_check(&h, op_harness_between(&h, 1, 3), op_harness_between(&h, 1, 17),
                                   op_harness_between(&h, 1, 8), op_harness_between(&h, 1, 9), round % 2);
        op_test_close(&h);
    }
}

static void check_classifier(pnas_route route)
{
    op_harness h;
    op_test_open(&h, 4, route, 20);
    classifier_case_check(&h, 1, 8, 2);
    classifier_case_check(&h, 5, 24, 10);
    if (!test_device_small())
        classifier_case_check(&h, 64, 96, 100);
    op_test_close(&h);
}

Test(classifier, agrees_with_double_precision)
{
    check_classifier(PNAS_ROUTE_PLAIN);
    check_classifier(PNAS_ROUTE_GPU);
}

static void check_losses(pnas_route route)
{
    op_harness h;
    op_test_open(&h, 4, route, 21);
    loss_case_check(&h, 1, 2, 1, 0, 1, 0, false);
    loss_case_check(&h, 5, 10, 3, 4, 3, 0.1, false);
    loss_case_check(&h, 70, 10, 2, 7, 1, 0, true);
    loss_case_check(&h, 65, 7, 2, 7, 1, 0.2, true);
    loss_case_check(&h, 33, 100, 4, 2, 40, 0, false); /* exp() of the logits themselves would overflow */
    op_test_close(&h);
}

Test(softmax_loss, agrees_with_double_precision)
{
    check_losses(PNAS_ROUTE_PLAIN);
    check_losses(PNAS_ROUTE_GPU);
}

/* Two metrics of one step. */
static void run_loss(op_harness *h, int N, int classes, const double *values, const int *labels,
                     double *metrics)
{
    int state[4] = {0};
    pnas_slice records = loss_case_records(h, N, 1, labels), counter = op_harness_ints(h, 4, state);
    pnas_slice logits = op_harness_slice(h, (size_t)N * classes, values);
    pnas_slice out = op_harness_output_slice(h, 2, NULL);
    ok(pnas_op_softmax_loss(h->cl, &h->list, N, classes, logits, records, counter, 1,
                            &(pnas_loss_targets){.weight = 1}, (pnas_slice){0}, out));
    op_harness_run(h);
    memcpy(metrics, op_harness_read_slice(h, out, 2), 2 * sizeof *metrics);
}

static void check_not_finite(pnas_route route)
{
    op_harness h;
    op_test_open(&h, 4, route, 22);
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
    op_test_close(&h);
}

Test(softmax_loss, a_loss_that_is_not_finite_is_reported_and_counts_as_wrong)
{
    check_not_finite(PNAS_ROUTE_PLAIN);
    check_not_finite(PNAS_ROUTE_GPU);
}

static void check_tie(pnas_route route)
{
    op_harness h;
    op_test_open(&h, 4, route, 23);
    double logits[6] = {1, 1, 0, 1, 1, 0}, metrics[2];
    run_loss(&h, 2, 3, logits, (int[]){0, 1}, metrics);
    cr_assert_eq((int)metrics[1], 1);
    op_test_close(&h);
}

Test(softmax_loss, a_tie_is_right_for_the_smallest_index_only)
{
    check_tie(PNAS_ROUTE_PLAIN);
    check_tie(PNAS_ROUTE_GPU);
}

static void check_padding(pnas_route route)
{
    op_harness h;
    op_test_open(&h, 4, route, 24);
    double logits[6] = {0, 0, 0, NAN, NAN, NAN}, metrics[2];
    run_loss(&h, 2, 3, logits, (int[]){0, -1}, metrics);
    cr_assert(fabs(metrics[0] - log(3)) < 1e-6, "%g", metrics[0]);
    run_loss(&h, 2, 3, logits, (int[]){-1, -1}, metrics);
    cr_assert(metrics[0] == 0 && metrics[1] == 0);
    op_test_close(&h);
}

Test(softmax_loss, padding_counts_for_nothing_even_if_not_finite)
{
    check_padding(PNAS_ROUTE_PLAIN);
    check_padding(PNAS_ROUTE_GPU);
}

Test(softmax_loss, the_references_gradient_is_that_of_finite_differences)
{
    op_harness h;
    op_test_open(&h, 0, PNAS_ROUTE_AUTO, 25);
    enum { N = 4, CLASSES = 5 };
    int mixes[N * PNAS_MIX_INTS] = {0};
    for (int n = 0; n < N; ++n) {
        mixes[n * PNAS_MIX_INTS + PNAS_RECORD_LABEL] = n;
        memcpy(&mixes[n * PNAS_MIX_INTS + PNAS_MIX_LABEL_SHARE], &(float){0.25F * (float)(n + 1)},
               sizeof(float));
    }
    loss_case t = {.N = N,
                   .classes = CLASSES,
                   .labels = (int[]){3, -1, 0, 4},
                   .smoothing = 0.2,
                   .mixes = mixes,
                   .logits = op_harness_random(&h, N * CLASSES),
                   .gradient = op_harness_zeros(&h, N * CLASSES)};
    double *gradient = op_harness_zeros(&h, N * CLASSES);
    loss_case_reference(&t);
    memcpy(gradient, t.gradient, N * CLASSES * sizeof *gradient);
    op_test_check_gradient(&h, "logits", loss_case_reference, &t, t.logits, gradient, N * CLASSES, 40, 1e-6);
    op_test_close(&h);
}

Test(load_images, shifts_flips_cuts_and_whitens_as_the_reference)
{
    for (int i = 0; i < ROUTES; ++i) {
        op_harness h;
        op_test_open(&h, every_route[i].vector, every_route[i].route, 30 + (uint64_t)i);
        images_case_check(&h, 5, 3, 8, 8);
        images_case_check(&h, 4, 1, 7, 9);
        images_case_check(&h, 2, 10, 5, 4);
        op_test_close(&h);
    }
}

Test(mix_images, takes_the_other_images_share_outside_and_all_of_it_inside_the_rectangle)
{
    for (int i = 0; i < ROUTES; ++i) {
        op_harness h;
        op_test_open(&h, every_route[i].vector, every_route[i].route, 50 + (uint64_t)i);
        mix_case_check(&h, 5, 3, 8, 8);
        mix_case_check(&h, 4, 1, 7, 9);
        mix_case_check(&h, 2, 10, 5, 4);
        op_test_close(&h);
    }
}

static void check_advance(pnas_route route)
{
    op_harness h;
    op_test_open(&h, 4, route, 40);
    int state[4] = {41, 5, 6, 7};
    pnas_slice counter = op_harness_ints(&h, 4, state);
    ok(pnas_op_advance(h.cl, &h.list, counter));
    op_harness_run(&h);
    ok(pnas_slice_read(h.cl, counter, 0, sizeof state, state));
    cr_assert(state[0] == 42 && state[1] == 5 && state[2] == 6 && state[3] == 7);
    op_test_close(&h);
}

Test(advance, counts_one_step_at_a_time)
{
    check_advance(PNAS_ROUTE_PLAIN);
    check_advance(PNAS_ROUTE_GPU);
}
