#include "io/run/run_columns.h"

#include "io/run/run_file.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 10000000 /* a damaged count must not make us ask for all memory */

#define COLUMN(name_, kind_, type_, member_, long_name_, units_)                                             \
    {                                                                                                        \
        (name_), (kind_), offsetof(type_, member_), sizeof(((const type_ *)0)->member_), (long_name_),       \
            (units_)                                                                                         \
    }
#define RESULT_COLUMN(kind_, member_, long_name_, units_)                                                    \
    COLUMN(#member_, PNAS_COLUMN_##kind_, pnas_child, result.member_, long_name_, units_),

static const pnas_column children[] = {
    COLUMN("hash", PNAS_COLUMN_HASH, pnas_child, hash, "hash of the cell's canonical code", NULL),
    COLUMN("predicted", PNAS_COLUMN_REAL, pnas_child, predicted, "accuracy predicted by the surrogate", "1"),
    COLUMN("predicted_std", PNAS_COLUMN_REAL, pnas_child, predicted_std,
           "standard deviation of the prediction over the surrogate's members", "1"),
    PNAS_RESULT_KEPT_FIELDS(RESULT_COLUMN)};

static const pnas_column ranks[] = {
    COLUMN("rank", PNAS_COLUMN_INT, pnas_run_rank, rank, "MPI rank", NULL),
    COLUMN("device", PNAS_COLUMN_INT, pnas_run_rank, device, "index of the device on its host", NULL),
    COLUMN("host", PNAS_COLUMN_TEXT, pnas_run_rank, host, "host name", NULL),
    COLUMN("device_name", PNAS_COLUMN_TEXT, pnas_run_rank, device_name, "OpenCL device", NULL),
    COLUMN("driver", PNAS_COLUMN_TEXT, pnas_run_rank, driver, "version of the OpenCL driver", NULL),
    COLUMN("pci", PNAS_COLUMN_TEXT, pnas_run_rank, pci, "PCI address of the device", NULL),
    COLUMN("memory", PNAS_COLUMN_HASH, pnas_run_rank, memory, "memory of the device", "bytes"),
};

static const pnas_column timeline[] = {
    COLUMN("start", PNAS_COLUMN_REAL, pnas_run_event, start, "start", PNAS_SINCE_1970),
    COLUMN("end", PNAS_COLUMN_REAL, pnas_run_event, end, "end", PNAS_SINCE_1970),
    COLUMN("rank", PNAS_COLUMN_INT, pnas_run_event, rank, "MPI rank", NULL),
    COLUMN("what", PNAS_COLUMN_TEXT, pnas_run_event, what, "what the rank did", NULL),
};

#define TABLE(columns_, type_, dimension_, long_name_)                                                       \
    {                                                                                                        \
        (columns_), sizeof(columns_) / sizeof((columns_)[0]), sizeof(type_), (dimension_), (long_name_)      \
    }
const pnas_table pnas_children_table =
    TABLE(children, pnas_child, "child", "index of the child in its level");
const pnas_table pnas_ranks_table = TABLE(ranks, pnas_run_rank, "row", "row");
const pnas_table pnas_timeline_table = TABLE(timeline, pnas_run_event, "event", "number of the event");

/* ---- types ---- */

static hid_t status_type(void)
{
    static const struct {
        const char *name;
        int value;
    } words[] = {{"PENDING", PNAS_CHILD_PENDING},
                 {"DONE", PNAS_CHILD_DONE},
                 {"FAILED", PNAS_CHILD_FAILED},
                 {"STOPPED", PNAS_CHILD_STOPPED},
                 {"PAUSED", PNAS_CHILD_PAUSED}};
    hid_t type = H5Tenum_create(H5T_NATIVE_INT);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        H5Tenum_insert(type, words[i].name, &words[i].value);
    return type;
}

hid_t pnas_table_text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

/* The type of a column in memory and in the file; the caller closes it. */
static hid_t column_type(pnas_column_kind kind)
{
    switch (kind) {
    case PNAS_COLUMN_REAL:
        return H5Tcopy(H5T_NATIVE_DOUBLE);
    case PNAS_COLUMN_INT:
        return H5Tcopy(H5T_NATIVE_INT32);
    case PNAS_COLUMN_LONG:
        return H5Tcopy(H5T_NATIVE_INT64);
    case PNAS_COLUMN_HASH:
        return H5Tcopy(H5T_NATIVE_UINT64);
    case PNAS_COLUMN_STATUS:
        return status_type();
    case PNAS_COLUMN_TEXT:
        break;
    }
    return pnas_table_text_type();
}

/* ---- writing ---- */

pnas_status pnas_table_write_scale(hid_t group, const char *name, const char *long_name, int first,
                                   size_t count)
{
    int32_t *values = malloc(count * sizeof *values + 1);
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "out of memory while a run is written");
    for (size_t i = 0; i < count; i++)
        values[i] = first + (int32_t)i;
    pnas_h5_array array = {.name = name,
                           .file_type = H5T_NATIVE_INT32,
                           .memory_type = H5T_NATIVE_INT32,
                           .rank = 1,
                           .shape = {count},
                           .data = values,
                           .long_name = long_name,
                           .is_scale = true};
    pnas_status status = pnas_h5_write_array(group, &array);
    free(values);
    return status;
}

/* The column's members side by side; texts as pointers into the rows. NULL without memory. */
static void *gather(const pnas_table *table, const pnas_column *column, const char *rows, size_t count)
{
    bool text = column->kind == PNAS_COLUMN_TEXT;
    size_t size = text ? sizeof(char *) : column->size;
    char *values = malloc(count * size + 1);
    for (size_t i = 0; values && i < count; i++) {
        const char *member = rows + i * table->row_size + column->offset;
        if (text)
            memcpy(values + i * size, &member, size);
        else
            memcpy(values + i * size, member, size);
    }
    return values;
}

static pnas_status write_column(hid_t group, const pnas_table *table, const pnas_column *column,
                                const void *rows, size_t count)
{
    void *values = gather(table, column, rows, count);
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "out of memory while a run is written");
    hid_t type = column_type(column->kind);
    pnas_h5_array array = {.name = column->name,
                           .file_type = type,
                           .memory_type = type,
                           .rank = 1,
                           .shape = {count},
                           .data = values,
                           .long_name = column->long_name,
                           .units = column->units,
                           .dimension = {table->dimension},
                           .scale = {table->dimension}};
    pnas_status status = pnas_h5_write_array(group, &array);
    H5Tclose(type);
    free(values);
    return status;
}

pnas_status pnas_table_write(hid_t group, const pnas_table *table, const void *rows, size_t count)
{
    PNAS_TRY(pnas_table_write_scale(group, table->dimension, table->scale_long_name, 0, count));
    for (size_t i = 0; i < table->columns; i++)
        PNAS_TRY(write_column(group, table, &table->column[i], rows, count));
    return PNAS_OK;
}

/* ---- reading ---- */

pnas_status pnas_table_count(hid_t group, const pnas_table *table, size_t *count)
{
    hsize_t shape[1];
    *count = 0;
    PNAS_TRY(pnas_h5_read_shape(group, table->dimension, H5T_NATIVE_INT32, 1, shape));
    if (shape[0] > ROWS_MAX)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, table->dimension, "claims %llu rows",
                            (unsigned long long)shape[0]);
    *count = shape[0];
    return PNAS_OK;
}

static pnas_status read_texts(hid_t group, const pnas_table *table, const pnas_column *column, char *rows,
                              size_t count)
{
    char **values = NULL;
    size_t found = 0;
    PNAS_TRY(pnas_h5_read_strings(group, column->name, &values, &found));
    pnas_status status = PNAS_OK;
    if (found != count)
        status =
            pnas_h5_fail(PNAS_ERROR_DATA, group, column->name, "expected %zu texts, found %zu", count, found);
    for (size_t i = 0; i < count && status == PNAS_OK; i++) {
        size_t length = strlen(values[i]);
        if (length < column->size)
            memcpy(rows + i * table->row_size + column->offset, values[i], length + 1);
        else
            status = pnas_h5_fail(PNAS_ERROR_DATA, group, column->name,
                                  "text %zu has %zu bytes; at most %zu fit", i, length, column->size - 1);
    }
    pnas_h5_free_strings(&values, found);
    return status;
}

static pnas_status read_column(hid_t group, const pnas_table *table, const pnas_column *column, char *rows,
                               size_t count)
{
    if (column->kind == PNAS_COLUMN_TEXT)
        return read_texts(group, table, column, rows, count);
    const hsize_t shape[] = {count};
    char *values = malloc(count * column->size + 1);
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "out of memory while a run is read");
    hid_t type = column_type(column->kind);
    pnas_status status = pnas_h5_read_array(group, column->name, type, 1, shape, values);
    for (size_t i = 0; i < count && status == PNAS_OK; i++)
        memcpy(rows + i * table->row_size + column->offset, values + i * column->size, column->size);
    H5Tclose(type);
    free(values);
    return status;
}

pnas_status pnas_table_read(hid_t group, const pnas_table *table, void *rows, size_t count)
{
    for (size_t i = 0; i < table->columns; i++)
        PNAS_TRY(read_column(group, table, &table->column[i], rows, count));
    return PNAS_OK;
}
