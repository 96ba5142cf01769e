#include "src/base/clock.h"
#include "src/programs/level_usage.h"
#include "src/programs/rank_tables.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

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

static void print_line(const char *name, const pnas_level_usage *usage, double fit, double score)
{
    printf("%5s  ", name);
    print_duration(11, usage->span_seconds);
    print_share(7, pnas_usage_share(usage));
    print_share(7, pnas_usage_bound(usage));
    print_share(8, pnas_usage_of_best(usage));
    print_duration(13, usage->longest_seconds);
    print_duration(11, fit);
    print_duration(11, score);
    printf("  %8" PRId64 "\n", usage->messages);
}

void pnas_rank_print_usage(const pnas_ranking *ranking)
{
    pnas_level_usage sum = {0};
    double fit = 0, score = 0;
    int levels = ranking->search ? pnas_search_levels(ranking->search) : 0;
    for (int b = 1; b <= levels; b++) {
        const pnas_level *level = pnas_search_level(ranking->search, b);
        pnas_usage_add(&sum, &level->usage);
        fit += level->fit_seconds;
        score += level->score_seconds;
    }
    if (sum.busy_seconds <= 0)
        return;
    printf("\nlevel     training     busy  at best   of best      longest        fit    scoring  messages\n");
    for (int b = 1; b <= levels; b++) {
        const pnas_level *level = pnas_search_level(ranking->search, b);
        char name[16];
        snprintf(name, sizeof name, "%d", b);
        if (level->usage.span_seconds > 0)
            print_line(name, &level->usage, level->fit_seconds, level->score_seconds);
    }
    print_line("all", &sum, fit, score);
}
