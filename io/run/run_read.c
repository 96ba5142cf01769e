#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/hdf5_content_sum.h"
#include "io/hdf5/tensor_group.h"
#include "io/run/run_columns.h"
#include "io/run/run_parts.h"
#include "src/search/canonical.h"
#include "src/search/cell_text.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCHS_MAX      1000000
#define CONTROLLERS_MAX 4096

/* ---- the root ---- */

static pnas_status check_conventions(hid_t file)
{
    char conventions[64] = "";
    bool named = pnas_h5_copy_text(file, "conventions", conventions, sizeof conventions) == PNAS_OK;
    if (named && strncmp(conventions, "PNAS-network-", strlen("PNAS-network-")) == 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, NULL,
                            "is no run file but a network; pnas_net info shows it");
    if (named && strncmp(conventions, "PNAS-table-", strlen("PNAS-table-")) == 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, NULL,
                            "is no run file but a table of trained cells; evaluator: table and pnas_score "
                            "--evaluate read it");
    if (!named || strncmp(conventions, "PNAS-run-", strlen("PNAS-run-")) != 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, NULL,
                            "is no run file (it has no conventions PNAS-run-...)");
    if (strcmp(conventions, PNAS_RUN_CONVENTIONS) != 0)
        return pnas_h5_fail(
            PNAS_ERROR_DATA, file, NULL,
            "is a run file by the conventions %s; this program knows %s only, so use the program "
            "that wrote it",
            conventions, PNAS_RUN_CONVENTIONS);
    return PNAS_OK;
}

static pnas_status read_identity(hid_t file, pnas_run_identity *out)
{
    char text[2 * PNAS_RUN_ID_SIZE + 1] = "";
    PNAS_TRY(pnas_h5_copy_text(file, "run_id", text, sizeof text));
    for (int i = 0; i < PNAS_RUN_ID_SIZE; i++) {
        unsigned byte;
        if (strspn(text + 2 * i, "0123456789abcdef") < 2 || sscanf(text + 2 * i, "%2x", &byte) != 1)
            return pnas_h5_fail(PNAS_ERROR_DATA, file, "run_id", "expected %d hexadecimal digits",
                                2 * PNAS_RUN_ID_SIZE);
        out->run[i] = (unsigned char)byte;
    }
    return pnas_h5_read_number(file, "generation", H5T_NATIVE_UINT64, &out->generation);
}

static pnas_status read_root(hid_t file, pnas_run_info *info)
{
    char word[16] = "";
    PNAS_TRY(pnas_h5_read_text(file, "command_line", &info->command_line));
    if (pnas_h5_has_attribute(file, "extended"))
        PNAS_TRY(pnas_h5_read_text(file, "extended", &info->extended));
    if (pnas_h5_has_attribute(file, "retried"))
        PNAS_TRY(pnas_h5_read_text(file, "retried", &info->retried));
    if (pnas_h5_has_attribute(file, "warm_start"))
        PNAS_TRY(pnas_h5_read_text(file, "warm_start", &info->warm_start));
    if (pnas_h5_has_attribute(file, "kernels"))
        PNAS_TRY(pnas_h5_copy_text(file, "kernels", info->kernels, sizeof info->kernels));
    PNAS_TRY(pnas_h5_read_text(file, "configuration", &info->configuration));
    PNAS_TRY(pnas_h5_copy_text(file, "dataset", info->dataset_name, sizeof info->dataset_name));
    PNAS_TRY(pnas_h5_copy_text(file, "dataset_sha256", info->dataset_sha256, sizeof info->dataset_sha256));
    PNAS_TRY(pnas_h5_read_number(file, "dataset_images", H5T_NATIVE_INT64, &info->dataset_images));
    PNAS_TRY(pnas_h5_read_number(file, "start_seconds", H5T_NATIVE_DOUBLE, &info->start));
    PNAS_TRY(pnas_h5_read_number(file, "end_seconds", H5T_NATIVE_DOUBLE, &info->end));
    PNAS_TRY(pnas_h5_copy_text(file, "status", word, sizeof word));
    int status = pnas_run_status_of(word);
    if (status < 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, "status",
                            "is '%s'; expected running, complete, stopped or failed", word);
    info->status = (pnas_run_status)status;
    return PNAS_OK;
}

/* ---- the space ---- */

static pnas_status take_names(hid_t group, pnas_operator_set *set)
{
    char **names;
    size_t count;
    PNAS_TRY(pnas_h5_read_strings(group, "operators", &names, &count));
    bool good = count >= 1 && count <= PNAS_OPERATORS_MAX;
    for (size_t i = 0; i < count && good; i++) {
        good = strlen(names[i]) < PNAS_OPERATOR_NAME_MAX;
        if (good)
            strcpy(set->item[i].name, names[i]);
    }
    set->count = good ? (int)count : 0;
    pnas_h5_free_strings(&names, count);
    return good ? PNAS_OK
                : pnas_h5_fail(PNAS_ERROR_DATA, group, "operators", "expected the names of 1 to %d operators",
                               PNAS_OPERATORS_MAX);
}

static pnas_status read_operators(hid_t group, pnas_operator_set *set)
{
    static const struct {
        const char *name;
        size_t offset;
    } number[] = {{"kind", offsetof(pnas_operator, kind)},
                  {"kernel", offsetof(pnas_operator, kernel)},
                  {"dilation", offsetof(pnas_operator, dilation)},
                  {"repeat", offsetof(pnas_operator, repeat)},
                  {"bottleneck", offsetof(pnas_operator, bottleneck)}};
    PNAS_TRY(take_names(group, set));
    const hsize_t shape[] = {(hsize_t)set->count};
    for (size_t n = 0; n < sizeof number / sizeof *number; n++) {
        int values[PNAS_OPERATORS_MAX];
        PNAS_TRY(pnas_h5_read_array(group, number[n].name, H5T_NATIVE_INT, 1, shape, values));
        for (int i = 0; i < set->count; i++)
            memcpy((char *)&set->item[i] + number[n].offset, &values[i], sizeof values[i]);
    }
    return PNAS_OK;
}

static pnas_status read_space(hid_t root, pnas_space *space)
{
    hid_t group = -1;
    pnas_status status;
    *space = (pnas_space){0};
    if (!pnas_h5_exists(root, "space"))
        return PNAS_OK;
    PNAS_TRY(pnas_h5_open_group(root, "space", &group));
    PNAS_TRY_CLEANUP(pnas_h5_read_number(group, "blocks", H5T_NATIVE_INT, &space->blocks));
    PNAS_TRY_CLEANUP(pnas_h5_read_number(group, "input_lookback", H5T_NATIVE_INT, &space->lookback));
    PNAS_TRY_CLEANUP(pnas_h5_read_number(group, "input_lookforward", H5T_NATIVE_INT, &space->lookforward));
    status = read_operators(group, &space->operators);
cleanup:
    pnas_h5_close_group(&group);
    return status;
}

/* ---- levels ---- */

static pnas_status read_cells(hid_t group, pnas_level *level)
{
    size_t size = (size_t)level->blocks * sizeof(pnas_block);
    const hsize_t shape[] = {level->count, (hsize_t)level->blocks, sizeof(pnas_block)};
    int8_t *codes = malloc(level->count * size + 1);
    PNAS_CHECK(codes, PNAS_ERROR_MEMORY, "out of memory for the cells of level %d", level->blocks);
    pnas_status status = pnas_h5_read_array(group, "cell", H5T_NATIVE_INT8, 3, shape, codes);
    for (size_t i = 0; i < level->count && status == PNAS_OK; i++) {
        pnas_cell *cell = &level->child[i].cell;
        cell->blocks = level->blocks;
        memcpy(cell->block, codes + i * size, size);
    }
    free(codes);
    return status;
}

static pnas_status read_history(hid_t group, pnas_level *level)
{
    hsize_t shape[3];
    PNAS_TRY(pnas_h5_read_shape(group, "history", H5T_NATIVE_FLOAT, 3, shape));
    size_t row = shape[1] * PNAS_METRICS, total = level->count * row;
    if (shape[0] != level->count || shape[1] > EPOCHS_MAX || shape[2] != PNAS_METRICS || total > 1000000000)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "history",
                            "expected %zu children, their epochs and %d figures", level->count, PNAS_METRICS);
    float *values = malloc(total * sizeof *values + 1);
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "out of memory for the histories of level %d", level->blocks);
    pnas_status status = pnas_h5_read_array(group, "history", H5T_NATIVE_FLOAT, 3, shape, values);
    for (size_t i = 0; i < level->count && status == PNAS_OK; i++) {
        pnas_result *result = &level->child[i].result;
        if (result->epochs < 0 || (hsize_t)result->epochs > shape[1]) {
            status =
                pnas_h5_fail(PNAS_ERROR_DATA, group, "epochs", "child %zu has %d epochs; history holds %llu",
                             i, result->epochs, (unsigned long long)shape[1]);
            break;
        }
        size_t bytes = (size_t)result->epochs * PNAS_METRICS * sizeof *values;
        if (bytes == 0)
            continue;
        result->history = malloc(bytes);
        if (result->history)
            memcpy(result->history, values + i * row, bytes);
        else
            status =
                pnas_fail(PNAS_ERROR_MEMORY, "out of memory for the histories of level %d", level->blocks);
    }
    free(values);
    return status;
}

/* The stored hash shows that a cell's code is what it was; accuracies of children that are not done are NaN
 * in the file and 0 in memory. */
static pnas_status check_child(hid_t group, pnas_child *child, size_t i)
{
    const pnas_result *result = &child->result;
    if ((int)result->status < PNAS_CHILD_PENDING || (int)result->status > PNAS_CHILD_STATUS_LAST)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "status", "child %zu has the unknown status %d", i,
                            (int)result->status);
    for (int b = 0; b < child->cell.blocks; b++) {
        const pnas_block *block = &child->cell.block[b];
        if (block->in1 < -2 || block->in1 >= b || block->in2 < -2 || block->in2 >= b || block->op1 < 0 ||
            block->op1 >= PNAS_OPERATORS_MAX || block->op2 < 0 || block->op2 >= PNAS_OPERATORS_MAX)
            return pnas_h5_fail(PNAS_ERROR_DATA, group, "cell", "block %d of child %zu is impossible", b, i);
    }
    if (pnas_cell_hash(&child->cell) != child->hash)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "cell",
                            "child %zu does not fit its hash; the file is damaged", i);
    if (result->status == PNAS_CHILD_DONE)
        return pnas_h5_check_accuracy(group, "accuracy", (long)i, result->accuracy, true);
    child->result.accuracy = 0;
    return PNAS_OK;
}

static pnas_status read_usage(hid_t group, pnas_level_usage *out)
{
    if (!pnas_h5_has_attribute(group, "span_seconds")) /* written before there was any */
        return PNAS_OK;
    PNAS_TRY(pnas_h5_read_number(group, "span_seconds", H5T_NATIVE_DOUBLE, &out->span_seconds));
    PNAS_TRY(pnas_h5_read_number(group, "lane_seconds", H5T_NATIVE_DOUBLE, &out->lane_seconds));
    PNAS_TRY(pnas_h5_read_number(group, "busy_seconds", H5T_NATIVE_DOUBLE, &out->busy_seconds));
    PNAS_TRY(pnas_h5_read_number(group, "longest_seconds", H5T_NATIVE_DOUBLE, &out->longest_seconds));
    PNAS_TRY(pnas_h5_read_number(group, "best_seconds", H5T_NATIVE_DOUBLE, &out->best_seconds));
    PNAS_TRY(pnas_h5_read_number(group, "messages", H5T_NATIVE_INT64, &out->messages));
    return pnas_h5_read_number(group, "message_bytes", H5T_NATIVE_INT64, &out->bytes);
}

static pnas_status read_early(hid_t group, pnas_level *level)
{
    level->begun = pnas_h5_has_attribute(group, "begun_early");
    if (!pnas_h5_exists(group, "early"))
        return PNAS_OK;
    const hsize_t shape[] = {level->count};
    int8_t *early = malloc(level->count + 1);
    PNAS_CHECK(early, PNAS_ERROR_MEMORY, "out of memory for the children of level %d", level->blocks);
    pnas_status status = pnas_h5_read_array(group, "early", H5T_NATIVE_INT8, 1, shape, early);
    for (size_t i = 0; i < level->count && status == PNAS_OK; i++)
        level->child[i].early = early[i] != 0;
    free(early);
    return status;
}

static pnas_status read_order(hid_t group, pnas_level *level)
{
    if (!pnas_h5_exists(group, "order"))
        return PNAS_OK;
    const hsize_t shape[] = {level->count};
    int *order = malloc(level->count * sizeof *order + 1);
    PNAS_CHECK(order, PNAS_ERROR_MEMORY, "out of memory for the children of level %d", level->blocks);
    pnas_status status = pnas_h5_read_array(group, "order", H5T_NATIVE_INT, 1, shape, order);
    for (size_t i = 0; i < level->count && status == PNAS_OK; i++)
        level->child[i].order = order[i];
    free(order);
    return status;
}

static pnas_status read_expected(hid_t group, pnas_level *level)
{
    const hsize_t shape[] = {level->count};
    if (pnas_level_count(level, PNAS_CHILD_STOPPED) == 0)
        return PNAS_OK;
    double *expected = malloc(level->count * sizeof *expected + 1);
    PNAS_CHECK(expected, PNAS_ERROR_MEMORY, "out of memory for the children of level %d", level->blocks);
    pnas_status status = pnas_h5_read_array(group, "expected", H5T_NATIVE_DOUBLE, 1, shape, expected);
    for (size_t i = 0; i < level->count && status == PNAS_OK; i++) {
        if (level->child[i].result.status != PNAS_CHILD_STOPPED)
            continue;
        level->child[i].expected = expected[i];
        status = pnas_h5_check_accuracy(group, "expected", (long)i, expected[i], true);
    }
    free(expected);
    return status;
}

/* Columns that are all cut alike do not contradict each other. */
static pnas_status check_count(hid_t group, const pnas_level *level)
{
    uint64_t children;
    if (!pnas_h5_has_attribute(group, "children")) /* written before there was any */
        return PNAS_OK;
    PNAS_TRY(pnas_h5_read_number(group, "children", H5T_NATIVE_UINT64, &children));
    if (children != level->count)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, NULL,
                            "is damaged: it holds %zu of its %llu children; put a copy of the file back",
                            level->count, (unsigned long long)children);
    return PNAS_OK;
}

static bool knows_operators(const pnas_cell *cell, const pnas_operator_set *operators)
{
    for (int b = 0; b < cell->blocks; b++)
        if (cell->block[b].op1 >= operators->count || cell->block[b].op2 >= operators->count)
            return false;
    return true;
}

/* People and other programs read the text of a cell, and this one its code. */
static pnas_status check_texts(hid_t group, const pnas_level *level, const pnas_operator_set *operators)
{
    char **texts;
    size_t count;
    pnas_status status = PNAS_OK;
    if (operators->count == 0 || !pnas_h5_exists(group, "text"))
        return PNAS_OK;
    PNAS_TRY(pnas_h5_read_strings(group, "text", &texts, &count));
    if (count != level->count)
        status = pnas_h5_fail(PNAS_ERROR_DATA, group, "text", "expected %zu cells", level->count);
    for (size_t i = 0; i < level->count && status == PNAS_OK; i++) {
        char expected[PNAS_CELL_TEXT_MAX] = "";
        if (knows_operators(&level->child[i].cell, operators))
            pnas_cell_format(&level->child[i].cell, operators, expected);
        if (strcmp(texts[i], expected) != 0)
            status = pnas_h5_fail(PNAS_ERROR_DATA, group, "text",
                                  "the text of child %zu is not that of its cell; the file is damaged", i);
    }
    pnas_h5_free_strings(&texts, count);
    return status;
}

static pnas_status read_level(hid_t group, const pnas_operator_set *operators, pnas_level *level)
{
    PNAS_TRY(pnas_h5_read_number(group, "candidates", H5T_NATIVE_UINT64, &level->candidates));
    PNAS_TRY(pnas_h5_read_number(group, "spearman", H5T_NATIVE_DOUBLE, &level->spearman));
    PNAS_TRY(pnas_h5_read_number(group, "score_seconds", H5T_NATIVE_DOUBLE, &level->score_seconds));
    PNAS_TRY(pnas_h5_read_number(group, "fit_seconds", H5T_NATIVE_DOUBLE, &level->fit_seconds));
    PNAS_TRY(read_usage(group, &level->usage));
    PNAS_TRY(pnas_table_count(group, &pnas_children_table, &level->count));
    PNAS_TRY(check_count(group, level));
    level->child = calloc(level->count + 1, sizeof *level->child);
    PNAS_CHECK(level->child, PNAS_ERROR_MEMORY, "out of memory for %zu children", level->count);
    PNAS_TRY(pnas_table_read(group, &pnas_children_table, level->child, level->count));
    PNAS_TRY(read_cells(group, level));
    PNAS_TRY(read_early(group, level));
    PNAS_TRY(read_order(group, level));
    PNAS_TRY(read_expected(group, level));
    for (size_t i = 0; i < level->count; i++)
        PNAS_TRY(check_child(group, &level->child[i], i));
    PNAS_TRY(check_texts(group, level, operators));
    return read_history(group, level);
}

static pnas_status read_levels(hid_t root, pnas_run_file *file)
{
    hid_t levels = -1, group = -1;
    pnas_status status;
    PNAS_TRY(pnas_h5_open_group(root, "levels", &levels));
    file->level = calloc(PNAS_BLOCKS_MAX, sizeof *file->level);
    PNAS_CHECK_CLEANUP(file->level, PNAS_ERROR_MEMORY, "%s: out of memory", file->path);
    for (int b = 1; b <= PNAS_BLOCKS_MAX; b++) {
        char name[16];
        snprintf(name, sizeof name, "%d", b);
        file->level[b - 1].blocks = b;
        if (!pnas_h5_exists(levels, name))
            continue; /* no children of so many blocks; whether that can be is for the search to say */
        file->levels = b;
        PNAS_TRY_CLEANUP(pnas_h5_open_group(levels, name, &group));
        PNAS_TRY_CLEANUP(read_level(group, &file->space.operators, &file->level[b - 1]));
        pnas_h5_close_group(&group);
    }
    status = PNAS_OK;
cleanup:
    pnas_h5_close_group(&group);
    pnas_h5_close_group(&levels);
    return status;
}

/* ---- what it holds in addition to the levels ---- */

static pnas_status read_table(hid_t root, const char *name, const pnas_table *table, void **rows,
                              size_t *count)
{
    hid_t group = -1;
    pnas_status status;
    *rows = NULL;
    PNAS_TRY(pnas_h5_open_group(root, name, &group));
    PNAS_TRY_CLEANUP(pnas_table_count(group, table, count));
    *rows = calloc(*count + 1, table->row_size);
    PNAS_CHECK_CLEANUP(*rows, PNAS_ERROR_MEMORY, "out of memory for %zu rows of /%s", *count, name);
    status = pnas_table_read(group, table, *rows, *count);
cleanup:
    pnas_h5_close_group(&group);
    return status;
}

static pnas_status read_controller(hid_t root, int level, int member, pnas_run_info *info)
{
    char path[64];
    hid_t group = -1;
    pnas_named_tensor *tensors = NULL;
    size_t count = 0;
    snprintf(path, sizeof path, "controller/%d/%d", level, member);
    PNAS_TRY(pnas_h5_open_group(root, path, &group));
    pnas_status status = pnas_tensor_group_read(group, &tensors, &count);
    if (status == PNAS_OK)
        status = pnas_run_info_add_controller(info, level, member, tensors, count);
    pnas_tensor_group_free(&tensors, count);
    pnas_h5_close_group(&group);
    return status;
}

static pnas_status read_controllers(hid_t root, pnas_run_info *info)
{
    for (int level = 0; level <= PNAS_BLOCKS_MAX; level++) {
        for (int member = 0; member < CONTROLLERS_MAX; member++) {
            char path[64];
            snprintf(path, sizeof path, "controller/%d/%d", level, member);
            if (!pnas_h5_exists(root, path))
                break;
            PNAS_TRY(read_controller(root, level, member, info));
        }
    }
    return PNAS_OK;
}

static pnas_status read_open(hid_t root, pnas_run_file *file)
{
    void *rows;
    PNAS_TRY(check_conventions(root));
    PNAS_TRY(read_identity(root, &file->identity));
    PNAS_TRY(read_root(root, &file->info));
    PNAS_TRY(read_space(root, &file->space));
    PNAS_TRY(read_levels(root, file));
    PNAS_TRY(read_controllers(root, &file->info));
    pnas_status status = read_table(root, "ranks", &pnas_ranks_table, &rows, &file->info.rank_count);
    file->info.rank = rows;
    PNAS_TRY(status);
    status = read_table(root, "timeline", &pnas_timeline_table, &rows, &file->info.event_count);
    file->info.event = rows;
    return status;
}

/* Without its seal the file may have been changed by any program. */
static pnas_status check_content(hid_t root, bool sealed, bool *changed)
{
    static const char *const optional[] = {"extended",     "retried",  "warm_start",  "kernels",
                                           "span_seconds", "children", "begun_early", NULL};
    pnas_status status = sealed ? PNAS_OK : pnas_content_sum_check(root, optional);
    *changed = status == PNAS_ERROR_DATA;
    return *changed ? PNAS_OK : status;
}

pnas_status pnas_run_read_all(pnas_run_file *file)
{
    hid_t root;
    bool sealed;
    PNAS_TRY(pnas_h5_open_sealed(file->path, &root, &sealed));
    pnas_status status = read_open(root, file);
    if (status == PNAS_OK)
        status = check_content(root, sealed, &file->changed);
    status = pnas_h5_finish(&root, status);
    if (status != PNAS_OK) {
        pnas_run_info_clear(&file->info);
        pnas_run_levels_clear(file);
    }
    return status;
}
