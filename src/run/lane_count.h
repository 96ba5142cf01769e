/* How many children one device trains at once. */
#ifndef PNAS_RUN_LANE_COUNT_H
#define PNAS_RUN_LANE_COUNT_H

#include "cl/runtime/context.h"

typedef struct {
    int wanted;                     /* 0: auto */
    int group;                      /* children of a lane that train together; asked for a group 0: auto */
    bool joins;                     /* what they launch is joined (pnas_cl_joins) */
    const pnas_device_info *device; /* borrowed */
    int sharing;                    /* ranks on this device, all with as many lanes */
    int cores;                      /* of the CPU for this rank, which feed its lanes */
    uint64_t images;                /* bytes a rank keeps on the device, whatever it trains */
    uint64_t child;                 /* bytes of the largest possible child, without the images */
} pnas_lane_limits;

/* How many children of a lane take their steps together: as many as wanted. Auto: 8 where their launches are
 * joined, else one. Never more than the device's memory holds of the largest children; at least one. */
int pnas_group_count(const pnas_lane_limits *limits);

/* As many as wanted. Auto: one where a group fills the device; one on a CPU, where a rank a core is better;
 * elsewhere one for every 16 compute units, as a child of a search is too small to fill more of them, at most
 * one a core, and at most 8. Never more than the device's memory holds of the largest children, a group of
 * them each; at least one. */
int pnas_lane_count(const pnas_lane_limits *limits);

#endif
