/* The harness of the ops' checks as a test uses it: a context of its own, failures as Criterion assertions.
 */
#ifndef PNAS_TESTS_CL_OP_TEST_H
#define PNAS_TESTS_CL_OP_TEST_H

#include "cl/ops/check/op_harness.h"
#include "tests/cl/test_device.h"

static inline void op_test_failed(void *payload, const char *message)
{
    cr_assert_fail("%s", message);
}

/* vector: V; route: forced (PNAS_ROUTE_AUTO: the table decides). */
static inline void op_test_open(op_harness *h, int vector, pnas_route route, uint64_t seed)
{
    op_harness_start(h, &(op_harness_options){.cl = test_device_open(vector),
                                              .route = route,
                                              .seed = seed,
                                              .small = test_device_small(),
                                              .failed = op_test_failed});
}

static inline void op_test_close(op_harness *h)
{
    op_harness_close(h);
    pnas_cl_destroy(&h->cl);
}

#endif
