/* The cells of one file, best first: a run (RUN.h5, also while it is running), a table of trained cells
 * (io/run/cell_table_file.h), the best of a score file, or comma-separated values (io/run/cell_csv.h). What
 * is printed, plotted and compared is taken from here. Local. */
#ifndef PNAS_IO_RANKING_H
#define PNAS_IO_RANKING_H

#include "io/run/run_file.h"

typedef struct {
    pnas_cell cell;
    int level;    /* b: its blocks */
    bool early;   /* chosen before the level below was finished (search.overlap) */
    size_t place; /* in the order of the file, or in which a run proposed it, from 0: the model index */
    bool guessed; /* nobody trained it: its score is what was predicted */
    double score; /* else a measured accuracy */
    double predicted, predicted_std, train_seconds; /* NaN where the file has none */
    int64_t parameters, multiply_adds;              /* -1 where the file has none */
    int stopped_after; /* epochs, of a child that was stopped at a rung; else 0 */
    int epochs;
    const float *history; /* [epochs][PNAS_METRICS] or NULL; borrowed from the run */
} pnas_ranked_cell;

typedef struct {
    int level;
    size_t children, done, failed;
    size_t stopped;              /* of the children, at rungs */
    size_t guessed;              /* cells that nobody trained */
    size_t early;                /* of the children; the run's search.overlap */
    bool begun;                  /* only these are there so far */
    uint64_t candidates;         /* 0 where the file has none */
    double spearman, best, mean; /* of those done, else of those guessed; NaN where undefined */
} pnas_ranking_level;

typedef struct { /* arrays are owned by the ranking */
    char *path;
    char title[128]; /* a run's; else the file's name */
    pnas_operator_set operators;
    pnas_concatenation concatenation; /* of the run's cells; else the default */
    int blocks;                       /* B of the run; else of its longest cell */
    size_t count;
    pnas_ranked_cell *cell; /* [count]; by pnas_ranked_cell_order, equal ones by place */
    /* Children of a run that were stopped at rungs, which are none of the cells: guessed, scores are what their
     * curves let expect; in the same order */
    size_t stopped_count;
    pnas_ranked_cell *stopped; /* [stopped_count] */
    int levels;
    pnas_ranking_level level[PNAS_BLOCKS_MAX]; /* those that have cells, ascending */
    pnas_run_file *run;                        /* NULL for other files */
    pnas_search *search;
} pnas_ranking;

/* Which of two cells is listed first: guessed ones last; the best score first, then fewer parameters. Negative: the
 * left one; 0: neither. */
int pnas_ranked_cell_order(const pnas_ranked_cell *left, const pnas_ranked_cell *right);

/* The kind is told by the file's content. PNAS_ERROR_FILE if it cannot be opened, PNAS_ERROR_DATA if it is
 * none of those or damaged. A run without a finished child has no cells; other files have some. */
pnas_status pnas_ranking_read(const char *path, pnas_ranking **out);
void pnas_ranking_destroy(pnas_ranking **ranking);

/* Drops the cells and levels of another number of blocks. */
void pnas_ranking_keep_level(pnas_ranking *ranking, int level);

/* The cells in the order of the file; *out is the caller's (free), the cells borrowed. */
pnas_status pnas_ranking_by_place(const pnas_ranking *ranking, const pnas_ranked_cell ***out);

/* Whether some of its cells are guessed. */
bool pnas_ranking_guesses(const pnas_ranking *ranking);

/* The file's name without its folders; borrowed. */
const char *pnas_ranking_name(const pnas_ranking *ranking);

/* What cells cost. */
typedef enum { PNAS_COST_PARAMETERS, PNAS_COST_MULTIPLY_ADDS, PNAS_COST_TRAIN_SECONDS } pnas_cost;

double pnas_ranked_cell_cost(const pnas_ranked_cell *cell, pnas_cost cost); /* NaN where unknown */

/* The Pareto front: cells that no other one beats in score at the same or less cost, or equals in score at
 * less; by cost, ascending. *out is the caller's (free), the cells borrowed. Cells without the cost are left
 * out. */
pnas_status pnas_ranking_front(const pnas_ranking *ranking, pnas_cost cost, const pnas_ranked_cell ***out,
                               size_t *count);

#endif
