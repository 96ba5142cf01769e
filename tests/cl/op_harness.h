/* What every test of an op needs: random tensors in logical [N][C][H][W] doubles whose values are floats,
 * their blocked image on the device as a view into a larger buffer, and comparison with a reference.
 *
 * Every buffer has guard bands: floats before, between and behind the images hold a NaN of known bits. They
 * must not change, and who reads one spoils the result. What is not an output must not change at all.
 * Failures are Criterion assertions. Everything is freed by op_harness_close. */
#ifndef PNAS_TESTS_OP_HARNESS_H
#define PNAS_TESTS_OP_HARNESS_H

#include "cl/op.h"
#include "cl/route.h"
#include "src/base/random.h"

typedef struct op_harness {
    pnas_cl *cl;
    pnas_stream random;
    pnas_launch_list list; /* append launches here */
    struct op_buffer *buffers;
    struct op_memory *memory;
} op_harness;

/* vector: V; route: forced (PNAS_ROUTE_AUTO: the table decides). */
void op_harness_open(op_harness *h, int vector, pnas_route route, uint64_t seed);
void op_harness_close(op_harness *h);
/* Runs the list, waits, checks every guard and every buffer that is not an output, clears the list. */
void op_harness_run(op_harness *h);
/* True if tests are to use tiny shapes (PNAS_TEST_SMALL=1: a checking interpreter runs the kernels). */
bool op_harness_small(void);

int op_harness_between(op_harness *h, int low, int high); /* inclusive */
double *op_harness_zeros(op_harness *h, size_t count);
double *op_harness_random(op_harness *h, size_t count); /* normal, rounded to float */

/* Channels padded to V. */
int op_harness_padded(const op_harness *h, int channels);

/* Blocked images of values [N][C][H][W] at a random offset and with a random image stride, padded channels
 * zero. An output may start from NULL: then it holds the guards' NaN until written. */
pnas_view op_harness_view(op_harness *h, int N, int C, int H, int W, const double *values);
pnas_view op_harness_output(op_harness *h, int N, int C, int H, int W, const double *values);
/* Logical values back; padded channels must be zero. */
double *op_harness_read(op_harness *h, const pnas_view *view, int N, int C);

/* Arrays of floats. */
pnas_slice op_harness_slice(op_harness *h, size_t count, const double *values);
pnas_slice op_harness_output_slice(op_harness *h, size_t count, const double *values);
double *op_harness_read_slice(op_harness *h, pnas_slice slice, size_t count);

/* Adds padding: [outer][rows][columns] to [outer][padded rows][padded columns], zeros between; and removes
 * it, where padding must be zero. Weights [taps][C][M], or [1][taps][C] with rows not padded. */
double *op_harness_pad(op_harness *h, int outer, int rows, int padded_rows, int columns, int padded_columns,
                       const double *values);
double *op_harness_unpad(op_harness *h, int outer, int rows, int padded_rows, int columns, int padded_columns,
                         const double *values);

typedef struct {
    pnas_operand operand;
    double *raw;       /* [N][C][H][W] before the transform */
    double *scale;     /* [2][C]; NULL where not normalised */
    double *value;     /* transformed */
    double *magnitude; /* sum of the absolute terms of value */
    double *mask;      /* 1 where the rectifier lets a gradient pass, else 0 */
} op_operand;

/* Transformed values keep away from zero, so that float and double agree on the rectifier. */
op_operand op_harness_operand(op_harness *h, int N, int C, int H, int W, bool normalise, bool relu);

typedef struct {
    pnas_upstream upstream;
    double *value; /* [N][C][H][W]: A g + B raw + D, or g */
    double *magnitude;
} op_upstream;

op_upstream op_harness_upstream(op_harness *h, int N, int C, int H, int W, bool normalise);

/* |got - expected| <= tolerance * magnitude, element by element; magnitude is the sum of the absolute values
 * of the terms that make up the expected value. NaN fails. */
void op_harness_compare(const char *what, const double *got, const double *expected, const double *magnitude,
                        size_t count, double tolerance);

/* Checks a gradient [count] of a scalar function at `at` by central differences in double precision at
 * `samples` random places; `function` may read `at` through its payload. */
void op_harness_check_gradient(op_harness *h, const char *what, double (*function)(void *payload),
                               void *payload, double *at, const double *gradient, size_t count, int samples,
                               double tolerance);

#endif
