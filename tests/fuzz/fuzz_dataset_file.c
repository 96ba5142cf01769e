/* libFuzzer on data sets: one that is opened has images, labels below its classes, and can be normalised. */
#include "io/data/dataset.h"
#include "tests/fuzz/hdf5_edits.h"

#include <stdlib.h>
#include <string.h>

const bool fuzz_sealed = false;

void fuzz_make(const char *path)
{
    pnas_dataset *dataset = NULL;
    if (pnas_dataset_create(&dataset) != PNAS_OK)
        abort();
    strcpy(dataset->name, "little");
    strcpy(dataset->source, "made for a test");
    strcpy(dataset->licence, "none");
    dataset->height = 3;
    dataset->width = 2;
    dataset->channels = 2;
    dataset->classes = 3;
    if (pnas_dataset_allocate(dataset, 6, &dataset->train) != PNAS_OK ||
        pnas_dataset_allocate(dataset, 3, &dataset->test) != PNAS_OK)
        abort();
    for (int i = 0; i < 6 * 12; ++i)
        dataset->train.images[i] = (uint8_t)(7 * i);
    for (int i = 0; i < 6; ++i)
        dataset->train.labels[i] = (uint16_t)(i % 3);
    memset(dataset->test.images, 9, 3 * 12);
    memset(dataset->test.labels, 0, 3 * sizeof *dataset->test.labels);
    if (pnas_dataset_complete(dataset) != PNAS_OK || pnas_dataset_write(dataset, path) != PNAS_OK)
        abort();
    pnas_dataset_destroy(&dataset);
}

static void check_part(const pnas_dataset *dataset, const pnas_dataset_part *part)
{
    size_t pixels = part->count * (size_t)(dataset->height * dataset->width * dataset->channels);
    unsigned char any = 0;
    for (size_t i = 0; i < pixels; ++i)
        any |= part->images[i];
    for (size_t i = 0; i < part->count; ++i)
        if (part->labels[i] >= dataset->classes)
            abort();
    if (any && pixels == 0)
        abort();
}

void fuzz_read(const char *path)
{
    pnas_dataset *dataset = NULL;
    pnas_status status = pnas_dataset_open(path, &dataset);
    if (status != PNAS_OK && (dataset || !*pnas_message()))
        abort();
    if (status != PNAS_OK)
        return;
    for (int i = 0; i < dataset->classes; ++i)
        if (!dataset->class_names[i])
            abort();
    check_part(dataset, &dataset->train);
    check_part(dataset, &dataset->test);
    pnas_dataset_destroy(&dataset);
    (void)pnas_dataset_verify(path, 0);
}
