/* Cells with their scores as comma-separated values: train_history.csv and scores_<b>.csv of the Keras
 * implementation of PNAS, and our own files, which carry a line of column names. docs/formats.md. Local.
 *
 * A row with a prediction and no score is a cell that nobody trained; so is every row of a file without names that is
 * called scores_<b>.csv, whose numbers become predictions.
 *
 * Without a line of names a line is score,in1,op1,in2,op2,... with as many blocks as it likes; operators are
 * written by name, in any spelling that pnas_operator_set_find knows. Where the first block of some line
 * reads 0, the file is from a search with one single input: there 0 is that input (read as -1) and n is block
 * n - 1. In other files without names a block may read itself, which no network can; such lines are left out.
 *
 * PNAS_ERROR_FILE: it cannot be opened; PNAS_ERROR_DATA: it is not what it should be; the message names file,
 * line and column. */
#ifndef PNAS_IO_CELL_CSV_H
#define PNAS_IO_CELL_CSV_H

#include "src/search/cell.h"

typedef struct {
    pnas_cell cell;                    /* as written, not made canonical */
    double score;                      /* measured; NaN: it is only predicted */
    double predicted, predicted_std;   /* NaN where the file has none; the deviation is not negative */
    double train_seconds;              /* not negative; NaN where the file has none */
    int64_t parameters, multiply_adds; /* -1 where the file has none */
    int64_t stopped_after;             /* epochs, of a child that was stopped at a rung; else 0 */
} pnas_csv_cell;

typedef struct {
    size_t count;
    bool named;                     /* by a first line */
    pnas_csv_cell *row;             /* [count], at least one, in the order of the file */
    size_t left_out, left_out_line; /* lines whose blocks read themselves, and the first of them */
    size_t stopped; /* lines of children that were stopped at a rung: they have no score, and no row */
} pnas_cell_csv;

/* `operators` NULL: all that are built in (pnas_operator_set_built_in). The rows are the caller's
 * (pnas_cell_csv_free), and none where it fails. */
pnas_status pnas_cell_csv_read(const char *path, const pnas_operator_set *operators, pnas_cell_csv *out);

/* The same from text of `size` bytes, followed by a zero byte; `name` stands for the file in messages. */
pnas_status pnas_cell_csv_parse(const char *name, const char *text, size_t size,
                                const pnas_operator_set *operators, pnas_cell_csv *out);

void pnas_cell_csv_free(pnas_cell_csv *csv);

#endif
