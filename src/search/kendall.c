#include "src/search/kendall.h"

#include <math.h>
#include <stdint.h>

static int sign_of(double x)
{
    return (x > 0) - (x < 0);
}

double pnas_kendall(const double *a, const double *b, size_t count)
{
    int64_t both = 0, of_a = 0,
            of_b = 0; /* pairs in the same order less those in the other; pairs that are no ties */
    for (size_t i = 0; i < count; ++i)
        for (size_t j = 0; j < i; ++j) {
            int in_a = sign_of(a[i] - a[j]), in_b = sign_of(b[i] - b[j]);
            both += in_a * in_b;
            of_a += in_a != 0;
            of_b += in_b != 0;
        }
    return of_a > 0 && of_b > 0 ? (double)both / sqrt((double)of_a * (double)of_b) : NAN;
}
