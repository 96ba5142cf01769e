/* Tables of trained cells (src/search/cell_table.h) in files. docs/formats.md. Local.
 *
 * Read: a run file, whose done children count; our own table; CSV as io/run/cell_csv.h reads it. Written: our
 * own table, HDF5 by the conventions PNAS-table-1, with one column a dataset. Operators travel by name. */
#ifndef PNAS_IO_CELL_TABLE_FILE_H
#define PNAS_IO_CELL_TABLE_FILE_H

#include "io/run/table_origin.h"
#include "src/search/cell_table.h"

#define PNAS_TABLE_CONVENTIONS "PNAS-table-1"

typedef struct {
    pnas_operator_set operators; /* those asked for first, then what else the files name */
    /* Of an operator more is known than its name, as of those of runs and of a space */
    bool defined[PNAS_OPERATORS_MAX];
    pnas_table_origin origin; /* of the runs and tables among the files */
    size_t count, room;
    pnas_table_entry *entry; /* [count]; codes by `operators` */
} pnas_table_rows;

/* Appends the cells of `path` to `rows`, which is zero or has been appended to before. PNAS_ERROR_FILE or
 * PNAS_ERROR_DATA names the file and what is wrong in it, such as an operator that has the name of another one. Cells
 * that were trained otherwise than those before are warned of (io/run/table_origin.h). */
pnas_status pnas_table_rows_read(const char *path, pnas_table_rows *rows);
void pnas_table_rows_free(pnas_table_rows *rows);

/* The table in `path` for a search of `space`; cells of other operators, inputs or sizes are left out and
 * counted in *left_out. sha256: of all cells that were read, with a run's those of its journal, and of what
 * is known of each, with operators by their places in `space`; may be NULL. */
pnas_status pnas_cell_table_read(const char *path, const pnas_space *space, pnas_cell_table **out,
                                 size_t *left_out, char sha256[65]);

/* Warns where a table is a mean of what was not trained alike. */
void pnas_cell_table_warn(const char *name, const pnas_cell_table *table);

/* The SHA-256 of a table's cells and what is known of each: of what was read, whatever the file is now.
 * `curves`: with what is known of those; the sum of pnas_cell_table_read is without. */
pnas_status pnas_cell_table_sum(const pnas_cell_table *table, bool curves, char sha256[65]);

/* What a table says about itself. */
typedef struct {
    const char *title, *source; /* source: where its cells come from, in words */
    const char *command_line;
    /* How its cells were trained, which is written where all files agree; NULL: not known */
    const pnas_table_origin *origin;
} pnas_table_provenance;

/* Attributes that a table may lack. NULL behind the last. */
extern const char *const pnas_table_optional[];

/* Never half a file. */
pnas_status pnas_cell_table_write(const char *path, const pnas_cell_table *table,
                                  const pnas_operator_set *operators,
                                  const pnas_table_provenance *provenance);

#endif
