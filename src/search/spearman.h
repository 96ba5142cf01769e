/* Spearman's rank correlation. Local; deterministic. */
#ifndef PNAS_SEARCH_SPEARMAN_H
#define PNAS_SEARCH_SPEARMAN_H

#include <stddef.h>

/* Of a[count] and b[count], with average ranks for ties; NaN for fewer than two or constant input. */
double pnas_spearman(const double *a, const double *b, size_t count);

#endif
