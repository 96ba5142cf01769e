#include "src/run/level_usage.h"

#include "src/base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* The share of the lanes' time that was spent training; NaN where nothing was trained. */
static double share_busy(const pnas_level_usage *usage)
{
    return usage->lane_seconds > 0 ? usage->busy_seconds / usage->lane_seconds : NAN;
}

/* How close the span came to the shortest possible. */
static double share_of_best(const pnas_level_usage *usage)
{
    return usage->span_seconds > 0 ? fmin(usage->best_seconds / usage->span_seconds, 1) : NAN;
}

/* The largest share busy that any order of the same children could have had, which the longest of them and
 * the remainder of children by lanes set. */
static double share_at_best(const pnas_level_usage *usage)
{
    return fmin(share_busy(usage) / share_of_best(usage), 1);
}

void pnas_usage_text(const pnas_level_usage *usage, char *out, size_t size)
{
    char span[32], longest[32];
    pnas_clock_duration(usage->span_seconds, span, sizeof span);
    pnas_clock_duration(usage->longest_seconds, longest, sizeof longest);
    snprintf(out, size,
             "trained in %s, the ranks busy for %.1f %% of it (%.1f %% at best); the longest child took %s; "
             "%" PRId64 " messages",
             span, 100 * share_busy(usage), 100 * share_at_best(usage), longest, usage->messages);
}

void pnas_usage_print_title(void)
{
    printf(
        "level     training     busy  at best   of best      longest          fit      scoring  messages\n");
}

static void print_share(int width, double share)
{
    if (isnan(share))
        printf("%*s  ", width, "");
    else
        printf("%*.1f %%", width, 100 * share);
}

static void print_duration(int width, double seconds)
{
    char text[32];
    pnas_clock_duration(seconds, text, sizeof text);
    printf("%*s", width, text);
}

void pnas_usage_print_line(const char *name, const pnas_level_usage *usage, double fit, double score)
{
    printf("%5s  ", name);
    print_duration(11, usage->span_seconds);
    print_share(7, share_busy(usage));
    print_share(7, share_at_best(usage));
    print_share(8, share_of_best(usage));
    print_duration(13, usage->longest_seconds);
    print_duration(13, fit);
    print_duration(13, score);
    printf("  %8" PRId64 "\n", usage->messages);
}
