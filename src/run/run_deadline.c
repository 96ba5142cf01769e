#include "src/run/run_deadline.h"

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/run/slurm_time.h"

double pnas_run_deadline(double limit, int rank, double start)
{
    char text[32];
    if (limit > 0)
        return start + limit;
    double left = rank == 0 ? pnas_slurm_time_left(pnas_clock_unix()) : 0;
    if (left <= 0)
        return 0;
    pnas_clock_duration(left, text, sizeof text);
    pnas_info("this run stops within %s, before SLURM ends this job", text);
    return pnas_clock_seconds() + left;
}
