/* The self-test of a device: every op, forward and backward, on each route that the table allows there,
 * against the plain references on small random shapes, odd sizes and channels that fill no block among them.
 * Local. */
#ifndef PNAS_CL_CHECK_SELF_TEST_H
#define PNAS_CL_CHECK_SELF_TEST_H

#include "cl/runtime/context.h"

typedef struct {
    const char *op, *route;
    int vector; /* V */
    int cases;  /* shapes that were tried; the last one failed unless `passed` */
    bool passed;
    double seconds;
    const char *message; /* what was wrong; "" */
} pnas_self_test_result;

typedef struct {
    pnas_cl_options device; /* vector 0: the device's own V; each other V in turn where `every_vector` */
    bool every_vector;
    bool every_route; /* also those that the table has for other kinds of device */
    bool small;       /* tiny shapes, one a case: for simulators */
    bool half;        /* tensors that the forward pass writes are of halves */
    const char *op;   /* only those whose name holds this; NULL: every op */
    uint64_t seed;    /* another number tries other shapes */
    void (*report)(void *payload, const pnas_self_test_result *result); /* as each op is done */
    void *payload;
} pnas_self_test_options;

/* PNAS_ERROR_DEVICE if an op failed (all are tried) or no context can be made; the message counts failures. */
pnas_status pnas_self_test(const pnas_self_test_options *options);

#endif
