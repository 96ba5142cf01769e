#include "src/run/replay.h"

#include "io/run/cell_table_file.h"
#include "src/base/clock.h"
#include "src/base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pnas_status describe(const char *path, const char *sha256, pnas_dataset **out)
{
    const char *slash = strrchr(path, '/');
    PNAS_TRY(pnas_dataset_create(out));
    snprintf((*out)->name, sizeof(*out)->name, "table %s", slash ? slash + 1 : path);
    snprintf((*out)->sha256, sizeof(*out)->sha256, "%s", sha256);
    return PNAS_OK;
}

static pnas_status check_curves(const pnas_search_options *search, const pnas_replay *replay)
{
    int last = search->rungs > 0 ? search->rung[search->rungs - 1] : 0;
    PNAS_CHECK(
        search->rungs == 0 || pnas_cell_table_curves(replay->table, last) > 0, PNAS_ERROR_DATA,
        "%s: no cell has a learning curve of more than %d epochs, but search.rungs needs one of each; "
        "take the RUN.h5 of children that were trained so long, or a table that pnas_table made of one",
        replay->path, last);
    return PNAS_OK;
}

pnas_status pnas_replay_open(const pnas_configuration *configuration, pnas_replay *out)
{
    char sha256[65];
    size_t left_out = 0;
    *out = (pnas_replay){.path = configuration->table, .pace = configuration->table_pace};
    PNAS_TRY(pnas_cell_table_read(configuration->table, &configuration->search.space, &out->table, &left_out,
                                  sha256));
    size_t count = pnas_cell_table_count(out->table);
    pnas_status status = check_curves(&configuration->search, out);
    if (status == PNAS_OK && configuration->search.rungs > 0) /* without rungs no curve counts */
        status = pnas_cell_table_sum(out->table, true, sha256);
    if (status == PNAS_OK)
        status = describe(configuration->table, sha256, &out->dataset);
    if (status != PNAS_OK) {
        pnas_replay_close(out);
        return status;
    }
    pnas_info("table %s: %zu cells of the search space, %zu outside of it; no child is trained",
              configuration->table, count, left_out);
    return PNAS_OK;
}

void pnas_replay_close(pnas_replay *replay)
{
    pnas_cell_table_destroy(&replay->table);
    pnas_dataset_destroy(&replay->dataset);
}

#define POLL_SECONDS 2e-3 /* seconds between two ticks */

static pnas_status sleep_for(double seconds, pnas_tick tick, void *tick_payload)
{
    double end = pnas_clock_seconds() + seconds;
    double left = seconds;
    while (left > 0) {
        if (tick)
            PNAS_TRY(tick(tick_payload));
        pnas_clock_sleep(left < POLL_SECONDS ? left : POLL_SECONDS);
        left = end - pnas_clock_seconds();
    }
    return PNAS_OK;
}

/* With rungs: what the curve says until the job's end. The other figures of an epoch are not known. */
static pnas_status take_curve(const pnas_job *job, const pnas_table_entry *entry, pnas_result *result)
{
    result->epochs = job->until > 0 ? job->until : entry->epochs;
    if (result->epochs > entry->epochs || entry->epochs == 0) {
        result->status = PNAS_CHILD_FAILED;
        snprintf(result->error, sizeof result->error,
                 "the table has a learning curve of %d epochs for this cell, and search.rungs needs more",
                 entry->epochs);
        result->epochs = 0;
        return PNAS_OK;
    }
    size_t figures = (size_t)result->epochs * PNAS_METRICS;
    result->history = malloc(figures * sizeof *result->history);
    PNAS_CHECK(result->history, PNAS_ERROR_MEMORY, "no memory for a history of %d epochs", result->epochs);
    for (size_t i = 0; i < figures; i++)
        result->history[i] =
            i % PNAS_METRICS == PNAS_METRIC_VALIDATION_ACCURACY ? entry->curve[i / PNAS_METRICS] : NAN;
    if (job->until > 0) {
        result->status = PNAS_CHILD_PAUSED;
        result->accuracy = NAN;
        result->train_seconds = entry->train_seconds * job->until / entry->epochs;
    }
    return PNAS_OK;
}

pnas_status pnas_replay_evaluate(void *payload, const pnas_job *job, pnas_tick tick, void *tick_payload,
                                 pnas_result *result)
{
    const pnas_replay *replay = payload;
    if (tick)
        PNAS_TRY(tick(tick_payload));
    const pnas_table_entry *entry = pnas_cell_table_find(replay->table, &job->cell);
    *result = (pnas_result){.start = pnas_clock_unix(), .device = -1};
    if (!entry) {
        result->status = PNAS_CHILD_FAILED;
        snprintf(result->error, sizeof result->error, "the table %.160s does not hold this cell",
                 replay->path);
        return PNAS_OK;
    }
    result->status = PNAS_CHILD_DONE;
    result->accuracy = entry->accuracy;
    result->parameters = entry->parameters;
    result->multiply_adds = entry->multiply_adds;
    result->train_seconds = entry->train_seconds;
    if (job->epochs > 0)
        PNAS_TRY(take_curve(job, entry, result));
    if (replay->pace <= 0 || entry->train_seconds <= 0) /* 0: not known, as the other figures */
        return PNAS_OK;
    double begun = pnas_clock_seconds();
    pnas_status status =
        sleep_for(replay->pace * pnas_job_share(job) * entry->train_seconds, tick, tick_payload);
    result->train_seconds = job->before + pnas_clock_seconds() - begun;
    if (status != PNAS_OK)
        pnas_result_clear(result);
    return status;
}
