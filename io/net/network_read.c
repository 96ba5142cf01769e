#include "io/config/configuration.h"
#include "io/file/name_end.h"
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/hdf5_content_sum.h"
#include "io/hdf5/tensor_group.h"
#include "io/net/network_file.h"
#include "io/net/network_layout.h"

#include "src/base/decimal.h"
#include "src/search/cell_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES_MAX 65536 /* labels are uint16 */
#define EPOCHS_MAX  1000000
#define SIDE_MAX    65536 /* of images, and of what the graph checks more closely */
#define ROUNDED     2e-6  /* accuracies are kept with six decimals, and in float32 */

static pnas_status read_int(hid_t object, const char *name, int low, int high, int *out)
{
    PNAS_TRY(pnas_h5_read_number(object, name, H5T_NATIVE_INT, out));
    if (*out < low || *out > high)
        return pnas_h5_fail(PNAS_ERROR_DATA, object, name, "is %d; expected %d to %d", *out, low, high);
    return PNAS_OK;
}

static pnas_status no_memory(hid_t object, const char *what)
{
    return pnas_h5_fail(PNAS_ERROR_MEMORY, object, NULL, "out of memory for %s", what);
}

/* ---- the network ---- */

static pnas_status check_conventions(hid_t root, pnas_network_file *out)
{
    char conventions[64] = "";
    bool known = pnas_h5_copy_text(root, "conventions", conventions, sizeof conventions) == PNAS_OK;
    if (known && strncmp(conventions, "PNAS-run-", 9) == 0)
        return pnas_h5_fail(
            PNAS_ERROR_DATA, root, NULL,
            "is the run file of a search; pnas_train CONFIG.yaml --run RUN.h5 -o NET.h5 makes "
            "a network of one of its cells");
    if (!known ||
        (strncmp(conventions, "PNAS-network-", 13) != 0 && strncmp(conventions, "PNAS-weights-", 13) != 0))
        return pnas_h5_fail(
            PNAS_ERROR_DATA, root, NULL,
            "is no network (it has neither conventions PNAS-network-... nor PNAS-weights-...)");
    out->of_search = strcmp(conventions, PNAS_WEIGHTS_CONVENTIONS) == 0;
    if (!out->of_search && strcmp(conventions, PNAS_NETWORK_CONVENTIONS) != 0)
        return pnas_h5_fail(
            PNAS_ERROR_DATA, root, NULL,
            "is a network by the conventions %s; this program knows %s and %s only, so use the "
            "program that wrote it",
            conventions, PNAS_NETWORK_CONVENTIONS, PNAS_WEIGHTS_CONVENTIONS);
    if (!pnas_h5_exists(root, "network"))
        return pnas_h5_fail(PNAS_ERROR_DATA, root, NULL,
                            "has weights only: an older version wrote no class names and no normalisation; "
                            "continue its run with this version, which writes the file again");
    return PNAS_OK;
}

static pnas_status add_operators(hid_t group, char *const *names, size_t count, pnas_operator_set *set)
{
    int32_t numbers[PNAS_OPERATORS_MAX][PNAS_OPERATOR_NUMBERS];
    const hsize_t shape[] = {count, PNAS_OPERATOR_NUMBERS};
    if (count < 1 || count > PNAS_OPERATORS_MAX)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "operators", "%zu operators, expected 1 to %d", count,
                            PNAS_OPERATORS_MAX);
    PNAS_TRY(pnas_h5_read_array(group, "operator_numbers", H5T_NATIVE_INT32, 2, shape, numbers));
    for (size_t i = 0; i < count; i++) {
        pnas_operator op = {.kind = (pnas_operator_kind)numbers[i][0],
                            .kernel = numbers[i][1],
                            .dilation = numbers[i][2],
                            .repeat = numbers[i][3],
                            .bottleneck = numbers[i][4]};
        if (numbers[i][0] < 0 || numbers[i][0] >= PNAS_OPERATOR_KIND_COUNT ||
            strlen(names[i]) >= sizeof op.name)
            return pnas_h5_fail(PNAS_ERROR_DATA, group, "operators", "operator %zu is not known", i);
        strcpy(op.name, names[i]);
        if (pnas_operator_set_add(set, &op) != PNAS_OK) {
            char reason[512];
            snprintf(reason, sizeof reason, "%s", pnas_message());
            return pnas_h5_fail(PNAS_ERROR_DATA, group, "operators", "%s", reason);
        }
    }
    return PNAS_OK;
}

static pnas_status read_operators(hid_t group, pnas_operator_set *set)
{
    char **names = NULL;
    size_t count = 0;
    PNAS_TRY(pnas_h5_read_strings(group, "operators", &names, &count));
    pnas_status status = add_operators(group, names, count, set);
    pnas_h5_free_strings(&names, count);
    return status;
}

static pnas_status read_classes(hid_t group, pnas_network_file *out)
{
    size_t count = 0;
    int classes = out->network.classes;
    out->network.classes = 0; /* as long as there are no names */
    PNAS_TRY(pnas_h5_read_strings(group, "class_names", &out->class_names, &count));
    if (count != (size_t)classes) {
        pnas_h5_free_strings(&out->class_names, count);
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "class_names", "%zu names for %d classes", count,
                            classes);
    }
    out->network.classes = classes;
    return PNAS_OK;
}

static pnas_status read_normalisation(hid_t group, pnas_network_file *out)
{
    const hsize_t shape[] = {(hsize_t)out->network.channels};
    PNAS_TRY(pnas_h5_read_array(group, "mean", H5T_NATIVE_FLOAT, 1, shape, out->mean));
    PNAS_TRY(pnas_h5_read_array(group, "deviation", H5T_NATIVE_FLOAT, 1, shape, out->deviation));
    PNAS_TRY(pnas_h5_read_number(group, "norm_epsilon", H5T_NATIVE_DOUBLE, &out->norm_epsilon));
    for (int i = 0; i < out->network.channels; i++)
        if (!isfinite(out->mean[i]) || !isfinite(out->deviation[i]) || !(out->deviation[i] > 0))
            return pnas_h5_fail(PNAS_ERROR_DATA, group, "deviation", "is %g in channel %d, with mean %g",
                                (double)out->deviation[i], i, (double)out->mean[i]);
    if (!(out->norm_epsilon > 0 && out->norm_epsilon <= 1))
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "norm_epsilon", "is %g; expected above 0, at most 1",
                            out->norm_epsilon);
    return PNAS_OK;
}

static pnas_status read_network(hid_t group, pnas_network_file *out)
{
    pnas_network_options *network = &out->network;
    int concatenation = 0, stem = PNAS_STEM_CIFAR; /* which files of older versions do not name */
    PNAS_TRY(read_int(group, "filters", 1, SIDE_MAX, &network->filters));
    PNAS_TRY(read_int(group, "repeats", 0, SIDE_MAX, &network->repeats));
    if (pnas_h5_has_attribute(group, "stem"))
        PNAS_TRY(read_int(group, "stem", 0, PNAS_STEM_COUNT - 1, &stem));
    PNAS_TRY(read_int(group, "stem_multiplier", 1, SIDE_MAX, &network->stem_multiplier));
    PNAS_TRY(read_int(group, "concatenation", 0, PNAS_CONCATENATION_COUNT - 1, &concatenation));
    PNAS_TRY(read_int(group, "height", 1, SIDE_MAX, &network->height));
    PNAS_TRY(read_int(group, "width", 1, SIDE_MAX, &network->width));
    PNAS_TRY(read_int(group, "channels", 1, PNAS_IMAGE_CHANNELS_MAX, &network->channels));
    PNAS_TRY(read_int(group, "classes", 1, CLASSES_MAX, &network->classes));
    network->stem = (pnas_stem)stem;
    network->concatenation = (pnas_concatenation)concatenation;
    PNAS_TRY(read_classes(group, out));
    PNAS_TRY(read_normalisation(group, out));
    return read_operators(group, &out->operators);
}

/* ---- the root ---- */

static pnas_status read_figures(hid_t root, pnas_network_file *out)
{
    char accuracy[32], parameters[32], seed[32];
    PNAS_TRY(pnas_h5_copy_text(root, "accuracy", accuracy, sizeof accuracy));
    PNAS_TRY(pnas_h5_copy_text(root, "parameters", parameters, sizeof parameters));
    PNAS_TRY(pnas_h5_copy_text(root, "seed", seed, sizeof seed));
    out->accuracy = NAN;
    if ((strcmp(accuracy, "nan") != 0 && !pnas_decimal_parse(accuracy, &out->accuracy)) ||
        !pnas_decimal_parse_whole(parameters, 0, INT64_MAX, &out->parameters) ||
        !pnas_decimal_parse_unsigned(seed, &out->seed))
        return pnas_h5_fail(PNAS_ERROR_DATA, root, NULL, "has no numbers for accuracy, parameters and seed");
    return pnas_h5_check_accuracy(root, "accuracy", -1, out->accuracy, false);
}

static pnas_status read_root(hid_t root, pnas_network_file *out)
{
    char cell[PNAS_CELL_TEXT_MAX], reason[512];
    PNAS_TRY(pnas_h5_copy_text(root, "cell", cell, sizeof cell));
    if (pnas_cell_parse(cell, &out->operators, &out->cell) != PNAS_OK) {
        snprintf(reason, sizeof reason, "%s", pnas_message());
        return pnas_h5_fail(PNAS_ERROR_DATA, root, "cell", "%s", reason);
    }
    PNAS_TRY(read_figures(root, out));
    PNAS_TRY(pnas_h5_read_text(root, "configuration", &out->configuration));
    PNAS_TRY(pnas_h5_copy_text(root, "run", out->run, sizeof out->run));
    PNAS_TRY(pnas_h5_copy_text(root, "dataset", out->dataset, sizeof out->dataset));
    PNAS_TRY(pnas_h5_copy_text(root, "dataset_name", out->dataset_name, sizeof out->dataset_name));
    PNAS_TRY(pnas_h5_copy_text(root, "dataset_licence", out->dataset_licence, sizeof out->dataset_licence));
    return pnas_h5_copy_text(root, "dataset_sha256", out->dataset_sha256, sizeof out->dataset_sha256);
}

/* ---- the other groups ---- */

/* Normalisation takes the root of a variance. */
static pnas_status check_variances(hid_t group, const pnas_named_tensor *tensors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const pnas_named_tensor *tensor = &tensors[i];
        size_t values =
            pnas_name_ends_in(tensor->name, "/running_variance") ? pnas_named_tensor_values(tensor) : 0;
        for (size_t at = 0; at < values; at++)
            if (!(tensor->data[at] >= 0))
                return pnas_h5_fail(PNAS_ERROR_DATA, group, tensor->name,
                                    "value %zu is %g, but a variance is never below 0", at,
                                    (double)tensor->data[at]);
    }
    return PNAS_OK;
}

static pnas_status read_tensors(hid_t group, pnas_named_tensor **out, size_t *count)
{
    PNAS_TRY(pnas_tensor_group_read(group, out, count));
    return check_variances(group, *out, *count);
}

static pnas_status read_weights(hid_t group, pnas_network_file *out)
{
    return read_tensors(group, &out->weights.tensor, &out->weights.count);
}

static pnas_status read_average(hid_t group, pnas_network_file *out)
{
    return read_tensors(group, &out->average.tensor, &out->average.count);
}

static pnas_status read_training(hid_t group, pnas_network_file *out)
{
    pnas_checkpoint *at = &out->training;
    PNAS_TRY(pnas_h5_copy_text(group, "fingerprint", out->fingerprint, sizeof out->fingerprint));
    PNAS_TRY(read_int(group, "epoch", 0, EPOCHS_MAX, &at->epoch));
    PNAS_TRY(read_int(group, "batch", 0, INT32_MAX, &at->batch));
    PNAS_TRY(pnas_h5_read_number(group, "best", H5T_NATIVE_DOUBLE, &at->best));
    PNAS_TRY(pnas_h5_read_number(group, "last", H5T_NATIVE_DOUBLE, &at->last));
    PNAS_TRY(pnas_h5_read_number(group, "seconds", H5T_NATIVE_DOUBLE, &at->seconds));
    PNAS_TRY(pnas_h5_check_accuracy(group, "best", -1, at->best, true));
    PNAS_TRY(pnas_h5_check_accuracy(group, "last", -1, at->last, false));
    if (!(at->seconds >= 0) || !isfinite(at->seconds))
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "seconds", "is %g, which is no time", at->seconds);
    out->in_training = true;
    return read_tensors(group, &at->tensor, &at->count);
}

static pnas_status name_columns(hid_t group, char *const *names, size_t count, pnas_network_history *history)
{
    if (count < 1 || count > PNAS_HISTORY_COLUMNS_MAX)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "metrics", "%zu metrics, expected 1 to %d", count,
                            PNAS_HISTORY_COLUMNS_MAX);
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) >= PNAS_HISTORY_NAME_MAX)
            return pnas_h5_fail(PNAS_ERROR_DATA, group, "metrics", "the name of metric %zu is too long", i);
        else
            strcpy(history->name[i], names[i]);
    history->columns = (int)count;
    return PNAS_OK;
}

static pnas_status read_history(hid_t group, pnas_network_file *out)
{
    pnas_network_history *history = &out->history;
    char **names = NULL;
    size_t count = 0;
    hsize_t shape[2];
    PNAS_TRY(pnas_h5_read_strings(group, "metrics", &names, &count));
    pnas_status status = name_columns(group, names, count, history);
    pnas_h5_free_strings(&names, count);
    PNAS_TRY(status);
    PNAS_TRY(pnas_h5_read_shape(group, "values", H5T_NATIVE_FLOAT, 2, shape));
    if (shape[0] < 1 || shape[0] > EPOCHS_MAX || shape[1] != count)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "values", "expected epochs and their %zu metrics", count);
    history->values = malloc(shape[0] * count * sizeof *history->values);
    if (!history->values)
        return no_memory(group, "the history");
    history->epochs = shape[0];
    return pnas_h5_read_array(group, "values", H5T_NATIVE_FLOAT, 2, shape, history->values);
}

static pnas_status read_divergence(hid_t group, pnas_network_file *out)
{
    pnas_network_divergence *divergence = &out->divergence;
    PNAS_TRY(read_int(group, "epoch", 1, EPOCHS_MAX, &divergence->epoch));
    PNAS_TRY(read_int(group, "update", 1, INT32_MAX, &divergence->update));
    PNAS_TRY(pnas_h5_read_number(group, "factor", H5T_NATIVE_DOUBLE, &divergence->factor));
    if (!(divergence->factor > 0 && divergence->factor < 1))
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "factor", "is %g; expected above 0, below 1",
                            divergence->factor);
    return PNAS_OK;
}

/* What the matrix counts is what the figures tell. */
static pnas_status check_confusion(hid_t group, const pnas_network_test *test, size_t classes)
{
    int64_t all = 0, right = 0;
    for (size_t i = 0; i < classes * classes; i++) {
        int64_t count = test->confusion[i];
        if (count < 0 || count > test->images - all)
            return pnas_h5_fail(PNAS_ERROR_DATA, group, "confusion",
                                "does not count the %" PRId64
                                " images of the test: one of its counts is %" PRId64,
                                test->images, count);
        all += count;
        right += i % (classes + 1) == 0 ? count : 0;
    }
    if (all < test->images || all == 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "confusion",
                            "counts %" PRId64 " images, but %" PRId64 " were tested", all, test->images);
    if (fabs((double)right / (double)all - test->accuracy) > ROUNDED)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "accuracy",
                            "is %g, but by its confusion %" PRId64 " of %" PRId64 " images are right",
                            test->accuracy, right, all);
    return PNAS_OK;
}

static pnas_status read_test(hid_t group, pnas_network_file *out)
{
    pnas_network_test *test = &out->test;
    size_t classes = (size_t)out->network.classes;
    const hsize_t shape[] = {classes, classes};
    hsize_t found[2];
    PNAS_TRY(pnas_h5_copy_text(group, "dataset", test->dataset, sizeof test->dataset));
    PNAS_TRY(pnas_h5_copy_text(group, "dataset_sha256", test->dataset_sha256, sizeof test->dataset_sha256));
    if (pnas_h5_has_attribute(group, "weights"))
        PNAS_TRY(pnas_h5_copy_text(group, "weights", test->weights, sizeof test->weights));
    PNAS_TRY(pnas_h5_read_number(group, "images", H5T_NATIVE_INT64, &test->images));
    PNAS_TRY(pnas_h5_read_number(group, "accuracy", H5T_NATIVE_DOUBLE, &test->accuracy));
    PNAS_TRY(pnas_h5_read_number(group, "top5", H5T_NATIVE_DOUBLE, &test->top5));
    PNAS_TRY(pnas_h5_read_number(group, "loss", H5T_NATIVE_DOUBLE, &test->loss));
    PNAS_TRY(pnas_h5_check_accuracy(group, "accuracy", -1, test->accuracy, true));
    PNAS_TRY(pnas_h5_check_accuracy(group, "top5", -1, test->top5, true));
    PNAS_TRY(pnas_h5_read_shape(group, "confusion", H5T_NATIVE_INT64, 2, found));
    PNAS_TRY(pnas_h5_check_shape(group, "confusion", 2, shape, found));
    test->confusion = malloc(classes * classes * sizeof *test->confusion);
    if (!test->confusion)
        return no_memory(group, "the confusion matrix");
    test->known = true;
    PNAS_TRY(pnas_h5_read_array(group, "confusion", H5T_NATIVE_INT64, 2, shape, test->confusion));
    return check_confusion(group, test, classes);
}

static pnas_status read_devices(hid_t group, pnas_network_file *out)
{
    pnas_network_devices *devices = &out->devices;
    size_t drivers = 0;
    PNAS_TRY(pnas_h5_read_strings(group, "name", &devices->name, &devices->count));
    PNAS_TRY(pnas_h5_read_strings(group, "driver", &devices->driver, &drivers));
    if (drivers == devices->count)
        return PNAS_OK;
    pnas_h5_free_strings(&devices->driver, drivers);
    return pnas_h5_fail(PNAS_ERROR_DATA, group, "driver", "%zu drivers for %zu devices", drivers,
                        devices->count);
}

/* The accuracy is that of the last epoch; a search may reward the best one. */
static pnas_status check_accuracy(hid_t root, const pnas_network_file *out)
{
    const pnas_network_history *history = &out->history;
    double last = pnas_network_last_figure(history, "validation_accuracy"), best = last;
    for (int k = 0; out->of_search && k < history->columns; k++)
        for (size_t e = 0; strcmp(history->name[k], "validation_accuracy") == 0 && e < history->epochs; e++)
            best = fmax(best, (double)history->values[e * (size_t)history->columns + (size_t)k]);
    if (isnan(last) || fabs(out->accuracy - last) <= ROUNDED || fabs(out->accuracy - best) <= ROUNDED)
        return PNAS_OK;
    return pnas_h5_fail(PNAS_ERROR_DATA, root, "accuracy", "is %g, but %g in the last epoch of its history",
                        out->accuracy, last);
}

/* Whoever lost the group /training, or a part of the history, has no network whose training is complete. */
static pnas_status check_complete(hid_t root, const pnas_network_file *out)
{
    if (out->history.epochs == 0 || !*out->configuration)
        return pnas_h5_fail(PNAS_ERROR_DATA, root, NULL, "is damaged: it has no %s; put a copy of it back",
                            *out->configuration ? "history, but its training is over" : "configuration");
    pnas_configuration *configuration = malloc(sizeof *configuration);
    if (!configuration)
        return no_memory(root, "a configuration");
    pnas_status status =
        pnas_configuration_parse("its configuration", out->configuration, NULL, 0, configuration);
    int epochs = configuration->training.epochs;
    bool averages = configuration->training.average > 0;
    free(configuration);
    if (status != PNAS_OK) { /* an older version's may have other keys */
        pnas_fail(PNAS_OK, "%s", "");
        return PNAS_OK;
    }
    if ((size_t)epochs != out->history.epochs)
        return pnas_h5_fail(
            PNAS_ERROR_DATA, root, NULL,
            "is damaged: its history has %zu of %d epochs, and what its training would go on from is not "
            "there; put a copy of it back",
            out->history.epochs, epochs);
    if (averages && out->average.count == 0)
        return pnas_h5_fail(
            PNAS_ERROR_DATA, root, NULL,
            "is damaged: by its configuration it has a moving average of its weights, which is "
            "not there; put a copy of it back");
    return PNAS_OK;
}

static pnas_status read_group(hid_t root, const char *name, pnas_network_file *out,
                              pnas_status (*read)(hid_t group, pnas_network_file *out))
{
    hid_t group = -1;
    PNAS_TRY(pnas_h5_open_group(root, name, &group));
    pnas_status status = read(group, out);
    pnas_h5_close_group(&group);
    return status;
}

static pnas_status read_all(hid_t root, pnas_network_file *out)
{
    static const struct {
        const char *name;
        pnas_status (*read)(hid_t group, pnas_network_file *out);
    } optional[] = {{"average", read_average},       {"training", read_training}, {"history", read_history},
                    {"divergence", read_divergence}, {"devices", read_devices},   {"test", read_test}};
    PNAS_TRY(check_conventions(root, out));
    PNAS_TRY(read_group(root, "network", out, read_network));
    PNAS_TRY(read_root(root, out));
    PNAS_TRY(read_group(root, "weights", out, read_weights));
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
        if (pnas_h5_exists(root, optional[i].name))
            PNAS_TRY(read_group(root, optional[i].name, out, optional[i].read));
    if (out->in_training && (size_t)out->training.epoch != out->history.epochs)
        return pnas_h5_fail(PNAS_ERROR_DATA, root, NULL,
                            "its history has %zu epochs, but its training stands after epoch %d",
                            out->history.epochs, out->training.epoch);
    PNAS_TRY(check_accuracy(root, out));
    return out->in_training || out->of_search ? PNAS_OK : check_complete(root, out);
}

pnas_status pnas_network_file_read(const char *path, pnas_network_file *out)
{
    static const char *const optional[] = {"stem", "weights", NULL};
    *out = (pnas_network_file){0};
    hid_t file;
    bool sealed;
    PNAS_TRY(pnas_h5_open_sealed(path, &file, &sealed));
    pnas_status status = read_all(file, out);
    if (status == PNAS_OK && !sealed) /* any program may have changed it */
        status = pnas_content_sum_check(file, optional);
    status = pnas_h5_finish(&file, status);
    if (status != PNAS_OK)
        pnas_network_file_clear(out);
    return status;
}

pnas_status pnas_network_check_class_names(const char *path, const pnas_network_file *file, const char *data,
                                           char *const *names)
{
    for (int c = 0; c < file->network.classes; c++)
        PNAS_CHECK(
            strcmp(names[c], file->class_names[c]) == 0, PNAS_ERROR_DATA,
            "%s: class %d is '%s', and '%s' for %s; name data with the same classes in the same order, "
            "or import these with --class-names if only their names are others",
            data, c, names[c], file->class_names[c], path);
    return PNAS_OK;
}
