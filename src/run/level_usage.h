/* What levels took of the ranks, for people. Local. */
#ifndef PNAS_RUN_LEVEL_USAGE_H
#define PNAS_RUN_LEVEL_USAGE_H

#include "src/search/search.h"

/* "trained in 41 min, the ranks busy for 96.2 % of it (97.0 % at best); the longest child took 3 min 2 s; 512
 * messages". */
void pnas_usage_text(const pnas_level_usage *usage, char *out, size_t size);

/* A table on stdout, a level a line: the share of the lanes' time that was spent training, the largest that
 * any order of the same children could have had, how close the span came to the shortest possible, the
 * longest child, fitting and scoring. */
void pnas_usage_print_title(void);
void pnas_usage_print_line(const char *name, const pnas_level_usage *usage, double fit, double score);

#endif
