/* The command line of pnas_rank. */
#ifndef PNAS_PROGRAMS_RANKING_OPTIONS_H
#define PNAS_PROGRAMS_RANKING_OPTIONS_H

#include "io/plot/plot.h"
#include "src/base/log.h"

#include <stdint.h>

typedef enum { PNAS_RANKING_TEXT, PNAS_RANKING_CSV, PNAS_RANKING_JSON } pnas_ranking_format;

#define PNAS_RANKING_TOP_DEFAULT (-1)

typedef struct { /* texts are borrowed from argv */
    char **path; /* [paths], patterns resolved; pnas_ranking_options_free */
    size_t paths;
    pnas_ranking_format format;
    int64_t top;            /* 0: all; PNAS_RANKING_TOP_DEFAULT: not said */
    int level;              /* 0: all */
    bool status;            /* how far the runs are */
    bool watch;             /* show a run until it has ended */
    pnas_plot_options plot; /* plot.kind: what is to be drawn; NULL: no plot */
    const char *output;
    const char *report;    /* the HTML file to write; NULL: none */
    bool force;            /* also in place of another file */
    int64_t cell;          /* draw the cell of this rank; 0: none */
    const char *cell_text; /* draw this cell */
    pnas_log_level log;
} pnas_ranking_options;

/* Ends the program with 64 for a wrong command line. */
void pnas_ranking_options_parse(int argc, char **argv, pnas_ranking_options *out);
void pnas_ranking_options_free(pnas_ranking_options *options);

#endif
