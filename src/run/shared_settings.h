/* What a program of several ranks begins with: one configuration and the same data everywhere. Collective and
 * agreed. */
#ifndef PNAS_RUN_SHARED_SETTINGS_H
#define PNAS_RUN_SHARED_SETTINGS_H

#include "io/data/dataset.h"
#include "mpi/layout.h"
#include "src/net/run_settings.h"

typedef struct { /* all borrowed; NULL or 0: as the configuration has it */
    const char *path;
    const char *const *overrides;
    size_t override_count;
    const char *device, *lanes, *threads;
    int ranks_per_device;
    /* Called on rank 0 with what was read: may change it, and refuses what the program cannot use. */
    pnas_status (*adjust)(void *payload, pnas_configuration *configuration);
    void *payload;
} pnas_settings_source;

/* Rank 0 reads, all have the same afterwards. *text, the caller's (free), is the resolved configuration. */
pnas_status pnas_settings_share(const pnas_layout *layout, const pnas_settings_source *source,
                                pnas_configuration *out, char **text);

/* The ranks of a machine share one copy of the images (src/run/dataset_share.h), and every rank draws the
 * same split; the images' shape goes into configuration->network. Ranks that read another file than rank 0 are refused.
 * What is made is the caller's, also after a failure; the data set has to outlive whatever trains on the images. */
pnas_status pnas_data_share(const pnas_layout *layout, pnas_configuration *configuration,
                            pnas_dataset **dataset, pnas_image_set **images);

/* For what each rank reads itself: that `sha256`, of what this one has read of `path`, is that of all.
 * PNAS_ERROR_DATA with two that differ. */
pnas_status pnas_data_compare(const pnas_layout *layout, const char *path, const char *sha256);
/* The same of the bytes that were read, or of a text that says it all. */
pnas_status pnas_data_compare_bytes(const pnas_layout *layout, const char *path, const void *data,
                                    size_t size);

#endif
