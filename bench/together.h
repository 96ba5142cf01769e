/* The same work on several threads at once, and what it took. */
#ifndef PNAS_BENCH_TOGETHER_H
#define PNAS_BENCH_TOGETHER_H

#include "src/base/status.h"

typedef struct {
    double seconds; /* from the start of all to the end of the last */
    double busy;    /* seconds of processor time of this process meanwhile */
} together_time;

/* work(items[i]) for each of `count` items, a thread each. */
pnas_status together_run(pnas_status (*work)(void *item), void *const *items, int count, together_time *out);

#endif
