#include "src/run/measured_run.h"

#include "io/config/configuration.h"
#include "io/data/dataset.h"
#include "io/data/image_split.h"
#include "io/run/run_file.h"
#include "src/run/level_jobs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pnas_status pnas_measured_shape(pnas_configuration *configuration, size_t *images)
{
    pnas_dataset *dataset = NULL;
    pnas_image_set *set = NULL;
    PNAS_TRY(
        pnas_dataset_open_training(configuration->dataset, (uint64_t)configuration->image_buffer, &dataset));
    configuration->network.height = dataset->height;
    configuration->network.width = dataset->width;
    configuration->network.channels = dataset->channels;
    configuration->network.classes = dataset->classes;
    pnas_status status =
        pnas_image_set_create(dataset, configuration->validation, (size_t)configuration->training_images,
                              configuration->seed, &set);
    *images = set ? set->train_count : 0;
    pnas_image_set_destroy(&set);
    pnas_dataset_destroy(&dataset);
    return status;
}

void pnas_job_scale_to_training(pnas_job *job, const pnas_configuration *configuration, size_t images)
{
    const pnas_training_options *training = &configuration->training;
    int64_t passes = (int64_t)images * training->epochs;
    int64_t batches = (int64_t)((images + (size_t)training->batch - 1) / (size_t)training->batch);
    int64_t launches = job->layers * batches * training->epochs;
    job->cost *= passes;
    job->values *= passes;
    job->layers = launches > INT32_MAX ? INT32_MAX : (int)launches;
}

typedef struct {
    const char *path;
    const pnas_run_info *info;
    const pnas_level *level;
    int levels;
    pnas_configuration configuration;
    size_t images;
    pnas_measured_run *out;
    double n, x, y, xx, xy, yy; /* sums over children: logarithm of cost, accuracy */
} reading;

/* --- children --- */

/* The kind of a rank's device, or -1. */
static int kind_of(const reading *run, int rank)
{
    for (size_t i = 0; i < run->info->rank_count; i++) {
        const pnas_run_rank *row = &run->info->rank[i];
        for (int kind = 0; row->rank == rank && kind < run->out->kinds; kind++)
            if (strcmp(row->device_name, run->out->kind[kind].device) == 0)
                return kind;
    }
    return -1;
}

static void collect_kinds(reading *run)
{
    pnas_measured_run *out = run->out;
    for (size_t i = 0; i < run->info->rank_count; i++) {
        const pnas_run_rank *row = &run->info->rank[i];
        int kind = row->device >= 0 ? kind_of(run, row->rank) : -1;
        if (row->device < 0 || (kind < 0 && out->kinds == PNAS_MEASURED_KINDS))
            continue;
        if (kind < 0) {
            kind = out->kinds++;
            snprintf(out->kind[kind].device, sizeof out->kind[kind].device, "%s", row->device_name);
        }
        out->kind[kind].ranks++;
    }
}

static pnas_status learn_from(reading *run, const pnas_level *level, size_t index)
{
    const pnas_child *child = &level->child[index];
    int kind = kind_of(run, child->result.rank);
    pnas_job job;
    if (child->result.status != PNAS_CHILD_DONE || !(child->result.train_seconds > 0) || kind < 0)
        return PNAS_OK;
    PNAS_TRY(pnas_level_job(&run->configuration, &child->cell, level->blocks, (int)index, &job));
    double x = log((double)job.cost), y = child->result.accuracy;
    pnas_job_scale_to_training(&job, &run->configuration, run->images);
    pnas_duration_learn(&run->out->kind[kind].model, &job, child->result.train_seconds);
    run->out->children++;
    run->n += 1;
    run->x += x;
    run->y += y;
    run->xx += x * x;
    run->xy += x * y;
    run->yy += y * y;
    return PNAS_OK;
}

static pnas_status learn_from_children(reading *run)
{
    collect_kinds(run);
    for (int b = 0; b < run->levels; b++)
        for (size_t i = 0; i < run->level[b].count; i++)
            PNAS_TRY(learn_from(run, &run->level[b], i));
    PNAS_CHECK(run->out->children > 0, PNAS_ERROR_DATA,
               "%s: no child of this run was trained on a device, so it says nothing about durations; take a "
               "run with 'evaluator: train'",
               run->path);
    return PNAS_OK;
}

/* By least squares. */
static void fit_accuracy(const reading *run)
{
    pnas_measured_run *out = run->out;
    double varies = run->n * run->xx - run->x * run->x;
    out->accuracy_slope = varies > 1e-9 ? (run->n * run->xy - run->x * run->y) / varies : 0;
    out->accuracy_base = (run->y - out->accuracy_slope * run->x) / run->n;
    double rest = run->yy - out->accuracy_base * run->y - out->accuracy_slope * run->xy;
    out->accuracy_spread = sqrt(fmax(rest / run->n, 0));
}

/* --- the surrogate --- */

/* Of a search without levels: how often the surrogate chose children. */
static double rounds_of(const reading *run)
{
    size_t chosen = 0;
    for (int b = 0; b < run->levels; b++)
        for (size_t i = 0; i < run->level[b].count; i++)
            chosen += !isnan(run->level[b].child[i].predicted);
    return ceil((double)chosen / run->configuration.search.round);
}

static void learn_from_surrogate(const reading *run)
{
    int members = run->configuration.surrogate.members;
    int ranks = run->info->rank_count > 0 ? (int)run->info->rank_count : 1;
    int turns = (members + ranks - 1) / ranks;
    double shares = 0, fits = 0, scores = 0, candidates = 0, seen = 0;
    for (int b = 0; b < run->levels; b++) {
        const pnas_level *level = &run->level[b];
        seen += (double)level->count;
        fits += level->fit_seconds;
        shares += level->fit_seconds > 0 ? turns * seen : 0;
        scores += level->score_seconds * ranks;
        candidates += (double)level->candidates;
    }
    if (!pnas_strategy_get(run->configuration.search.strategy)->levelwise) {
        double rounds = rounds_of(run);
        candidates *= rounds; /* those of the last round, and the seconds of all */
        shares = fits > 0 ? turns * rounds * seen / 2 : 0; /* a round knows half of the children on average */
    }
    run->out->fit_seconds = shares > 0 ? fits / shares : 0;
    run->out->score_seconds = candidates > 0 ? scores / candidates : 0;
}

/* --- the whole --- */

static pnas_status read_configuration(reading *run)
{
    PNAS_TRY(pnas_configuration_parse(run->path, run->info->configuration ? run->info->configuration : "",
                                      NULL, 0, &run->configuration));
    PNAS_CHECK(
        run->configuration.evaluator == PNAS_EVALUATOR_TRAIN, PNAS_ERROR_DATA,
        "%s: its children were looked up in a table, so it says nothing about durations; take a run with "
        "'evaluator: train'",
        run->path);
    pnas_status status = pnas_measured_shape(&run->configuration, &run->images);
    return status == PNAS_OK ? PNAS_OK : pnas_fail_at(status, "%s: the data set it was made with", run->path);
}

pnas_status pnas_measured_run_read(const char *path, pnas_measured_run *out)
{
    pnas_run_file *file = NULL;
    reading *run = calloc(1, sizeof *run);
    pnas_status status = PNAS_OK;
    *out = (pnas_measured_run){0};
    PNAS_CHECK(run, PNAS_ERROR_MEMORY, "no memory to read %s", path);
    run->path = path;
    run->out = out;
    status = pnas_run_file_read(path, &file);
    if (status != PNAS_OK) {
        pnas_fail(status, "--durations: %s; give the RUN.h5 of a search that has trained children",
                  pnas_message());
        goto cleanup;
    }
    run->info = pnas_run_file_info(file);
    run->level = pnas_run_file_levels(file, &run->levels);
    PNAS_TRY_CLEANUP(read_configuration(run));
    PNAS_TRY_CLEANUP(learn_from_children(run));
    fit_accuracy(run);
    learn_from_surrogate(run);
cleanup:
    pnas_run_file_close(&file);
    free(run);
    return status;
}
