#include "io/run/cell_table_file.h"

#include "io/config/configuration.h"
#include "io/file/sha256.h"
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/hdf5_content_sum.h"
#include "io/run/cell_csv.h"
#include "io/run/run_file.h"
#include "src/base/log.h"
#include "src/search/cell_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_CONVENTIONS "PNAS-run-"

enum {
    CURVE_MAX = 1000000,
    CURVES_MAX = 1000000000
}; /* epochs; a damaged number must not ask for all memory */

/* ---- rows ---- */

void pnas_table_rows_free(pnas_table_rows *rows)
{
    for (size_t i = 0; i < rows->count; ++i)
        free(rows->entry[i].curve);
    free(rows->entry);
    pnas_table_origin_clear(&rows->origin);
    *rows = (pnas_table_rows){0};
}

static pnas_status make_room(pnas_table_rows *rows, size_t more)
{
    size_t room = rows->count + more;
    if (room <= rows->room)
        return PNAS_OK;
    pnas_table_entry *entry = realloc(rows->entry, room * sizeof *entry);
    PNAS_CHECK(entry, PNAS_ERROR_MEMORY, "out of memory for a table of %zu cells", room);
    rows->entry = entry;
    rows->room = room;
    return PNAS_OK;
}

/* The code of an operator of that name, which is added where the rows do not know it yet. */
static int code_of(pnas_operator_set *set, const char *name)
{
    int code = pnas_operator_set_find(set, name);
    if (code >= 0 || set->count == PNAS_OPERATORS_MAX)
        return code;
    if (pnas_operator_set_add_named(set, name) == PNAS_OK)
        return set->count - 1;
    pnas_operator own = {.kind = PNAS_IDENTITY, .kernel = 1, .dilation = 1, .repeat = 1, .bottleneck = 1};
    snprintf(own.name, sizeof own.name, "%s", name);
    return pnas_operator_set_add(set, &own) == PNAS_OK ? set->count - 1 : -1;
}

/* ---- CSV ---- */

static pnas_status read_csv(const char *path, pnas_table_rows *rows)
{
    pnas_operator_set built_in;
    pnas_cell_csv csv;
    pnas_operator_set_built_in(&built_in);
    for (int i = 0; i < built_in.count; ++i)
        code_of(&rows->operators, built_in.item[i].name);
    PNAS_TRY(pnas_cell_csv_read(path, &rows->operators, &csv));
    pnas_status status = make_room(rows, csv.count);
    for (size_t i = 0; status == PNAS_OK && i < csv.count; ++i) {
        const pnas_csv_cell *row = &csv.row[i];
        if (isnan(row->score)) {
            status = pnas_fail(PNAS_ERROR_DATA,
                               "%s: cell %zu has a prediction alone; a table holds cells that were trained",
                               path, i + 1);
            break;
        }
        rows->entry[rows->count++] =
            (pnas_table_entry){.cell = row->cell,
                               .accuracy = row->score,
                               .parameters = row->parameters > 0 ? row->parameters : 0,
                               .multiply_adds = row->multiply_adds > 0 ? row->multiply_adds : 0,
                               .train_seconds = row->train_seconds > 0 ? row->train_seconds : 0};
    }
    pnas_cell_csv_free(&csv);
    rows->origin.gaps = true;
    return status;
}

/* ---- a run file ---- */

static bool is_same(const pnas_operator *a, const pnas_operator *b)
{
    return a->kind == b->kind && a->kernel == b->kernel && a->dilation == b->dilation &&
           a->repeat == b->repeat && a->bottleneck == b->bottleneck;
}

/* The code of an operator of which the whole is known. What the rows know by name alone becomes it. */
static pnas_status code_of_defined(pnas_table_rows *rows, const char *path, const pnas_operator *op,
                                   int *code)
{
    char here[PNAS_OPERATOR_SETTINGS_MAX], there[PNAS_OPERATOR_SETTINGS_MAX];
    *code = code_of(&rows->operators, op->name);
    if (*code < 0)
        return PNAS_OK;
    pnas_operator *known = &rows->operators.item[*code];
    if (!rows->defined[*code]) {
        char name[PNAS_OPERATOR_NAME_MAX];
        memcpy(name, known->name, sizeof name);
        *known = *op;
        memcpy(known->name, name, sizeof name);
        rows->defined[*code] = true;
    }
    pnas_operator_settings(op, here);
    pnas_operator_settings(known, there);
    PNAS_CHECK(is_same(known, op), PNAS_ERROR_DATA,
               "%s: its operator %s is another one (%s) than that of the same name elsewhere (%s), so their "
               "accuracies are not comparable",
               path, op->name, here, there);
    return PNAS_OK;
}

/* The rows' codes for the names of a file; -1 where there is no room for one. */
static void translate(pnas_operator_set *rows, const pnas_operator_set *own, int code[PNAS_OPERATORS_MAX])
{
    for (int i = 0; i < own->count; ++i)
        code[i] = code_of(rows, own->item[i].name);
}

static pnas_status take_cell(pnas_table_rows *rows, const pnas_table_entry *entry,
                             const int code[PNAS_OPERATORS_MAX])
{
    pnas_table_entry taken = *entry;
    for (int b = 0; b < taken.cell.blocks; ++b) {
        pnas_block *block = &taken.cell.block[b];
        int op1 = code[block->op1], op2 = code[block->op2];
        PNAS_CHECK(op1 >= 0 && op2 >= 0, PNAS_ERROR_DATA,
                   "the tables and the search space together name more than %d operators",
                   PNAS_OPERATORS_MAX);
        block->op1 = (int8_t)op1;
        block->op2 = (int8_t)op2;
    }
    rows->entry[rows->count++] = taken;
    return PNAS_OK;
}

static pnas_status make_curve(pnas_table_entry *entry, size_t epochs)
{
    entry->curve = malloc(epochs * sizeof *entry->curve + 1);
    PNAS_CHECK(entry->curve, PNAS_ERROR_MEMORY, "out of memory for a learning curve of %zu epochs", epochs);
    entry->epochs = (int)epochs;
    return PNAS_OK;
}

static pnas_status take_child(pnas_table_rows *rows, const pnas_child *child,
                              const int code[PNAS_OPERATORS_MAX])
{
    const pnas_result *result = &child->result;
    size_t epochs = pnas_result_rows(result);
    const pnas_table_entry entry = {.cell = child->cell,
                                    .accuracy = result->accuracy,
                                    .parameters = result->parameters,
                                    .multiply_adds = result->multiply_adds,
                                    .train_seconds = result->train_seconds};
    if (result->status != PNAS_CHILD_DONE)
        return PNAS_OK;
    PNAS_TRY(take_cell(rows, &entry, code));
    if (epochs == 0)
        return PNAS_OK;
    pnas_table_entry *taken = &rows->entry[rows->count - 1];
    PNAS_TRY(make_curve(taken, epochs));
    for (int e = 0; e < taken->epochs; ++e)
        taken->curve[e] = (float)pnas_result_accuracy_after(result, e + 1);
    return PNAS_OK;
}

static pnas_status take_level(pnas_table_rows *rows, const pnas_level *level,
                              const int code[PNAS_OPERATORS_MAX])
{
    PNAS_TRY(make_room(rows, level->count));
    for (size_t i = 0; i < level->count; ++i)
        PNAS_TRY(take_child(rows, &level->child[i], code));
    return PNAS_OK;
}

/* Restored as a search, so that every cell is checked against the run's own space. */
static pnas_status take_search(const char *path, pnas_run_file *file, const pnas_search_options *options,
                               pnas_table_rows *rows)
{
    pnas_search *search = NULL;
    int code[PNAS_OPERATORS_MAX];
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_search_create(options, &search));
    PNAS_TRY_CLEANUP(pnas_run_file_restore(file, search));
    for (int i = 0; i < options->space.operators.count; ++i)
        PNAS_TRY_CLEANUP(code_of_defined(rows, path, &options->space.operators.item[i], &code[i]));
    for (int b = 1; pnas_search_level(search, b); ++b)
        PNAS_TRY_CLEANUP(take_level(rows, pnas_search_level(search, b), code));
cleanup:
    pnas_search_destroy(&search);
    return status;
}

/* Of the rows from `before` on, which are those of `path`. */
static pnas_status add_origin(const char *path, const char *configuration, const char *data_name,
                              const char *data_sha256, size_t before, pnas_table_rows *rows)
{
    pnas_cells_origin cells = {
        .configuration = configuration, .data_name = data_name, .data_sha256 = data_sha256};
    for (size_t i = before; i < rows->count; ++i) {
        int epochs = rows->entry[i].epochs;
        if (epochs > 0 && (cells.least_epochs == 0 || epochs < cells.least_epochs))
            cells.least_epochs = epochs;
        if (epochs > cells.most_epochs)
            cells.most_epochs = epochs;
    }
    return pnas_table_origin_add(&rows->origin, path, &cells);
}

static pnas_status read_run(const char *path, pnas_table_rows *rows)
{
    pnas_run_file *file = NULL;
    pnas_configuration *configuration = malloc(sizeof *configuration);
    pnas_status status;
    PNAS_CHECK(configuration, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    PNAS_TRY_CLEANUP(pnas_run_file_read(path, &file));
    const pnas_run_info *info = pnas_run_file_info(file);
    const char *text = info->configuration;
    if (pnas_configuration_parse(path, text ? text : "", NULL, 0, configuration) != PNAS_OK) {
        status = pnas_fail_at(PNAS_ERROR_DATA, "the configuration in the run file");
        goto cleanup;
    }
    size_t before = rows->count;
    PNAS_TRY_CLEANUP(take_search(path, file, &configuration->search, rows));
    status = add_origin(path, text, info->dataset_name, info->dataset_sha256, before, rows);
cleanup:
    pnas_run_file_close(&file);
    free(configuration);
    return status;
}

/* ---- our own table ---- */

typedef struct {
    size_t count;
    char **text;
    double *accuracy, *train_seconds;
    int64_t *parameters, *multiply_adds;
    size_t epochs; /* of the longest curve */
    float *curve;  /* [count][epochs], NaN behind the end of one; NULL: there are none */
} table_columns;

static void free_columns(table_columns *all)
{
    pnas_h5_free_strings(&all->text, all->count);
    free(all->accuracy);
    free(all->train_seconds);
    free(all->parameters);
    free(all->multiply_adds);
    free(all->curve);
}

static pnas_status read_reals(hid_t file, const char *name, size_t count, double **out)
{
    const hsize_t shape[] = {count};
    *out = malloc(count * sizeof **out + 1);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "out of memory for a table of %zu cells", count);
    return pnas_h5_read_array(file, name, H5T_NATIVE_DOUBLE, 1, shape, *out);
}

static pnas_status read_counts(hid_t file, const char *name, size_t count, int64_t **out)
{
    const hsize_t shape[] = {count};
    *out = malloc(count * sizeof **out + 1);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "out of memory for a table of %zu cells", count);
    return pnas_h5_read_array(file, name, H5T_NATIVE_INT64, 1, shape, *out);
}

/* Only where the table has them. */
static pnas_status read_curves(hid_t file, table_columns *all)
{
    hsize_t shape[2];
    if (!pnas_h5_exists(file, "curve"))
        return PNAS_OK;
    PNAS_TRY(pnas_h5_read_shape(file, "curve", H5T_NATIVE_FLOAT, 2, shape));
    if (shape[0] != all->count || shape[1] > CURVE_MAX || shape[0] * shape[1] > CURVES_MAX)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, "curve", "expected %zu cells, and their epochs",
                            all->count);
    all->epochs = shape[1];
    all->curve = malloc(all->count * all->epochs * sizeof *all->curve + 1);
    PNAS_CHECK(all->curve, PNAS_ERROR_MEMORY, "out of memory for learning curves of %zu cells", all->count);
    return pnas_h5_read_array(file, "curve", H5T_NATIVE_FLOAT, 2, shape, all->curve);
}

/* The row's curve up to the first value that is none. */
static pnas_status take_curve(const table_columns *all, size_t row, pnas_table_entry *out)
{
    const float *value = all->curve + row * all->epochs;
    size_t epochs = 0;
    while (epochs < all->epochs && value[epochs] >= 0 && value[epochs] <= 1)
        ++epochs;
    if (epochs == 0)
        return PNAS_OK;
    PNAS_TRY(make_curve(out, epochs));
    memcpy(out->curve, value, epochs * sizeof *value);
    return PNAS_OK;
}

static pnas_status read_columns(hid_t file, table_columns *all)
{
    PNAS_TRY(pnas_h5_read_strings(file, "cell", &all->text, &all->count));
    PNAS_TRY(read_reals(file, "accuracy", all->count, &all->accuracy));
    PNAS_TRY(read_reals(file, "train_seconds", all->count, &all->train_seconds));
    PNAS_TRY(read_counts(file, "parameters", all->count, &all->parameters));
    PNAS_TRY(read_counts(file, "multiply_adds", all->count, &all->multiply_adds));
    return read_curves(file, all);
}

/* For reading cells only names count, so operators that are not built in may stand there as anything. */
static pnas_status read_operators(hid_t file, pnas_operator_set *out)
{
    char **names = NULL;
    size_t count = 0;
    *out = (pnas_operator_set){0};
    PNAS_TRY(pnas_h5_read_strings(file, "operators", &names, &count));
    pnas_status status = PNAS_OK;
    for (size_t i = 0; i < count && status == PNAS_OK; ++i)
        if (code_of(out, names[i]) != (int)i)
            status = pnas_h5_fail(PNAS_ERROR_DATA, file, "operators",
                                  "entry %zu, '%s', cannot be used or stands there twice", i, names[i]);
    pnas_h5_free_strings(&names, count);
    return status;
}

static pnas_status take_columns(hid_t file, const table_columns *all, pnas_table_rows *rows)
{
    pnas_operator_set own;
    int code[PNAS_OPERATORS_MAX];
    PNAS_TRY(read_operators(file, &own));
    translate(&rows->operators, &own, code);
    PNAS_TRY(make_room(rows, all->count));
    for (size_t i = 0; i < all->count; ++i) {
        pnas_table_entry entry = {.accuracy = all->accuracy[i],
                                  .parameters = all->parameters[i],
                                  .multiply_adds = all->multiply_adds[i],
                                  .train_seconds = all->train_seconds[i]};
        if (pnas_cell_parse(all->text[i], &own, &entry.cell) != PNAS_OK) {
            char why[512];
            snprintf(why, sizeof why, "%s", pnas_message());
            return pnas_h5_fail(PNAS_ERROR_DATA, file, "cell", "row %zu: %s", i, why);
        }
        PNAS_TRY(take_cell(rows, &entry, code));
        if (all->curve)
            PNAS_TRY(take_curve(all, i, &rows->entry[rows->count - 1]));
    }
    return PNAS_OK;
}

/* Older tables do not say how their cells were trained. */
static pnas_status read_origin(hid_t file, const char *path, size_t before, pnas_table_rows *rows)
{
    char *text[3] = {NULL}; /* as pnas_table_optional */
    pnas_status status = PNAS_OK;
    for (int i = 0; pnas_table_optional[i] && status == PNAS_OK; ++i)
        if (pnas_h5_has_attribute(file, pnas_table_optional[i]))
            status = pnas_h5_read_text(file, pnas_table_optional[i], &text[i]);
    if (status == PNAS_OK)
        status = add_origin(path, text[0], text[1] ? text[1] : "", text[2] ? text[2] : "", before, rows);
    for (int i = 0; i < 3; ++i)
        free(text[i]);
    return status;
}

/* *is_run: it is a run file, and nothing was read. */
static pnas_status read_table(const char *path, pnas_table_rows *rows, bool *is_run)
{
    hid_t file;
    char conventions[64] = "";
    table_columns all = {0};
    bool sealed;
    pnas_status status;
    PNAS_TRY(pnas_h5_open_sealed(path, &file, &sealed));
    if (pnas_h5_copy_text(file, "conventions", conventions, sizeof conventions) != PNAS_OK)
        conventions[0] = 0;
    *is_run = strncmp(conventions, RUN_CONVENTIONS, strlen(RUN_CONVENTIONS)) == 0;
    status = PNAS_OK;
    if (*is_run)
        goto cleanup;
    PNAS_CHECK_CLEANUP(strcmp(conventions, PNAS_TABLE_CONVENTIONS) == 0, PNAS_ERROR_DATA,
                       "%s: is neither a table of cells (conventions " PNAS_TABLE_CONVENTIONS
                       ") nor a run file, but '%s'",
                       path, conventions);
    PNAS_TRY_CLEANUP(read_columns(file, &all));
    if (!sealed) /* any program may have changed it */
        PNAS_TRY_CLEANUP(pnas_content_sum_check(file, pnas_table_optional));
    size_t before = rows->count;
    PNAS_TRY_CLEANUP(take_columns(file, &all, rows));
    status = read_origin(file, path, before, rows);
cleanup:
    free_columns(&all);
    return pnas_h5_finish(&file, status);
}

/* ---- any of them ---- */

static pnas_status check_entry(const char *path, size_t number, const pnas_table_entry *entry)
{
    PNAS_CHECK(entry->accuracy >= 0 && entry->accuracy <= 1, PNAS_ERROR_DATA,
               "%s: cell %zu has accuracy %.17g; it must be from 0 to 1", path, number, entry->accuracy);
    PNAS_CHECK(
        entry->parameters >= 0 && entry->multiply_adds >= 0, PNAS_ERROR_DATA,
        "%s: cell %zu has %lld parameters and %lld multiply-adds; these are 0 where they are not known", path,
        number, (long long)entry->parameters, (long long)entry->multiply_adds);
    PNAS_CHECK(entry->train_seconds >= 0 && isfinite(entry->train_seconds), PNAS_ERROR_DATA,
               "%s: cell %zu has train_seconds %g; they are 0 where they are not known", path, number,
               entry->train_seconds);
    return PNAS_OK;
}

pnas_status pnas_table_rows_read(const char *path, pnas_table_rows *rows)
{
    bool hdf5, is_run = false;
    size_t before = rows->count;
    PNAS_TRY(pnas_h5_is_meant(path, &hdf5));
    PNAS_TRY(hdf5 ? read_table(path, rows, &is_run) : read_csv(path, rows));
    if (is_run)
        PNAS_TRY(read_run(path, rows));
    for (size_t i = before; i < rows->count; ++i)
        PNAS_TRY(check_entry(path, i - before + 1, &rows->entry[i]));
    PNAS_CHECK(rows->count > before, PNAS_ERROR_DATA, "%s: has no trained cell", path);
    return PNAS_OK;
}

/* ---- sums ---- */

static pnas_status add_entry(pnas_sha256 *sha, const pnas_table_entry *entry, bool curves)
{
    const pnas_cell *cell = &entry->cell;
    const int64_t counts[] = {cell->blocks, entry->parameters, entry->multiply_adds};
    const double values[] = {entry->accuracy, entry->train_seconds};
    PNAS_TRY(pnas_sha256_add(sha, counts, sizeof counts));
    PNAS_TRY(pnas_sha256_add(sha, cell->block, (size_t)cell->blocks * sizeof *cell->block));
    PNAS_TRY(pnas_sha256_add(sha, values, sizeof values));
    return curves ? pnas_sha256_add(sha, entry->curve, (size_t)entry->epochs * sizeof *entry->curve)
                  : PNAS_OK;
}

static pnas_status sum_entries(const pnas_table_entry *entry, size_t count, bool curves, char sha256[65])
{
    pnas_sha256 *sha = NULL;
    PNAS_TRY(pnas_sha256_create(&sha));
    pnas_status status = PNAS_OK;
    for (size_t i = 0; i < count && status == PNAS_OK; ++i)
        status = add_entry(sha, &entry[i], curves);
    if (status == PNAS_OK)
        status = pnas_sha256_finish(sha, sha256);
    pnas_sha256_destroy(&sha);
    return status;
}

pnas_status pnas_cell_table_sum(const pnas_cell_table *table, bool curves, char sha256[65])
{
    return sum_entries(pnas_cell_table_entries(table), pnas_cell_table_count(table), curves, sha256);
}

/* ---- a table ---- */

void pnas_cell_table_warn(const char *name, const pnas_cell_table *table)
{
    size_t unlike = pnas_cell_table_unlike(table);
    if (unlike > 0)
        pnas_warning("%s: the children of %zu cells have other numbers of parameters from row to row, so "
                     "they were not trained alike; the mean accuracy of each cell is kept",
                     name, unlike);
}

pnas_status pnas_cell_table_read(const char *path, const pnas_space *space, pnas_cell_table **out,
                                 size_t *left_out, char sha256[65])
{
    pnas_table_rows rows = {.operators = space->operators};
    *out = NULL;
    pnas_status status;
    for (int i = 0; i < space->operators.count; ++i)
        rows.defined[i] = true;
    PNAS_TRY_CLEANUP(pnas_table_rows_read(path, &rows));
    if (sha256)
        PNAS_TRY_CLEANUP(sum_entries(rows.entry, rows.count, false, sha256));
    status = pnas_cell_table_create(space, rows.entry, rows.count, out, left_out);
    if (status == PNAS_OK)
        pnas_cell_table_warn(path, *out);
    else
        pnas_fail_at(status, "%s", path);
cleanup:
    pnas_table_rows_free(&rows);
    return status;
}
