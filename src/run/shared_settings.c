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

static pnas_status make_image_set(const pnas_layout *layout, const pnas_dataset *dataset,
                                  pnas_configuration *configuration, pnas_image_set **images)
{
    configuration->network.height = dataset->height;
    configuration->network.width = dataset->width;
    configuration->network.channels = dataset->channels;
    configuration->network.classes = dataset->classes;
    PNAS_TRY(check_cutout(configuration));
    PNAS_TRY(pnas_image_set_create(dataset, configuration->validation, (size_t)configuration->training_images,
                                   configuration->seed, images));
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
    PNAS_TRY(pnas_dataset_share(layout, configuration->dataset, out));
    const pnas_dataset *dataset = *out;
    PNAS_TRY(pnas_mpi_agree(make_image_set(layout, dataset, configuration, images)));
    PNAS_TRY(pnas_data_compare(layout, configuration->dataset, dataset->sha256));
    pnas_info("data set %s: %zu training and %zu validation images, %dx%dx%d, %d classes", dataset->name,
              (*images)->train_count, (*images)->validation_count, dataset->height, dataset->width,
              dataset->channels, dataset->classes);
    return PNAS_OK;
}
