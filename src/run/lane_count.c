#include "src/run/lane_count.h"

#define UNITS_PER_LANE 16
#define AUTO_MAX       8

/* Drivers keep some of the memory for themselves and cannot use every gap. */
#define USABLE_SHARE   0.9

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int automatic(const pnas_lane_question *question)
{
    if (question->device->cpu)
        return 1;
    return smaller(smaller(question->device->compute_units / UNITS_PER_LANE, AUTO_MAX), question->cores);
}

static int memory_holds(const pnas_lane_question *question)
{
    double share = USABLE_SHARE * (double)question->device->memory / question->sharing;
    double lanes = (share - (double)question->images) / (double)question->child;
    return lanes < 1 ? 1 : lanes > 1e6 ? 1000000 : (int)lanes;
}

int pnas_lane_count(const pnas_lane_question *question)
{
    int lanes = smaller(question->wanted ? question->wanted : automatic(question), memory_holds(question));
    return lanes < 1 ? 1 : lanes;
}
