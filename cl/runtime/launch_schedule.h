/* Private to cl: in which order launches run, and which of them together. Local. */
#ifndef PNAS_CL_LAUNCH_SCHEDULE_H
#define PNAS_CL_LAUNCH_SCHEDULE_H

#include "cl/runtime/launch_join.h"

typedef struct {     /* zero it to start */
    size_t launches; /* of all parts, numbered through */
    size_t *at;      /* [launches] in the order in which they run */
    size_t *first;   /* [rounds + 1] where a round starts in `at`; its launches run together */
    size_t rounds;
} pnas_launch_schedule;

/* `kind` [launches of all parts]: only launches of equal kinds, from 0 to `kinds` - 1, run together. The fewest
 * rounds that any of a few rules finds. */
pnas_status pnas_launch_schedule_create(const pnas_join_part *parts, size_t count, const size_t *kind,
                                        size_t kinds, pnas_launch_schedule *out);
void pnas_launch_schedule_clear(pnas_launch_schedule *schedule);

#endif
