/* Kernels of the GPU's routes find their values in a table of jobs, so that several launches can be made one:
 * the groups of job j are those from its first_group on. One dimension; a kernel's last three parameters are
 * JOBS(type of its record). The record has first_group in front and then the values that the op names, in its
 * order and with its types (cl/runtime/launch.h): ulong for offsets, int and float; buffers stay parameters.
 * It must hold a ulong.
 *
 *     typedef struct {
 *         JOB_HEAD;
 *         JOB_VIEW(x);
 *         int C, pixels;
 *     } copy_job;
 *
 *     GROUP_KERNEL(128) copy(JOB_BUFFER(x), JOBS(copy_job))
 *     {
 *         const __global copy_job *job = JOB;
 *         const int group = JOB_GROUP;
 */
#ifndef JOB_H
#define JOB_H

#define GROUP_KERNEL(items) __kernel __attribute__((reqd_work_group_size(items, 1, 1))) void

#define JOB_HEAD            int first_group, unused
#define JOBS(type)          const __global int *restrict owner, const __global type *restrict jobs, const int job_count
#define JOB                 (jobs + (job_count > 1 ? owner[get_group_id(0)] : 0))
#define JOB_GROUP           ((int)get_group_id(0) - job->first_group)

/* Fields of a record: the other side of ARG_SLICE, ARG_VIEW, ARG_OPERAND, ARG_UPSTREAM, ARG_DOWNSTREAM and ARG_WINDOW
 * of cl/ops/op_arguments.h. */
#define JOB_SLICE(name)     ulong name##_at
#define JOB_VIEW(name)      ulong name##_at, name##_stride
#define JOB_OPERAND(name)                                                                                    \
    JOB_VIEW(name);                                                                                          \
    JOB_SLICE(name##_transform);                                                                             \
    int name##_normalise, name##_relu
#define JOB_UPSTREAM(name)                                                                                   \
    JOB_VIEW(name);                                                                                          \
    JOB_VIEW(name##_raw);                                                                                    \
    JOB_SLICE(name##_coefficients)
#define JOB_DOWNSTREAM(name)                                                                                 \
    JOB_VIEW(name);                                                                                          \
    int name##_accumulate
#define JOB_WINDOW int kernel_h, kernel_w, stride_h, stride_w, dilation, pad_top, pad_left

#define JOB_FACTORS(name)                                                                                    \
    JOB_SLICE(name##_factors);                                                                               \
    int name##_scaled

/* Their buffers, in the same order. */
#define JOB_BUFFER(name)           const __global STORED *restrict name
#define JOB_OUT_BUFFER(name)       __global STORED *restrict name
#define JOB_FLOATS(name)           const __global float *restrict name
#define JOB_OUT_FLOATS(name)       __global float *restrict name
#define JOB_OPERAND_BUFFERS(name)  JOB_BUFFER(name), JOB_FLOATS(name##_transform)
#define JOB_UPSTREAM_BUFFERS(name) JOB_FLOATS(name), JOB_BUFFER(name##_raw), JOB_FLOATS(name##_coefficients)

/* As BLOCK, TRANSFORM, UPSTREAM_AT and FACTOR of view.h. */
#define JOB_BLOCK(name, n, block, pixels)                                                                    \
    (name + job->name##_at + (ulong)(n)*job->name##_stride + (ulong)(block) * (pixels)*V)
#define JOB_TRANSFORM(name, channels, c)                                                                     \
    transform_make(name##_transform + job->name##_transform_at, channels, c, job->name##_normalise,          \
                   job->name##_relu)
#define JOB_UPSTREAM_AT(name, channels, c)                                                                   \
    upstream_make(name##_coefficients + job->name##_coefficients_at, channels, c)
#define JOB_FACTOR(name, n) (job->name##_scaled ? name##_factors[job->name##_factors_at + (n)] : 1.0f)

#endif
