#include "tests/fuzz/streamed_images.h"

#include "io/data/image_reader.h"
#include "tests/fuzz/hdf5_edits.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MOST 100000 /* larger ones have more of the same, of which the seal is summed up each time */

enum { HEIGHT = 8, WIDTH = 6, CHANNELS = 3, TRAIN = 6, TEST = 3, CLASSES = 3 };

static void fill(pnas_dataset_part *part)
{
    for (size_t i = 0; i < part->count * HEIGHT * WIDTH * CHANNELS; ++i)
        part->images[i] = (uint8_t)(7 * i);
    for (size_t i = 0; i < part->count; ++i)
        part->labels[i] = (uint16_t)(i % CLASSES);
}

void streamed_make(const char *path, int quality)
{
    pnas_dataset *dataset = NULL;
    if (pnas_dataset_create(&dataset) != PNAS_OK)
        abort();
    strcpy(dataset->name, "little");
    dataset->height = HEIGHT;
    dataset->width = WIDTH;
    dataset->channels = CHANNELS;
    dataset->classes = CLASSES;
    if (pnas_dataset_allocate(dataset, TRAIN, &dataset->train) != PNAS_OK ||
        pnas_dataset_allocate(dataset, TEST, &dataset->test) != PNAS_OK)
        abort();
    fill(&dataset->train);
    fill(&dataset->test);
    if ((quality && pnas_dataset_encode(dataset, quality) != PNAS_OK) ||
        pnas_dataset_complete(dataset) != PNAS_OK || pnas_dataset_write(dataset, path) != PNAS_OK)
        abort();
    pnas_dataset_destroy(&dataset);
}

/* `whole`: the same set in memory, or NULL where it cannot be read. */
static void read_images(const pnas_dataset *dataset, const pnas_dataset *whole)
{
    size_t count = dataset->train.count;
    size_t bytes = (size_t)dataset->height * (size_t)dataset->width * (size_t)dataset->channels;
    uint32_t *wanted = malloc(count * sizeof *wanted);
    uint8_t *out = malloc(count * bytes);
    for (size_t i = 0; i < count; ++i)
        wanted[i] = (uint32_t)i;
    pnas_image_source source = pnas_image_reader_source(dataset->train.reader);
    pnas_status status = source.read(source.payload, wanted, count, out);
    if (status == PNAS_OK ? whole && memcmp(out, whole->train.images, count * bytes) != 0
                          : whole || (status != PNAS_ERROR_DATA && status != PNAS_ERROR_FILE))
        abort();
    free(wanted);
    free(out);
}

void streamed_read(const char *path)
{
    const struct timespec past[2] = {{.tv_sec = 1},
                                     {.tv_sec = 1}}; /* else a reader waits for the clock's next step */
    pnas_dataset *whole = NULL, *streamed = NULL;
    struct stat file;
    if (utimensat(AT_FDCWD, path, past, 0) != 0 || stat(path, &file) != 0)
        abort();
    if (file.st_size > FILE_MOST)
        return;
    pnas_status status = pnas_dataset_open(path, &whole);
    pnas_status streams = pnas_dataset_open_training(path, 1, &streamed);
    if ((status != PNAS_OK && whole) || (streams != PNAS_OK && (streamed || !*pnas_message())))
        abort();
    if (streamed && streamed->train.reader)
        read_images(streamed, whole);
    if (whole && fuzz_choice() % 8 == 0)
        (void)pnas_dataset_verify(path, 0);
    pnas_dataset_destroy(&whole);
    pnas_dataset_destroy(&streamed);
}
