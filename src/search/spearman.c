#include "src/search/spearman.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    double value;
    size_t index;
} ranked;

static int compare_values(const void *a, const void *b)
{
    double left = ((const ranked *)a)->value, right = ((const ranked *)b)->value;
    return (left > right) - (left < right);
}

/* The rank of each value, from 1; equal values share the mean of their ranks. `work` is [count]. */
static void rank_values(const double *value, size_t count, ranked *work, double *rank)
{
    for (size_t i = 0; i < count; ++i)
        work[i] = (ranked){value[i], i};
    qsort(work, count, sizeof *work, compare_values);
    for (size_t first = 0, next; first < count; first = next) {
        for (next = first + 1; next < count && work[next].value == work[first].value;)
            ++next;
        for (size_t i = first; i < next; ++i)
            rank[work[i].index] = 0.5 * (double)(first + 1 + next);
    }
}

/* Pearson's correlation of two lists of ranks, whose mean is known. */
static double correlate_ranks(const double *a, const double *b, size_t count)
{
    double mean = 0.5 * (double)(count + 1), both = 0, squares_a = 0, squares_b = 0;
    for (size_t i = 0; i < count; ++i) {
        both += (a[i] - mean) * (b[i] - mean);
        squares_a += (a[i] - mean) * (a[i] - mean);
        squares_b += (b[i] - mean) * (b[i] - mean);
    }
    return squares_a > 0 && squares_b > 0 ? both / sqrt(squares_a * squares_b) : NAN;
}

double pnas_spearman(const double *a, const double *b, size_t count)
{
    if (count < 2)
        return NAN;
    ranked *work = malloc(count * sizeof *work);
    double *rank = malloc(2 * count * sizeof *rank);
    double result = NAN;
    if (work && rank) {
        rank_values(a, count, work, rank);
        rank_values(b, count, work, rank + count);
        result = correlate_ranks(rank, rank + count, count);
    }
    free(work);
    free(rank);
    return result;
}
