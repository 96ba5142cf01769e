#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/hdf5_content_sum.h"
#include "io/hdf5/tensor_group.h"
#include "io/net/network_file.h"
#include "io/net/network_layout.h"

#include "io/hdf5/hdf5_array.h"
#include "pnas_version.h"
#include "src/base/commit.h"
#include "src/search/cell_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static pnas_status write_int(hid_t object, const char *name, int64_t value)
{
    return pnas_h5_write_number(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

static pnas_status write_real(hid_t object, const char *name, double value)
{
    return pnas_h5_write_number(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

/* The figures are text, as they were in the first files of weights. */
static pnas_status write_root(hid_t root, const pnas_network_file *file)
{
    char cell[PNAS_CELL_TEXT_MAX], accuracy[32], parameters[32], seed[32];
    pnas_cell_format(&file->cell, &file->operators, cell);
    snprintf(accuracy, sizeof accuracy, "%.6f", file->accuracy);
    snprintf(parameters, sizeof parameters, "%" PRId64, file->parameters);
    snprintf(seed, sizeof seed, "%" PRIu64, file->seed);
    const struct {
        const char *name, *value;
    } attributes[] = {
        {"conventions", file->of_search ? PNAS_WEIGHTS_CONVENTIONS : PNAS_NETWORK_CONVENTIONS},
        {"title", file->of_search ? "Weights of a child of a search" : "A trained network"},
        {"cell", cell},
        {"accuracy", accuracy},
        {"parameters", parameters},
        {"seed", seed},
        {"dataset", file->dataset},
        {"dataset_sha256", file->dataset_sha256},
        {"dataset_name", file->dataset_name},
        {"dataset_licence", file->dataset_licence},
        {"run", file->run},
        {"configuration", file->configuration ? file->configuration : ""},
        {"program_version", PNAS_VERSION},
        {"program_commit", pnas_commit()},
    };
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        PNAS_TRY(pnas_h5_write_text(root, attributes[i].name, attributes[i].value));
    return PNAS_OK;
}

/* ---- the network ---- */

static pnas_status write_operators(hid_t group, const pnas_operator_set *set)
{
    const char *names[PNAS_OPERATORS_MAX];
    int32_t numbers[PNAS_OPERATORS_MAX][PNAS_OPERATOR_NUMBERS];
    for (int i = 0; i < set->count; i++) {
        const pnas_operator *op = &set->item[i];
        const int32_t row[] = {(int32_t)op->kind, op->kernel, op->dilation, op->repeat, op->bottleneck};
        memcpy(numbers[i], row, sizeof row);
        names[i] = op->name;
    }
    const pnas_h5_array array = {.name = "operator_numbers",
                                 .file_type = H5T_STD_I32LE,
                                 .memory_type = H5T_NATIVE_INT32,
                                 .rank = 2,
                                 .shape = {(hsize_t)set->count, PNAS_OPERATOR_NUMBERS},
                                 .data = numbers,
                                 .long_name = "kind, kernel, dilation, repeat, bottleneck",
                                 .dimension = {"operator", "number"}};
    PNAS_TRY(pnas_h5_write_strings(group, "operators", names, (size_t)set->count,
                                   "name of each operator, in the order of their codes", "operator"));
    return pnas_h5_write_array(group, &array);
}

static pnas_status write_channels(hid_t group, const char *name, const char *long_name, int channels,
                                  const float *values)
{
    const pnas_h5_array array = {.name = name,
                                 .file_type = H5T_IEEE_F32LE,
                                 .memory_type = H5T_NATIVE_FLOAT,
                                 .rank = 1,
                                 .shape = {(hsize_t)channels},
                                 .data = values,
                                 .long_name = long_name,
                                 .units = "1",
                                 .dimension = {"channel"}};
    return pnas_h5_write_array(group, &array);
}

static pnas_status write_network(hid_t group, const pnas_network_file *file)
{
    const pnas_network_options *network = &file->network;
    const struct {
        const char *name;
        int value;
    } numbers[] = {
        {"filters", network->filters},
        {"repeats", network->repeats},
        {"stem", (int)network->stem},
        {"stem_multiplier", network->stem_multiplier},
        {"concatenation", (int)network->concatenation},
        {"height", network->height},
        {"width", network->width},
        {"channels", network->channels},
        {"classes", network->classes},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        PNAS_TRY(write_int(group, numbers[i].name, numbers[i].value));
    PNAS_TRY(write_real(group, "norm_epsilon", file->norm_epsilon));
    PNAS_TRY(write_operators(group, &file->operators));
    PNAS_TRY(pnas_h5_write_strings(group, "class_names", (const char *const *)file->class_names,
                                   (size_t)network->classes, "name of each class", "class"));
    PNAS_TRY(write_channels(group, "mean", "subtracted from pixels / 255, by channel", network->channels,
                            file->mean));
    return write_channels(group, "deviation", "pixels / 255 are divided by it after that, by channel",
                          network->channels, file->deviation);
}

/* ---- the other groups ---- */

static pnas_status write_tensors(hid_t group, const pnas_network_file *file)
{
    return pnas_tensor_group_write(group, file->weights.tensor, file->weights.count);
}

static pnas_status write_average(hid_t group, const pnas_network_file *file)
{
    return pnas_tensor_group_write(group, file->average.tensor, file->average.count);
}

static pnas_status write_training(hid_t group, const pnas_network_file *file)
{
    const pnas_checkpoint *at = &file->training;
    PNAS_TRY(pnas_h5_write_text(group, "fingerprint", file->fingerprint));
    PNAS_TRY(write_int(group, "epoch", at->epoch));
    PNAS_TRY(write_int(group, "batch", at->batch));
    PNAS_TRY(write_real(group, "best", at->best));
    PNAS_TRY(write_real(group, "last", at->last));
    PNAS_TRY(write_real(group, "seconds", at->seconds));
    return pnas_tensor_group_write(group, at->tensor, at->count);
}

static pnas_status write_history(hid_t group, const pnas_network_file *file)
{
    const pnas_network_history *history = &file->history;
    const char *names[PNAS_HISTORY_COLUMNS_MAX];
    for (int i = 0; i < history->columns; i++)
        names[i] = history->name[i];
    const pnas_h5_array array = {.name = "values",
                                 .file_type = H5T_IEEE_F32LE,
                                 .memory_type = H5T_NATIVE_FLOAT,
                                 .rank = 2,
                                 .shape = {history->epochs, (hsize_t)history->columns},
                                 .data = history->values,
                                 .long_name = "figures of each epoch, in the columns of metrics",
                                 .dimension = {"epoch", "metric"}};
    PNAS_TRY(pnas_h5_write_strings(group, "metrics", names, (size_t)history->columns,
                                   "name of each column of values", "metric"));
    return pnas_h5_write_array(group, &array);
}

static pnas_status write_divergence(hid_t group, const pnas_network_file *file)
{
    PNAS_TRY(write_int(group, "epoch", file->divergence.epoch));
    PNAS_TRY(write_int(group, "update", file->divergence.update));
    return write_real(group, "factor", file->divergence.factor);
}

static pnas_status write_test(hid_t group, const pnas_network_file *file)
{
    const pnas_network_test *test = &file->test;
    hsize_t classes = (hsize_t)file->network.classes;
    const pnas_h5_array array = {.name = "confusion",
                                 .file_type = H5T_STD_I64LE,
                                 .memory_type = H5T_NATIVE_INT64,
                                 .rank = 2,
                                 .shape = {classes, classes},
                                 .data = test->confusion,
                                 .long_name = "images of each true class, by the predicted class",
                                 .dimension = {"true_class", "predicted_class"}};
    PNAS_TRY(pnas_h5_write_text(group, "dataset", test->dataset));
    PNAS_TRY(pnas_h5_write_text(group, "dataset_sha256", test->dataset_sha256));
    if (*test->weights)
        PNAS_TRY(pnas_h5_write_text(group, "weights", test->weights));
    PNAS_TRY(write_int(group, "images", test->images));
    PNAS_TRY(write_real(group, "accuracy", test->accuracy));
    PNAS_TRY(write_real(group, "top5", test->top5));
    PNAS_TRY(write_real(group, "loss", test->loss));
    return pnas_h5_write_array(group, &array);
}

static pnas_status write_devices(hid_t group, const pnas_network_file *file)
{
    const pnas_network_devices *devices = &file->devices;
    PNAS_TRY(pnas_h5_write_strings(group, "name", (const char *const *)devices->name, devices->count,
                                   "OpenCL devices that last trained the network", "device"));
    return pnas_h5_write_strings(group, "driver", (const char *const *)devices->driver, devices->count,
                                 "version of the OpenCL driver, and the tuned table", "device");
}

static pnas_status write_group(hid_t root, const char *name, const pnas_network_file *file,
                               pnas_status (*write)(hid_t group, const pnas_network_file *file))
{
    hid_t group = -1;
    PNAS_TRY(pnas_h5_create_group(root, name, &group));
    pnas_status status = write(group, file);
    pnas_h5_close_group(&group);
    return status;
}

/* The first step of each tensor's path, at the root too. */
static pnas_status link_weights(hid_t root, const pnas_network_tensors *weights)
{
    for (size_t i = 0; i < weights->count; i++) {
        const char *name = weights->tensor[i].name;
        char step[sizeof weights->tensor->name], place[sizeof step + sizeof "weights/"];
        snprintf(step, sizeof step, "%.*s", (int)strcspn(name, "/"), name);
        snprintf(place, sizeof place, "weights/%s", step);
        if (pnas_h5_exists(root, step))
            continue;
        if (H5Lcreate_hard(root, place, root, step, H5P_DEFAULT, H5P_DEFAULT) < 0)
            return pnas_h5_fail(PNAS_ERROR_FILE, root, step, "cannot be written");
    }
    return PNAS_OK;
}

static pnas_status write_all(hid_t root, const pnas_network_file *file)
{
    PNAS_TRY(write_root(root, file));
    PNAS_TRY(write_group(root, "network", file, write_network));
    PNAS_TRY(write_group(root, "weights", file, write_tensors));
    if (file->of_search)
        PNAS_TRY(link_weights(root, &file->weights));
    if (file->average.count > 0)
        PNAS_TRY(write_group(root, "average", file, write_average));
    if (file->in_training)
        PNAS_TRY(write_group(root, "training", file, write_training));
    if (file->history.epochs > 0)
        PNAS_TRY(write_group(root, "history", file, write_history));
    if (file->divergence.epoch > 0)
        PNAS_TRY(write_group(root, "divergence", file, write_divergence));
    if (file->devices.count > 0)
        PNAS_TRY(write_group(root, "devices", file, write_devices));
    return file->test.known ? write_group(root, "test", file, write_test) : PNAS_OK;
}

pnas_status pnas_network_file_write(const char *path, const pnas_network_file *file)
{
    pnas_h5_output output;
    /* Weights that a search keeps stand beside it, where a training may have its network. */
    if (file->of_search)
        PNAS_TRY(pnas_h5_check_target(path, PNAS_WEIGHTS_CONVENTIONS, "file of weights of a search"));
    PNAS_TRY(pnas_h5_output_create(path, &output));
    pnas_status status;
    PNAS_TRY_CLEANUP(write_all(output.id, file));
    PNAS_TRY_CLEANUP(pnas_content_sum_write(output.id));
    status = pnas_h5_output_commit(&output);
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}
