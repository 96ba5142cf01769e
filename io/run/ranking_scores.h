/* Score files of pnas_score as rankings. Not for callers. docs/formats.md. Local. */
#ifndef PNAS_IO_RANKING_SCORES_H
#define PNAS_IO_RANKING_SCORES_H

#include "io/run/ranking.h"

#define PNAS_SCORES_CONVENTIONS "PNAS-scores-1"

/* Fills operators, cells (the best of all that were scored, unsorted), and their level with the number of
 * cells scored as its candidates. The prediction is the score. */
pnas_status pnas_ranking_read_scores(pnas_ranking *ranking);

#endif
