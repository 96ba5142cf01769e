/* The plots of rankings, through gnuplot. Several rankings are laid over each other. docs/ranking.md. Local.
 *
 * Colours tell series apart for colour-blind eyes too (Okabe and Ito 2008), and marks differ as well. In SVG
 * and in windows a point under the mouse says which cell it is. */
#ifndef PNAS_IO_PLOT_H
#define PNAS_IO_PLOT_H

#include "io/plot/plot_kind.h"

/* Every plot, in the order of PNAS_PLOT_KINDS. */
extern const pnas_plot_kind *const pnas_plots[];
extern const size_t pnas_plot_count;

/* The plot of that name, or NULL. */
const pnas_plot_kind *pnas_plot_find(const char *name);

/* "accuracy, predicted, ...", borrowed from the caller's buffer, for messages. */
const char *pnas_plot_names(char *out, size_t size);

/* Draws `options->kind` of `count` (1 or more) rankings, which are borrowed. A ranking without the records
 * that this kind draws is left out with a warning; PNAS_ERROR_DATA if all of them are without, or one has no
 * cells. PNAS_ERROR_USAGE for too many rankings; as io/plot/gnuplot.h otherwise. */
pnas_status pnas_plot_draw(const pnas_plot_options *options, const pnas_ranking *const *rankings,
                           size_t count);

#endif
