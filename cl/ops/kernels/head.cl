/* Both ends of a child, plain: any V, any device: images in, pooled features, softmax loss. */
#define WIDTH 1
#include "view.h"

#include "records.h"
#include "target.h"

/* features [N][C]: mean over pixels. NDRange: (C, N). */
__kernel void global_pool_forward(OPERAND(x), const int C, const int pixels, OUT_SLICE(features))
{
    const int c = get_global_id(0), n = get_global_id(1);
    if (c >= C)
        return;
    const __global STORED *xb = BLOCK(x, n, c / V, pixels) + c % V;
    const transform t = TRANSFORM(x, C, c);
    float sum = 0.0f;
    for (int p = 0; p < pixels; ++p)
        sum += transform_apply(t, READ(p * V, xb));
    features[features_at + (ulong)n * C + c] = sum / (float)pixels;
}

/* NDRange: (lanes and pixels, C/V, N). */
__kernel void global_pool_backward(OPERAND(x), const int C, const int pixels, SLICE(gradient), DOWNSTREAM(dx))
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int c = block * V + i % V;
    if (i >= pixels * V)
        return;
    const float g = gradient[gradient_at + (ulong)n * C + c] / (float)pixels;
    downstream_write(BLOCK(dx, n, block, pixels) + i, g, BLOCK(x, n, block, pixels) + i, TRANSFORM(x, C, c),
                     x_relu, dx_accumulate);
}

/* logits [N][classes] = bias. NDRange: (classes, N). */
__kernel void classifier_bias(SLICE(bias), const int classes, OUT_SLICE(logits))
{
    const int k = get_global_id(0), n = get_global_id(1);
    if (k < classes)
        logits[logits_at + (ulong)n * classes + k] = bias[bias_at + k];
}

/* gradient [classes]: sum over images. NDRange: (classes). */
__kernel void classifier_bias_gradient(SLICE(logits_gradient), const int N, const int classes,
                                       OUT_SLICE(gradient))
{
    const int k = get_global_id(0);
    if (k >= classes)
        return;
    float sum = 0.0f;
    for (int n = 0; n < N; ++n)
        sum += logits_gradient[logits_gradient_at + (ulong)n * classes + k];
    gradient[gradient_at + k] = sum;
}

/* Softmax cross entropy of one image: its loss, and its row of the gradient if `gradient` is wanted. Not
 * finite logits give a loss that is not finite; minus infinity only where the target is not zero. Right is
 * the label with the larger share. */
#define GROUP 64
INLINE float row_loss(const __global float *logits, const int classes, const target t, int *right)
{
    float largest = logits[0];
    int first = 0;
    for (int k = 1; k < classes; ++k)
        if (logits[k] > largest) {
            largest = logits[k];
            first = k;
        }
    float sum = 0.0f;
    for (int k = 0; k < classes; ++k)
        sum += exp(logits[k] - largest);
    float all = 0.0f;
    for (int k = 0; k < classes && t.smoothing > 0.0f; ++k)
        all += logits[k] - largest;
    const float loss = log(sum) - target_aimed(t, logits, largest, all, classes);
    *right = first == target_right(t) && isfinite(loss);
    return loss;
}

INLINE void row_gradient(const __global float *logits, const int classes, const target t, const float scale,
                         __global float *gradient)
{
    float largest = logits[0], sum = 0.0f;
    for (int k = 1; k < classes; ++k)
        largest = logits[k] > largest ? logits[k] : largest;
    for (int k = 0; k < classes; ++k)
        sum += exp(logits[k] - largest);
    for (int k = 0; k < classes; ++k)
        gradient[k] = scale * (exp(logits[k] - largest) / sum - target_share(t, k, classes));
}

/* metrics [period][2]: mean loss and number right of this step's valid records. One group of GROUP items, so
 * that the order of the sum is the same everywhere. */
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
softmax_loss(const int N, const int classes, SLICE(logits), INT_SLICE(records), INT_SLICE(state),
             const int period, INT_SLICE(mixes), const int mixed, const float smoothing, const float weight,
             const int with_gradient, OUT_SLICE(gradient), const int with_metrics, OUT_SLICE(metrics))
{
    __local float losses[GROUP];
    __local int rights[GROUP], valids[GROUP];
    const int item = get_local_id(0);
    const __global int *record = step_records(records + records_at, state + state_at, period, N);
    const __global int *mix = mixed ? step_mixes(mixes + mixes_at, state + state_at, period, N) : 0;
    float loss = 0.0f;
    int right = 0, valid = 0;
    for (int n = item; n < N; n += GROUP) {
        const target t = target_make(record + n * RECORD_INTS, mix ? mix + n * MIX_INTS : mix, smoothing);
        int row_right = 0;
        if (t.label < 0)
            continue;
        loss += row_loss(logits + logits_at + (ulong)n * classes, classes, t, &row_right);
        right += row_right;
        ++valid;
    }
    losses[item] = loss;
    rights[item] = right;
    valids[item] = valid;
    barrier(CLK_LOCAL_MEM_FENCE);
    valid = 0;
    for (int k = 0; k < GROUP; ++k)
        valid += valids[k];
    if (item == 0 && with_metrics) {
        float all = 0.0f;
        int all_right = 0;
        for (int k = 0; k < GROUP; ++k) {
            all += losses[k];
            all_right += rights[k];
        }
        __global float *slot = metrics + metrics_at + (ulong)(state[state_at] % period) * 2;
        slot[0] = valid ? all / (float)valid : 0.0f;
        slot[1] = (float)all_right;
    }
    if (!with_gradient)
        return;
    for (int n = item; n < N; n += GROUP) {
        const target t = target_make(record + n * RECORD_INTS, mix ? mix + n * MIX_INTS : mix, smoothing);
        __global float *row = gradient + gradient_at + (ulong)n * classes;
        if (t.label >= 0)
            row_gradient(logits + logits_at + (ulong)n * classes, classes, t, weight / (float)valid, row);
        else
            for (int k = 0; k < classes; ++k)
                row[k] = 0.0f;
    }
}

/* images uint8 [n][H][W][channels] to y [N][C/V][H*W][V]. NDRange: (lanes and pixels, C/V, N). */
__kernel void load_images(const int N, BYTE_SLICE(images), const int channels, SLICE(mean_deviation),
                          INT_SLICE(records), INT_SLICE(state), const int period, OUT_VIEW(y), const int H,
                          const int W)
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int c = block * V + i % V, h = i / V / W, w = i / V % W;
    if (h >= H)
        return;
    const __global int *record =
        step_records(records + records_at, state + state_at, period, N) + n * RECORD_INTS;
    const int pixel = augmented_pixel(record, H, W, h, w);
    float value = 0.0f;
    if (c < channels && pixel >= 0)
        value =
            whitened(images[images_at + ((ulong)record[IMAGE] * H * W + pixel) * channels + c],
                     mean_deviation[mean_deviation_at + c], mean_deviation[mean_deviation_at + channels + c]);
    WRITE(value, i, BLOCK(y, n, block, H * W));
}

/* y, loaded, becomes share y + (1 - share) other. NDRange: (lanes and pixels, C/V, N). */
__kernel void mix_images(const int N, BYTE_SLICE(images), const int channels, SLICE(mean_deviation),
                         INT_SLICE(mixes), INT_SLICE(state), const int period, OUT_VIEW(y), const int H,
                         const int W)
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int c = block * V + i % V, h = i / V / W, w = i / V % W;
    if (h >= H || c >= channels)
        return;
    const __global int *mix = step_mixes(mixes + mixes_at, state + state_at, period, N) + n * MIX_INTS;
    __global STORED *out = BLOCK(y, n, block, H * W) + i;
    const int pixel = augmented_pixel(mix, H, W, h, w);
    const float share = mix_share(mix, h, w);
    float value = 0.0f;
    if (pixel >= 0)
        value =
            whitened(images[images_at + ((ulong)mix[IMAGE] * H * W + pixel) * channels + c],
                     mean_deviation[mean_deviation_at + c], mean_deviation[mean_deviation_at + channels + c]);
    PUT(share * GET(out) + (1.0f - share) * value, out);
}

__kernel void advance(__global int *state, const ulong state_at)
{
    if (get_global_id(0) == 0)
        ++state[state_at];
}
