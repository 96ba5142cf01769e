/* Whether a run that is there may be continued with a configuration. */
#ifndef PNAS_PROGRAMS_CONFIGURATION_MATCH_H
#define PNAS_PROGRAMS_CONFIGURATION_MATCH_H

#include "src/net/run_settings.h"

/* PNAS_ERROR_USAGE naming the first key that differs between the run's stored text and `mine` and changes
 * results. Not compared: title, device, keep_weights, checkpoint_seconds, and where the data set or the table lies (its SHA-256
 * is compared elsewhere). `path` stands for the run in messages. */
pnas_status pnas_configuration_match(const char *path, const char *stored_text,
                                     const pnas_configuration *mine);

#endif
