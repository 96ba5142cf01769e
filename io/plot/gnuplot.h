/* A plot made by gnuplot: script and data files in a folder of their own, gnuplot run on them without a
 * shell. Local.
 *
 * Begin, write data files and the rest of the script, finish. Names of data files are relative, so a folder
 * that is kept can be plotted again: `gnuplot plot.gp` in it. Where gnuplot is missing or fails, the folder
 * is kept and the message names it. */
#ifndef PNAS_IO_GNUPLOT_H
#define PNAS_IO_GNUPLOT_H

#include "src/base/status.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct {
    const char *output; /* .png, .svg or .pdf; NULL: a window, or characters if `terminal` */
    const char *keep;   /* a folder to keep script and data in; NULL: none */
    bool terminal;      /* characters on stdout */
    int columns, rows;  /* of the terminal; 0: asked for, else 80 x 24 */
} pnas_gnuplot_options;

typedef struct pnas_gnuplot pnas_gnuplot;

/* Writes the terminal and the settings that all plots share; *out is the caller's (pnas_gnuplot_destroy),
 * texts of `options` are borrowed until then. PNAS_ERROR_FILE for a folder that cannot be made,
 * PNAS_ERROR_USAGE for an output of another format or a window without a display. */
pnas_status pnas_gnuplot_begin(const pnas_gnuplot_options *options, pnas_gnuplot **out);

FILE *pnas_gnuplot_script(pnas_gnuplot *plot); /* borrowed */

/* Opens the next data file; columns are separated by tabs, texts in double quotes. The one before is closed.
 * Borrowed. */
pnas_status pnas_gnuplot_data(pnas_gnuplot *plot, const char *name, FILE **out);

bool pnas_gnuplot_is_text(const pnas_gnuplot *plot); /* characters: no colours to count on */
bool pnas_gnuplot_can_hover(const pnas_gnuplot *plot);
int pnas_gnuplot_columns(const pnas_gnuplot *plot); /* of a terminal; else 0 */

/* A text in a script ('...') and in a data file ("..."), with nothing in it that gnuplot would interpret. */
void pnas_gnuplot_quote(FILE *script, const char *text);
void pnas_gnuplot_quote_data(FILE *data, const char *text);

/* Runs gnuplot and puts the picture where it belongs. */
pnas_status pnas_gnuplot_finish(pnas_gnuplot *plot);

void pnas_gnuplot_destroy(pnas_gnuplot **plot);

#endif
