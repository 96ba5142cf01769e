#include "src/net/schedule.h"

#include <math.h>

pnas_status pnas_schedule_validate(const pnas_schedule *schedule)
{
    PNAS_CHECK(schedule->kind >= PNAS_SCHEDULE_CONSTANT && schedule->kind <= PNAS_SCHEDULE_STEP,
               PNAS_ERROR_USAGE,
               "there is no learning-rate schedule number %d; it must be constant, cosine or step",
               (int)schedule->kind);
    PNAS_CHECK(schedule->epochs >= 1, PNAS_ERROR_USAGE,
               "the schedule is for %d epochs; it must be at least 1", schedule->epochs);
    PNAS_CHECK(schedule->rate > 0 && isfinite(schedule->rate), PNAS_ERROR_USAGE,
               "the learning rate is %g; it must be above 0", schedule->rate);
    PNAS_CHECK(schedule->final_rate >= 0 && schedule->final_rate <= schedule->rate, PNAS_ERROR_USAGE,
               "the final learning rate is %g; it must be from 0 to the learning rate (%g)",
               schedule->final_rate, schedule->rate);
    PNAS_CHECK(schedule->warmup_epochs >= 0 && schedule->warmup_epochs <= schedule->epochs, PNAS_ERROR_USAGE,
               "the warm-up is %g epochs; it must be from 0 to the number of epochs (%d)",
               schedule->warmup_epochs, schedule->epochs);
    PNAS_CHECK(
        schedule->kind != PNAS_SCHEDULE_STEP ||
            (schedule->step_epochs > 0 && isfinite(schedule->step_epochs) && schedule->step_factor > 0 &&
             schedule->step_factor <= 1),
        PNAS_ERROR_USAGE,
        "the step schedule multiplies by %g every %g epochs; the factor must be above 0 and at most 1, "
        "the epochs above 0",
        schedule->step_factor, schedule->step_epochs);
    return PNAS_OK;
}

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
