/* Both ends of a child for GPUs, as head.cl: V = 4. Images and gradients of pixels: some float4s an item (spread.h).
 * What is summed over pixels, channels or classes is shared by a group's work-items and added up as a tree. */
#define WIDTH 4
#include "view.h"

#include "job.h"
#include "records.h"
#include "spread.h"
#include "target.h"

#define GROUP         128 /* as in cl/ops/head_gpu.c */
#define CLASS_COLUMNS 16  /* classes of a group of the classifier */
#define CLASS_SLICES  (GROUP / CLASS_COLUMNS)

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, pixels;
    JOB_SLICE(features);
    int N, items;
} pool_forward_job;

/* features [N][C]: mean over pixels. A group has a block of channels of GROUP / items images, `items` (a power of two)
 * work-items an image. */
GROUP_KERNEL(GROUP)
global_pool_forward_gpu(JOB_OPERAND_BUFFERS(x), JOB_OUT_FLOATS(features), JOBS(pool_forward_job))
{
    __local float4 sums[GROUP];
    const __global pool_forward_job *job = JOB;
    const int items = job->items, images = GROUP / items, chunks = (job->N + images - 1) / images;
    const int item = get_local_id(0), own = item % items, C = job->C, pixels = job->pixels;
    const int block = JOB_GROUP / chunks, n = JOB_GROUP % chunks * images + item / items;
    const transform t = JOB_TRANSFORM(x, C, block * V);
    float4 sum = (float4)(0.0f);
    if (n < job->N) {
        const __global STORED *xb = JOB_BLOCK(x, n, block, pixels);
        for (int p = own; p < pixels; p += items)
            sum += transform_apply(t, READ(p, xb));
    }
    sums[item] = sum;
    for (int half_items = items / 2; half_items > 0; half_items /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (own < half_items)
            sums[item] += sums[item + half_items];
    }
    if (own == 0 && n < job->N)
        STORE(sums[item] / (float)pixels, features + job->features_at + (ulong)n * C + block * V);
}

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, pixels;
    JOB_SLICE(gradient);
    JOB_DOWNSTREAM(dx);
    int N;
} pool_backward_job;

GROUP_KERNEL(SPREAD_GROUP)
global_pool_backward_gpu(JOB_OPERAND_BUFFERS(x), JOB_FLOATS(gradient), JOB_OUT_FLOATS(dx),
                         JOBS(pool_backward_job))
{
    const __global pool_backward_job *job = JOB;
    const int C = job->C, pixels = job->pixels;
#pragma unroll
    for (int k = 0; k < SPREAD_EACH; ++k) {
        spread_place at;
        if (!spread_at(SPREAD_INDEX(k), job->N, C / V, pixels, &at))
            return;
        const float4 g = LOAD(gradient + job->gradient_at + (ulong)at.n * C + at.block * V) / (float)pixels;
        downstream_write(JOB_BLOCK(dx, at.n, at.block, pixels) + at.pixel * V, g,
                         JOB_BLOCK(x, at.n, at.block, pixels) + at.pixel * V,
                         JOB_TRANSFORM(x, C, at.block * V), job->x_relu, job->dx_accumulate);
    }
}

typedef struct {
    JOB_HEAD;
    int N, C, classes;
    JOB_SLICE(features);
    JOB_SLICE(weight);
    JOB_SLICE(bias);
    JOB_SLICE(logits);
} classifier_forward_job;

/* logits [N][classes] = features [N][C] weight [C][classes] + bias. A group has CLASS_COLUMNS classes of an image, an
 * item every CLASS_SLICESth channel of one. */
GROUP_KERNEL(GROUP)
classifier_forward_gpu(JOB_FLOATS(features), JOB_FLOATS(weight), JOB_FLOATS(bias), JOB_OUT_FLOATS(logits),
                       JOBS(classifier_forward_job))
{
    __local float sums[GROUP];
    const __global classifier_forward_job *job = JOB;
    const int classes = job->classes, columns = (classes + CLASS_COLUMNS - 1) / CLASS_COLUMNS;
    const int item = get_local_id(0), slice = item / CLASS_COLUMNS, n = JOB_GROUP / columns;
    const int k = JOB_GROUP % columns * CLASS_COLUMNS + item % CLASS_COLUMNS;
    const __global float *x = features + job->features_at + (ulong)n * job->C;
    const __global float *w = weight + job->weight_at + k;
    float sum = 0.0f;
    if (k < classes)
        for (int c = slice; c < job->C; c += CLASS_SLICES)
            sum = fma(x[c], w[(ulong)c * classes], sum);
    sums[item] = sum;
    for (int half_slices = CLASS_SLICES / 2; half_slices > 0; half_slices /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (slice < half_slices)
            sums[item] += sums[item + half_slices * CLASS_COLUMNS];
    }
    if (slice == 0 && k < classes)
        logits[job->logits_at + (ulong)n * classes + k] = sums[item] + bias[job->bias_at + k];
}

typedef struct {
    JOB_HEAD;
    int N, C, classes;
    JOB_SLICE(features);
    JOB_SLICE(weight);
    JOB_SLICE(logits_gradient);
    JOB_SLICE(weight_gradient);
    JOB_SLICE(bias_gradient);
    JOB_SLICE(features_gradient);
} classifier_backward_job;

/* weight [C][classes] = features' logits_gradient, bias [classes] its sum over images,
 * features [N][C] = logits_gradient weight'. An item has one value of these: first of weight and bias, whose
 * row C it is, then of features. */
GROUP_KERNEL(GROUP)
classifier_backward_gpu(JOB_FLOATS(features), JOB_FLOATS(weight), JOB_FLOATS(logits_gradient),
                        JOB_OUT_FLOATS(weight_gradient), JOB_OUT_FLOATS(bias_gradient),
                        JOB_OUT_FLOATS(features_gradient), JOBS(classifier_backward_job))
{
    const __global classifier_backward_job *job = JOB;
    const int N = job->N, C = job->C, classes = job->classes;
    const int first_groups = ((C + 1) * classes + GROUP - 1) / GROUP, group = JOB_GROUP;
    const __global float *g = logits_gradient + job->logits_gradient_at;
    float sum = 0.0f;
    if (group < first_groups) {
        const int i = group * GROUP + (int)get_local_id(0), c = i / classes, k = i % classes;
        const __global float *x = features + job->features_at + c;
        if (c < C) {
            for (int n = 0; n < N; ++n)
                sum = fma(x[(ulong)n * C], g[(ulong)n * classes + k], sum);
            weight_gradient[job->weight_gradient_at + i] = sum;
        } else if (c == C) {
            for (int n = 0; n < N; ++n)
                sum += g[(ulong)n * classes + k];
            bias_gradient[job->bias_gradient_at + k] = sum;
        }
        return;
    }
    const int i = (group - first_groups) * GROUP + (int)get_local_id(0), n = i / C;
    if (n >= N)
        return;
    const __global float *w = weight + job->weight_at + (ulong)(i % C) * classes;
    for (int k = 0; k < classes; ++k)
        sum = fma(g[(ulong)n * classes + k], w[k], sum);
    features_gradient[job->features_gradient_at + i] = sum;
}

/* --- the loss --- */

/* A row of logits is shared by `lanes` (a power of two) work-items, `lane` of them this one, which take every lanes-th
 * class; `item` is the group's. Each of these functions ends with the same for all of the row. */
typedef struct {
    const __global float *logits;
    int classes, lanes, lane, item;
} loss_row;

/* The largest logit and its class, the first where there are several. */
INLINE float row_largest(const loss_row row, __local float *values, __local int *places, int *first)
{
    float largest = -INFINITY;
    int place = row.classes;
    for (int k = row.lane; k < row.classes; k += row.lanes)
        if (place == row.classes || row.logits[k] > largest) {
            largest = row.logits[k];
            place = k;
        }
    values[row.item] = largest;
    places[row.item] = place;
    for (int half_lanes = row.lanes / 2; half_lanes > 0; half_lanes /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (row.lane >= half_lanes)
            continue;
        const float other = values[row.item + half_lanes];
        const int other_place = places[row.item + half_lanes];
        if (other > values[row.item] || (other == values[row.item] && other_place < places[row.item])) {
            values[row.item] = other;
            places[row.item] = other_place;
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    *first = places[row.item - row.lane];
    largest = values[row.item - row.lane];
    barrier(CLK_LOCAL_MEM_FENCE);
    return largest;
}

INLINE float row_sum(const loss_row row, __local float *values, const float own)
{
    values[row.item] = own;
    for (int half_lanes = row.lanes / 2; half_lanes > 0; half_lanes /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (row.lane < half_lanes)
            values[row.item] += values[row.item + half_lanes];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const float sum = values[row.item - row.lane];
    barrier(CLK_LOCAL_MEM_FENCE);
    return sum;
}

/* The sum of exp(logit - largest), and of logit - largest. */
INLINE float row_exponentials(const loss_row row, __local float *values, const float largest, float *all)
{
    float sum = 0.0f, differences = 0.0f;
    for (int k = row.lane; k < row.classes; k += row.lanes) {
        sum += exp(row.logits[k] - largest);
        differences += row.logits[k] - largest;
    }
    *all = row_sum(row, values, differences);
    return row_sum(row, values, sum);
}

typedef struct {
    JOB_HEAD;
    int N, classes;
    JOB_SLICE(logits);
    JOB_SLICE(records);
    JOB_SLICE(state);
    int period;
    JOB_SLICE(mixes);
    int mixed;
    float smoothing, weight;
    JOB_SLICE(gradient);
    int with_metrics;
    JOB_SLICE(metrics);
    int lanes;
} loss_job;

/* How many of this step's records count. */
INLINE int valid_records(const __global int *record, const int N, __local int *valids)
{
    const int item = get_local_id(0);
    int valid = 0;
    for (int n = item; n < N; n += GROUP)
        valid += record[n * RECORD_INTS + LABEL] >= 0;
    valids[item] = valid;
    for (int half_group = GROUP / 2; half_group > 0; half_group /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_group)
            valids[item] += valids[item + half_group];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    valid = valids[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return valid;
}

/* As softmax_loss of head.cl. Group 0 makes the metrics; the others, each for GROUP / lanes images, the gradient. */
GROUP_KERNEL(GROUP)
softmax_loss_gpu(JOB_FLOATS(logits), const __global int *restrict records, const __global int *restrict state,
                 const __global int *restrict mixes, JOB_OUT_FLOATS(gradient), JOB_OUT_FLOATS(metrics),
                 JOBS(loss_job))
{
    __local float values[GROUP];
    __local int places[GROUP];
    const __global loss_job *job = JOB;
    const int N = job->N, classes = job->classes, lanes = job->lanes, rows = GROUP / lanes;
    const int item = get_local_id(0), group = JOB_GROUP;
    const __global int *record =
        step_records(records + job->records_at, state + job->state_at, job->period, N);
    const __global int *mix =
        job->mixed ? step_mixes(mixes + job->mixes_at, state + job->state_at, job->period, N) : 0;
    const int valid = valid_records(record, N, places);
    if (group == 0 && !job->with_metrics)
        return;
    float loss = 0.0f;
    int right = 0;
    /* All items of a group go through the same barriers; rows behind the last are the last again. */
    const int from = group ? (group - 1) * rows : 0, to = group ? min(group * rows, N) : N;
    for (int first_row = from; first_row < to; first_row += rows) {
        const int wanted = first_row + item / lanes, n = min(wanted, N - 1);
        const loss_row row = {logits + job->logits_at + (ulong)n * classes, classes, lanes, item % lanes,
                              item};
        const target t =
            target_make(record + n * RECORD_INTS, mix ? mix + n * MIX_INTS : mix, job->smoothing);
        int largest_class;
        float all;
        const float largest = row_largest(row, values, places, &largest_class);
        const float sum = row_exponentials(row, values, largest, &all);
        if (wanted >= N)
            continue;
        if (group == 0) {
            if (t.label >= 0 && row.lane == 0) {
                const float row_loss = log(sum) - target_aimed(t, row.logits, largest, all, classes);
                loss += row_loss;
                right += largest_class == target_right(t) && isfinite(row_loss);
            }
            continue;
        }
        __global float *out = gradient + job->gradient_at + (ulong)n * classes;
        const float scale = job->weight / (float)valid;
        for (int k = row.lane; k < classes; k += lanes)
            out[k] = t.label < 0 ? 0.0f
                                 : scale * (exp(row.logits[k] - largest) / sum - target_share(t, k, classes));
    }
    if (group)
        return;
    const loss_row every = {logits, classes, GROUP, item, item};
    const float all_losses = row_sum(every, values, loss), all_right = row_sum(every, values, (float)right);
    if (item == 0) {
        __global float *slot = metrics + job->metrics_at + (ulong)(state[job->state_at] % job->period) * 2;
        slot[0] = valid ? all_losses / (float)valid : 0.0f;
        slot[1] = all_right;
    }
}

/* --- images --- */

typedef struct {
    JOB_HEAD;
    int N;
    JOB_SLICE(images); /* bytes */
    int channels;
    JOB_SLICE(mean_deviation);
    JOB_SLICE(drive); /* the records or the mixes */
    JOB_SLICE(state);
    int period;
    JOB_VIEW(y);
    int H, W, C;
} images_job;

/* Channels c .. c + 3 of a pixel; zero where there is none. */
INLINE float4 pixel_whitened(const __global uchar *pixel, const __global float *mean_deviation, const int c,
                             const int channels)
{
    float values[V];
#pragma unroll
    for (int lane = 0; lane < V; ++lane)
        values[lane] = c + lane < channels ? whitened(pixel[c + lane], mean_deviation[c + lane],
                                                      mean_deviation[channels + c + lane])
                                           : 0.0f;
    return vload4(0, values);
}

GROUP_KERNEL(SPREAD_GROUP)
load_images_gpu(const __global uchar *restrict images, JOB_FLOATS(mean_deviation),
                const __global int *restrict records, const __global int *restrict state, JOB_OUT_BUFFER(y),
                JOBS(images_job))
{
    const __global images_job *job = JOB;
    const int H = job->H, W = job->W, channels = job->channels, N = job->N;
#pragma unroll
    for (int k = 0; k < SPREAD_EACH; ++k) {
        spread_place at;
        if (!spread_at(SPREAD_INDEX(k), N, job->C / V, H * W, &at))
            return;
        const __global int *record =
            step_records(records + job->drive_at, state + job->state_at, job->period, N) + at.n * RECORD_INTS;
        const int pixel = augmented_pixel(record, H, W, at.pixel / W, at.pixel % W);
        float4 value = (float4)(0.0f);
        if (pixel >= 0)
            value =
                pixel_whitened(images + job->images_at + ((ulong)record[IMAGE] * H * W + pixel) * channels,
                               mean_deviation + job->mean_deviation_at, at.block * V, channels);
        WRITE(value, at.pixel, JOB_BLOCK(y, at.n, at.block, H * W));
    }
}

/* y, loaded, becomes share y + (1 - share) other. */
GROUP_KERNEL(SPREAD_GROUP)
mix_images_gpu(const __global uchar *restrict images, JOB_FLOATS(mean_deviation),
               const __global int *restrict mixes, const __global int *restrict state, JOB_OUT_BUFFER(y),
               JOBS(images_job))
{
    const __global images_job *job = JOB;
    const int H = job->H, W = job->W, channels = job->channels, N = job->N;
#pragma unroll
    for (int k = 0; k < SPREAD_EACH; ++k) {
        spread_place at;
        if (!spread_at(SPREAD_INDEX(k), N, job->C / V, H * W, &at))
            return;
        const __global int *mix =
            step_mixes(mixes + job->drive_at, state + job->state_at, job->period, N) + at.n * MIX_INTS;
        const int h = at.pixel / W, w = at.pixel % W, pixel = augmented_pixel(mix, H, W, h, w);
        const float share = mix_share(mix, h, w);
        float4 value = (float4)(0.0f);
        if (pixel >= 0)
            value = pixel_whitened(images + job->images_at + ((ulong)mix[IMAGE] * H * W + pixel) * channels,
                                   mean_deviation + job->mean_deviation_at, at.block * V, channels);
        __global STORED *out = JOB_BLOCK(y, at.n, at.block, H * W);
        WRITE(share * READ(at.pixel, out) + (1.0f - share) * value, at.pixel, out);
    }
}

typedef struct {
    JOB_HEAD;
    JOB_SLICE(state);
} advance_job;

GROUP_KERNEL(1) advance_gpu(__global int *restrict state, JOBS(advance_job))
{
    ++state[JOB->state_at];
}
