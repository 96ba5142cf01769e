#include "src/run/lane_count.h"

#define UNITS_PER_LANE 16
#define AUTO_MAX       8

/* Drivers keep some of the memory for themselves and cannot use every gap. */
#define USABLE_SHARE   0.9

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int automatic(const pnas_lane_limits *limits)
{
    if (limits->device->cpu || limits->group > 1)
        return 1;
    return smaller(smaller(limits->device->compute_units / UNITS_PER_LANE, AUTO_MAX), limits->cores);
}

static int memory_holds(const pnas_lane_limits *limits)
{
    double share = USABLE_SHARE * (double)limits->device->memory / limits->sharing;
    double lanes = (share - (double)limits->images) / (double)limits->child;
    return lanes < 1 ? 1 : lanes > 1e6 ? 1000000 : (int)lanes;
}

int pnas_group_count(const pnas_lane_limits *limits)
{
    int automatic_group = limits->joins ? AUTO_MAX : 1;
    return smaller(limits->group ? limits->group : automatic_group, memory_holds(limits));
}

int pnas_lane_count(const pnas_lane_limits *limits)
{
    int held = memory_holds(limits) / (limits->group > 1 ? limits->group : 1);
    int lanes = smaller(limits->wanted ? limits->wanted : automatic(limits), held);
    return lanes < 1 ? 1 : lanes;
}
