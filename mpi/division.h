/* Divides pieces of work among lanes, some of which are busy for a while, so that the last is done early.
 * Local.
 *
 * Longest first to the lane that is free first (LPT: Graham 1969) is the usual division. Where a number of
 * pieces that is no multiple of the lanes makes it end late, MULTIFIT (Coffman, Garey and Johnson 1978) does
 * better: the shortest span into which the pieces fit, longest first, each into the first lane with room. */
#ifndef PNAS_MPI_DIVISION_H
#define PNAS_MPI_DIVISION_H

#include "src/base/status.h"

#include <stddef.h>

typedef struct {
    double span;          /* until the last lane is done */
    double longest_first; /* the span of the usual division */
    size_t *lane;         /* [count], caller's: that each piece goes to */
} pnas_division;

/* `work` [count]: seconds, the longest first; `busy` [lanes]: seconds that each lane is busy yet. MULTIFIT's
 * division is taken where it is shorter than the usual one by at least the share `gain`. PNAS_ERROR_MEMORY. */
pnas_status pnas_divide(const double *work, size_t count, const double *busy, size_t lanes, double gain,
                        pnas_division *out);

#endif
