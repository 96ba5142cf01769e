/* Private to cl: which launches of a list must wait for which, from what each says that it reads and writes. Local.
 *
 * A launch waits for an earlier one if both touch a byte and one of them writes it. One that does not say what it
 * accesses (no list, or a call) waits for all before it, and all after it wait for it. */
#ifndef PNAS_CL_LAUNCH_ORDER_H
#define PNAS_CL_LAUNCH_ORDER_H

#include "cl/runtime/launch.h"

typedef struct { /* zero it to start */
    size_t count;
    size_t *first;      /* [count + 1] where a launch's part of `before` starts */
    size_t *before;     /* launches that it waits for, but for those that one of these waits for */
    size_t words;       /* of a row of `ancestor` */
    uint64_t *ancestor; /* [count][words] bit j of row i: i waits for j, perhaps through others */
} pnas_launch_order;

pnas_status pnas_launch_order_create(const pnas_launch_list *list, pnas_launch_order *out);
void pnas_launch_order_clear(pnas_launch_order *order);

static inline bool pnas_launch_order_waits(const pnas_launch_order *order, size_t launch, size_t other)
{
    return order->ancestor[launch * order->words + other / 64] >> other % 64 & 1;
}

/* How many launches, itself included, must run one after the other up to each: depth [count], from 1. */
void pnas_launch_order_depths(const pnas_launch_order *order, size_t *depth);

/* Whether they have a byte in common, whoever writes it. */
bool pnas_access_overlap(const pnas_access *a, const pnas_access *b);

#endif
