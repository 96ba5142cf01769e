#include "src/run/rank_kinds.h"

#include "src/run/level_jobs.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *device[PNAS_DEVICE_KINDS_MAX]; /* borrowed */
    int count;
} kind_names;

/* The kind of a device, or -1. */
static int find(const kind_names *names, const char *device)
{
    for (int kind = 0; kind < names->count; kind++)
        if (strcmp(names->device[kind], device) == 0)
            return kind;
    return -1;
}

/* In the order of ranks; of too many kinds the last ones count as one. */
static kind_names collect(const pnas_search_run_options *options)
{
    kind_names names = {.count = 0};
    for (int rank = 0; rank < options->layout->ranks; rank++) {
        const char *device = options->devices->table[rank].device_name;
        if (names.count < PNAS_DEVICE_KINDS_MAX && find(&names, device) < 0)
            names.device[names.count++] = device;
    }
    return names;
}

void pnas_rank_kinds_set(const pnas_search_run_options *options)
{
    const kind_names names = collect(options);
    for (int rank = 0; rank < options->layout->ranks; rank++) {
        int kind = find(&names, options->devices->table[rank].device_name);
        pnas_scheduler_set_kind(options->scheduler, rank, kind < 0 ? PNAS_DEVICE_KINDS_MAX - 1 : kind);
    }
}

pnas_status pnas_rank_kinds_remember(pnas_run_file *file, pnas_rank_kinds *out)
{
    const pnas_run_info *info = pnas_run_file_info(file);
    *out = (pnas_rank_kinds){malloc((info->rank_count + 1) * sizeof *out->rank), info->rank_count};
    PNAS_CHECK(out->rank, PNAS_ERROR_MEMORY, "no memory for a table of %zu ranks", info->rank_count);
    if (info->rank_count > 0)
        memcpy(out->rank, info->rank, info->rank_count * sizeof *out->rank);
    return PNAS_OK;
}

void pnas_rank_kinds_free(pnas_rank_kinds *kinds)
{
    free(kinds->rank);
    *kinds = (pnas_rank_kinds){0};
}

pnas_status pnas_rank_kinds_learn(const pnas_search_run_options *options, const pnas_search *search,
                                  const pnas_rank_kinds *then)
{
    const kind_names names = collect(options);
    for (int b = 1; pnas_search_level(search, b) && !options->table; b++) {
        const pnas_level *level = pnas_search_level(search, b);
        for (size_t i = 0; i < level->count; i++) {
            const pnas_result *result = &level->child[i].result;
            bool known =
                result->status == PNAS_CHILD_DONE && result->rank >= 0 && (size_t)result->rank < then->count;
            int kind = known ? find(&names, then->rank[result->rank].device_name) : -1;
            pnas_job job;
            if (kind < 0)
                continue;
            PNAS_TRY(pnas_level_job(options->configuration, &level->child[i].cell, b, (int)i, &job));
            pnas_scheduler_learn(options->scheduler, kind, &job, result->train_seconds);
        }
    }
    return PNAS_OK;
}
