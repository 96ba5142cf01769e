/* Counter-based random streams (Philox4x32-10, Salmon et al. 2011, through Random123).
 *
 * A stream is keyed by (run seed, what it is for, an identity such as a child's canonical hash, a step), so
 * that what is drawn never depends on ranks, order or resumes. Two streams of different keys are independent;
 * the same key gives the same numbers on every machine. Local. */
#ifndef PNAS_BASE_RANDOM_H
#define PNAS_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is for; the values are part of the determinism contract, never renumber */
typedef enum {
    PNAS_STREAM_INITIAL_WEIGHTS = 1,
    PNAS_STREAM_SHUFFLE = 2,
    PNAS_STREAM_AUGMENT = 3,
    PNAS_STREAM_SPLIT = 4,
    PNAS_STREAM_SURROGATE_WEIGHTS = 5,
    PNAS_STREAM_SURROGATE_SHUFFLE = 6,
    PNAS_STREAM_TEST = 7,
    PNAS_STREAM_SEARCH = 8,
    PNAS_STREAM_SURROGATE_FOLD = 9,
    PNAS_STREAM_SIMULATION = 10,
    PNAS_STREAM_MIX = 11,
    PNAS_STREAM_DROP_PATH = 12,
    PNAS_STREAM_FIRST_CELLS = 13,
    PNAS_STREAM_THOMPSON = 14,
    PNAS_STREAM_RESAMPLE = 15,
    PNAS_STREAM_FOREST = 16
} pnas_stream_purpose;

typedef struct { /* a plain value; copy it to fork the stream */
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4];
    int left;
} pnas_stream;

pnas_stream pnas_stream_make(uint64_t seed, pnas_stream_purpose purpose, uint64_t identity, uint32_t step);
uint32_t pnas_stream_u32(pnas_stream *stream);
double pnas_stream_uniform(pnas_stream *stream);                 /* [0, 1), 32 bits */
uint32_t pnas_stream_below(pnas_stream *stream, uint32_t bound); /* 0 .. bound-1 without bias; bound > 0 */
double pnas_stream_normal(pnas_stream *stream);                  /* mean 0, deviation 1 (Box-Muller) */
double pnas_stream_beta(pnas_stream *stream, double alpha);      /* Beta(alpha, alpha), 0 .. 1; alpha > 0 */
void pnas_stream_shuffle(pnas_stream *stream, uint32_t *values, size_t count); /* Fisher-Yates, in place */

#endif
