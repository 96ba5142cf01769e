#include "io/config/configuration.h"
#include "io/config/configuration_change.h"
#include "io/file/sha256.h"
#include "io/net/network_graph.h"
#include "mpi/collectives.h"
#include "mpi/wire.h"
#include "src/base/log.h"
#include "src/search/cell_text.h"
#include "src/train/train_state.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const column_names[PNAS_TRAIN_COLUMNS] = {"train_loss",
                                                             "train_accuracy",
                                                             "validation_loss",
                                                             "validation_accuracy",
                                                             "learning_rate",
                                                             "average_validation_loss",
                                                             "average_validation_accuracy"};

static const char metrics_name[] = "batch_metrics";

void pnas_train_state_clear(pnas_train_state *state)
{
    free(state->history);
    free(state->batch_metrics);
    pnas_train_tensors_clear(&state->before);
    *state = (pnas_train_state){0};
}

/* --- what a network file belongs to --- */

/* Of all that its configuration does not tell: cell, images, kernels. */
static pnas_status make_fingerprint(const pnas_train_options *options, char out[PNAS_SHA256_TEXT])
{
    char cell[PNAS_CELL_TEXT_MAX];
    pnas_sha256 *sha = NULL;
    pnas_cell_format(options->cell, &options->configuration->search.space.operators, cell);
    const char *const parts[] = {cell, options->dataset->sha256, options->kernels};
    PNAS_TRY(pnas_sha256_create(&sha));
    pnas_status status = PNAS_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && status == PNAS_OK; i++)
        status = pnas_sha256_add(sha, parts[i], strlen(parts[i]));
    if (status == PNAS_OK)
        status = pnas_sha256_finish(sha, out);
    pnas_sha256_destroy(&sha);
    return status;
}

/* Whether final training is decided by the key. */
static bool decides(const pnas_configuration_change *change)
{
    return change->resume != PNAS_RESUME_FREE &&
           (strcmp(change->key, "seed") == 0 || strncmp(change->key, "dataset.", 8) == 0 ||
            strncmp(change->key, "network.", 8) == 0 || strncmp(change->key, "training.", 9) == 0);
}

static pnas_status compare_settings(const pnas_train_options *options, const pnas_network_file *file)
{
    pnas_configuration_change change;
    pnas_configuration *before = malloc(sizeof *before);
    PNAS_CHECK(before, PNAS_ERROR_MEMORY, "no memory for a configuration");
    pnas_status status = pnas_configuration_parse(
        options->path, file->configuration ? file->configuration : "", NULL, 0, before);
    if (status != PNAS_OK)
        status = pnas_fail_at(PNAS_ERROR_DATA, "the configuration in it cannot be read");
    else
        before->network.filters = file->network.filters; /* found, where network.parameters was given */
    for (size_t at = 0;
         status == PNAS_OK && pnas_configuration_next_change(before, options->configuration, &at, &change);)
        if (decides(&change))
            status = pnas_fail(PNAS_ERROR_USAGE,
                               "%s: this network is trained with %s: %s, but the configuration now says %s; "
                               "take the old value, or write another file with -o",
                               options->path, change.key, change.before, change.after);
    free(before);
    return status;
}

/* No tensor of a network that nobody looks at again may be missing. */
static pnas_status check_complete(const pnas_train_options *options, const pnas_network_file *file)
{
    pnas_graph *graph = NULL;
    PNAS_TRY(pnas_network_file_graph(options->path, file, &graph));
    pnas_graph_destroy(&graph);
    return PNAS_OK;
}

/* How a list describes a device of that name, or any other one where it has none; exact: by this driver. */
static size_t find_device(const pnas_network_devices *list, const char *name, const char *driver, bool *exact)
{
    size_t found = 0;
    *exact = false;
    for (size_t i = 0; i < list->count && !*exact; i++) {
        bool same = strcmp(list->name[i], name) == 0;
        *exact = same && strcmp(list->driver[i], driver) == 0;
        if (same)
            found = i;
    }
    return found;
}

/* Other devices, drivers and tuned tables sum in other orders. That is no reason not to go on, as in a search. */
static void warn_of_devices(const pnas_train_options *options, const pnas_network_devices *before)
{
    const pnas_network_devices *now = options->devices;
    for (size_t i = 0; before->count > 0 && i < now->count; i++) {
        bool exact;
        size_t at = find_device(before, now->name[i], now->driver[i], &exact);
        if (exact)
            continue;
        pnas_warning("%s: was last trained on %s with driver %s and goes on on %s with %s: the network may "
                     "differ in its last bits from that of an uninterrupted training",
                     options->path, before->name[at], before->driver[at], now->name[i], now->driver[i]);
        return;
    }
}

static pnas_status compare(const pnas_train_options *options, const pnas_network_file *file)
{
    char now[PNAS_CELL_TEXT_MAX], before[PNAS_CELL_TEXT_MAX], fingerprint[PNAS_SHA256_TEXT];
    pnas_cell_format(options->cell, &options->configuration->search.space.operators, now);
    pnas_cell_format(&file->cell, &file->operators, before);
    PNAS_CHECK(!file->of_search, PNAS_ERROR_USAGE,
               "%s: holds weights that a search wrote; write the network to another file with -o",
               options->path);
    PNAS_CHECK(strcmp(now, before) == 0, PNAS_ERROR_USAGE,
               "%s: is the network of another cell (%s, not %s); write this one to another file with -o",
               options->path, before, now);
    PNAS_TRY(compare_settings(options, file));
    PNAS_CHECK(
        strcmp(file->dataset_sha256, options->dataset->sha256) == 0, PNAS_ERROR_DATA,
        "%s: this network is trained on other images than those of %s (SHA-256 %.12s..., not %.12s...); name "
        "those with dataset.file, or write another file with -o",
        options->path, options->configuration->dataset, file->dataset_sha256, options->dataset->sha256);
    PNAS_TRY(pnas_network_check_class_names(options->path, file, options->configuration->dataset,
                                            options->dataset->class_names));
    if (!file->in_training)
        return check_complete(options, file);
    PNAS_TRY(make_fingerprint(options, fingerprint));
    PNAS_CHECK(
        strcmp(fingerprint, file->fingerprint) == 0, PNAS_ERROR_USAGE,
        "%s: was begun with other kernels, whose sums differ; go on with the program that began it, or "
        "write another file with -o",
        options->path);
    warn_of_devices(options, &file->devices);
    return PNAS_OK;
}

pnas_status pnas_train_file_open(const pnas_train_options *options, pnas_network_file *file, bool *there)
{
    *file = (pnas_network_file){0};
    *there = access(options->path, F_OK) == 0 || errno != ENOENT;
    if (!*there)
        return PNAS_OK;
    PNAS_TRY(pnas_network_file_read(options->path, file));
    return compare(options, file);
}

/* --- to the file --- */

static void describe(const pnas_train_options *options, const pnas_train_state *state, pnas_network_file *out)
{
    const pnas_configuration *configuration = options->configuration;
    const pnas_dataset *dataset = options->dataset;
    *out = (pnas_network_file){.cell = *options->cell,
                               .operators = configuration->search.space.operators,
                               .network = configuration->network,
                               .norm_epsilon = configuration->training.norm_epsilon,
                               .class_names = dataset->class_names,
                               .configuration = (char *)options->configuration_text,
                               .seed = configuration->seed,
                               .accuracy = state->at.epoch > 0 ? state->at.last : NAN,
                               .in_training = state->at.epoch < configuration->training.epochs,
                               .divergence = state->divergence,
                               .devices = *options->devices,
                               .training = state->at};
    memcpy(out->mean, dataset->mean, sizeof out->mean);
    memcpy(out->deviation, dataset->deviation, sizeof out->deviation);
    snprintf(out->run, sizeof out->run, "%s", options->run);
    snprintf(out->dataset, sizeof out->dataset, "%s", configuration->dataset);
    snprintf(out->dataset_name, sizeof out->dataset_name, "%s", dataset->name);
    snprintf(out->dataset_licence, sizeof out->dataset_licence, "%s", dataset->licence);
    snprintf(out->dataset_sha256, sizeof out->dataset_sha256, "%s", dataset->sha256);
}

/* The columns that have figures. */
static pnas_status take_history(const pnas_train_state *state, pnas_network_history *out)
{
    size_t epochs = (size_t)state->at.epoch;
    *out = (pnas_network_history){0};
    if (epochs == 0)
        return PNAS_OK;
    int columns[PNAS_TRAIN_COLUMNS];
    for (int c = 0; c < PNAS_TRAIN_COLUMNS; c++)
        if (!isnan(state->history[c]))
            columns[out->columns++] = c;
    out->values = malloc(epochs * (size_t)out->columns * sizeof *out->values + 1);
    PNAS_CHECK(out->values, PNAS_ERROR_MEMORY, "no memory for a history of %zu epochs", epochs);
    out->epochs = epochs;
    for (int k = 0; k < out->columns; k++) {
        snprintf(out->name[k], sizeof out->name[k], "%s", column_names[columns[k]]);
        for (size_t e = 0; e < epochs; e++)
            out->values[e * (size_t)out->columns + (size_t)k] =
                state->history[e * PNAS_TRAIN_COLUMNS + (size_t)columns[k]];
    }
    return PNAS_OK;
}

/* The moments and, in an epoch, what its updates gave and how it began. *moments are freed by
 * pnas_shard_tensors_free. */
static pnas_status take_training(pnas_shard_trainer *trainer, const pnas_train_state *state,
                                 pnas_named_tensor **moments, size_t *moment_count, pnas_network_file *file)
{
    size_t count = 0, rows = (size_t)state->at.batch;
    size_t before = state->before.count + state->before.average_count;
    PNAS_TRY(pnas_shard_trainer_moments(trainer, moments, moment_count));
    count = *moment_count;
    file->training.tensor = calloc(count + before + 1, sizeof **moments);
    PNAS_CHECK(file->training.tensor, PNAS_ERROR_MEMORY, "no memory for a checkpoint");
    memcpy(file->training.tensor, *moments, count * sizeof **moments);
    file->training.count = count;
    if (rows == 0)
        return PNAS_OK;
    PNAS_TRY(pnas_train_tensors_list(&state->before, file->training.tensor, &file->training.count));
    pnas_named_tensor *metrics = &file->training.tensor[file->training.count++];
    *metrics = (pnas_named_tensor){.rank = 2, .shape = {rows, 2}, .data = state->batch_metrics};
    snprintf(metrics->name, sizeof metrics->name, "%s", metrics_name);
    return PNAS_OK;
}

pnas_status pnas_train_file_write(const pnas_train_options *options, pnas_shard_trainer *trainer,
                                  const pnas_train_state *state)
{
    pnas_network_file file; /* borrowed, but for tensors and history */
    pnas_named_tensor *moments = NULL;
    size_t moment_count = 0;
    pnas_status status;
    describe(options, state, &file);
    file.parameters = pnas_shard_trainer_counts(trainer).parameters;
    PNAS_TRY_CLEANUP(make_fingerprint(options, file.fingerprint));
    PNAS_TRY_CLEANUP(pnas_shard_trainer_weights(trainer, false, &file.weights.tensor, &file.weights.count));
    if (options->configuration->training.average > 0)
        PNAS_TRY_CLEANUP(
            pnas_shard_trainer_weights(trainer, true, &file.average.tensor, &file.average.count));
    if (file.in_training)
        PNAS_TRY_CLEANUP(take_training(trainer, state, &moments, &moment_count, &file));
    PNAS_TRY_CLEANUP(take_history(state, &file.history));
    status = pnas_network_file_write(options->path, &file);
cleanup:
    pnas_shard_tensors_free(&moments, moment_count);
    pnas_shard_tensors_free(&file.weights.tensor, file.weights.count);
    pnas_shard_tensors_free(&file.average.tensor, file.average.count);
    free(file.training.tensor);
    free(file.history.values);
    return status;
}

/* --- from rank 0's file to all ranks --- */

static void put_tensors(pnas_wire_writer *to, const pnas_named_tensor *tensors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t values = 1;
        pnas_wire_put_text(to, tensors[i].name);
        pnas_wire_put_int(to, tensors[i].rank);
        for (int d = 0; d < tensors[i].rank; d++) {
            pnas_wire_put_int(to, (int64_t)tensors[i].shape[d]);
            values *= tensors[i].shape[d];
        }
        pnas_wire_put_floats(to, tensors[i].data, values);
    }
}

static const float *history_of(const pnas_network_file *file, size_t epoch, int column)
{
    for (int k = 0; k < file->history.columns; k++)
        if (strcmp(file->history.name[k], column_names[column]) == 0)
            return &file->history.values[epoch * (size_t)file->history.columns + (size_t)k];
    return NULL;
}

static pnas_status write_nothing(pnas_wire_writer *to)
{
    pnas_wire_begin(to);
    pnas_wire_put_int(to, false);
    return pnas_wire_finish(to);
}

static pnas_status write_state(const pnas_network_file *file, int epochs, int updates, pnas_wire_writer *to)
{
    const pnas_checkpoint *at = &file->training;
    PNAS_CHECK(!file->in_training || (at->epoch <= epochs && (size_t)at->epoch == file->history.epochs),
               PNAS_ERROR_DATA, "its history has %zu epochs, but its training stands after epoch %d",
               file->history.epochs, at->epoch);
    PNAS_CHECK(at->batch <= updates && file->divergence.epoch <= epochs && file->divergence.update <= updates,
               PNAS_ERROR_DATA, "it stands at update %d, or went back from %d, of epochs that have %d",
               at->batch, file->divergence.update, updates);
    pnas_wire_begin(to);
    pnas_wire_put_int(to, true);
    pnas_wire_put_int(to, !file->in_training);
    pnas_wire_put_int(to, at->epoch);
    pnas_wire_put_int(to, at->batch);
    pnas_wire_put_double(to, at->best);
    pnas_wire_put_double(to, at->last);
    pnas_wire_put_double(to, at->seconds);
    pnas_wire_put_int(to, file->divergence.epoch);
    pnas_wire_put_int(to, file->divergence.update);
    pnas_wire_put_double(to, file->divergence.factor);
    for (size_t e = 0; e < (size_t)at->epoch; e++)
        for (int c = 0; c < PNAS_TRAIN_COLUMNS; c++) {
            const float *value = history_of(file, e, c);
            pnas_wire_put_floats(to, value ? value : &(float){NAN}, 1);
        }
    pnas_wire_put_int(to, (int64_t)(file->weights.count + at->count));
    pnas_wire_put_int(to, (int64_t)file->average.count);
    put_tensors(to, file->weights.tensor, file->weights.count);
    put_tensors(to, at->tensor, at->count);
    put_tensors(to, file->average.tensor, file->average.count);
    return pnas_wire_finish(to);
}

enum { TENSOR_BYTES = 16 }; /* at least so many in a message */

static pnas_status get_tensors(pnas_wire_reader *from, pnas_named_tensor *tensors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t values = 1;
        pnas_wire_get_text(from, tensors[i].name, sizeof tensors[i].name);
        tensors[i].rank = (int)pnas_wire_get_int(from, 0, 4);
        for (int d = 0; d < tensors[i].rank; d++) {
            tensors[i].shape[d] = (size_t)pnas_wire_get_int(from, 0, INT32_MAX);
            values *= tensors[i].shape[d];
        }
        tensors[i].data = calloc(values + 1, sizeof *tensors[i].data);
        PNAS_CHECK(tensors[i].data, PNAS_ERROR_MEMORY, "no memory for the values of %s", tensors[i].name);
        pnas_wire_get_floats(from, tensors[i].data, values);
    }
    return PNAS_OK;
}

static pnas_status take_metrics(const pnas_named_tensor *tensors, size_t count, pnas_train_state *state)
{
    size_t rows = (size_t)state->at.batch;
    for (size_t i = 0; i < count && rows > 0; i++)
        if (strcmp(tensors[i].name, metrics_name) == 0 && tensors[i].rank == 2 &&
            tensors[i].shape[0] == rows && tensors[i].shape[1] == 2) {
            memcpy(state->batch_metrics, tensors[i].data, 2 * rows * sizeof(float));
            return PNAS_OK;
        }
    PNAS_CHECK(rows == 0, PNAS_ERROR_DATA, "it has no %s of %zu updates", metrics_name, rows);
    return PNAS_OK;
}

static pnas_status read_state(pnas_wire_reader *from, int epochs, int updates, pnas_train_state *state,
                              pnas_train_tensors *out)
{
    state->complete = pnas_wire_get_int(from, 0, 1);
    state->at.epoch = (int)pnas_wire_get_int(from, 0, epochs);
    state->at.batch = (int)pnas_wire_get_int(from, 0, updates);
    state->at.best = pnas_wire_get_double(from);
    state->at.last = pnas_wire_get_double(from);
    state->at.seconds = pnas_wire_get_double(from);
    state->divergence.epoch = (int)pnas_wire_get_int(from, 0, epochs);
    state->divergence.update = (int)pnas_wire_get_int(from, 0, updates);
    state->divergence.factor = pnas_wire_get_double(from);
    pnas_wire_get_floats(from, state->history, (size_t)state->at.epoch * PNAS_TRAIN_COLUMNS);
    out->count = pnas_wire_get_count(from, TENSOR_BYTES);
    out->average_count = pnas_wire_get_count(from, TENSOR_BYTES);
    out->tensor = calloc(out->count + 1, sizeof *out->tensor);
    out->average = calloc(out->average_count + 1, sizeof *out->average);
    PNAS_CHECK(out->tensor && out->average, PNAS_ERROR_MEMORY, "no memory for a checkpoint");
    PNAS_TRY(get_tensors(from, out->tensor, out->count));
    PNAS_TRY(get_tensors(from, out->average, out->average_count));
    PNAS_TRY(pnas_wire_close(from, "a training's state"));
    return state->complete ? PNAS_OK : take_metrics(out->tensor, out->count, state);
}

/* The epoch's beginning first: what cannot lead there is known before it is needed. */
static pnas_status resume(pnas_shard_trainer *trainer, const pnas_train_tensors *tensors, int updates,
                          pnas_train_state *state)
{
    const pnas_train_tensors *before = &state->before;
    int done = state->at.epoch * updates;
    if (state->at.batch > 0)
        PNAS_TRY(pnas_train_tensors_find(tensors->tensor, tensors->count, &state->before));
    if (before->count > 0)
        PNAS_TRY(pnas_shard_trainer_resume(trainer, done, before->tensor, before->count, before->average,
                                           before->average_count));
    PNAS_TRY(pnas_shard_trainer_resume(trainer, done + state->at.batch, tensors->tensor, tensors->count,
                                       tensors->average, tensors->average_count));
    return state->divergence.epoch > 0 ? pnas_shard_trainer_scale_rates(trainer, state->divergence.factor)
                                       : PNAS_OK;
}

static pnas_status take_state(const void *data, size_t size, pnas_shard_trainer *trainer, int epochs,
                              int updates, pnas_train_state *state)
{
    pnas_wire_reader from;
    pnas_train_tensors tensors = {0};
    pnas_wire_open(&from, data, size);
    if (!pnas_wire_get_int(&from, 0, 1))
        return pnas_wire_close(&from, "a training's state");
    if (!trainer) {
        state->complete = pnas_wire_get_int(&from, 0, 1);
        return PNAS_OK;
    }
    pnas_status status = read_state(&from, epochs, updates, state, &tensors);
    if (status == PNAS_OK && !state->complete)
        status = resume(trainer, &tensors, updates, state);
    pnas_train_tensors_clear(&tensors);
    return status;
}

pnas_status pnas_train_state_share(const pnas_layout *layout, const pnas_network_file *file,
                                   pnas_shard_trainer *trainer, int epochs, int updates,
                                   pnas_train_state *state)
{
    pnas_wire_writer to = {0};
    pnas_status status = PNAS_OK;
    if (layout->rank == 0)
        status = file ? write_state(file, epochs, updates, &to) : write_nothing(&to);
    status = pnas_mpi_agree(status);
    void *bytes = to.data;
    unsigned long size = to.size;
    if (status == PNAS_OK)
        status = pnas_mpi_broadcast(&bytes, &size);
    if (status == PNAS_OK)
        status = take_state(bytes, size, trainer, epochs, updates, state);
    if (layout->rank != 0)
        free(bytes);
    pnas_wire_clear(&to);
    return pnas_mpi_agree(status);
}
