#include "src/run/shared_settings.h"

#include "io/config/configuration.h"
#include "io/data/image_split.h"
#include "io/file/sha256.h"
#include "mpi/build_check.h"
#include "mpi/collectives.h"
#include "src/base/log.h"
#include "src/run/dataset_share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- configuration --- */

static void apply_options(const pnas_settings_source *source, pnas_configuration *configuration)
{
    if (source->device)
        snprintf(configuration->device, sizeof configuration->device, "%s", source->device);
    if (source->lanes)
        snprintf(configuration->lanes, sizeof configuration->lanes, "%s", source->lanes);
    if (source->threads)
        snprintf(configuration->threads, sizeof configuration->threads, "%s", source->threads);
    if (source->ranks_per_device)
        configuration->ranks_per_device = source->ranks_per_device;
}

static pnas_status read_settings(const pnas_settings_source *source, char **text)
{
    pnas_configuration *configuration = malloc(sizeof *configuration);
    PNAS_CHECK(configuration, PNAS_ERROR_MEMORY, "no memory for a configuration");
    pnas_status status =
        pnas_configuration_read(source->path, source->overrides, source->override_count, configuration);
    if (status == PNAS_OK)
        status = source->adjust(source->payload, configuration);
    if (status == PNAS_OK) {
        apply_options(source, configuration);
        status = pnas_configuration_print(configuration, text);
    }
    free(configuration);
    return status;
}

pnas_status pnas_settings_share(const pnas_layout *layout, const pnas_settings_source *source,
                                pnas_configuration *out, char **text)
{
    PNAS_TRY(pnas_mpi_agree(layout->rank == 0 ? read_settings(source, text) : PNAS_OK));
    void *bytes = *text;
    unsigned long size = bytes ? strlen(bytes) + 1 : 0;
    PNAS_TRY(pnas_mpi_broadcast(&bytes, &size));
    *text = bytes;
    return pnas_mpi_agree(pnas_configuration_parse(source->path, bytes, NULL, 0, out));
}

/* --- data --- */

enum { WINDOW_SUGGESTED = 16384 };

/* A square that is larger than an image may leave nothing of it. */
static pnas_status check_cutout(const pnas_configuration *configuration)
{
    int cutout = configuration->training.cutout, height = configuration->network.height,
        width = configuration->network.width;
    PNAS_CHECK(
        cutout <= height && cutout <= width, PNAS_ERROR_USAGE,
        "training.augment.cutout is %d, but the images of %s are %d pixels high and %d wide; give at most "
        "%d",
        cutout, configuration->dataset, height, width, height < width ? height : width);
    return PNAS_OK;
}

/* Colours are those of one channel or of three. */
static pnas_status check_channels(const pnas_configuration *configuration)
{
    const pnas_training_options *training = &configuration->training;
    int channels = configuration->network.channels;
    const struct {
        const char *key;
        bool wanted, grey; /* grey: one channel will do */
    } keys[] = {{"brightness", training->brightness > 0, true},
                {"contrast", training->contrast > 0, true},
                {"saturation", training->saturation > 0, false},
                {"hue", training->hue > 0, false},
                {"rand_ops", training->rand_ops > 0, true}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i)
        PNAS_CHECK(!keys[i].wanted || channels == 3 || (channels == 1 && keys[i].grey), PNAS_ERROR_USAGE,
                   "training.augment.%s is for images of %sthree channels, but those of %s have %d; set it "
                   "to 0",
                   keys[i].key, keys[i].grey ? "one or " : "", configuration->dataset, channels);
    return PNAS_OK;
}

/* Images that stay in the file come from it in windows of the shuffle, two at a time. */
static pnas_status check_window(const pnas_configuration *configuration, const pnas_dataset *dataset)
{
    uint64_t image = (uint64_t)dataset->height * (uint64_t)dataset->width * (uint64_t)dataset->channels;
    uint64_t room = (uint64_t)configuration->image_buffer, window = (uint64_t)configuration->shuffle_window;
    double mebibytes = (double)dataset->train.count * (double)image / 0x1p20;
    if (!dataset->train.reader)
        return PNAS_OK;
    PNAS_CHECK(room == 0 || room >= 2 * image, PNAS_ERROR_USAGE,
               "dataset.buffer: %.4g MiB hold no two images of %s; give more", (double)room / 0x1p20,
               configuration->dataset);
    uint64_t most = room ? room / 2 / image : WINDOW_SUGGESTED;
    PNAS_CHECK(
        window > 0, PNAS_ERROR_USAGE,
        "%s: its training images take %.4g MiB, more than dataset.buffer allows in memory, so they are "
        "streamed, and cannot be shuffled all at once; give dataset.shuffle_window: %llu, or a larger "
        "dataset.buffer",
        configuration->dataset, mebibytes, (unsigned long long)most);
    PNAS_CHECK(room == 0 || window <= most, PNAS_ERROR_USAGE,
               "dataset.shuffle_window: two windows of %llu images take %.4g MiB, more than the %.4g MiB of "
               "dataset.buffer; at most %llu images fit",
               (unsigned long long)window, 2.0 * (double)(window * image) / 0x1p20, (double)room / 0x1p20,
               (unsigned long long)most);
    return PNAS_OK;
}

static pnas_status make_image_set(const pnas_layout *layout, const pnas_dataset *dataset,
                                  pnas_configuration *configuration, pnas_image_set **images)
{
    configuration->network.height = dataset->height;
    configuration->network.width = dataset->width;
    configuration->network.channels = dataset->channels;
    configuration->network.classes = dataset->classes;
    PNAS_TRY(check_cutout(configuration));
    PNAS_TRY(check_channels(configuration));
    PNAS_TRY(check_window(configuration, dataset));
    PNAS_TRY(pnas_image_set_create(dataset, configuration->validation, (size_t)configuration->training_images,
                                   configuration->seed, images));
    (*images)->window = (size_t)configuration->shuffle_window;
    (*images)->room = (uint64_t)configuration->image_buffer;
    (*images)->sharers = dataset->shared.at ? layout->local_ranks : 1;
    return PNAS_OK;
}

pnas_status pnas_data_compare(const pnas_layout *layout, const char *path, const char *sha256)
{
    char what[PNAS_PATH_MAX + 32];
    snprintf(what, sizeof what, "reads %s with SHA-256", path);
    return pnas_mpi_check_alike(
        layout, sha256, &(pnas_mpi_difference){PNAS_ERROR_DATA, what, "copy the same file to every machine"});
}

pnas_status pnas_data_compare_bytes(const pnas_layout *layout, const char *path, const void *data,
                                    size_t size)
{
    char sha256[PNAS_SHA256_TEXT];
    PNAS_TRY(pnas_mpi_agree(pnas_sha256_of(data, size, sha256)));
    return pnas_data_compare(layout, path, sha256);
}

pnas_status pnas_data_share(const pnas_layout *layout, pnas_configuration *configuration, pnas_dataset **out,
                            pnas_image_set **images)
{
    PNAS_TRY(pnas_dataset_share(layout, configuration->dataset, (uint64_t)configuration->image_buffer, out));
    const pnas_dataset *dataset = *out;
    PNAS_TRY(pnas_mpi_agree(make_image_set(layout, dataset, configuration, images)));
    PNAS_TRY(pnas_data_compare(layout, configuration->dataset, dataset->sha256));
    pnas_info("data set %s: %zu training and %zu validation images, %dx%dx%d, %d classes", dataset->name,
              (*images)->train_count, (*images)->validation_count, dataset->height, dataset->width,
              dataset->channels, dataset->classes);
    if (dataset->validation > 0 && configuration->validation > 0)
        pnas_info("its own validation images are taken, instead of a share of the others "
                  "(dataset.validation)");
    if (dataset->train.reader)
        pnas_info("the images are streamed from their file, %lld at a time",
                  (long long)configuration->shuffle_window);
    return PNAS_OK;
}
