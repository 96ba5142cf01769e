/* Settings of the surrogate (paper section 4.2 and appendix; docs/algorithm.md). */
#ifndef PNAS_SEARCH_SURROGATE_OPTIONS_H
#define PNAS_SEARCH_SURROGATE_OPTIONS_H

#include <stdint.h>

typedef struct {
    int embedding;     /* 100 */
    int hidden;        /* 100 */
    int epochs;        /* passes over all children at each fit */
    int batch;         /* children a step; all of one length */
    double rate_first; /* Adam's rate for the fit after level 1: 0.01 */
    double rate_later; /* after later levels: 0.002 */
    double last_bias;  /* initial bias of the output: 1.8 */
    uint64_t seed;
} pnas_surrogate_options;

#endif
