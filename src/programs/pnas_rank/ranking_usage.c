#include "src/programs/pnas_rank/ranking_tables.h"
#include "src/run/level_usage.h"
#include "src/search/strategy.h"

#include <stdio.h>

void pnas_ranking_print_usage(const pnas_ranking *ranking)
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
    putchar('\n');
    pnas_usage_print_title();
    bool all_sizes = pnas_strategy_get(pnas_search_get_options(ranking->search)->strategy)->all_sizes;
    for (int b = 1; b <= levels && !all_sizes; b++) { /* else all rounds together stand at the last */
        const pnas_level *level = pnas_search_level(ranking->search, b);
        char name[16];
        snprintf(name, sizeof name, "%d", b);
        if (level->usage.span_seconds > 0)
            pnas_usage_print_line(name, &level->usage, level->fit_seconds, level->score_seconds);
    }
    pnas_usage_print_line("all", &sum, fit, score);
}
