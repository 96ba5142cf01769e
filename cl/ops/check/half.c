#include "cl/ops/check/half.h"

#include <math.h>

enum { FRACTION_BITS = 10, LEAST_EXPONENT = -14, MOST_EXPONENT = 15, BIAS = 15, INFINITE = 0x7c00 };

uint16_t half_from(double value)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    double size = fabs(value);
    if (isnan(size))
        return (uint16_t)(sign | INFINITE | 0x200);
    int exponent = size > 0 && isfinite(size) ? ilogb(size) : LEAST_EXPONENT;
    if (exponent < LEAST_EXPONENT)
        exponent = LEAST_EXPONENT; /* subnormal: the same spacing down to zero */
    double steps = nearbyint(ldexp(size, FRACTION_BITS - exponent));
    if (exponent > MOST_EXPONENT || ldexp(steps, exponent - FRACTION_BITS) >= 65536)
        return (uint16_t)(sign | INFINITE);
    /* Steps carry the leading bit, if there is one, into the exponent. */
    return (uint16_t)(sign | (((exponent + BIAS - 1) << FRACTION_BITS) + (int)steps));
}

double half_value(uint16_t bits)
{
    int exponent = bits >> FRACTION_BITS & 31, fraction = bits & 1023;
    double size = exponent == 31  ? (fraction ? NAN : INFINITY)
                  : exponent == 0 ? ldexp(fraction, LEAST_EXPONENT - FRACTION_BITS)
                                  : ldexp(1024 + fraction, exponent - BIAS - FRACTION_BITS);
    return bits & 0x8000 ? -size : size;
}
