/* The optimizers against double precision over many steps: PyTorch's definitions, with weight decay on a part
 * and clipping by the global norm. */
#include "cl/ops/check/update_case.h"
#include "src/net/training.h"
#include "tests/cl/ops/op_test.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check_steps(int vector, pnas_route route, pnas_update u)
{
    op_harness h;
    op_test_open(&h, vector, route, 13);
    update_case_check(&h, u);
    op_test_close(&h);
}

/* Counts that do and do not fill the last vector and the last chunk of a sum; decay that ends inside one. */
static void check_optimizer(pnas_update u)
{
    u.weight_decay = 0.01;
    u.count = test_device_small() ? 37 : 9001;
    u.decayed = u.count / 2 + 1;
    check_steps(4, PNAS_ROUTE_PLAIN, u);
    check_steps(4, PNAS_ROUTE_GPU, u);
    check_steps(8, PNAS_ROUTE_TILE, u);
    u.count = 64;
    u.decayed = 64;
    u.clip_norm = 5; /* below the norm of 64 standard normal values: 8 */
    check_steps(1, PNAS_ROUTE_PLAIN, u);
    check_steps(8, PNAS_ROUTE_TILE, u);
    check_steps(4, PNAS_ROUTE_GPU, u);
    u.count = test_device_small() ? 36 : 9000; /* whole float4s; others take the plain route */
    u.decayed = u.count / 2 + 1;
    check_steps(4, PNAS_ROUTE_GPU, u);
}

Test(update, momentum_agrees_with_double_precision)
{
    check_optimizer((pnas_update){.optimizer = PNAS_OPTIMIZER_SGD, .momentum = 0.9});
}

Test(update, nesterov_agrees_with_double_precision)
{
    check_optimizer(
        (pnas_update){.optimizer = PNAS_OPTIMIZER_SGD, .momentum = 0.9, .nesterov = true, .clip_norm = 20});
}

Test(update, adam_agrees_with_double_precision)
{
    check_optimizer((pnas_update){
        .optimizer = PNAS_OPTIMIZER_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .clip_norm = 20});
}

Test(update, rmsprop_agrees_with_double_precision)
{
    check_optimizer((pnas_update){.optimizer = PNAS_OPTIMIZER_RMSPROP,
                                  .momentum = 0.9,
                                  .beta2 = 0.99,
                                  .epsilon = 1e-3,
                                  .clip_norm = 20});
    check_optimizer((pnas_update){.optimizer = PNAS_OPTIMIZER_RMSPROP, .beta2 = 0.9, .epsilon = 1e-3});
}

/* One step of SGD from zero: minus the parameters, divided by the rate, are the clipped gradients. */
static double *clipped(op_harness *h, const double *gradients, size_t count, double clip_norm)
{
    double rates[UPDATE_CASE_STEPS];
    pnas_update u = {.optimizer = PNAS_OPTIMIZER_SGD, .count = count, .clip_norm = clip_norm};
    u.parameters = op_harness_output_slice(h, count, op_harness_zeros(h, count));
    u.gradients = op_harness_slice(h, count, gradients);
    u.moments = op_harness_output_slice(h, count, op_harness_zeros(h, count));
    u.scratch = op_harness_output_slice(h, pnas_op_update_scratch(count), NULL);
    update_case_schedule(h, &u, rates);
    cr_assert_eq(pnas_op_update(h->cl, &h->list, &u), PNAS_OK, "%s", pnas_message());
    op_harness_run(h);
    double *result = op_harness_read_slice(h, u.parameters, count);
    for (size_t i = 0; i < count; ++i)
        result[i] /= -rates[0];
    return result;
}

static void check_clipping(int vector, pnas_route route)
{
    op_harness h;
    op_test_open(&h, vector, route, 14);
    size_t count = 20000;
    double *g = op_harness_random(&h, count), squares = 0;
    for (size_t i = 0; i < count; ++i)
        squares += g[i] * g[i];
    double *kept = clipped(&h, g, count, sqrt(squares) * 1.001);
    double *shortened = clipped(&h, g, count, 3), after = 0;
    for (size_t i = 0; i < count; ++i) {
        cr_assert(fabs(kept[i] - g[i]) <= 1e-6 * fabs(g[i]), "%zu: %g, expected %g", i, kept[i], g[i]);
        after += shortened[i] * shortened[i];
    }
    cr_assert(fabs(sqrt(after) - 3) < 1e-5, "norm after clipping: %.9g", sqrt(after));
    op_test_close(&h);
}

Test(update, clipping_keeps_short_gradients_and_shortens_long_ones)
{
    check_clipping(0, PNAS_ROUTE_AUTO);
    check_clipping(4, PNAS_ROUTE_GPU);
}

/* Squares in groups: counts of one group, of several and the last not full, and of more values than work-items. */
Test(update, clipping_on_what_is_no_cpu_agrees_with_double_precision)
{
    static const size_t counts[] = {1, 64, 1000, 40001};
    for (int i = 0; i < (test_device_small() ? 3 : 4); ++i) {
        op_harness h;
        op_test_open(&h, 4, PNAS_ROUTE_PLAIN, 17);
        h.cl->info.cpu = false;
        double *g = op_harness_random(&h, counts[i]), squares = 0, after = 0;
        for (size_t k = 0; k < counts[i]; ++k)
            squares += g[k] * g[k];
        double clip_norm = sqrt(squares) / 2;
        double *shortened = clipped(&h, g, counts[i], clip_norm);
        for (size_t k = 0; k < counts[i]; ++k)
            after += shortened[k] * shortened[k];
        cr_assert(fabs(sqrt(after) / clip_norm - 1) < 1e-6, "%zu values: %.9g instead of %.9g", counts[i],
                  sqrt(after), clip_norm);
        double *again = clipped(&h, g, counts[i], clip_norm);
        cr_assert_arr_eq(again, shortened, counts[i] * sizeof *again);
        op_test_close(&h);
    }
}

static void check_average(int vector, pnas_route route, size_t count)
{
    op_harness h;
    op_test_open(&h, vector, route, 18);
    int state[4] = {3};
    double *parameters = op_harness_random(&h, count), *before = op_harness_random(&h, count);
    pnas_slice average = op_harness_output_slice(&h, count, before);
    cr_assert_eq(pnas_op_average(h.cl, &h.list, count, op_harness_slice(&h, count, parameters), average, 0.9,
                                 op_harness_ints(&h, 4, state)),
                 PNAS_OK, "%s", pnas_message());
    op_harness_run(&h);
    const double *got = op_harness_read_slice(&h, average, count);
    const double kept = 4.0 / 13; /* (1 + t) / (10 + t) of step 3, which is below 0.9 */
    for (size_t i = 0; i < count; ++i) {
        double want = kept * before[i] + (1 - kept) * parameters[i];
        cr_assert(fabs(got[i] - want) < 1e-6 * (1 + fabs(want)), "value %zu: %.9g, expected %.9g", i, got[i],
                  want);
    }
    op_test_close(&h);
}

Test(update, an_average_follows_the_parameters_faster_at_the_start)
{
    check_average(8, PNAS_ROUTE_PLAIN, 37);
    check_average(4, PNAS_ROUTE_GPU, 37); /* by the plain kernel: not whole float4s */
    check_average(4, PNAS_ROUTE_GPU, 1100);
}

Test(update, a_gradient_that_is_not_finite_is_not_clipped_away)
{
    op_harness h;
    op_test_open(&h, 4, PNAS_ROUTE_GPU, 15);
    double infinite[4] = {1, INFINITY, 2, 3}, undefined[4] = {1, NAN, 2, 3};
    for (size_t count = 3; count <= 4; ++count) { /* by the GPU's route only the latter */
        cr_assert(!isfinite(clipped(&h, infinite, count, 5)[1]));
        cr_assert(!isfinite(clipped(&h, undefined, count, 5)[1]));
    }
    op_test_close(&h);
}

static void check_repeats(int vector, pnas_route route)
{
    op_harness h;
    op_test_open(&h, vector, route, 16);
    size_t count = 30000;
    double *g = op_harness_random(&h, count);
    double *first = clipped(&h, g, count, 1), *second = clipped(&h, g, count, 1);
    cr_assert(memcmp(first, second, count * sizeof *first) == 0);
    op_test_close(&h);
}

Test(update, runs_repeat_to_the_bit)
{
    check_repeats(0, PNAS_ROUTE_AUTO);
    check_repeats(4, PNAS_ROUTE_GPU);
}
