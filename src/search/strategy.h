/* How a search chooses its children: one file a strategy, strategy_<name>.c, behind one interface.
 *
 * The search (search.h) keeps the children and the rules that hold for all: nothing is proposed while a child
 * is pending, a result is recorded once, cells are canonical and belong to the space. A strategy says which
 * children come next. It has no state of its own: what it proposes follows from the options and the children
 * so far, in the order in which they were proposed. So neither the order of results nor a restart from a run
 * file changes a search.
 *
 * Nobody outside asks which strategy it is; where strategies differ, the difference stands here. Local. */
#ifndef PNAS_SEARCH_STRATEGY_H
#define PNAS_SEARCH_STRATEGY_H

#include "src/search/search_options.h"
#include "src/search/surrogate.h"

typedef struct pnas_search pnas_search; /* its fields are in search_state.h */

typedef struct { /* what the last proposal took */
    int round;   /* its number where a strategy goes by rounds, from 0 */
    size_t children;
    uint64_t candidates; /* cells scored; 0: the surrogate was not asked */
    double fit_seconds, score_seconds;
} pnas_choice;

typedef struct {
    bool surrogate; /* asks a surrogate, which is fit on the children so far; else propose is given NULL. A
                        fit is kept by the last level that there is */
    /* Its surrogate, which it fits often, is the kernel part alone, unless options say otherwise or ask for the
     * spread of the members. */
    bool closed_form;
    bool levelwise; /* a proposal is the next level, whole; else all levels are there from the first proposal
                        on, mostly empty, and a proposal adds children to them */
    bool all_sizes; /* children of a round lie on several levels: each knows its place in the order in which
                       they were proposed (pnas_child.order); `first` counts cells of all sizes */
    int round; /* children of a round, unless options say another number; of strategies that have none any */
    const char *grows_by; /* the key by which a complete search may grow, and then go on; NULL: by none */

    /* PNAS_ERROR_USAGE unless the options suit the strategy; NULL: there is nothing to check. */
    pnas_status (*check)(const pnas_search_options *options);

    /* Adds children to the search; of those it awaits none is pending before. `surrogate`: NULL where none is
     * asked, now or ever. Adds at least one child, or nothing remains from now on (`exhausted` in search_state.h).
     * PNAS_ERROR_INTERNAL if nothing remains before, PNAS_ERROR_DATA if nothing can be proposed. After a
     * failure the children are those from before. */
    pnas_status (*propose)(pnas_search *search, const pnas_surrogate *surrogate);

    /* Begins the next level while children of the last one are trained (pnas_search_begin_next); NULL: levels
     * of this strategy do not overlap. */
    pnas_status (*begin_next)(pnas_search *search, const pnas_surrogate *surrogate);

    /* How many children, in the order in which they were proposed, must be finished before the next are proposed;
     * NULL: all. Where options say that rounds overlap these may be fewer than there are. */
    size_t (*awaits)(const pnas_search *search);

    /* How many children are proposed before more results are known than a surrogate is fit to at least; NULL: not
     * said. */
    size_t (*begins_with)(const pnas_search_options *options);

    /* How many children of level `blocks` are still to be proposed, as far as that is known. The search is
     * complete when none is on any level. */
    size_t (*remaining)(const pnas_search *search, int blocks);
} pnas_strategy;

/* The registry, one entry a strategy: the name is the value of search.strategy, and pnas_strategy_<name> is
 * defined in strategy_<name>.c. The first is the default. Files keep names, not numbers. */
#define PNAS_STRATEGIES(ENTRY)     ENTRY(pnas) ENTRY(random) ENTRY(evolution) ENTRY(guided)

#define PNAS_STRATEGY_NUMBER(name) PNAS_STRATEGY_NUMBER_##name,
enum { PNAS_STRATEGIES(PNAS_STRATEGY_NUMBER) PNAS_STRATEGY_COUNT };

#define PNAS_STRATEGY_DECLARATION(name) extern const pnas_strategy pnas_strategy_##name;
PNAS_STRATEGIES(PNAS_STRATEGY_DECLARATION)

/* `number` is from 0 to PNAS_STRATEGY_COUNT - 1. */
const pnas_strategy *pnas_strategy_get(int number);
const char *pnas_strategy_name(int number);

#endif
