/* Scores of whole parts of a space, one cell as good as another: for MLPs of two layers, whose second
 * shares nothing between cells that begin alike. What is visited, and in which order, is as in
 * cl/surrogate/space_trie.h. Local. */
#ifndef PNAS_PROGRAMS_PLAIN_SCORES_H
#define PNAS_PROGRAMS_PLAIN_SCORES_H

#include "src/programs/pnas_score/score_source.h"

typedef struct pnas_plain_scores pnas_plain_scores;

/* `source` is borrowed for its life. Inputs beyond the surrogate's table are read as the last of the table.
 * PNAS_ERROR_DATA if its weights are not those of MLPs of its configuration. */
pnas_status pnas_plain_scores_create(pnas_cl *cl, pnas_score_source *source, pnas_plain_scores **out);
void pnas_plain_scores_destroy(pnas_plain_scores **scores);

/* As pnas_space_trie_run. */
pnas_status pnas_plain_scores_run(pnas_plain_scores *scores, const pnas_cell *roots, size_t count,
                                  pnas_trie_visitor visit, void *payload);

#endif
