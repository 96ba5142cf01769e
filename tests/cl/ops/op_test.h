/* The harness of the ops' checks as a test uses it: a context of its own, failures as Criterion assertions. */
#ifndef PNAS_TESTS_CL_OP_TEST_H
#define PNAS_TESTS_CL_OP_TEST_H

#include "cl/ops/check/op_harness.h"
#include "tests/cl/test_device.h"

#include <math.h>

static inline void op_test_failed(void *payload, const char *message)
{
    cr_assert_fail("%s", message);
}

/* vector: V; route: of the ops (PNAS_ROUTE_AUTO: the tables decide). */
static inline void op_test_open(op_harness *h, int vector, pnas_route route, uint64_t seed)
{
    op_harness_start(h, &(op_harness_options){.cl = test_device_open_route(vector, route),
                                              .seed = seed,
                                              .small = test_device_small(),
                                              .failed = op_test_failed});
}

static inline void op_test_close(op_harness *h)
{
    op_harness_close(h);
    pnas_cl_destroy(&h->cl);
}

/* Checks a gradient [count] of a scalar function at `at` by central differences in double precision at
 * `samples` random places; `function` may read `at` through its payload. */
static inline void op_test_check_gradient(op_harness *h, const char *what, double (*function)(void *payload),
                                          void *payload, double *at, const double *gradient, size_t count,
                                          int samples, double tolerance)
{
    const double step = 1e-4;
    for (int s = 0; s < samples; ++s) {
        size_t i = pnas_stream_below(&h->random, (uint32_t)count);
        double old = at[i];
        at[i] = old + step;
        double above = function(payload);
        at[i] = old - step;
        double below = function(payload);
        at[i] = old;
        double slope = (above - below) / (2 * step);
        op_harness_expect(h, fabs(slope - gradient[i]) <= tolerance * (1 + fabs(slope)),
                          "%s: gradient [%zu of %zu] is %.9g, differences give %.9g", what, i, count,
                          gradient[i], slope);
    }
}

#endif
