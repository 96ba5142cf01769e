/* Whether a run that is there may be continued with a configuration. */
#ifndef PNAS_RUN_CONFIGURATION_MATCH_H
#define PNAS_RUN_CONFIGURATION_MATCH_H

#include "src/net/run_settings.h"

#define PNAS_EXTENSION_MAX 160

/* PNAS_ERROR_USAGE naming the first key that differs between the run's stored text and `mine`, with both
 * values and what to do, unless its row in io/config/configuration_keys.c lets it change. That the data set
 * and the table are the same is compared elsewhere, by their SHA-256. `path` stands for the run in messages.
 *
 * A complete run may go on with more of what its strategy grows by (src/search/strategy.h: blocks, or children),
 * and with it whatever else may grow, for what is to come; `extension` then says so ("space.blocks 3 -> 4,
 * search.beam 20 -> 40"), and is empty otherwise. Local. */
pnas_status pnas_configuration_match(const char *path, const char *stored_text, bool complete,
                                     const pnas_configuration *mine, char extension[PNAS_EXTENSION_MAX]);

#endif
