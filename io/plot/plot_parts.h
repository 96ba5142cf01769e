/* What the plots share. Not for callers. Local. */
#ifndef PNAS_IO_PLOT_PARTS_H
#define PNAS_IO_PLOT_PARTS_H

#include "io/plot/plot_kind.h"

struct pnas_plot_context { /* everything is borrowed */
    const pnas_plot_options *options;
    const pnas_ranking *const *ranking; /* [count] */
    size_t count;
    pnas_gnuplot *plot;
    FILE *script;
    bool text, hover;
};

/* Series i's colour and its mark. */
const char *pnas_plot_colour(size_t i);
int pnas_plot_mark(size_t i);
#define PNAS_PLOT_COLOURS 8

/* The columns of cells_<i>.tsv, one line a cell in the order of the file. */
enum {
    PNAS_CELLS_INDEX = 1, /* from 1 */
    PNAS_CELLS_SORTED,    /* place by score, ascending, from 1 */
    PNAS_CELLS_SCORE,
    PNAS_CELLS_LEVEL,
    PNAS_CELLS_PREDICTED,
    PNAS_CELLS_PREDICTED_STD,
    PNAS_CELLS_PARAMETERS,
    PNAS_CELLS_MULTIPLY_ADDS,
    PNAS_CELLS_TRAIN_SECONDS,
    PNAS_CELLS_BEST, /* best score up to here */
    PNAS_CELLS_TEXT
};

/* Writes cells_0.tsv, cells_1.tsv, ... */
pnas_status pnas_plot_write_cells(const pnas_plot_context *context);

/* A size of marks that leaves `count` of them apart. */
double pnas_plot_mark_size(size_t count);

/* "A run.h5" where there are several, else the title. */
void pnas_plot_label(const pnas_plot_context *context, size_t ranking, char *out, size_t size);

/* set title of the plot: `what`, then what is ranked. */
void pnas_plot_title(const pnas_plot_context *context, const char *what);

/* "accuracy", or "predicted accuracy" where nothing was measured. */
const char *pnas_plot_accuracy_name(const pnas_plot_context *context);

/* Whether any cell of a ranking fulfils `has`. */
bool pnas_plot_any(const pnas_ranking *ranking, bool (*has)(const pnas_ranked_cell *cell));

/* set offsets: `sides` (a share of the width) free on the left and right of the data, `above` it, and some
 * below. A terminal's frame would hide marks in its own row. */
void pnas_plot_offsets(const pnas_plot_context *context, double sides, double above);

/* The axis x: epochs from 1. */
void pnas_plot_epochs(FILE *script, size_t epochs);

/* Invisible points over a plotted series, whose text comes up under the mouse; nothing where that is not
 * possible. Begins with ", ", so it stands after a series of a plot command. x, y: expressions of using. */
void pnas_plot_hover(const pnas_plot_context *context, size_t ranking, const char *x, const char *y);

#endif
