#include "io/run/score_file.h"

#include "io/file/file_kind.h"
#include "io/file/link_target.h"
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "pnas_version.h"
#include "src/base/clock.h"
#include "src/base/commit.h"

#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_CONVENTIONS "PNAS-scores-1"
#define PART_CONVENTIONS "PNAS-scores-part-1"
#define CHUNK            65536 /* scores */

void pnas_score_folder(const char *path, char *out, size_t size)
{
    char *target;
    bool followed = pnas_link_target(path, &target) == PNAS_OK;
    snprintf(out, size, "%s.parts", followed ? target : path);
    if (followed)
        free(target);
}

void pnas_score_part_path(const char *path, size_t index, char *out, size_t size)
{
    char folder[4096];
    pnas_score_folder(path, folder, sizeof folder);
    snprintf(out, size, "%s/%05zu.h5", folder, index);
}

/* --- writing --- */

static pnas_status write_int(hid_t object, const char *name, int64_t value)
{
    return pnas_h5_write_number(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

static pnas_status write_real(hid_t object, const char *name, double value)
{
    return pnas_h5_write_number(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

static pnas_status write_operators(hid_t file, const pnas_operator_set *operators)
{
    const char *name[PNAS_OPERATORS_MAX];
    for (int i = 0; i < operators->count; ++i)
        name[i] = operators->item[i].name;
    return pnas_h5_write_strings(file, "operators", name, (size_t)operators->count,
                                 "operators, in the order of their codes", "operator");
}

static pnas_status write_head(hid_t file, const char *conventions, const pnas_score_head *head)
{
    char fingerprint[24], created[32], program[128];
    snprintf(fingerprint, sizeof fingerprint, "%016llx", (unsigned long long)head->fingerprint);
    snprintf(program, sizeof program, PNAS_VERSION " (%s)", pnas_commit());
    pnas_clock_stamp(pnas_clock_unix(), created);
    PNAS_TRY(pnas_h5_write_text(file, "title", "Cells of a search space scored by a surrogate"));
    PNAS_TRY(pnas_h5_write_text(file, "conventions", conventions));
    PNAS_TRY(pnas_h5_write_text(file, "program", program));
    PNAS_TRY(pnas_h5_write_text(file, "created", created));
    PNAS_TRY(pnas_h5_write_text(file, "command_line", head->command_line));
    PNAS_TRY(pnas_h5_write_text(file, "run", head->run));
    PNAS_TRY(pnas_h5_write_text(file, "fingerprint", fingerprint));
    PNAS_TRY(write_int(file, "blocks", head->blocks));
    PNAS_TRY(write_int(file, "lookback", head->space.lookback));
    PNAS_TRY(write_int(file, "lookforward", head->space.lookforward));
    PNAS_TRY(write_int(file, "level", head->level));
    PNAS_TRY(write_int(file, "trained_blocks", head->trained_blocks));
    PNAS_TRY(write_int(file, "members", head->members));
    PNAS_TRY(write_int(file, "limit_parameters", head->limit_parameters));
    PNAS_TRY(write_int(file, "limit_multiply_adds", head->limit_multiply_adds));
    return write_operators(file, &head->space.operators);
}

static pnas_status write_histogram(hid_t file, const pnas_score_part *part)
{
    float edge[PNAS_SCORE_BINS];
    for (int i = 0; i < PNAS_SCORE_BINS; ++i)
        edge[i] = (float)i / PNAS_SCORE_BINS;
    hid_t group = -1;
    PNAS_TRY(pnas_h5_create_group(file, "histogram", &group));
    pnas_h5_array array = {.name = "lower_edge",
                           .file_type = H5T_IEEE_F32LE,
                           .memory_type = H5T_NATIVE_FLOAT,
                           .rank = 1,
                           .shape = {PNAS_SCORE_BINS},
                           .data = edge,
                           .long_name = "smallest score of the bin",
                           .units = "1",
                           .is_scale = true};
    pnas_status status = pnas_h5_write_array(group, &array);
    array = (pnas_h5_array){.name = "count",
                            .file_type = H5T_STD_U64LE,
                            .memory_type = H5T_NATIVE_UINT64,
                            .rank = 1,
                            .shape = {PNAS_SCORE_BINS},
                            .data = part->histogram,
                            .long_name = "cells whose score is in the bin",
                            .units = "1",
                            .dimension = {"score"},
                            .scale = {"lower_edge"}};
    if (status == PNAS_OK)
        status = pnas_h5_write_array(group, &array);
    pnas_h5_close_group(&group);
    return status;
}

static pnas_status write_floats(hid_t group, const char *name, const float *values, size_t count,
                                const char *long_name)
{
    const pnas_h5_array array = {.name = name,
                                 .file_type = H5T_IEEE_F32LE,
                                 .memory_type = H5T_NATIVE_FLOAT,
                                 .rank = 1,
                                 .shape = {count},
                                 .data = values,
                                 .long_name = long_name,
                                 .units = "1",
                                 .dimension = {"cell"}};
    return pnas_h5_write_array(group, &array);
}

static pnas_status write_cells(hid_t group, const pnas_block *cells, size_t count, int blocks, bool packed)
{
    const pnas_h5_array array = {.name = "cell",
                                 .file_type = H5T_STD_I8LE,
                                 .memory_type = H5T_NATIVE_INT8,
                                 .rank = 3,
                                 .shape = {count, (hsize_t)blocks, 4},
                                 .chunk = {packed ? CHUNK : 0, packed ? (hsize_t)blocks : 0, packed ? 4 : 0},
                                 .data = cells,
                                 .long_name = "code of the cell: in1, op1, in2, op2 of each block",
                                 .dimension = {"cell", "block", "code"}};
    return pnas_h5_write_array(group, &array);
}

typedef struct { /* columns of the best */
    float *score, *spread;
    pnas_block *cell;
} best_columns;

static void free_columns(best_columns *columns)
{
    free(columns->score);
    free(columns->spread);
    free(columns->cell);
}

static pnas_status allocate_columns(size_t count, int blocks, best_columns *out)
{
    *out = (best_columns){malloc((count + 1) * sizeof *out->score), malloc((count + 1) * sizeof *out->spread),
                          malloc((count + 1) * (size_t)blocks * sizeof *out->cell)};
    if (out->score && out->spread && out->cell)
        return PNAS_OK;
    free_columns(out);
    return pnas_fail(PNAS_ERROR_MEMORY, "out of memory for the best %zu cells", count);
}

static pnas_status write_best(hid_t file, const pnas_score_head *head, const pnas_score_part *part)
{
    size_t count = part->best_count, blocks = (size_t)head->blocks;
    best_columns columns;
    hid_t group = -1;
    PNAS_TRY(allocate_columns(count, head->blocks, &columns));
    for (size_t i = 0; i < count; ++i) {
        columns.score[i] = (float)part->best[i].predicted;
        columns.spread[i] = (float)part->best[i].spread;
        memcpy(columns.cell + i * blocks, part->best[i].cell.block, blocks * sizeof *columns.cell);
    }
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_h5_create_group(file, "best", &group));
    PNAS_TRY_CLEANUP(write_cells(group, columns.cell, count, head->blocks, false));
    PNAS_TRY_CLEANUP(
        write_floats(group, "score", columns.score, count, "predicted accuracy, mean of the members"));
    PNAS_TRY_CLEANUP(
        write_floats(group, "spread", columns.spread, count, "standard deviation over the members"));
cleanup:
    pnas_h5_close_group(&group);
    free_columns(&columns);
    return status;
}

static pnas_status write_sums(hid_t file, const pnas_score_part *part)
{
    PNAS_TRY(write_int(file, "cells", (int64_t)part->cells));
    PNAS_TRY(write_real(file, "sum", part->sum));
    PNAS_TRY(write_real(file, "least", part->least));
    return write_real(file, "most", part->most);
}

static pnas_status write_common(hid_t file, const char *conventions, const pnas_score_head *head,
                                const pnas_score_part *part)
{
    PNAS_TRY(write_head(file, conventions, head));
    PNAS_TRY(write_sums(file, part));
    PNAS_TRY(write_histogram(file, part));
    return write_best(file, head, part);
}

static pnas_status write_all(hid_t file, const pnas_score_head *head, const pnas_score_part *part)
{
    hid_t group = -1;
    PNAS_TRY(pnas_h5_create_group(file, "all", &group));
    pnas_status status = write_cells(group, part->cell, part->cells, head->blocks, true);
    if (status == PNAS_OK)
        status =
            write_floats(group, "score", part->score, part->cells, "predicted accuracy, mean of the members");
    if (status == PNAS_OK && part->spread)
        status =
            write_floats(group, "spread", part->spread, part->cells, "standard deviation over the members");
    pnas_h5_close_group(&group);
    return status;
}

pnas_status pnas_score_part_write(const char *path, const pnas_score_head *head, size_t index,
                                  const pnas_score_part *part)
{
    pnas_h5_output output = PNAS_H5_NO_OUTPUT;
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_h5_output_create(path, &output));
    PNAS_TRY_CLEANUP(write_common(output.id, PART_CONVENTIONS, head, part));
    PNAS_TRY_CLEANUP(write_int(output.id, "part", (int64_t)index));
    PNAS_TRY_CLEANUP(write_int(output.id, "parts", (int64_t)head->parts));
    PNAS_TRY_CLEANUP(pnas_h5_write_text(output.id, "device", part->device));
    PNAS_TRY_CLEANUP(pnas_h5_write_text(output.id, "driver", part->driver));
    if (head->all)
        PNAS_TRY_CLEANUP(write_all(output.id, head, part));
    status = pnas_h5_output_commit(&output);
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}

/* --- the view of all parts --- */

typedef struct {
    const char *name, *long_name, *units;
    hid_t type, memory_type;
    const void *missing; /* what is read of a part that is not there */
    int rank;
    hsize_t shape[3]; /* of one cell, from 1 on */
} view_column;

/* HDF5 reads names of virtual sources as printf does. */
static void double_percents(const char *name, char *out, size_t size)
{
    size_t length = 0;
    for (; *name && length + 2 < size; ++name) {
        out[length++] = *name;
        if (*name == '%')
            out[length++] = '%';
    }
    out[length] = '\0';
}

/* Maps part after part into `properties`; names of files are relative to the score file's folder. */
static bool map_parts(hid_t properties, hid_t space, const view_column *column, const char *folder,
                      const uint64_t *part_cells, size_t parts)
{
    char file[8300], object[64];
    hsize_t start[3] = {0}, count[3] = {0, column->shape[1], column->shape[2]};
    bool mapped = true;
    snprintf(object, sizeof object, "/all/%s", column->name);
    for (size_t i = 0; mapped && i < parts; start[0] += part_cells[i++]) {
        if (part_cells[i] == 0)
            continue;
        count[0] = part_cells[i];
        snprintf(file, sizeof file, "%s/%05zu.h5", folder, i);
        hid_t source = H5Screate_simple(column->rank, count, NULL);
        mapped = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                 H5Pset_virtual(properties, space, file, object, source) >= 0;
        H5Sclose(source);
    }
    return mapped;
}

static pnas_status write_view(hid_t group, const view_column *column, const char *folder, uint64_t cells,
                              const uint64_t *part_cells, size_t parts)
{
    const hsize_t shape[3] = {cells, column->shape[1], column->shape[2]};
    hid_t space = H5Screate_simple(column->rank, shape, NULL), properties = H5Pcreate(H5P_DATASET_CREATE);
    hid_t dataset = -1;
    if (H5Pset_fill_value(properties, column->memory_type, column->missing) >= 0 &&
        map_parts(properties, space, column, folder, part_cells, parts)) {
        H5Sselect_all(space);
        dataset = H5Dcreate2(group, column->name, column->type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    }
    pnas_status status = dataset >= 0 ? pnas_h5_write_text(dataset, "long_name", column->long_name)
                                      : pnas_h5_fail(PNAS_ERROR_INTERNAL, group, column->name,
                                                     "cannot be made a view of the parts");
    if (status == PNAS_OK && column->units)
        status = pnas_h5_write_text(dataset, "units", column->units);
    if (dataset >= 0)
        H5Dclose(dataset);
    H5Pclose(properties);
    H5Sclose(space);
    return status;
}

static pnas_status write_views(hid_t file, const char *path, const pnas_score_head *head, uint64_t cells,
                               const uint64_t *part_cells, size_t parts)
{
    static const int8_t no_code = INT8_MIN;
    static const float no_score = NAN;
    const view_column columns[] = {{"cell",
                                    "code of the cell: in1, op1, in2, op2 of each block",
                                    NULL,
                                    H5T_STD_I8LE,
                                    H5T_NATIVE_INT8,
                                    &no_code,
                                    3,
                                    {0, (hsize_t)head->blocks, 4}},
                                   {"score",
                                    "predicted accuracy, mean of the members",
                                    "1",
                                    H5T_IEEE_F32LE,
                                    H5T_NATIVE_FLOAT,
                                    &no_score,
                                    1,
                                    {0}},
                                   {"spread",
                                    "standard deviation over the members",
                                    "1",
                                    H5T_IEEE_F32LE,
                                    H5T_NATIVE_FLOAT,
                                    &no_score,
                                    1,
                                    {0}}};
    char parts_path[4096], folder[8192];
    pnas_score_folder(path, parts_path, sizeof parts_path);
    double_percents(basename(parts_path), folder, sizeof folder);
    hid_t group = -1;
    PNAS_TRY(pnas_h5_create_group(file, "all", &group));
    pnas_status status = PNAS_OK;
    for (int i = 0; i < (head->members > 1 ? 3 : 2) && status == PNAS_OK; ++i)
        status = write_view(group, &columns[i], folder, cells, part_cells, parts);
    pnas_h5_close_group(&group);
    return status;
}

pnas_status pnas_score_file_write(const char *path, const pnas_score_head *head, const pnas_score_part *total,
                                  const uint64_t *part_cells, size_t parts)
{
    pnas_h5_output output = PNAS_H5_NO_OUTPUT;
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_h5_output_create(path, &output));
    PNAS_TRY_CLEANUP(write_common(output.id, FILE_CONVENTIONS, head, total));
    if (head->all)
        PNAS_TRY_CLEANUP(write_views(output.id, path, head, total->cells, part_cells, parts));
    status = pnas_h5_output_commit(&output);
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}

/* --- reading --- */

static pnas_status check_head(hid_t file, const char *wanted, const pnas_score_head *head)
{
    char conventions[64] = "", fingerprint[24] = "", expected[24];
    snprintf(expected, sizeof expected, "%016llx", (unsigned long long)head->fingerprint);
    if (pnas_h5_copy_text(file, "conventions", conventions, sizeof conventions) != PNAS_OK ||
        strcmp(conventions, wanted) != 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, NULL, "is no file by the conventions %s%s", wanted,
                            strcmp(wanted, FILE_CONVENTIONS) == 0 ? "; name another output" : "");
    PNAS_TRY(pnas_h5_copy_text(file, "fingerprint", fingerprint, sizeof fingerprint));
    if (strcmp(fingerprint, expected) != 0)
        return pnas_h5_fail(PNAS_ERROR_USAGE, file, NULL,
                            "holds the scores of another surrogate, space or command, or by other kernels; "
                            "remove it, or name another output");
    return PNAS_OK;
}

static pnas_status read_best(hid_t file, const pnas_score_head *head, pnas_score_part *out)
{
    hsize_t shape[3];
    PNAS_TRY(pnas_h5_read_shape(file, "best/cell", H5T_NATIVE_INT8, 3, shape));
    if (shape[0] > head->top || shape[1] != (hsize_t)head->blocks || shape[2] != 4)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, "best/cell", "has an impossible shape");
    size_t count = shape[0], blocks = (size_t)head->blocks;
    best_columns columns;
    pnas_status status;
    PNAS_TRY(allocate_columns(count, head->blocks, &columns));
    out->best = calloc(count + 1, sizeof *out->best);
    PNAS_CHECK_CLEANUP(out->best, PNAS_ERROR_MEMORY, "out of memory for the best %zu cells", count);
    out->best_count = count;
    PNAS_TRY_CLEANUP(pnas_h5_read_array(file, "best/cell", H5T_NATIVE_INT8, 3, shape, columns.cell));
    PNAS_TRY_CLEANUP(pnas_h5_read_array(file, "best/score", H5T_NATIVE_FLOAT, 1, shape, columns.score));
    PNAS_TRY_CLEANUP(pnas_h5_read_array(file, "best/spread", H5T_NATIVE_FLOAT, 1, shape, columns.spread));
    for (size_t i = 0; i < count; ++i) {
        pnas_beam_entry *entry = &out->best[i];
        entry->predicted = columns.score[i];
        entry->spread = columns.spread[i];
        entry->cell.blocks = head->blocks;
        memcpy(entry->cell.block, columns.cell + i * blocks, blocks * sizeof *columns.cell);
        PNAS_TRY_CLEANUP(pnas_cell_validate(&entry->cell, &head->space.operators));
        PNAS_TRY_CLEANUP(pnas_h5_check_accuracy(file, "best/score", (long)i, (double)columns.score[i], true));
    }
cleanup:
    free_columns(&columns);
    return status;
}

static pnas_status read_sums(hid_t file, pnas_score_part *out)
{
    const hsize_t bins[1] = {PNAS_SCORE_BINS};
    uint64_t counted = 0;
    PNAS_TRY(pnas_h5_read_number(file, "cells", H5T_NATIVE_UINT64, &out->cells));
    PNAS_TRY(pnas_h5_read_number(file, "sum", H5T_NATIVE_DOUBLE, &out->sum));
    PNAS_TRY(pnas_h5_read_number(file, "least", H5T_NATIVE_DOUBLE, &out->least));
    PNAS_TRY(pnas_h5_read_number(file, "most", H5T_NATIVE_DOUBLE, &out->most));
    PNAS_TRY(pnas_h5_read_array(file, "histogram/count", H5T_NATIVE_UINT64, 1, bins, out->histogram));
    for (int i = 0; i < PNAS_SCORE_BINS; ++i)
        counted += out->histogram[i];
    if (counted != out->cells)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, NULL, "has %llu cells, but counts %llu in its histogram",
                            (unsigned long long)out->cells, (unsigned long long)counted);
    return PNAS_OK;
}

/* Closes the file; what was read is freed after a failure. */
static pnas_status end_reading(hid_t *file, pnas_status status, pnas_score_part *out)
{
    status = pnas_h5_finish(file, status);
    if (status != PNAS_OK) {
        free(out->best);
        out->best = NULL;
    }
    return status;
}

static pnas_status read_contents(hid_t file, const char *conventions, const pnas_score_head *head,
                                 pnas_score_part *out)
{
    PNAS_TRY(check_head(file, conventions, head));
    PNAS_TRY(read_sums(file, out));
    return read_best(file, head, out);
}

/* A part lies among others like it, and may have been put into another one's place. */
static pnas_status check_number(hid_t file, const pnas_score_head *head, size_t index)
{
    int64_t part, parts;
    PNAS_TRY(pnas_h5_read_number(file, "part", H5T_NATIVE_INT64, &part));
    PNAS_TRY(pnas_h5_read_number(file, "parts", H5T_NATIVE_INT64, &parts));
    if (part != (int64_t)index || parts != (int64_t)head->parts)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, NULL,
                            "holds part %lld of %lld, and part %zu of %zu is wanted here (counted from 0)",
                            (long long)part, (long long)parts, index, head->parts);
    return PNAS_OK;
}

/* Parts of older versions have none. */
static pnas_status read_device(hid_t file, pnas_score_part *out)
{
    if (pnas_h5_has_attribute(file, "device"))
        PNAS_TRY(pnas_h5_copy_text(file, "device", out->device, sizeof out->device));
    if (pnas_h5_has_attribute(file, "driver"))
        PNAS_TRY(pnas_h5_copy_text(file, "driver", out->driver, sizeof out->driver));
    return PNAS_OK;
}

pnas_status pnas_score_part_read(const char *path, const pnas_score_head *head, size_t index,
                                 pnas_score_part *out)
{
    hid_t file;
    *out = (pnas_score_part){0};
    PNAS_TRY(pnas_h5_open_own(path, &file));
    pnas_status status = read_contents(file, PART_CONVENTIONS, head, out);
    if (status == PNAS_OK)
        status = check_number(file, head, index);
    if (status == PNAS_OK)
        status = read_device(file, out);
    return end_reading(&file, status, out);
}

/* A flipped bit in the first bytes is the user's to remove. */
bool pnas_score_part_is_ours(const char *path)
{
    char start;
    return pnas_file_start(AT_FDCWD, path, &start, 1) == 0 ||
           pnas_file_names_conventions(AT_FDCWD, path, PART_CONVENTIONS);
}

/* All parts together have the best of all. */
static pnas_status check_best(hid_t file, const pnas_score_head *head, const pnas_score_part *total)
{
    uint64_t wanted = total->cells < head->top ? total->cells : head->top;
    if (total->best_count != wanted)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, "best", "has %zu of %llu cells, where %llu are wanted",
                            total->best_count, (unsigned long long)total->cells, (unsigned long long)wanted);
    return PNAS_OK;
}

pnas_status pnas_score_file_read(const char *path, const pnas_score_head *head, pnas_score_part *out)
{
    hid_t file;
    *out = (pnas_score_part){0};
    PNAS_TRY(pnas_h5_open_own(path, &file));
    pnas_status status = read_contents(file, FILE_CONVENTIONS, head, out);
    if (status == PNAS_OK)
        status = check_best(file, head, out);
    return end_reading(&file, status, out);
}
