/* Kendall's rank correlation. Local; deterministic. */
#ifndef PNAS_SEARCH_KENDALL_H
#define PNAS_SEARCH_KENDALL_H

#include <stddef.h>

/* Tau-b of a[count] and b[count], pair by pair; NaN for fewer than two or constant input. */
double pnas_kendall(const double *a, const double *b, size_t count);

#endif
