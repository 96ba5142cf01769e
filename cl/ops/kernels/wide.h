/* The register tiles of product.h, three, two and one vector of 8 wide, or with LANES 16 those of product_pair.h, six,
 * four, three and two wide, and the choice between them. Both give the same bits. */
#ifndef WIDE_H
#define WIDE_H

/* Input channels of an outer product's tile. */
#if defined(__AVX512VL__) || LANES == 16
#define OUTER_CHANNELS 8
#else
#define OUTER_CHANNELS 4
#endif

/* In a file that defines PLANES_AHEAD, an outer product also asks for so many planes of what the next piece
 * reads, as many pixels as it sums; where floats take more room than stored values, less of them. */
#ifdef PLANES_AHEAD
typedef struct {
    const __global STORED *plane[PLANES_AHEAD];
} planes_ahead;
#define AHEAD_PARAMETER , const planes_ahead ahead
#define FETCH_AHEAD(p)                                                                                       \
    _Pragma("unroll") for (int i = 0; i < PLANES_AHEAD; ++i) fetch_ahead(ahead.plane[i] + (p)*8)
#else
#define AHEAD_PARAMETER
#define FETCH_AHEAD(p)
#endif

#if LANES == 16
#define WIDE 6
#include "product_pair.h"
#undef WIDE
#define WIDE 4
#include "product_pair.h"
#undef WIDE
#define WIDE 3
#include "product_pair.h"
#undef WIDE
#define WIDE 2
#include "product_pair.h"
#undef WIDE
#else
#define WIDE 3
#include "product.h"
#undef WIDE
#define WIDE 2
#include "product.h"
#undef WIDE
#endif
#define WIDE 1
#include "product.h"
#undef WIDE

#if LANES == 16
/* How many of `left` vectors of 8 the next tile takes. */
INLINE int wide_next(const int left)
{
    return left == 6 || left >= 9 ? 6 : left == 4 || left >= 7 ? 4 : min(left, 3);
}

/* Calls <name>6, <name>4, <name>3, <name>2 or <name>1 for the width `wide`. */
#define WIDE_CALL(wide, name, ...)                                                                           \
    do {                                                                                                     \
        if ((wide) == 6)                                                                                     \
            name##6(__VA_ARGS__);                                                                            \
        else if ((wide) == 4)                                                                                \
            name##4(__VA_ARGS__);                                                                            \
        else if ((wide) == 3)                                                                                \
            name##3(__VA_ARGS__);                                                                            \
        else if ((wide) == 2)                                                                                \
            name##2(__VA_ARGS__);                                                                            \
        else                                                                                                 \
            name##1(__VA_ARGS__);                                                                            \
    } while (0)
#else
/* How many of `left` vectors the next tile takes: 4 are better served as 2 + 2 than as 3 + 1. */
INLINE int wide_next(const int left)
{
    return left == 3 || left >= 5 ? 3 : left >= 2 ? 2 : 1;
}

/* Calls <name>3, <name>2 or <name>1 for the width `wide`. */
#define WIDE_CALL(wide, name, ...)                                                                           \
    do {                                                                                                     \
        if ((wide) == 3)                                                                                     \
            name##3(__VA_ARGS__);                                                                            \
        else if ((wide) == 2)                                                                                \
            name##2(__VA_ARGS__);                                                                            \
        else                                                                                                 \
            name##1(__VA_ARGS__);                                                                            \
    } while (0)

#endif

#endif
