/* read_images SET.h5 [WINDOW [ROUNDS]]: how fast the training images of a set are read from its file, as training streams
 * them: windows of images (1024), by all cores that the process may use. The processor seconds are those of all of its
 * threads, so that the speed of a core can be told on a busy machine, too. */
#include "io/data/dataset.h"
#include "io/data/image_reader.h"
#include "src/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static pnas_status read_all(const pnas_dataset *dataset, size_t window)
{
    size_t bytes = (size_t)dataset->height * (size_t)dataset->width * (size_t)dataset->channels;
    pnas_image_source source = pnas_image_reader_source(dataset->train.reader);
    uint32_t *wanted = malloc(window * sizeof *wanted);
    uint8_t *out = malloc(window * bytes);
    pnas_status status =
        wanted && out ? PNAS_OK : pnas_fail(PNAS_ERROR_MEMORY, "no memory for %zu images", window);
    for (size_t first = 0; first < dataset->train.count && status == PNAS_OK; first += window) {
        size_t left = dataset->train.count - first, count = left < window ? left : window;
        for (size_t i = 0; i < count; ++i)
            wanted[i] = (uint32_t)(first + i);
        status = source.read(source.payload, wanted, count, out);
    }
    free(wanted);
    free(out);
    return status;
}

static pnas_status measure(const pnas_dataset *dataset, size_t window, size_t rounds)
{
    for (size_t i = 0; i < rounds; ++i) {
        double begun = pnas_clock_seconds(), used = processor_seconds();
        PNAS_TRY(read_all(dataset, window));
        double seconds = pnas_clock_seconds() - begun, processor = processor_seconds() - used;
        printf(
            "%zu images of %d x %d x %d in %.3f s; %.3f processor seconds: %.0f images a second of a core\n",
            dataset->train.count, dataset->height, dataset->width, dataset->channels, seconds, processor,
            (double)dataset->train.count / processor);
        fflush(stdout);
    }
    return PNAS_OK;
}

int main(int argc, char **argv)
{
    size_t window = argc > 2 ? strtoul(argv[2], NULL, 10) : 1024,
           rounds = argc > 3 ? strtoul(argv[3], NULL, 10) : 3;
    pnas_dataset *dataset = NULL;
    if (argc < 2 || argc > 4 || window < 1) {
        fprintf(stderr, "usage: read_images SET.h5 [WINDOW [ROUNDS]]\n");
        return 64;
    }
    pnas_status status = pnas_dataset_open_training(argv[1], 1, &dataset);
    if (status == PNAS_OK)
        status = measure(dataset, window, rounds);
    if (status != PNAS_OK)
        fprintf(stderr, "read_images: %s\n", pnas_message());
    pnas_dataset_destroy(&dataset);
    return pnas_exit_code(status);
}
