/* Random search: cells of B blocks, every input and operator equally likely, each cell once, all of them in
 * one round. */
#include "src/search/search_round.h"

static pnas_status propose(pnas_search *search, const pnas_surrogate *surrogate)
{
    (void)surrogate;
    return pnas_round_propose(search, pnas_round_remaining(search, search->options.space.blocks), NULL);
}

const pnas_strategy pnas_strategy_random = {
    .round = 10,
    .propose = propose,
    .remaining = pnas_round_remaining,
};
