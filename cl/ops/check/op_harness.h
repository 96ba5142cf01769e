/* What every check of an op needs: random tensors in logical [N][C][H][W] doubles whose values are floats,
 * their blocked image on the device as a view into a larger buffer, and comparison with a reference. Local.
 *
 * Tensors that a forward pass writes are of halves where the harness is told so: what goes into one is
 * rounded first, so that the reference starts from the same values.
 *
 * Every buffer has guard bands: values before, between and behind the images hold a NaN of known bits. They
 * must not change, and who reads one spoils the result. What is not an output must not change at all.
 * A check is given up where it fails: the harness's `failed` is told why and must not return (it jumps out,
 * or ends the process). Everything taken through the harness is freed by op_harness_close. */
#ifndef PNAS_CL_CHECK_OP_HARNESS_H
#define PNAS_CL_CHECK_OP_HARNESS_H

#include "cl/ops/op.h"
#include "src/base/random.h"

typedef struct op_harness {
    pnas_cl *cl; /* borrowed from who started it */
    bool small;  /* tiny shapes are wanted: a checking interpreter runs the kernels */
    bool half;   /* stored tensors are of halves */
    void (*failed)(void *payload, const char *message);
    void *payload;
    pnas_stream random;
    pnas_launch_list list; /* append launches here */
    struct op_buffer *buffers;
    struct op_memory *memory;
} op_harness;

typedef struct {
    pnas_cl *cl; /* borrowed; its route is the ops' */
    uint64_t seed;
    bool small, half;
    void (*failed)(void *payload, const char *message);
    void *payload;
} op_harness_options;

void op_harness_start(op_harness *h, const op_harness_options *options);
void op_harness_close(op_harness *h);
/* Runs the list, checks what its launches access if they say so (cl/runtime/launch_check.h), then every guard and every
 * buffer that is not an output; clears the list. */
void op_harness_run(op_harness *h);

void op_harness_fail(op_harness *h, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
#define op_harness_expect(h, condition, ...)                                                                 \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            op_harness_fail((h), __VA_ARGS__);                                                               \
    } while (0)
void op_harness_ok(op_harness *h, pnas_status status); /* fails with its message unless PNAS_OK */

/* Zeroed memory, and a buffer of bytes (from `data`, may be NULL) that nobody watches; the harness's. */
void *op_harness_memory(op_harness *h, size_t bytes);
cl_mem op_harness_buffer(op_harness *h, size_t bytes, const void *data);

int op_harness_between(op_harness *h, int low, int high); /* inclusive */
int op_harness_up_to(op_harness *h, int largest);         /* from 1; to 6 where small shapes are wanted */
double *op_harness_zeros(op_harness *h, size_t count);
double *op_harness_random(op_harness *h, size_t count); /* normal, rounded to float */

/* Channels padded to V. */
int op_harness_padded(const op_harness *h, int channels);

/* Blocked images of values [N][C][H][W] at a random offset and with a random image stride, padded channels
 * zero. An output may start from NULL: then it holds the guards' NaN until written. */
pnas_view op_harness_view(op_harness *h, int N, int C, int H, int W, const double *values);
pnas_view op_harness_output(op_harness *h, int N, int C, int H, int W, const double *values);
/* The same for tensors that a forward pass writes. Values must have been rounded by op_harness_round. */
pnas_view op_harness_stored(op_harness *h, int N, int C, int H, int W, const double *values);
pnas_view op_harness_stored_output(op_harness *h, int N, int C, int H, int W, const double *values);
double op_harness_round(const op_harness *h, double value); /* to what a stored tensor can hold */
double *op_harness_random_stored(op_harness *h, size_t count);
/* Logical values back; padded channels must be zero. */
double *op_harness_read(op_harness *h, const pnas_view *view, int N, int C);

/* Arrays of floats. */
pnas_slice op_harness_slice(op_harness *h, size_t count, const double *values);
pnas_slice op_harness_output_slice(op_harness *h, size_t count, const double *values);
/* Ints that nobody watches, behind others. */
pnas_slice op_harness_ints(op_harness *h, size_t count, const int *values);
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
void op_harness_compare(op_harness *h, const char *what, const double *got, const double *expected,
                        const double *magnitude, size_t count, double tolerance);

/* The same for a stored tensor: where it is of halves, what was written may be off by its rounding, too. */
void op_harness_compare_stored(op_harness *h, const char *what, const double *got, const double *expected,
                               const double *magnitude, size_t count, double tolerance);

#endif
