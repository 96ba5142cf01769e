/* What a plot is: a row with its name, its help, what it needs of a file, and the function that draws it.
 * Local.
 *
 * Each plot is one file, which ends with its row; PNAS_PLOT_KINDS lists the rows. The command line, its help
 * and messages, the checks of files and the tests loop over that list. */
#ifndef PNAS_IO_PLOT_KIND_H
#define PNAS_IO_PLOT_KIND_H

#include "io/plot/gnuplot.h"
#include "io/run/ranking.h"

typedef struct pnas_plot_context pnas_plot_context; /* io/plot/plot_parts.h */

#define PNAS_PLOT_FILES_MAX 8

typedef struct pnas_plot_kind { /* constant; texts are static */
    const char *name;           /* as --plot takes it, in lower case */
    const char *help;           /* what is drawn, as part of a sentence in --help */
    size_t files;               /* at most so many in one plot, 1 to PNAS_PLOT_FILES_MAX */
    bool lists_front;           /* the cells of the Pareto front are to be printed with it */

    /* Whether a file has the records that are drawn; NULL: a finished cell is enough. `lacks` says of a file
     * without them what is missing: "has no learning curves". */
    bool (*has)(const pnas_plot_context *context, const pnas_ranking *ranking);
    const char *lacks;

    /* Writes data files and the rest of the script; gnuplot runs later. At least one file fulfils `has`. */
    pnas_status (*draw)(const pnas_plot_context *context);
} pnas_plot_kind;

/* Every plot, in the order of --help: ROW(name) stands for the row pnas_plot_<name>. */
#define PNAS_PLOT_KINDS(ROW)                                                                                 \
    ROW(accuracy)                                                                                            \
    ROW(predicted)                                                                                           \
    ROW(levels)                                                                                              \
    ROW(curves)                                                                                              \
    ROW(pareto)                                                                                              \
    ROW(timeline)

#define PNAS_PLOT_DECLARE(name) extern const pnas_plot_kind pnas_plot_##name;
PNAS_PLOT_KINDS(PNAS_PLOT_DECLARE)
#undef PNAS_PLOT_DECLARE

typedef struct { /* a plain value; texts are borrowed */
    const pnas_plot_kind *kind;
    pnas_gnuplot_options drawing;
    bool sorted;    /* accuracy: by score, ascending */
    size_t best;    /* curves: so many of each ranking; 0: 8, or 4 with characters */
    pnas_cost cost; /* pareto */
} pnas_plot_options;

#endif
