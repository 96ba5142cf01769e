/* The layout of tables of trained cells (docs/formats.md), written. */
#include "io/run/cell_table_file.h"

#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/hdf5_content_sum.h"

#include "pnas_version.h"
#include "src/search/cell_text.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *const pnas_table_optional[] = {"configuration", "dataset", "dataset_sha256", NULL};

/* What holds for a part of the cells is not said of all. */
static pnas_status write_origin(hid_t file, const pnas_table_origin *origin)
{
    if (!origin || origin->differs || origin->gaps || !origin->configuration)
        return PNAS_OK;
    const char *const text[] = {origin->configuration, origin->data_name, origin->data_sha256};
    for (int i = 0; pnas_table_optional[i]; ++i)
        if (text[i])
            PNAS_TRY(pnas_h5_write_text(file, pnas_table_optional[i], text[i]));
    return PNAS_OK;
}

static pnas_status write_attributes(hid_t file, const pnas_table_provenance *provenance)
{
    PNAS_TRY(pnas_h5_write_text(file, "title", provenance->title));
    PNAS_TRY(pnas_h5_write_text(file, "conventions", PNAS_TABLE_CONVENTIONS));
    PNAS_TRY(pnas_h5_write_text(file, "program", "pnas " PNAS_VERSION));
    PNAS_TRY(pnas_h5_write_text(file, "command_line", provenance->command_line));
    PNAS_TRY(pnas_h5_write_text(file, "source", provenance->source));
    return write_origin(file, provenance->origin);
}

static pnas_status write_cells(hid_t file, const pnas_cell_table *table, const pnas_operator_set *operators)
{
    const pnas_table_entry *entry = pnas_cell_table_entries(table);
    size_t count = pnas_cell_table_count(table);
    char *buffer = malloc(count * PNAS_CELL_TEXT_MAX + 1);
    const char **text = malloc((count + 1) * sizeof *text);
    pnas_status status;
    PNAS_CHECK_CLEANUP(buffer && text, PNAS_ERROR_MEMORY, "out of memory for a table of %zu cells", count);
    for (size_t i = 0; i < count; ++i) {
        text[i] = buffer + i * PNAS_CELL_TEXT_MAX;
        pnas_cell_format(&entry[i].cell, operators, buffer + i * PNAS_CELL_TEXT_MAX);
    }
    status = pnas_h5_write_strings(file, "cell", text, count,
                                   "cells as text: input:operator+input:operator | ...", "row");
cleanup:
    free(text);
    free(buffer);
    return status;
}

/* One member of every entry, which is a double or an int64_t. */
static pnas_status write_member(hid_t file, const pnas_cell_table *table, const char *name, size_t offset,
                                hid_t type, const char *long_name, const char *units)
{
    const char *entry = (const char *)pnas_cell_table_entries(table);
    size_t count = pnas_cell_table_count(table), size = sizeof(double);
    char *values = malloc(count * size + 1);
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "out of memory for a table of %zu cells", count);
    for (size_t i = 0; i < count; ++i)
        memcpy(values + i * size, entry + i * sizeof(pnas_table_entry) + offset, size);
    const pnas_h5_array array = {.name = name,
                                 .file_type = type,
                                 .memory_type = type,
                                 .rank = 1,
                                 .shape = {count},
                                 .chunk = {4096},
                                 .data = values,
                                 .long_name = long_name,
                                 .units = units,
                                 .dimension = {"row"}};
    pnas_status status = pnas_h5_write_array(file, &array);
    free(values);
    return status;
}

static pnas_status write_members(hid_t file, const pnas_cell_table *table)
{
    PNAS_TRY(write_member(file, table, "accuracy", offsetof(pnas_table_entry, accuracy), H5T_NATIVE_DOUBLE,
                          "validation accuracy, the reward", "1"));
    PNAS_TRY(write_member(file, table, "parameters", offsetof(pnas_table_entry, parameters), H5T_NATIVE_INT64,
                          "trainable values; 0: not known", "1"));
    PNAS_TRY(write_member(file, table, "multiply_adds", offsetof(pnas_table_entry, multiply_adds),
                          H5T_NATIVE_INT64, "multiply-adds of one image, forward; 0: not known", "1"));
    return write_member(file, table, "train_seconds", offsetof(pnas_table_entry, train_seconds),
                        H5T_NATIVE_DOUBLE, "duration of training; 0: not known", "s");
}

/* Only where some are known. */
static pnas_status write_curves(hid_t file, const pnas_cell_table *table)
{
    const pnas_table_entry *entry = pnas_cell_table_entries(table);
    size_t count = pnas_cell_table_count(table), epochs = 0;
    for (size_t i = 0; i < count; ++i)
        epochs = (size_t)entry[i].epochs > epochs ? (size_t)entry[i].epochs : epochs;
    if (epochs == 0)
        return PNAS_OK;
    float *values = malloc(count * epochs * sizeof *values);
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "out of memory for learning curves of %zu cells", count);
    for (size_t i = 0; i < count * epochs; ++i) {
        const pnas_table_entry *row = &entry[i / epochs];
        values[i] = i % epochs < (size_t)row->epochs ? row->curve[i % epochs] : NAN;
    }
    const pnas_h5_array array = {.name = "curve",
                                 .file_type = H5T_NATIVE_FLOAT,
                                 .memory_type = H5T_NATIVE_FLOAT,
                                 .rank = 2,
                                 .shape = {count, epochs},
                                 .chunk = {1024, 64},
                                 .data = values,
                                 .long_name =
                                     "validation accuracy after each epoch; NaN where there was none",
                                 .units = "1",
                                 .dimension = {"row", "epoch"}};
    pnas_status status = pnas_h5_write_array(file, &array);
    free(values);
    return status;
}

pnas_status pnas_cell_table_write(const char *path, const pnas_cell_table *table,
                                  const pnas_operator_set *operators, const pnas_table_provenance *provenance)
{
    const char *names[PNAS_OPERATORS_MAX];
    for (int i = 0; i < operators->count; ++i)
        names[i] = operators->item[i].name;
    pnas_h5_output output;
    PNAS_TRY(pnas_h5_check_target(path, PNAS_TABLE_CONVENTIONS, "table of cells"));
    PNAS_TRY(pnas_h5_output_create(path, &output));
    pnas_status status;
    PNAS_TRY_CLEANUP(write_attributes(output.id, provenance));
    PNAS_TRY_CLEANUP(pnas_h5_write_strings(output.id, "operators", names, (size_t)operators->count,
                                           "names of operators that the cells' text may use", "operator"));
    PNAS_TRY_CLEANUP(write_cells(output.id, table, operators));
    PNAS_TRY_CLEANUP(write_members(output.id, table));
    PNAS_TRY_CLEANUP(write_curves(output.id, table));
    PNAS_TRY_CLEANUP(pnas_content_sum_write(output.id));
    status = pnas_h5_output_commit(&output);
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}
