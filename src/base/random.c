#include "src/base/random.h"

#include <Random123/philox.h>
#include <math.h>
#include <string.h>

/* The key holds seed and identity folded to 64 bits; purpose and step stand in the counter's upper half, so
 * two purposes or steps of one key can never overlap. The fold is SplitMix64's finalizer (Steele et al.
 * 2014). */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

pnas_stream pnas_stream_make(uint64_t seed, pnas_stream_purpose purpose, uint64_t identity, uint32_t step)
{
    uint64_t key = mix(mix(seed) ^ identity);
    pnas_stream stream = {.key = {(uint32_t)key, (uint32_t)(key >> 32)},
                          .counter = {0, 0, (uint32_t)purpose, step}};
    return stream;
}

uint32_t pnas_stream_u32(pnas_stream *stream)
{
    if (stream->left == 0) {
        philox4x32_ctr_t counter;
        philox4x32_key_t key;
        memcpy(counter.v, stream->counter, sizeof stream->counter);
        memcpy(key.v, stream->key, sizeof stream->key);
        philox4x32_ctr_t block = philox4x32(counter, key);
        memcpy(stream->block, block.v, sizeof stream->block);
        stream->left = 4;
        if (++stream->counter[0] == 0)
            ++stream->counter[1];
    }
    return stream->block[4 - stream->left--];
}

double pnas_stream_uniform(pnas_stream *stream)
{
    return pnas_stream_u32(stream) * 0x1p-32;
}

uint32_t pnas_stream_below(pnas_stream *stream, uint32_t bound)
{
    /* Lemire 2019: multiply, and reject the few values that would favour some results. */
    uint64_t product = (uint64_t)pnas_stream_u32(stream) * bound;
    if ((uint32_t)product < bound) {
        uint32_t threshold = -bound % bound;
        while ((uint32_t)product < threshold)
            product = (uint64_t)pnas_stream_u32(stream) * bound;
    }
    return (uint32_t)(product >> 32);
}

double pnas_stream_normal(pnas_stream *stream)
{
    double radius = sqrt(-2.0 * log((pnas_stream_u32(stream) + 1.0) * 0x1p-32));
    return radius * cos(6.283185307179586 * pnas_stream_uniform(stream));
}

/* Marsaglia and Tsang 2000. */
static double gamma_deviate(pnas_stream *stream, double shape)
{
    if (shape < 1) {
        double larger = gamma_deviate(stream, shape + 1);
        return larger * pow(1 - pnas_stream_uniform(stream), 1 / shape);
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = pnas_stream_normal(stream), v = pow(1 + c * x, 3), u = 1 - pnas_stream_uniform(stream);
        if (v > 0 && log(u) < x * x / 2 + d - d * v + d * log(v))
            return d * v;
    }
}

double pnas_stream_beta(pnas_stream *stream, double alpha)
{
    double a = gamma_deviate(stream, alpha), b = gamma_deviate(stream, alpha);
    return a + b > 0 ? a / (a + b) : 1; /* both vanish where alpha is tiny */
}

void pnas_stream_shuffle(pnas_stream *stream, uint32_t *values, size_t count)
{
    for (size_t i = count; i > 1; --i) {
        size_t j = pnas_stream_below(stream, (uint32_t)i);
        uint32_t value = values[i - 1];
        values[i - 1] = values[j];
        values[j] = value;
    }
}
