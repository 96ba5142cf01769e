#include "src/run/slurm_time.h"

#include <stdlib.h>

#define SECONDS_TO_STOP 60.0

double pnas_slurm_time_left(double now)
{
    const char *text = getenv("SLURM_JOB_END_TIME");
    char *end;
    if (!text || !*text)
        return 0;
    double left = strtod(text, &end) - now;
    if (*end || !(left > 0 && left < 1e9))
        return 0;
    return left > 2 * SECONDS_TO_STOP ? left - SECONDS_TO_STOP : left / 2;
}
