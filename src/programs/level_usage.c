#include "src/programs/level_usage.h"

#include "src/base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

double pnas_usage_share(const pnas_level_usage *usage)
{
    return usage->lane_seconds > 0 ? usage->busy_seconds / usage->lane_seconds : NAN;
}

double pnas_usage_of_best(const pnas_level_usage *usage)
{
    return usage->span_seconds > 0 ? fmin(usage->best_seconds / usage->span_seconds, 1) : NAN;
}

double pnas_usage_bound(const pnas_level_usage *usage)
{
    return fmin(pnas_usage_share(usage) / pnas_usage_of_best(usage), 1);
}

void pnas_usage_text(const pnas_level_usage *usage, char *out, size_t size)
{
    char span[32], longest[32];
    pnas_clock_duration(usage->span_seconds, span, sizeof span);
    pnas_clock_duration(usage->longest_seconds, longest, sizeof longest);
    snprintf(out, size,
             "trained in %s, the ranks busy for %.1f %% of it (%.1f %% at best); the longest child took %s; "
             "%" PRId64 " messages",
             span, 100 * pnas_usage_share(usage), 100 * pnas_usage_bound(usage), longest, usage->messages);
}
