/* The plots of rankings, through gnuplot. Several rankings are laid over each other. docs/ranking.md. Local.
 *
 * Colours tell series apart for colour-blind eyes too (Okabe and Ito 2008), and marks differ as well. In SVG
 * and in windows a point under the mouse says which cell it is. */
#ifndef PNAS_IO_PLOT_H
#define PNAS_IO_PLOT_H

#include "io/plot/gnuplot.h"
#include "io/run/ranking.h"

typedef enum {
    PNAS_PLOT_ACCURACY,  /* model index against score, coloured by score */
    PNAS_PLOT_PREDICTED, /* predicted against measured, with Spearman for each level */
    PNAS_PLOT_LEVELS,    /* box plot of each level's scores */
    PNAS_PLOT_CURVES,    /* validation accuracy by epoch of the best */
    PNAS_PLOT_PARETO,    /* score against cost, with the front */
    PNAS_PLOT_TIMELINE,  /* what each rank did when, and how many were busy */
    PNAS_PLOT_KINDS
} pnas_plot_kind;

extern const char *const pnas_plot_names[PNAS_PLOT_KINDS]; /* "accuracy", ... */

#define PNAS_PLOT_RANKINGS_MAX 8

typedef struct {
    pnas_plot_kind kind;
    pnas_gnuplot_options drawing;
    bool sorted;    /* accuracy: by score, ascending */
    size_t best;    /* curves: so many of each ranking; 0: 8, or 4 with characters */
    pnas_cost cost; /* pareto */
} pnas_plot_options;

/* PNAS_ERROR_DATA if the files have not what this kind shows, PNAS_ERROR_USAGE for too many of them; as
 * io/plot/gnuplot.h otherwise. */
pnas_status pnas_plot_draw(const pnas_plot_options *options, const pnas_ranking *const *rankings,
                           size_t count);

#endif
