#include "io/data/dataset.h"
#include "io/data/dataset_sum.h"
#include "io/data/encoded_part.h"
#include "io/data/image_reader.h"
#include "io/data/row_store.h"
#include "src/base/log.h"

#include <assert.h>
#include <libgen.h>
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
    part->images = calloc(count + 1, pnas_dataset_image_bytes(dataset));
    PNAS_CHECK(part->images, PNAS_ERROR_MEMORY, "out of memory for %zu images of %dx%dx%d", count,
               dataset->height, dataset->width, dataset->channels);
    return PNAS_OK;
}

pnas_status pnas_dataset_allocate_shared(pnas_dataset *dataset, size_t count)
{
    if (pnas_shared_memory_create(count * pnas_dataset_image_bytes(dataset), &dataset->shared) != PNAS_OK) {
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
    pnas_image_reader_close(&part->reader);
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
    pnas_row_store_close(&(*dataset)->store);
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

static pnas_status sum_encoded(pnas_dataset_sum *sum, const pnas_dataset *dataset,
                               const pnas_dataset_part *part)
{
    const pnas_image_shape shape = shape_of(dataset);
    if (part == &dataset->train && !part->images)
        PNAS_TRY(pnas_encoded_part_measure(&shape, part, sum));
    PNAS_TRY(pnas_dataset_sum_add(sum, part->encoded, pnas_encoded_begin(part->ends, part->count)));
    return pnas_dataset_sum_ends(sum, part);
}

#define PIECE_BYTES ((size_t)32 << 20) /* of images that stay in their file */

/* image [count]: numbers that follow each other. They are decoded, so that damage is found, and what is stored is summed. */
static pnas_status sum_piece(pnas_dataset_sum *sum, const pnas_dataset *dataset,
                             const pnas_dataset_part *part, const uint32_t *image, size_t count,
                             uint8_t *pixels)
{
    size_t bytes = count * pnas_dataset_image_bytes(dataset);
    const pnas_image_source source = pnas_image_reader_source(part->reader);
    PNAS_TRY(source.read(source.payload, image, count, pixels));
    if (part == &dataset->train)
        pnas_dataset_sum_measure(sum, dataset->channels, pixels, bytes);
    if (!dataset->quality)
        return pnas_dataset_sum_add(sum, pixels, bytes);
    uint64_t size = pnas_image_reader_stored_bytes(part->reader, image[0], count);
    uint8_t *stored = malloc(size + 1);
    PNAS_CHECK(stored, PNAS_ERROR_MEMORY, "no memory for %zu encoded images", count);
    pnas_status status = pnas_image_reader_stored(part->reader, image[0], count, stored);
    if (status == PNAS_OK)
        status = pnas_dataset_sum_add(sum, stored, size);
    free(stored);
    return status;
}

static pnas_status sum_file(pnas_dataset_sum *sum, const pnas_dataset *dataset, const pnas_dataset_part *part)
{
    size_t most = PIECE_BYTES / pnas_dataset_image_bytes(dataset) + 1;
    uint8_t *pixels = malloc(most * pnas_dataset_image_bytes(dataset));
    uint32_t *image = malloc(most * sizeof *image);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(pixels && image, PNAS_ERROR_MEMORY, "no memory for %zu images", most);
    for (size_t done = 0; done < part->count; done += most) {
        size_t count = part->count - done < most ? part->count - done : most;
        for (size_t i = 0; i < count; ++i)
            image[i] = (uint32_t)(done + i);
        PNAS_TRY_CLEANUP(sum_piece(sum, dataset, part, image, count, pixels));
    }
    if (dataset->quality)
        PNAS_TRY_CLEANUP(pnas_dataset_sum_ends(sum, part));
    status = pnas_dataset_sum_labels(sum, part);
cleanup:
    free(pixels);
    free(image);
    return status;
}

static pnas_status sum_part(pnas_dataset_sum *sum, const pnas_dataset *dataset, const pnas_dataset_part *part)
{
    if (part->reader)
        return sum_file(sum, dataset, part);
    size_t bytes = part->count * pnas_dataset_image_bytes(dataset);
    if (part == &dataset->train && part->images)
        pnas_dataset_sum_measure(sum, dataset->channels, part->images, bytes);
    PNAS_TRY(dataset->quality ? sum_encoded(sum, dataset, part)
                              : pnas_dataset_sum_add(sum, part->images, bytes));
    return pnas_dataset_sum_labels(sum, part);
}

static pnas_status sum_up(pnas_dataset *dataset)
{
    pnas_dataset_sum sum;
    pnas_status status = pnas_dataset_sum_begin(dataset, &sum);
    if (status == PNAS_OK)
        status = sum_part(&sum, dataset, &dataset->train);
    if (status == PNAS_OK)
        status = sum_part(&sum, dataset, &dataset->test);
    return pnas_dataset_sum_end(&sum, status, dataset);
}

pnas_status pnas_dataset_name_classes(pnas_dataset *dataset)
{
    return dataset->class_names ? PNAS_OK : number_classes(dataset);
}

pnas_status pnas_dataset_complete(pnas_dataset *dataset)
{
    PNAS_TRY(pnas_dataset_name_classes(dataset));
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
