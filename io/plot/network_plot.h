/* The plots of a trained network, through gnuplot. docs/networks.md. Local. */
#ifndef PNAS_IO_NETWORK_PLOT_H
#define PNAS_IO_NETWORK_PLOT_H

#include "io/net/network_file.h"
#include "io/plot/gnuplot.h"

typedef struct { /* constant; texts are static */
    const char *name, *help;
    bool (*has)(const pnas_network_file *file); /* whether the file has what is drawn */
    const char *lacks;                          /* what to say of one that has not: "has no ..." */
    pnas_status (*draw)(pnas_gnuplot *plot, const pnas_network_file *file);
} pnas_network_plot;

/* Every plot, in the order of --help. */
extern const pnas_network_plot pnas_network_plots[];
extern const size_t pnas_network_plot_count;

/* The plot of that name, or NULL. */
const pnas_network_plot *pnas_network_plot_find(const char *name);

/* PNAS_ERROR_DATA, with `path` in the message, for a file without the records; as io/plot/gnuplot.h otherwise. */
pnas_status pnas_network_plot_draw(const pnas_network_plot *kind, const char *path,
                                   const pnas_network_file *file, const pnas_gnuplot_options *options);

#endif
