/* What every test of this room needs: a context on the tests' device, streams of random floats, comparison. */
#ifndef PNAS_TESTS_CL_TEST_DEVICE_H
#define PNAS_TESTS_CL_TEST_DEVICE_H

#include "cl/runtime/buffer.h"
#include "cl/runtime/context.h"
#include "cl/runtime/launch.h"
#include "src/base/random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

/* Criterion forks for each test: call this inside the test (or its .init). V = 0: by device kind. All ops
 * take `route`; PNAS_ROUTE_AUTO: what the tables say. */
static inline pnas_cl *test_device_open_route(int vector, pnas_route route)
{
    pnas_cl *cl = NULL;
    pnas_cl_options options = {.vector = vector, .route = route};
    cr_assert_eq(pnas_cl_create(&options, &cl), PNAS_OK, "%s", pnas_message());
    return cl;
}

static inline pnas_cl *test_device_open(int vector)
{
    return test_device_open_route(vector, PNAS_ROUTE_AUTO);
}

/* A lane of the device whose ops take `route`; close it before the device. */
static inline pnas_cl *test_device_lane(pnas_cl *cl, pnas_route route)
{
    pnas_cl *lane = NULL;
    cr_assert_eq(pnas_cl_create_lane(cl, route, &lane), PNAS_OK, "%s", pnas_message());
    return lane;
}

/* The context's end. In a sanitized build whatever the test lost by then fails it: a leak report at the end
 * of Criterion's own process would not. Call it after everything else is freed. */
static inline void test_device_close(pnas_cl **cl)
{
    pnas_cl_destroy(cl);
#ifdef __SANITIZE_ADDRESS__
    cr_assert_eq(__lsan_do_recoverable_leak_check(), 0, "memory was lost: see the report above");
#endif
}

/* Small shapes are wanted where every access is checked (Oclgrind). */
static inline bool test_device_small(void)
{
    const char *value = getenv("PNAS_TEST_SMALL");
    return value && value[0] == '1';
}

/* A new buffer of `count` floats; data may be NULL. */
static inline cl_mem test_device_buffer(pnas_cl *cl, const float *data, size_t count)
{
    cl_mem buffer = NULL;
    cr_assert_eq(pnas_buffer_create(cl, count * sizeof *data, &buffer), PNAS_OK, "%s", pnas_message());
    if (data)
        cr_assert_eq(pnas_buffer_write(cl, buffer, 0, count * sizeof *data, data), PNAS_OK, "%s",
                     pnas_message());
    return buffer;
}

static inline void test_device_read(pnas_cl *cl, cl_mem buffer, float *data, size_t count)
{
    cr_assert_eq(pnas_buffer_read(cl, buffer, 0, count * sizeof *data, data), PNAS_OK, "%s", pnas_message());
}

/* Runs the list once, waits and clears it. */
static inline void test_device_run(pnas_cl *cl, pnas_launch_list *list)
{
    cr_assert_eq(pnas_launch_run(cl, list, NULL), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_cl_finish(cl), PNAS_OK, "%s", pnas_message());
    pnas_launch_clear(list);
}

/* `count` floats in [-1, 1); the caller's. */
static inline float *test_device_random(pnas_stream *stream, size_t count)
{
    float *data = malloc((count ? count : 1) * sizeof *data);
    cr_assert(data);
    for (size_t i = 0; i < count; ++i)
        data[i] = (float)(2 * pnas_stream_uniform(stream) - 1);
    return data;
}

/* Every |got - want| is at most tolerance * scale; scale is the size that the terms of a sum may have. */
static inline void test_device_compare(const float *got, const double *want, size_t count, double tolerance,
                                       double scale, const char *what)
{
    for (size_t i = 0; i < count; ++i)
        cr_assert(fabs(got[i] - want[i]) <= tolerance * scale, "%s: element %zu is %.9g, expected %.9g", what,
                  i, got[i], want[i]);
}

#endif
