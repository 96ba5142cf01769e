/* From the units of a trie's cells to their scores. */
#ifndef SCORES_H
#define SCORES_H

#define INLINE static inline __attribute__((always_inline))

INLINE float sum_of(const float8 x)
{
    const float4 four = x.lo + x.hi;
    return (four.x + four.y) + (four.z + four.w);
}

typedef struct { /* the linear part of a family's cells: base, and where their ends [op2] are */
    float base;
    int ends;
} linear_part;

INLINE float score_of(const float logit)
{
    return 1.0f / (1.0f + exp(-logit));
}

#endif
