#include "io/data/dataset_sum.h"

#include <endian.h>
#include <math.h>
#include <stdbool.h>

static pnas_status add_number(pnas_sha256 *sha, uint64_t value)
{
    uint64_t little = htole64(value);
    return pnas_sha256_add(sha, &little, sizeof little);
}

pnas_status pnas_dataset_sum_begin(const pnas_dataset *dataset, pnas_dataset_sum *out)
{
    const uint64_t shape[] = {dataset->train.count,        dataset->test.count,
                              (uint64_t)dataset->height,   (uint64_t)dataset->width,
                              (uint64_t)dataset->channels, (uint64_t)dataset->classes,
                              dataset->validation};
    size_t numbers = sizeof shape / sizeof *shape - (dataset->validation == 0);
    *out = (pnas_dataset_sum){0};
    PNAS_CHECK(dataset->train.count > 0, PNAS_ERROR_DATA, "the training part has no images");
    PNAS_TRY(pnas_sha256_create(&out->sha));
    for (size_t i = 0; i < numbers; ++i)
        PNAS_TRY(add_number(out->sha, shape[i]));
    return PNAS_OK;
}

/* Integer sums, so that the figures are the same to the bit wherever they are made. */
void pnas_dataset_sum_measure(pnas_dataset_sum *sum, int channels, const uint8_t *pixels, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += (size_t)channels)
        for (int c = 0; c < channels; ++c) {
            uint64_t value = pixels[i + (size_t)c];
            sum->sum[c] += value;
            sum->squares[c] += value * value;
        }
}

pnas_status pnas_dataset_sum_add(pnas_dataset_sum *sum, const uint8_t *bytes, size_t size)
{
    return pnas_sha256_add(sum->sha, bytes, size);
}

pnas_status pnas_dataset_sum_ends(pnas_dataset_sum *sum, const pnas_dataset_part *part)
{
    for (size_t i = 0; i < part->count; ++i)
        PNAS_TRY(add_number(sum->sha, part->ends[i]));
    return PNAS_OK;
}

pnas_status pnas_dataset_sum_labels(pnas_dataset_sum *sum, const pnas_dataset_part *part)
{
    for (size_t i = 0; i < part->count; ++i) {
        uint16_t little = htole16(part->labels[i]);
        PNAS_TRY(pnas_sha256_add(sum->sha, &little, sizeof little));
    }
    return PNAS_OK;
}

static void set_figures(const pnas_dataset_sum *sum, pnas_dataset *dataset)
{
    size_t pixels = dataset->train.count * (size_t)dataset->height * (size_t)dataset->width;
    for (int c = 0; c < dataset->channels; ++c) {
        double mean = (double)sum->sum[c] / (double)pixels;
        double variance = (double)sum->squares[c] / (double)pixels - mean * mean;
        uint64_t one = sum->sum[c] / pixels; /* what all of them are, if they are equal */
        bool constant = sum->sum[c] == one * pixels && sum->squares[c] == one * one * pixels;
        dataset->mean[c] = (float)(mean / 255.0);
        dataset->deviation[c] = constant ? 1.0f : (float)(sqrt(variance) / 255.0);
    }
}

pnas_status pnas_dataset_sum_end(pnas_dataset_sum *sum, pnas_status status, pnas_dataset *dataset)
{
    if (status == PNAS_OK)
        status = pnas_sha256_finish(sum->sha, dataset->sha256);
    if (status == PNAS_OK)
        set_figures(sum, dataset);
    pnas_sha256_destroy(&sum->sha);
    return status;
}
