#include "cl/runtime/device_set.h"

#include "cl/runtime/cache_directory.h"
#include "cl/runtime/device_scan.h"

#include <stdlib.h>

pnas_status pnas_device_prepare_environment(void)
{
    char *cache = NULL;
    PNAS_TRY(pnas_cache_directory_prepare(NULL, &cache));
    free(cache);
    return PNAS_OK;
}

pnas_status pnas_device_list(pnas_device_info **out, int *count)
{
    pnas_device_array all = {0};
    pnas_status status;
    char *cache = NULL;
    *out = NULL;
    *count = 0;
    PNAS_TRY_CLEANUP(pnas_cache_directory_prepare(NULL, &cache));
    PNAS_TRY_CLEANUP(pnas_device_scan(0, &all));
    PNAS_TRY_CLEANUP(pnas_device_describe(&all, out));
    *count = all.count;
cleanup:
    free(cache);
    free(all.item);
    return status;
}

/* FNV-1a (Fowler, Noll, Vo). */
static void hash_text(uint64_t *hash, const char *text)
{
    for (; text && *text; ++text)
        *hash = (*hash ^ (unsigned char)*text) * 0x100000001b3u;
}

static uint64_t hash_devices(int threads)
{
    /* What hides devices from a process gives each the same names for others. */
    static const char *const masks[] = {"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES",
                                        "GPU_DEVICE_ORDINAL", "ZE_AFFINITY_MASK"};
    pnas_device_array all = {0};
    uint64_t hash = 0xcbf29ce484222325u;
    if (pnas_device_scan(threads, &all) != PNAS_OK)
        all.count = 0;
    for (int i = 0; i < all.count; ++i) {
        hash_text(&hash, all.item[i].info.name);
        hash_text(&hash, all.item[i].info.pci);
    }
    for (size_t i = 0; i < sizeof masks / sizeof *masks; ++i)
        hash_text(&hash, getenv(masks[i]));
    free(all.item);
    return hash;
}

pnas_status pnas_device_hash(const pnas_cl_options *options, uint64_t *out)
{
    char *cache = NULL;
    PNAS_TRY(pnas_cache_directory_prepare(options->cache_directory, &cache));
    *out = hash_devices(options->threads);
    free(cache);
    return PNAS_OK;
}
