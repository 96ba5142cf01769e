#include "io/config/yaml_document.h"
#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/hdf5_content_sum.h"
#include "io/hdf5/tensor_group.h"
#include "io/run/run_columns.h"
#include "io/run/run_parts.h"

#include "pnas_version.h"
#include "src/base/clock.h"
#include "src/base/commit.h"
#include "src/search/cell_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pnas_status no_memory(void)
{
    return pnas_fail(PNAS_ERROR_MEMORY, "out of memory while a run is written");
}

static pnas_status write_int(hid_t object, const char *name, int64_t value)
{
    return pnas_h5_write_number(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

static pnas_status write_unsigned(hid_t object, const char *name, uint64_t value)
{
    return pnas_h5_write_number(object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &value);
}

static pnas_status write_real(hid_t object, const char *name, double value)
{
    return pnas_h5_write_number(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

/* ---- the root ---- */

/* Title and seed are in the configuration; they stand at the root too, where people look first. */
static pnas_status write_from_configuration(hid_t file, const char *configuration)
{
    pnas_yaml *document = NULL;
    if (pnas_yaml_parse("configuration", configuration, strlen(configuration), &document) != PNAS_OK)
        return pnas_h5_write_text(file, "title", "");
    int title = pnas_yaml_find(document, "title"), seed = pnas_yaml_find(document, "seed");
    bool has_title = title && pnas_yaml_kind_of(document, title) == PNAS_YAML_SCALAR;
    pnas_status status = pnas_h5_write_text(file, "title", has_title ? pnas_yaml_text(document, title) : "");
    if (status == PNAS_OK && seed && pnas_yaml_kind_of(document, seed) == PNAS_YAML_SCALAR)
        status = write_unsigned(file, "seed", strtoull(pnas_yaml_text(document, seed), NULL, 10));
    pnas_yaml_destroy(&document);
    return status;
}

static pnas_status write_time(hid_t file, const char *name, const char *seconds_name, double seconds)
{
    char stamp[32] = "";
    if (seconds > 0)
        pnas_clock_stamp(seconds, stamp);
    PNAS_TRY(pnas_h5_write_text(file, name, stamp));
    return write_real(file, seconds_name, seconds);
}

static pnas_status write_root(hid_t file, const pnas_run_info *info, const pnas_run_identity *identity)
{
    char id[2 * PNAS_RUN_ID_SIZE + 1];
    const char *configuration = info->configuration ? info->configuration : "";
    for (int i = 0; i < PNAS_RUN_ID_SIZE; i++)
        sprintf(id + 2 * i, "%02x", identity->run[i]);
    PNAS_TRY(pnas_h5_write_text(file, "conventions", PNAS_RUN_CONVENTIONS));
    PNAS_TRY(write_from_configuration(file, configuration));
    PNAS_TRY(pnas_h5_write_text(file, "program_version", PNAS_VERSION));
    PNAS_TRY(pnas_h5_write_text(file, "program_commit", pnas_commit()));
    PNAS_TRY(pnas_h5_write_text(file, "command_line", info->command_line ? info->command_line : ""));
    PNAS_TRY(pnas_h5_write_text(file, "configuration", configuration));
    if (info->extended)
        PNAS_TRY(pnas_h5_write_text(file, "extended", info->extended));
    if (info->retried)
        PNAS_TRY(pnas_h5_write_text(file, "retried", info->retried));
    if (info->warm_start)
        PNAS_TRY(pnas_h5_write_text(file, "warm_start", info->warm_start));
    if (info->kernels[0])
        PNAS_TRY(pnas_h5_write_text(file, "kernels", info->kernels));
    PNAS_TRY(pnas_h5_write_text(file, "dataset", info->dataset_name));
    PNAS_TRY(pnas_h5_write_text(file, "dataset_sha256", info->dataset_sha256));
    PNAS_TRY(write_int(file, "dataset_images", info->dataset_images));
    PNAS_TRY(pnas_h5_write_text(file, "status", pnas_run_status_word(info->status)));
    PNAS_TRY(write_time(file, "start", "start_seconds", info->start));
    PNAS_TRY(write_time(file, "end", "end_seconds", info->end));
    PNAS_TRY(pnas_h5_write_text(file, "run_id", id));
    return write_unsigned(file, "generation", identity->generation);
}

/* ---- the space ---- */

static pnas_status write_operator_numbers(hid_t group, const pnas_operator_set *set, const char *name,
                                          size_t offset, const char *long_name)
{
    int32_t values[PNAS_OPERATORS_MAX];
    for (int i = 0; i < set->count; i++)
        memcpy(&values[i], (const char *)&set->item[i] + offset, sizeof values[i]);
    const pnas_h5_array array = {.name = name,
                                 .file_type = H5T_NATIVE_INT32,
                                 .memory_type = H5T_NATIVE_INT32,
                                 .rank = 1,
                                 .shape = {(hsize_t)set->count},
                                 .data = values,
                                 .long_name = long_name,
                                 .dimension = {"operator"},
                                 .scale = {"operators"}};
    return pnas_h5_write_array(group, &array);
}

/* "0 identity, 1 separable, ..." */
static void list_kinds(char *out, size_t size)
{
    size_t used = 0;
    for (int kind = 0; kind < PNAS_OPERATOR_KIND_COUNT && used < size; kind++)
        used += (size_t)snprintf(out + used, size - used, "%s%d %s", kind ? ", " : "", kind,
                                 pnas_operator_kind_name((pnas_operator_kind)kind));
    for (char *c = out; *c; c++)
        if (*c == '_')
            *c = ' ';
}

static pnas_status write_operators(hid_t group, const pnas_operator_set *set)
{
    const char *names[PNAS_OPERATORS_MAX];
    for (int i = 0; i < set->count; i++)
        names[i] = set->item[i].name;
    PNAS_TRY(pnas_h5_write_strings(group, "operators", names, (size_t)set->count,
                                   "name of each operator, in the order of their codes", "operator"));
    char kinds[512];
    list_kinds(kinds, sizeof kinds);
    PNAS_TRY(write_operator_numbers(group, set, "kind", offsetof(pnas_operator, kind), kinds));
    PNAS_TRY(
        write_operator_numbers(group, set, "kernel", offsetof(pnas_operator, kernel), "side of the kernel"));
    PNAS_TRY(write_operator_numbers(group, set, "dilation", offsetof(pnas_operator, dilation), "dilation"));
    PNAS_TRY(write_operator_numbers(group, set, "repeat", offsetof(pnas_operator, repeat),
                                    "how often a separable convolution is applied"));
    return write_operator_numbers(group, set, "bottleneck", offsetof(pnas_operator, bottleneck),
                                  "filters are divided by this inside");
}

static pnas_status write_space(hid_t file, const pnas_search_options *options)
{
    hid_t group = -1;
    pnas_status status;
    PNAS_TRY(pnas_h5_create_group(file, "space", &group));
    PNAS_TRY_CLEANUP(write_int(group, "blocks", options->space.blocks));
    PNAS_TRY_CLEANUP(write_int(group, "input_lookback", options->space.lookback));
    PNAS_TRY_CLEANUP(write_int(group, "input_lookforward", options->space.lookforward));
    PNAS_TRY_CLEANUP(write_int(group, "beam", options->beam));
    PNAS_TRY_CLEANUP(write_int(group, "first", options->first));
    status = write_operators(group, &options->space.operators);
cleanup:
    pnas_h5_close_group(&group);
    return status;
}

/* ---- levels ---- */

static pnas_status write_cells(hid_t group, const pnas_level *level)
{
    static const char *const parts[] = {"in1", "op1", "in2", "op2"};
    size_t blocks = (size_t)level->blocks;
    int8_t *codes = malloc(level->count * blocks * sizeof(pnas_block) + 1);
    if (!codes)
        return no_memory();
    for (size_t i = 0; i < level->count; i++)
        memcpy(codes + i * blocks * sizeof(pnas_block), level->child[i].cell.block,
               blocks * sizeof(pnas_block));
    const pnas_h5_array array = {
        .name = "cell",
        .file_type = H5T_NATIVE_INT8,
        .memory_type = H5T_NATIVE_INT8,
        .rank = 3,
        .shape = {level->count, blocks, sizeof(pnas_block)},
        .data = codes,
        .long_name =
            "cells: inputs (-1, -2: outputs of the previous two cells; 0 and up: earlier blocks) and "
            "operators (index into /space/operators)",
        .dimension = {"child", "block", "part"},
        .scale = {"child", "block", "part"}};
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_table_write_scale(group, "block", "index of the block in its cell", 0, blocks));
    PNAS_TRY_CLEANUP(pnas_h5_write_strings(group, "part", parts, 4, "part of a block's code", NULL));
    status = pnas_h5_write_array(group, &array);
cleanup:
    free(codes);
    return status;
}

static pnas_status write_texts(hid_t group, const pnas_level *level, const pnas_operator_set *operators)
{
    char *buffer = malloc(level->count * PNAS_CELL_TEXT_MAX + 1);
    const char **texts = malloc((level->count + 1) * sizeof *texts);
    hid_t type = pnas_table_text_type();
    pnas_status status = buffer && texts ? PNAS_OK : no_memory();
    for (size_t i = 0; i < level->count && status == PNAS_OK; i++) {
        texts[i] = buffer + i * PNAS_CELL_TEXT_MAX;
        pnas_cell_format(&level->child[i].cell, operators, buffer + i * PNAS_CELL_TEXT_MAX);
    }
    const pnas_h5_array array = {.name = "text",
                                 .file_type = type,
                                 .memory_type = type,
                                 .rank = 1,
                                 .shape = {level->count},
                                 .data = texts,
                                 .long_name = "cells as text: input:operator+input:operator | ...",
                                 .dimension = {"child"},
                                 .scale = {"child"}};
    if (status == PNAS_OK)
        status = pnas_h5_write_array(group, &array);
    H5Tclose(type);
    free(texts);
    free(buffer);
    return status;
}

static pnas_status write_history(hid_t group, const pnas_level *level)
{
    static const char *const metrics[PNAS_METRICS] = {"train_loss", "train_accuracy", "validation_loss",
                                                      "validation_accuracy", "learning_rate"};
    size_t epochs = 1;
    for (size_t i = 0; i < level->count; i++) {
        size_t rows = pnas_result_rows(&level->child[i].result);
        epochs = rows > epochs ? rows : epochs;
    }
    size_t row = epochs * PNAS_METRICS;
    float *values = malloc(level->count * row * sizeof *values + 1);
    if (!values)
        return no_memory();
    for (size_t i = 0; i < level->count; i++) {
        const pnas_result *result = &level->child[i].result;
        size_t known = pnas_result_rows(result) * PNAS_METRICS;
        for (size_t j = 0; j < row; j++)
            values[i * row + j] = j < known ? result->history[j] : NAN;
    }
    const pnas_h5_array array = {.name = "history",
                                 .file_type = H5T_NATIVE_FLOAT,
                                 .memory_type = H5T_NATIVE_FLOAT,
                                 .rank = 3,
                                 .shape = {level->count, epochs, PNAS_METRICS},
                                 .chunk = {64, 256, PNAS_METRICS},
                                 .data = values,
                                 .long_name = "figures of each epoch; NaN where there was none",
                                 .dimension = {"child", "epoch", "metric"},
                                 .scale = {"child", "epoch", "metric"}};
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_table_write_scale(group, "epoch", "epoch, from 1", 1, epochs));
    PNAS_TRY_CLEANUP(
        pnas_h5_write_strings(group, "metric", metrics, PNAS_METRICS, "what a figure of history is", NULL));
    status = pnas_h5_write_array(group, &array);
cleanup:
    free(values);
    return status;
}

/* An accuracy that was not measured is no 0: it would spoil every mean. */
static pnas_status write_children(hid_t group, const pnas_level *level)
{
    pnas_child *rows = malloc(level->count * sizeof *rows + 1);
    if (!rows)
        return no_memory();
    memcpy(rows, level->child, level->count * sizeof *rows);
    for (size_t i = 0; i < level->count; i++) {
        if (rows[i].result.status != PNAS_CHILD_DONE)
            rows[i].result.accuracy = NAN;
        rows[i].result.epochs = (int)pnas_result_rows(&rows[i].result);
    }
    pnas_status status = pnas_table_write(group, &pnas_children_table, rows, level->count);
    free(rows);
    return status;
}

/* Only where there are some: most searches know none. */
static pnas_status write_early(hid_t group, const pnas_level *level)
{
    bool any = false;
    int8_t *early = malloc(level->count + 1);
    if (!early)
        return no_memory();
    for (size_t i = 0; i < level->count; i++)
        any |= early[i] = level->child[i].early;
    const pnas_h5_array array = {.name = "early",
                                 .file_type = H5T_NATIVE_INT8,
                                 .memory_type = H5T_NATIVE_INT8,
                                 .rank = 1,
                                 .shape = {level->count},
                                 .data = early,
                                 .long_name = "1: chosen and begun before the level below was finished",
                                 .dimension = {"child"},
                                 .scale = {"child"}};
    pnas_status status = any ? pnas_h5_write_array(group, &array) : PNAS_OK;
    free(early);
    return status;
}

/* Only where some were stopped at a rung: it is no measurement, and stands in no place of one. */
static pnas_status write_expected(hid_t group, const pnas_level *level)
{
    double *expected = malloc(level->count * sizeof *expected + 1);
    if (!expected)
        return no_memory();
    for (size_t i = 0; i < level->count; i++)
        expected[i] = level->child[i].result.status == PNAS_CHILD_STOPPED ? level->child[i].expected : NAN;
    const pnas_h5_array array = {.name = "expected",
                                 .file_type = H5T_NATIVE_DOUBLE,
                                 .memory_type = H5T_NATIVE_DOUBLE,
                                 .rank = 1,
                                 .shape = {level->count},
                                 .data = expected,
                                 .long_name =
                                     "of a child stopped at a rung: accuracy at its end as its curve and "
                                     "those of finished children predict it; not measured",
                                 .units = "1",
                                 .dimension = {"child"},
                                 .scale = {"child"}};
    bool any = pnas_level_count(level, PNAS_CHILD_STOPPED) > 0;
    pnas_status status = any ? pnas_h5_write_array(group, &array) : PNAS_OK;
    free(expected);
    return status;
}

/* Only where children of several levels were proposed together. */
static pnas_status write_order(hid_t group, const pnas_level *level)
{
    int *order = malloc(level->count * sizeof *order + 1);
    if (!order)
        return no_memory();
    for (size_t i = 0; i < level->count; i++)
        order[i] = level->child[i].order;
    const pnas_h5_array array = {.name = "order",
                                 .file_type = H5T_NATIVE_INT32,
                                 .memory_type = H5T_NATIVE_INT,
                                 .rank = 1,
                                 .shape = {level->count},
                                 .data = order,
                                 .long_name =
                                     "order in which the children of all levels were proposed, from 1",
                                 .dimension = {"child"},
                                 .scale = {"child"}};
    pnas_status status = level->child[0].order > 0 ? pnas_h5_write_array(group, &array) : PNAS_OK;
    free(order);
    return status;
}

static pnas_status write_usage(hid_t group, const pnas_level_usage *usage)
{
    PNAS_TRY(write_real(group, "span_seconds", usage->span_seconds));
    PNAS_TRY(write_real(group, "lane_seconds", usage->lane_seconds));
    PNAS_TRY(write_real(group, "busy_seconds", usage->busy_seconds));
    PNAS_TRY(write_real(group, "longest_seconds", usage->longest_seconds));
    PNAS_TRY(write_real(group, "best_seconds", usage->best_seconds));
    PNAS_TRY(write_int(group, "messages", usage->messages));
    return write_int(group, "message_bytes", usage->bytes);
}

static pnas_status write_level(hid_t levels, const pnas_level *level, const pnas_operator_set *operators)
{
    char name[16];
    hid_t group = -1;
    pnas_status status;
    snprintf(name, sizeof name, "%d", level->blocks);
    PNAS_TRY(pnas_h5_create_group(levels, name, &group));
    PNAS_TRY_CLEANUP(write_unsigned(group, "children", level->count));
    PNAS_TRY_CLEANUP(write_unsigned(group, "candidates", level->candidates));
    PNAS_TRY_CLEANUP(write_real(group, "spearman", level->spearman));
    PNAS_TRY_CLEANUP(write_real(group, "score_seconds", level->score_seconds));
    PNAS_TRY_CLEANUP(write_real(group, "fit_seconds", level->fit_seconds));
    PNAS_TRY_CLEANUP(write_usage(group, &level->usage));
    if (level->begun)
        PNAS_TRY_CLEANUP(write_int(group, "begun_early", 1));
    PNAS_TRY_CLEANUP(write_children(group, level));
    PNAS_TRY_CLEANUP(write_early(group, level));
    PNAS_TRY_CLEANUP(write_expected(group, level));
    PNAS_TRY_CLEANUP(write_order(group, level));
    PNAS_TRY_CLEANUP(write_cells(group, level));
    PNAS_TRY_CLEANUP(write_texts(group, level, operators));
    status = write_history(group, level);
cleanup:
    pnas_h5_close_group(&group);
    return status;
}

static pnas_status write_levels(hid_t file, const pnas_search *search)
{
    hid_t group = -1;
    PNAS_TRY(pnas_h5_create_group(file, "levels", &group));
    pnas_status status = PNAS_OK;
    pnas_level_usage sum = {0};
    for (int b = 1; pnas_search_level(search, b) && status == PNAS_OK; b++) {
        const pnas_level *level = pnas_search_level(search, b);
        pnas_usage_add(&sum, &level->usage);
        if (level->count > 0) /* a strategy that does not go by levels may leave some empty */
            status = write_level(group, level, &pnas_search_get_options(search)->space.operators);
    }
    if (status == PNAS_OK)
        status = write_usage(group, &sum);
    pnas_h5_close_group(&group);
    return status;
}

/* ---- what it holds in addition to the levels ---- */

static pnas_status write_table(hid_t file, const char *name, const pnas_table *table, const void *rows,
                               size_t count)
{
    hid_t group = -1;
    PNAS_TRY(pnas_h5_create_group(file, name, &group));
    pnas_status status = pnas_table_write(group, table, rows, count);
    pnas_h5_close_group(&group);
    return status;
}

static pnas_status write_controllers(hid_t file, const pnas_run_info *info)
{
    hid_t controllers = -1, level = -1, member = -1;
    char name[16];
    pnas_status status;
    PNAS_TRY(pnas_h5_create_group(file, "controller", &controllers));
    for (size_t i = 0; i < info->controller_count; i++) {
        snprintf(name, sizeof name, "%d", info->controller[i].level);
        if (pnas_h5_exists(controllers, name))
            PNAS_TRY_CLEANUP(pnas_h5_open_group(controllers, name, &level));
        else
            PNAS_TRY_CLEANUP(pnas_h5_create_group(controllers, name, &level));
        snprintf(name, sizeof name, "%d", info->controller[i].member);
        PNAS_TRY_CLEANUP(pnas_h5_create_group(level, name, &member));
        PNAS_TRY_CLEANUP(write_int(member, "level", info->controller[i].level));
        PNAS_TRY_CLEANUP(write_int(member, "member", info->controller[i].member));
        PNAS_TRY_CLEANUP(
            pnas_h5_write_text(member, "long_name",
                               info->controller[i].level > 0
                                   ? "weights of this member of the surrogate, fit on all levels so far"
                                   : "weights of another run's surrogate, which this search began with"));
        PNAS_TRY_CLEANUP(
            pnas_tensor_group_write(member, info->controller[i].tensor, info->controller[i].count));
        pnas_h5_close_group(&member);
        pnas_h5_close_group(&level);
    }
    status = PNAS_OK;
cleanup:
    pnas_h5_close_group(&member);
    pnas_h5_close_group(&level);
    pnas_h5_close_group(&controllers);
    return status;
}

pnas_status pnas_run_write_all(const pnas_run_file *file, const pnas_run_identity *identity,
                               const pnas_search *search)
{
    const pnas_run_info *info = &file->info;
    pnas_h5_output output;
    PNAS_TRY(pnas_h5_output_create(file->path, &output));
    pnas_status status;
    PNAS_TRY_CLEANUP(write_root(output.id, info, identity));
    PNAS_TRY_CLEANUP(write_space(output.id, pnas_search_get_options(search)));
    PNAS_TRY_CLEANUP(write_levels(output.id, search));
    PNAS_TRY_CLEANUP(write_controllers(output.id, info));
    PNAS_TRY_CLEANUP(write_table(output.id, "ranks", &pnas_ranks_table, info->rank, info->rank_count));
    PNAS_TRY_CLEANUP(
        write_table(output.id, "timeline", &pnas_timeline_table, info->event, info->event_count));
    PNAS_TRY_CLEANUP(pnas_content_sum_write(output.id));
    status = pnas_h5_output_commit(&output);
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}
