/* Both ends of a child in float8: V = 8. NDRange: (C/8, N), one work-item each. */
#define WIDTH 8
#include "view.h"

#include "records.h"

TILE_KERNEL void global_pool_forward_tile(OPERAND(x), const int C, const int pixels, OUT_SLICE(features))
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global STORED *xb = BLOCK(x, n, block, pixels);
    const transform t = TRANSFORM(x, C, block * 8);
    float8 even = (float8)(0.0f), odd = (float8)(0.0f);
    for (int p = 0; p + 1 < pixels; p += 2) {
        even += transform_apply(t, READ(0, xb + p * 8));
        odd += transform_apply(t, READ(0, xb + p * 8 + 8));
    }
    if (pixels % 2)
        even += transform_apply(t, READ(0, xb + (pixels - 1) * 8));
    STORE((even + odd) / (float)pixels, features + features_at + (ulong)n * C + block * 8);
}

TILE_KERNEL void global_pool_backward_tile(OPERAND(x), const int C, const int pixels, SLICE(gradient),
                                           DOWNSTREAM(dx))
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global STORED *xb = BLOCK(x, n, block, pixels);
    __global float *db = BLOCK(dx, n, block, pixels);
    const transform t = TRANSFORM(x, C, block * 8);
    const float8 g = LOAD(gradient + gradient_at + (ulong)n * C + block * 8) / (float)pixels;
    for (int i = 0; i < pixels * 8; i += 8)
        downstream_write(db + i, g, xb + i, t, x_relu, dx_accumulate);
}

/* A block has few channels of an image, often one to three of eight: the others are zero. */
TILE_KERNEL void load_images_tile(const int N, BYTE_SLICE(images), const int channels, SLICE(mean_deviation),
                                  INT_SLICE(records), INT_SLICE(state), const int period, OUT_VIEW(y),
                                  const int H, const int W)
{
    const int block = get_global_id(0), n = get_global_id(1), lanes = min(8, channels - block * 8);
    const __global int *record =
        step_records(records + records_at, state + state_at, period, N) + n * RECORD_INTS;
    const __global uchar *image = images + images_at + (ulong)record[IMAGE] * H * W * channels + block * 8;
    const __global float *mean = mean_deviation + mean_deviation_at + block * 8;
    __global STORED *out = BLOCK(y, n, block, H * W);
    for (int h = 0; h < H; ++h)
        for (int w = 0; w < W; ++w, out += 8) {
            const int pixel = augmented_pixel(record, H, W, h, w);
            WRITE((float8)(0.0f), 0, out);
            for (int lane = 0; lane < lanes && pixel >= 0; ++lane)
                PUT(whitened(image[pixel * channels + lane], mean[lane], mean[channels + lane]), out + lane);
        }
}

/* y, loaded, becomes share y + (1 - share) other. */
TILE_KERNEL void mix_images_tile(const int N, BYTE_SLICE(images), const int channels, SLICE(mean_deviation),
                                 INT_SLICE(mixes), INT_SLICE(state), const int period, OUT_VIEW(y),
                                 const int H, const int W)
{
    const int block = get_global_id(0), n = get_global_id(1), lanes = min(8, channels - block * 8);
    const __global int *mix = step_mixes(mixes + mixes_at, state + state_at, period, N) + n * MIX_INTS;
    const __global uchar *image = images + images_at + (ulong)mix[IMAGE] * H * W * channels + block * 8;
    const __global float *mean = mean_deviation + mean_deviation_at + block * 8;
    __global STORED *out = BLOCK(y, n, block, H * W);
    for (int h = 0; h < H; ++h)
        for (int w = 0; w < W; ++w, out += 8) {
            const int pixel = augmented_pixel(mix, H, W, h, w);
            const float share = mix_share(mix, h, w);
            for (int lane = 0; lane < lanes; ++lane) {
                float value = 0.0f;
                if (pixel >= 0)
                    value = whitened(image[pixel * channels + lane], mean[lane], mean[channels + lane]);
                PUT(share * GET(out + lane) + (1.0f - share) * value, out + lane);
            }
        }
}
