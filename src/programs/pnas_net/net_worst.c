#include "src/programs/pnas_net/net_worst.h"

#include "io/plot/image_sheet.h"
#include "src/programs/pnas_net/net_figures.h"

#include <stdlib.h>

/* But its pixels. probability [classes]: room to work in. */
static pnas_sheet_image describe(const pnas_network_file *file, const pnas_dataset *dataset,
                                 const float *logits, size_t index, double *probability)
{
    size_t classes = (size_t)file->network.classes;
    int label = dataset->test.labels[index], best = pnas_best_class(logits + index * classes, (int)classes);
    pnas_softmax(logits + index * classes, (int)classes, probability);
    return (pnas_sheet_image){.is = file->class_names[label],
                              .taken_for = file->class_names[best],
                              .probability = probability[best],
                              .right = best == label};
}

/* out: [shown, H, W, C] */
static pnas_status read_images(const pnas_image_source *images, const size_t *order, size_t shown,
                               uint8_t *out)
{
    uint32_t *image = malloc((shown + 1) * sizeof *image);
    PNAS_CHECK(image, PNAS_ERROR_MEMORY, "no memory for %zu images", shown);
    for (size_t i = 0; i < shown; ++i)
        image[i] = (uint32_t)order[i];
    pnas_status status = images->read(images->payload, image, shown, out);
    free(image);
    return status;
}

pnas_status pnas_worst_draw(const pnas_network_file *file, const pnas_dataset *dataset,
                            const pnas_image_source *images, const float *logits, size_t wanted,
                            const char *output)
{
    size_t bytes = pnas_dataset_image_bytes(dataset);
    size_t count = dataset->test.count, shown = wanted < count ? wanted : count;
    int classes = file->network.classes;
    size_t *order = malloc(count * sizeof *order + 1);
    double *probability = malloc((size_t)classes * sizeof *probability);
    pnas_sheet_image *image = malloc(shown * sizeof *image + 1);
    uint8_t *pixels = malloc(shown * bytes + 1);
    char title[256];
    pnas_status status;
    PNAS_CHECK_CLEANUP(order && probability && image && pixels, PNAS_ERROR_MEMORY, "no memory for %zu images",
                       count);
    PNAS_TRY_CLEANUP(pnas_worst_order(logits, dataset->test.labels, count, classes, order));
    PNAS_TRY_CLEANUP(read_images(images, order, shown, pixels));
    for (size_t i = 0; i < shown; ++i) {
        image[i] = describe(file, dataset, logits, order[i], probability);
        image[i].pixels = pixels + i * bytes;
    }
    snprintf(title, sizeof title,
             "%s: the %zu worst of %zu test images; under each its class, then the answer", dataset->name,
             shown, count);
    const pnas_image_sheet sheet = {.title = title,
                                    .height = dataset->height,
                                    .width = dataset->width,
                                    .channels = dataset->channels,
                                    .count = shown,
                                    .image = image};
    status = pnas_image_sheet_draw(&sheet, &(pnas_gnuplot_options){.output = output});
cleanup:
    free(order);
    free(probability);
    free(image);
    free(pixels);
    return status;
}
