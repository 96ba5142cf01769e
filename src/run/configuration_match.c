#include "src/run/configuration_match.h"

#include "io/config/configuration.h"
#include "io/config/configuration_change.h"
#include "io/config/configuration_value.h"
#include "src/search/strategy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *path; /* of the run, for messages */
    bool complete;
    const pnas_configuration *stored, *mine;
} run_match;

/* Whether the key is larger than in the run, which is complete, and levels can come after it. */
static bool is_extension(const run_match *match, const pnas_configuration_change *change)
{
    return match->complete && pnas_strategy_get(match->stored->search.strategy)->grows_by &&
           change->resume == PNAS_RESUME_MAY_GROW && change->growth > 0;
}

static pnas_status refuse(const run_match *match, const pnas_configuration_change *change)
{
    const char *remedy = "Figures of both do not belong in one run: take the old value";
    if (change->resume == PNAS_RESUME_MAY_GROW && change->growth > 0 && !match->complete)
        remedy = "It may grow once the run is complete: until then take the old value";
    else if (change->resume == PNAS_RESUME_MAY_GROW && change->growth < 0)
        remedy = "It may grow, but not shrink: take the old value";
    return pnas_fail(PNAS_ERROR_USAGE,
                     "%s: this run was started with %s: %s, but the configuration now says %s. %s, or write "
                     "another run file with -o",
                     match->path, change->key, change->before, change->after, remedy);
}

/* What grows counts for levels to come only; whatever is there stays as it is. */
static pnas_status check_extension(const run_match *match, const pnas_configuration_change *change)
{
    const pnas_configuration *stored = match->stored, *mine = match->mine;
    const pnas_strategy *strategy = pnas_strategy_get(stored->search.strategy);
    const pnas_key *key = pnas_key_find(strategy->grows_by);
    double before = pnas_key_number(key, stored);
    size_t there = pnas_search_budget(&stored->search), wanted = pnas_search_budget(&mine->search);
    PNAS_CHECK(pnas_key_number(key, mine) > before, PNAS_ERROR_USAGE,
               "%s: this run is complete, and a larger %s (%s instead of %s) counts for %s to come only; "
               "make %s larger than %.0f, too, or write another run file with -o",
               match->path, change->key, change->after, change->before,
               strategy->all_sizes ? "children" : "levels", key->path, before > 0 ? before : (double)there);
    PNAS_CHECK(
        mine->search.children == 0 || wanted > there, PNAS_ERROR_USAGE,
        "%s: this run is complete with its %zu children, and search.children: %d leaves none for what is "
        "to come; make it larger than %zu, or write another run file with -o",
        match->path, there, mine->search.children, there);
    PNAS_CHECK(mine->training.epochs == stored->training.epochs || mine->keep_weights == 0, PNAS_ERROR_USAGE,
               "%s: with keep_weights above 0 the best children are trained again as they were, which other "
               "training.epochs (%d instead of %d) would not be; set keep_weights to 0",
               match->path, mine->training.epochs, stored->training.epochs);
    return PNAS_OK;
}

static void note(const pnas_configuration_change *change, char extension[PNAS_EXTENSION_MAX])
{
    size_t used = strlen(extension);
    snprintf(extension + used, PNAS_EXTENSION_MAX - used, "%s%s %s -> %s", used ? ", " : "", change->key,
             change->before, change->after);
}

static pnas_status compare(const run_match *match, char extension[PNAS_EXTENSION_MAX])
{
    pnas_configuration_change change;
    for (size_t at = 0; pnas_configuration_next_change(match->stored, match->mine, &at, &change);) {
        if (change.resume == PNAS_RESUME_FREE)
            continue;
        if (!is_extension(match, &change))
            return refuse(match, &change);
        PNAS_TRY(check_extension(match, &change));
        note(&change, extension);
    }
    return PNAS_OK;
}

pnas_status pnas_configuration_match(const char *path, const char *stored_text, bool complete,
                                     const pnas_configuration *mine, char extension[PNAS_EXTENSION_MAX])
{
    extension[0] = '\0';
    pnas_configuration *stored = malloc(sizeof *stored);
    PNAS_CHECK(stored, PNAS_ERROR_MEMORY, "no memory for a configuration");
    run_match match = {.path = path, .complete = complete, .stored = stored, .mine = mine};
    pnas_status status = pnas_configuration_parse(path, stored_text, NULL, 0, stored);
    if (status == PNAS_OK)
        status = compare(&match, extension);
    free(stored);
    return status;
}
