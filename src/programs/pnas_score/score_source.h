/* What pnas_score scores and by what: the surrogate of a run file, its space, and limits on the cells. */
#ifndef PNAS_PROGRAMS_SCORE_SOURCE_H
#define PNAS_PROGRAMS_SCORE_SOURCE_H

#include "cl/surrogate/space_trie.h"
#include "io/run/run_file.h"
#include "io/run/score_file.h"
#include "src/net/cell_cost.h"
#include "src/programs/pnas_score/score_options.h"

typedef struct {
    pnas_run_file *file;
    pnas_configuration configuration; /* the run's */
    pnas_score_head head;
    int operator_of[PNAS_OPERATORS_MAX]; /* of the space scored, in the run's */
    pnas_member_tensors *member;         /* [head.members], borrowed from the file */
    const char *model;                   /* what the members are: "LSTM" or "MLP" */
    bool plain;                          /* cells share nothing: MLPs of two layers */
    pnas_cell_costs costs;               /* where there are limits */
    pnas_status cost_status;             /* the first failure of the filter */
} pnas_score_source;

/* Local. PNAS_ERROR_DATA if the run has no surrogate that can score, PNAS_ERROR_USAGE if the options do not
 * fit it. `command_line` is borrowed. `kernels`: hash of those that score; by others the scores are others. *out is to
 * be closed also after a failure. */
pnas_status pnas_score_source_open(const pnas_score_options *options, const char *command_line,
                                   const char *kernels, pnas_score_source *out);
void pnas_score_source_close(pnas_score_source *source);

/* The configuration of the run that the options name, or the defaults where they name none, with their
 * overrides. Local. */
pnas_status pnas_score_configure(const pnas_score_options *options, pnas_configuration *out);

/* Whether the first member has a tensor of this name. */
bool pnas_score_source_has(const pnas_score_source *source, const char *name);

/* Says what is scored, and what a score of a cell means that is longer than those the surrogate has seen. */
void pnas_score_source_describe(const pnas_score_source *source);

/* The filter of the limits (payload: the source), or NULL where there are none. */
pnas_trie_filter pnas_score_source_filter(const pnas_score_source *source);

#endif
