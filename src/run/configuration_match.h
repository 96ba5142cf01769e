/* Whether a run that is there may be continued with a configuration. */
#ifndef PNAS_PROGRAMS_CONFIGURATION_MATCH_H
#define PNAS_PROGRAMS_CONFIGURATION_MATCH_H

#include "src/net/run_settings.h"

#define PNAS_EXTENSION_MAX 160

/* PNAS_ERROR_USAGE naming the first key that differs between the run's stored text and `mine` and changes
 * results. Not compared: title, device, keep_weights, checkpoint_seconds, and where the data set or the table
 * lies (its SHA-256 is compared elsewhere). `path` stands for the run in messages.
 *
 * A complete run of an extensible strategy (src/search/strategy.h) may go on with more blocks, and with them
 * a larger beam and more epochs for the levels to come; `extension` then says so ("space.blocks 3 -> 4,
 * search.beam 20 -> 40"), and is empty otherwise. */
pnas_status pnas_configuration_match(const char *path, const char *stored_text, bool complete,
                                     const pnas_configuration *mine, char extension[PNAS_EXTENSION_MAX]);

#endif
