/* The LSTM's gates from products of powers of two, eight units at a time.
 *
 * A gate reads sigmoid(a + b) or tanh(a + b), where a belongs to a node's parent and b to its token. With the
 * sign and log2(e) (twice that for tanh) in the weights, sigmoid is 1 / (1 + 2^a 2^b) and tanh is (1 - 2^a
 * 2^b) / (1 + 2^a 2^b): each power is taken once, and a node costs products. |b| is at most 40, so that an
 * |a| cut off at 85 changes nothing: the gate is at its end either way. CAREFUL: for tokens of larger |b|; a
 * and b are kept and added first. */
#ifndef GATES_H
#define GATES_H

#include "scores.h"

#define POWER_MOST                                                                                           \
    1.0e12f /* 2^40: sigmoid and tanh are 1e-12 from their ends there, and three of them multiply */
#define EXPONENT_MOST 85.0f

INLINE float8 at_most(const float8 x, const float8 most)
{
    return x < most ? x : most;
}

INLINE float8 at_least(const float8 x, const float8 least)
{
    return x > least ? x : least;
}

/* 2^x for |x| <= 126, to 3e-7 of it: a power of two that is whole times a polynomial for the rest, whose own
 * relative error on [-1/2, 1/2] is 7.5e-8. */
INLINE float8 power_of_two(const float8 x)
{
    const float8 shifter =
        (float8)(12582912.0f); /* 1.5 * 2^23: what is added to it is rounded to a whole number */
    const float8 shifted = x + shifter;
    const float8 f = x - (shifted - shifter);
    float8 p = fma((float8)(1.3276472e-3f), f, (float8)(9.675541e-3f));
    p = fma(p, f, (float8)(5.550713e-2f));
    p = fma(p, f, (float8)(2.402212e-1f));
    p = fma(p, f, (float8)(6.9314694e-1f));
    p = fma(p, f, (float8)(1.0000001f));
    return as_float8(as_int8(p) + (as_int8(shifted) << 23));
}

/* What is stored of a node's product. */
INLINE float8 factor(const float8 exponent)
{
#ifdef CAREFUL
    return exponent;
#else
    return power_of_two(at_most(at_least(exponent, (float8)(-EXPONENT_MOST)), (float8)(EXPONENT_MOST)));
#endif
}

INLINE float8 gate_power(const float8 a, const float8 b)
{
#ifdef CAREFUL
    return power_of_two(at_most(at_least(a + b, (float8)(-EXPONENT_MOST)), (float8)(40.0f)));
#else
    return at_most(a * b, (float8)(POWER_MOST));
#endif
}

/* 2^(-2 log2(e) memory): tanh(memory) is (1 - it) / (1 + it). */
INLINE float8 memory_power(const float8 memory)
{
    const float8 exponent = memory * -2.88539008f;
    return power_of_two(at_most(at_least(exponent, (float8)(-EXPONENT_MOST)), (float8)(40.0f)));
}

typedef struct {
    float8 memory, hidden;
} state;

/* The gates' powers of a parent: an array of them would be copied through memory piecewise. */
typedef struct {
    float8 i, f, g, o;
} gates;

/* From 32 floats [i, f, g, o][8] in any address space. */
#define GATES_LOAD(at) ((gates){vload8(0, at), vload8(1, at), vload8(2, at), vload8(3, at)})

/* hidden = o tanh(memory), memory = f c + i g, each as one fraction. */
INLINE state next_state(const gates parent, const gates token, const float8 c)
{
    const float8 i = gate_power(parent.i, token.i), f = gate_power(parent.f, token.f);
    const float8 g = gate_power(parent.g, token.g), o = gate_power(parent.o, token.o);
    const float8 one = (float8)(1.0f), both = (one + i) * (one + g), forget = one + f;
    state next;
    next.memory = fma(c, both, (one - g) * forget) / (both * forget);
    const float8 t = memory_power(next.memory);
    next.hidden = (one - t) / ((one + t) * (one + o));
    return next;
}

#endif
