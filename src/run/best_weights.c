#include "src/run/best_weights.h"

#include "io/file/name_end.h"
#include "io/net/network_file.h"
#include "src/base/log.h"
#include "src/run/best_children.h"
#include "src/run/configuration_match.h"
#include "src/search/cell_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void weights_path(const char *run_path, size_t place, char *out, size_t size)
{
    size_t length = strlen(run_path) - (pnas_name_ends_in(run_path, ".h5") ? strlen(".h5") : 0);
    snprintf(out, size, "%.*s.%zu.weights.h5", (int)length, run_path, place);
}

/* ---- what is there ---- */

static bool is_same_cell(const pnas_best_weights_options *options, const pnas_best_child *best,
                         const pnas_network_file *file)
{
    char mine[PNAS_CELL_TEXT_MAX], theirs[PNAS_CELL_TEXT_MAX];
    pnas_cell_format(&best->child->cell, &options->configuration->search.space.operators, mine);
    pnas_cell_format(&file->cell, &file->operators, theirs);
    return strcmp(mine, theirs) == 0;
}

/* Whether the file holds what training this child gives. */
static bool is_of_child(const pnas_best_weights_options *options, const pnas_best_child *best,
                        const pnas_network_file *file)
{
    char extension[PNAS_EXTENSION_MAX];
    return is_same_cell(options, best, file) && file->parameters == best->child->result.parameters &&
           strcmp(file->dataset_sha256, options->dataset->sha256) == 0 && file->configuration &&
           pnas_configuration_match("its configuration", file->configuration, true, options->configuration,
                                    extension) == PNAS_OK;
}

/* Other weights of that name, those of an earlier best child, say, make room. What is none stays, which is told
 * before a child is trained for nothing. */
static pnas_status look(const pnas_best_weights_options *options, const pnas_best_child *best,
                        const char *path, bool *there)
{
    pnas_network_file file = {0};
    *there = false;
    if (access(path, F_OK) != 0)
        return PNAS_OK;
    pnas_status status = pnas_network_file_read(path, &file);
    if (status != PNAS_OK)
        return pnas_fail(status, "%s, or move it away", pnas_message());
    bool of_search = file.of_search;
    *there = of_search && is_of_child(options, best, &file);
    pnas_network_file_clear(&file);
    PNAS_CHECK(of_search, PNAS_ERROR_FILE,
               "%s: holds a network of pnas_train, where weights of the search belong; move it away", path);
    return PNAS_OK;
}

/* ---- writing ---- */

/* `result` is that of the training which gave the weights. */
static void describe(const pnas_best_weights_options *options, const pnas_best_child *best,
                     const pnas_result *result, pnas_network_file *out)
{
    const pnas_configuration *configuration = options->configuration;
    const pnas_dataset *dataset = options->dataset;
    *out = (pnas_network_file){.of_search = true,
                               .cell = best->child->cell,
                               .operators = configuration->search.space.operators,
                               .network = configuration->network,
                               .norm_epsilon = configuration->training.norm_epsilon,
                               .class_names = dataset->class_names,
                               .configuration = (char *)options->configuration_text,
                               .seed = configuration->seed,
                               .accuracy = result->accuracy,
                               .parameters = result->parameters};
    memcpy(out->mean, dataset->mean, sizeof out->mean);
    memcpy(out->deviation, dataset->deviation, sizeof out->deviation);
    snprintf(out->run, sizeof out->run, "%s", options->run_path);
    snprintf(out->dataset, sizeof out->dataset, "%s", configuration->dataset);
    snprintf(out->dataset_name, sizeof out->dataset_name, "%s", dataset->name);
    snprintf(out->dataset_licence, sizeof out->dataset_licence, "%s", dataset->licence);
    snprintf(out->dataset_sha256, sizeof out->dataset_sha256, "%s", dataset->sha256);
}

/* The figures of each epoch, borrowed. */
static void describe_history(const pnas_result *result, pnas_network_history *out)
{
    static const char *const metrics[PNAS_METRICS] = {
        [PNAS_METRIC_TRAIN_LOSS] = "train_loss",
        [PNAS_METRIC_TRAIN_ACCURACY] = "train_accuracy",
        [PNAS_METRIC_VALIDATION_LOSS] = "validation_loss",
        [PNAS_METRIC_VALIDATION_ACCURACY] = "validation_accuracy",
        [PNAS_METRIC_LEARNING_RATE] = "learning_rate",
    };
    *out = (pnas_network_history){.epochs = result->history ? (size_t)result->epochs : 0,
                                  .columns = PNAS_METRICS,
                                  .values = result->history};
    for (int m = 0; m < PNAS_METRICS; m++)
        snprintf(out->name[m], sizeof out->name[m], "%s", metrics[m]);
}

static pnas_status write_weights(const pnas_best_weights_options *options, const pnas_best_child *best,
                                 const pnas_result *result, const char *path)
{
    pnas_network_file file; /* all of it borrowed, but for the weights */
    describe(options, best, result, &file);
    describe_history(result, &file.history);
    PNAS_TRY(pnas_trainer_weights(options->trainer, &file.weights.tensor, &file.weights.count));
    pnas_status status = pnas_network_file_write(path, &file);
    pnas_trainer_free_weights(&file.weights.tensor, file.weights.count);
    if (status == PNAS_OK)
        pnas_info("wrote %s", path);
    if (status == PNAS_OK && result->accuracy != best->child->result.accuracy)
        pnas_warning(
            "%s: the child reached %.6f when it was trained again, but %.6f in the run; another kind "
            "of device rounds differently",
            path, result->accuracy, best->child->result.accuracy);
    return status;
}

static pnas_status train_again(const pnas_best_weights_options *options, const pnas_best_child *best,
                               const char *path, bool *written)
{
    pnas_job job = {.level = best->level,
                    .index = (int)best->index,
                    .cell = best->child->cell,
                    .cost = best->child->result.multiply_adds};
    pnas_result result = {0};
    PNAS_CHECK(options->trainer, PNAS_ERROR_DEVICE,
               "%s is missing: rank 0, which trains the best children again, has no device", path);
    PNAS_TRY(pnas_trainer_evaluate(options->trainer, &job, options->tick, options->tick_payload, &result));
    pnas_status status = PNAS_OK;
    *written = result.status == PNAS_CHILD_DONE;
    if (*written)
        status = write_weights(options, best, &result, path);
    else
        pnas_warning("%s is not written: the child failed when it was trained again: %s", path, result.error);
    pnas_result_clear(&result);
    return status;
}

pnas_status pnas_best_weights_write(const pnas_best_weights_options *options, const pnas_search *search)
{
    size_t wanted = (size_t)options->configuration->keep_weights, count = 0, missing = 0;
    pnas_best_child *best = NULL;
    if (wanted == 0)
        return PNAS_OK;
    PNAS_TRY(pnas_best_children(search, &best, &count));
    pnas_status status = PNAS_OK;
    for (size_t i = 0; i < wanted && i < count && status == PNAS_OK; i++) {
        char path[PNAS_PATH_MAX + 32];
        bool written = false;
        weights_path(options->run_path, i + 1, path, sizeof path);
        status = look(options, &best[i], path, &written);
        if (status == PNAS_OK && !written)
            status = train_again(options, &best[i], path, &written);
        missing += !written;
    }
    free(best);
    PNAS_TRY(status);
    PNAS_CHECK(missing == 0, PNAS_ERROR_DEVICE, "the weights of %zu of the best children are not written",
               missing);
    return PNAS_OK;
}
