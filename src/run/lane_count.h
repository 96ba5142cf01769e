/* How many children one device trains at once. */
#ifndef PNAS_RUN_LANE_COUNT_H
#define PNAS_RUN_LANE_COUNT_H

#include "cl/runtime/context.h"

typedef struct {
    int wanted;                     /* 0: auto */
    const pnas_device_info *device; /* borrowed */
    int sharing;                    /* ranks on this device, all with as many lanes */
    int cores;                      /* of the CPU for this rank, which feed its lanes */
    uint64_t images;                /* bytes a rank keeps on the device, whatever it trains */
    uint64_t child;                 /* bytes of the largest possible child, without the images */
} pnas_lane_limits;

/* As many as wanted. Auto: one on a CPU, where a rank a core is better; elsewhere one for every 16 compute
 * units, as a child of a search is too small to fill more of them, at most one a core, and at most 8. Never
 * more than the device's memory holds of the largest children; at least one. */
int pnas_lane_count(const pnas_lane_limits *limits);

#endif
