#include "src/search/strategy.h"

#include <assert.h>

#define ADDRESS(name) &pnas_strategy_##name,
static const pnas_strategy *const strategies[] = {PNAS_STRATEGIES(ADDRESS)};

#define NAME(name) #name,
static const char *const names[] = {PNAS_STRATEGIES(NAME)};

const pnas_strategy *pnas_strategy_get(int number)
{
    assert(number >= 0 && number < PNAS_STRATEGY_COUNT);
    return strategies[number];
}

const char *pnas_strategy_name(int number)
{
    assert(number >= 0 && number < PNAS_STRATEGY_COUNT);
    return names[number];
}
