#include "io/data/dataset.h"
#include "io/data/encoded_part.h"
#include "io/data/image_reader.h"
#include "io/file/sha256.h"
#include "src/base/log.h"

#include <assert.h>
#include <endian.h>
#include <libgen.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- Memory -------------------------------------------------------------------------------------------- */

pnas_status pnas_dataset_create(pnas_dataset **out)
{
    *out = calloc(1, sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "out of memory for a data set");
    return PNAS_OK;
}

static size_t image_size(const pnas_dataset *dataset)
{
    return (size_t)dataset->height * dataset->width * dataset->channels;
}

pnas_status pnas_dataset_allocate_labels(size_t count, pnas_dataset_part *part)
{
    PNAS_CHECK(count <= UINT32_MAX, PNAS_ERROR_DATA, "%zu images in one part, at most %u are allowed", count,
               UINT32_MAX);
    part->count = count;
    part->labels = calloc(count + 1, sizeof *part->labels);
    PNAS_CHECK(part->labels, PNAS_ERROR_MEMORY, "out of memory for the labels of %zu images", count);
    return PNAS_OK;
}

pnas_status pnas_dataset_allocate(const pnas_dataset *dataset, size_t count, pnas_dataset_part *part)
{
    PNAS_TRY(pnas_dataset_allocate_labels(count, part));
    part->images = calloc(count + 1, image_size(dataset));
    PNAS_CHECK(part->images, PNAS_ERROR_MEMORY, "out of memory for %zu images of %dx%dx%d", count,
               dataset->height, dataset->width, dataset->channels);
    return PNAS_OK;
}

pnas_status pnas_dataset_append(const pnas_dataset *dataset, const pnas_dataset_part *from,
                                pnas_dataset_part *to)
{
    size_t bytes = image_size(dataset), count = to->count + from->count;
    PNAS_CHECK(count <= UINT32_MAX, PNAS_ERROR_DATA, "%zu images in one part, at most %u are allowed", count,
               UINT32_MAX);
    uint8_t *images = realloc(to->images, (count + 1) * bytes);
    to->images = images ? images : to->images;
    uint16_t *labels = realloc(to->labels, (count + 1) * sizeof *labels);
    to->labels = labels ? labels : to->labels;
    PNAS_CHECK(images && labels, PNAS_ERROR_MEMORY, "out of memory for %zu images", count);
    memcpy(images + to->count * bytes, from->images, from->count * bytes);
    memcpy(labels + to->count, from->labels, from->count * sizeof *labels);
    to->count = count;
    return PNAS_OK;
}

pnas_status pnas_dataset_allocate_shared(pnas_dataset *dataset, size_t count)
{
    if (pnas_shared_memory_create(count * image_size(dataset), &dataset->shared) != PNAS_OK) {
        pnas_warning("%s; each rank of this machine holds a copy of the images", pnas_message());
        return pnas_dataset_allocate(dataset, count, &dataset->train);
    }
    dataset->train.images = dataset->shared.at;
    return pnas_dataset_allocate_labels(count, &dataset->train);
}

static void free_part(pnas_dataset_part *part)
{
    free(part->images);
    free(part->labels);
    pnas_dataset_drop_encoded(part);
    *part = (pnas_dataset_part){.count = part->count};
}

void pnas_dataset_drop_encoded(pnas_dataset_part *part)
{
    free(part->encoded);
    free(part->ends);
    part->encoded = NULL;
    part->ends = NULL;
}

void pnas_dataset_drop_test(pnas_dataset *dataset)
{
    free_part(&dataset->test);
}

void pnas_dataset_destroy(pnas_dataset **dataset)
{
    if (!*dataset)
        return;
    for (int i = 0; (*dataset)->class_names && i < (*dataset)->classes; ++i)
        free((*dataset)->class_names[i]);
    free((*dataset)->class_names);
    if ((*dataset)->shared.at)
        (*dataset)->train.images = NULL;
    pnas_shared_memory_release(&(*dataset)->shared);
    pnas_image_reader_close(&(*dataset)->reader);
    free_part(&(*dataset)->train);
    free_part(&(*dataset)->test);
    free(*dataset);
    *dataset = NULL;
}

/* --- What follows from the pixels ---------------------------------------------------------------------- */

static pnas_status number_classes(pnas_dataset *dataset)
{
    dataset->class_names = calloc((size_t)dataset->classes + 1, sizeof *dataset->class_names);
    PNAS_CHECK(dataset->class_names, PNAS_ERROR_MEMORY, "out of memory for %d class names", dataset->classes);
    for (int i = 0; i < dataset->classes; ++i) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        dataset->class_names[i] = strdup(name);
        PNAS_CHECK(dataset->class_names[i], PNAS_ERROR_MEMORY, "out of memory for class names");
    }
    return PNAS_OK;
}

static pnas_image_shape shape_of(const pnas_dataset *dataset)
{
    return (pnas_image_shape){dataset->height, dataset->width, dataset->channels};
}

static void sum_pixels(const pnas_dataset *dataset, uint64_t *sum, uint64_t *squares)
{
    size_t pixels = dataset->train.count * dataset->height * dataset->width;
    int channels = dataset->channels;
    for (size_t i = 0; i < pixels; ++i)
        for (int c = 0; c < channels; ++c) {
            uint64_t value = dataset->train.images[i * channels + c];
            sum[c] += value;
            squares[c] += value * value;
        }
}

/* Integer sums, so that the figures are the same to the bit wherever they are made. */
static pnas_status measure_pixels(pnas_dataset *dataset)
{
    const pnas_image_shape shape = shape_of(dataset);
    size_t pixels = dataset->train.count * dataset->height * dataset->width;
    uint64_t sum[PNAS_IMAGE_CHANNELS_MAX] = {0}, squares[PNAS_IMAGE_CHANNELS_MAX] = {0};
    if (dataset->train.images)
        sum_pixels(dataset, sum, squares);
    else
        PNAS_TRY(pnas_encoded_part_measure(&shape, &dataset->train, sum, squares));
    for (int c = 0; c < dataset->channels; ++c) {
        double mean = (double)sum[c] / (double)pixels;
        double variance = (double)squares[c] / (double)pixels - mean * mean;
        uint64_t one = sum[c] / pixels; /* what all of them are, if they are equal */
        bool constant = sum[c] == one * pixels && squares[c] == one * one * pixels;
        dataset->mean[c] = (float)(mean / 255.0);
        dataset->deviation[c] = constant ? 1.0f : (float)(sqrt(variance) / 255.0);
    }
    return PNAS_OK;
}

static pnas_status add_number(pnas_sha256 *sha, uint64_t value)
{
    uint64_t little = htole64(value);
    return pnas_sha256_add(sha, &little, sizeof little);
}

static pnas_status add_encoded(pnas_sha256 *sha, const pnas_dataset_part *part)
{
    PNAS_TRY(pnas_sha256_add(sha, part->encoded, pnas_encoded_begin(part->ends, part->count)));
    for (size_t i = 0; i < part->count; ++i)
        PNAS_TRY(add_number(sha, part->ends[i]));
    return PNAS_OK;
}

static pnas_status add_part(pnas_sha256 *sha, const pnas_dataset *dataset, const pnas_dataset_part *part)
{
    PNAS_TRY(dataset->quality ? add_encoded(sha, part)
                              : pnas_sha256_add(sha, part->images, part->count * image_size(dataset)));
    for (size_t i = 0; i < part->count; ++i) {
        uint16_t little = htole16(part->labels[i]);
        PNAS_TRY(pnas_sha256_add(sha, &little, sizeof little));
    }
    return PNAS_OK;
}

static pnas_status sum_up(pnas_dataset *dataset)
{
    const uint64_t shape[] = {dataset->train.count,        dataset->test.count,
                              (uint64_t)dataset->height,   (uint64_t)dataset->width,
                              (uint64_t)dataset->channels, (uint64_t)dataset->classes,
                              dataset->validation};
    size_t numbers = sizeof shape / sizeof *shape - (dataset->validation == 0);
    pnas_sha256 *sha = NULL;
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_sha256_create(&sha));
    for (size_t i = 0; i < numbers; ++i)
        PNAS_TRY_CLEANUP(add_number(sha, shape[i]));
    PNAS_TRY_CLEANUP(add_part(sha, dataset, &dataset->train));
    PNAS_TRY_CLEANUP(add_part(sha, dataset, &dataset->test));
    PNAS_TRY_CLEANUP(pnas_sha256_finish(sha, dataset->sha256));
cleanup:
    pnas_sha256_destroy(&sha);
    return status;
}

pnas_status pnas_dataset_complete(pnas_dataset *dataset)
{
    PNAS_CHECK(dataset->train.count > 0, PNAS_ERROR_DATA, "the training part has no images");
    if (!dataset->class_names)
        PNAS_TRY(number_classes(dataset));
    PNAS_TRY(measure_pixels(dataset));
    return sum_up(dataset);
}

static pnas_status encode_part(const pnas_dataset *dataset, int quality, pnas_dataset_part *part)
{
    const pnas_image_shape shape = shape_of(dataset);
    PNAS_TRY(pnas_encoded_part_make(&shape, quality, part));
    free(part->images);
    part->images = NULL;
    return PNAS_OK;
}

pnas_status pnas_dataset_encode(pnas_dataset *dataset, int quality)
{
    assert(dataset->quality == 0 && !dataset->shared.at);
    PNAS_TRY(encode_part(dataset, quality, &dataset->train));
    PNAS_TRY(encode_part(dataset, quality, &dataset->test));
    dataset->quality = quality;
    return PNAS_OK;
}

uint64_t pnas_dataset_encoded_bytes(const pnas_dataset *dataset)
{
    return pnas_encoded_begin(dataset->train.ends, dataset->train.count) +
           pnas_encoded_begin(dataset->test.ends, dataset->test.count);
}

/* --- Where data sets are found ------------------------------------------------------------------------- */

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static pnas_status find_embedded(char *out, size_t size)
{
    const char *folder = getenv("PNAS_DATA");
    if (folder && *folder) {
        snprintf(out, size, "%s/digits.h5", folder);
        PNAS_CHECK(is_there(out), PNAS_ERROR_FILE,
                   "PNAS_DATA is set to %s, but there is no digits.h5; unset it or set it to the folder with "
                   "the embedded data set",
                   folder);
        return PNAS_OK;
    }
    char program[2048];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        snprintf(out, size, "%s/../" PNAS_INSTALLED_DATA "/digits.h5", dirname(program));
        if (is_there(out))
            return PNAS_OK;
    }
    snprintf(out, size, "%s", PNAS_SOURCE_DATA "/digits.h5");
    PNAS_CHECK(
        is_there(out), PNAS_ERROR_FILE,
        "the embedded data set is neither installed beside the program nor at %s; set PNAS_DATA to the "
        "folder that holds digits.h5",
        out);
    return PNAS_OK;
}

pnas_status pnas_dataset_find(const char *name, char *out, size_t size)
{
    if (strcmp(name, "digits") == 0)
        return find_embedded(out, size);
    int length = snprintf(out, size, "%s", name);
    PNAS_CHECK(length >= 0 && (size_t)length < size, PNAS_ERROR_FILE, "%.60s...: the path is too long", name);
    return PNAS_OK;
}
