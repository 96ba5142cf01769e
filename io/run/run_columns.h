/* Rows of C structures as columns of an HDF5 group: one dataset a member, so that every tool reads them.
 * Local. Errors as in io/hdf5/hdf5_util.h. */
#ifndef PNAS_IO_RUN_COLUMNS_H
#define PNAS_IO_RUN_COLUMNS_H

#include "io/hdf5/hdf5_array.h"

typedef enum {
    PNAS_COLUMN_REAL,   /* double */
    PNAS_COLUMN_INT,    /* int */
    PNAS_COLUMN_LONG,   /* int64_t */
    PNAS_COLUMN_HASH,   /* uint64_t */
    PNAS_COLUMN_STATUS, /* pnas_child_status */
    PNAS_COLUMN_TEXT    /* char [size] */
} pnas_column_kind;

typedef struct {
    const char *name;
    pnas_column_kind kind;
    size_t offset, size; /* size: of a text, with its zero */
    const char *long_name, *units;
} pnas_column;

typedef struct {
    const pnas_column *column; /* [columns] */
    size_t columns;
    size_t row_size;
    const char *dimension; /* of the rows; a dimension scale of that name is written too */
    const char *scale_long_name;
} pnas_table;

extern const pnas_table pnas_children_table; /* rows: pnas_child */
extern const pnas_table pnas_ranks_table;    /* rows: pnas_run_rank */
extern const pnas_table pnas_timeline_table; /* rows: pnas_run_event */

/* The scale and all columns. */
pnas_status pnas_table_write(hid_t group, const pnas_table *table, const void *rows, size_t count);

/* Fills the columns' members of rows [count]; the other members are left alone. */
pnas_status pnas_table_read(hid_t group, const pnas_table *table, void *rows, size_t count);

/* How many rows there are, by the scale. */
pnas_status pnas_table_count(hid_t group, const pnas_table *table, size_t *count);

/* A dimension scale first, first + 1, ... */
pnas_status pnas_table_write_scale(hid_t group, const char *name, const char *long_name, int first,
                                   size_t count);

/* Text of UTF-8, of any length; the caller closes it (H5Tclose). */
hid_t pnas_table_text_type(void);

#endif
