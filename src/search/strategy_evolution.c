/* Regularised evolution (Real et al. 2018, arXiv 1802.01548, algorithm 1) of cells of B blocks: the best of a
 * sample is mutated, and the oldest leaves the population.
 *
 * There a child is proposed whenever a worker is free. Here a round is drawn from one population and trained
 * as a whole, so that what is proposed does not depend on which child is ready first. */
#include "src/search/search_round.h"

static pnas_status check(const pnas_search_options *options)
{
    PNAS_CHECK(options->population >= 1 && options->sample >= 1 && options->round >= 1, PNAS_ERROR_USAGE,
               "evolution with a population of %d, samples of %d and rounds of %d children; each must be at "
               "least 1",
               options->population, options->sample, options->round);
    return PNAS_OK;
}

/* Best of a sample, with replacement, out of the last `population` children that were trained, a stopped one by
 * what is expected of it; ties: the one drawn first. NULL if none was. */
static const pnas_child *choose_parent(const pnas_search *search, pnas_stream *stream)
{
    const pnas_search_options *options = &search->options;
    const pnas_level *level = &search->level[search->levels - 1];
    size_t first = level->count, trained = 0;
    double worth = 0, most = 0;
    while (first > 0 && trained < (size_t)options->population)
        trained += pnas_child_worth(&level->child[--first], &worth);
    if (trained == 0)
        return NULL;
    const pnas_child *best = NULL;
    for (int drawn = 0; drawn < options->sample;) {
        const pnas_child *child =
            &level->child[first + pnas_stream_below(stream, (uint32_t)(level->count - first))];
        if (!pnas_child_worth(child, &worth))
            continue;
        if (drawn++ > 0 && worth <= most)
            continue;
        best = child;
        most = worth;
    }
    return best;
}

/* The first population is drawn at random. */
static pnas_status propose(pnas_search *search, const pnas_surrogate *surrogate)
{
    (void)surrogate;
    const pnas_search_options *options = &search->options;
    bool first = pnas_round_children(search) == 0;
    size_t left = pnas_round_remaining(search, options->space.blocks);
    size_t size = (size_t)(first ? options->population : options->round);
    return pnas_round_propose(search, size < left ? size : left, first ? NULL : choose_parent);
}

const pnas_strategy pnas_strategy_evolution = {
    .round = 10,
    .check = check,
    .propose = propose,
    .remaining = pnas_round_remaining,
};
