#include "src/net/schedule.h"

#include <math.h>

/* The whole steps in `steps`, where 0.29 epochs of 100 steps are 29 although the product falls just short. */
static double whole(double steps)
{
    return floor(steps + 1e-9);
}

double pnas_schedule_rate(const pnas_schedule *schedule, int step)
{
    double total = (double)schedule->epochs * schedule->steps_per_epoch;
    double warmup = whole(schedule->warmup_epochs * schedule->steps_per_epoch);
    if (step < warmup)
        return schedule->rate * (step + 1) / warmup;
    switch (schedule->kind) {
    case PNAS_SCHEDULE_COSINE: {
        double span = total - warmup - 1;
        double t = span > 0 ? (step - warmup) / span : 0;
        return schedule->final_rate +
               (schedule->rate - schedule->final_rate) * (1 + cos(3.141592653589793 * fmin(t, 1))) / 2;
    }
    case PNAS_SCHEDULE_STEP:
        return schedule->rate *
               pow(schedule->step_factor, whole(step / (schedule->step_epochs * schedule->steps_per_epoch)));
    case PNAS_SCHEDULE_CONSTANT:
        break;
    }
    return schedule->rate;
}

double pnas_schedule_keep(double last, int cell, int cells, int step, int steps)
{
    return 1 - (1 - last) * (cell + 1) / cells * (step + 1) / steps;
}
