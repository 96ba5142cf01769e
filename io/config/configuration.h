/* The YAML configuration: read, checked, printed. io/config/configuration_keys.c has every key,
 * docs/configuration.md describes them. Local. */
#ifndef PNAS_IO_CONFIGURATION_H
#define PNAS_IO_CONFIGURATION_H

#include "src/net/run_settings.h"

/* All defaults (the paper's where it states them). */
void pnas_configuration_defaults(pnas_configuration *out);

/* Reads `path`, then applies `overrides` ("a.b=c", the value in YAML) and checks everything that can be
 * checked without the data set. PNAS_ERROR_FILE if it cannot be read; PNAS_ERROR_USAGE with file, line, key
 * and what is allowed for an unknown key, a wrong type or an impossible value, or naming the --set that is
 * wrong. */
pnas_status pnas_configuration_read(const char *path, const char *const *overrides, size_t override_count,
                                    pnas_configuration *out);

/* The same from text, `name` standing for the file in messages (run files keep their configuration as text). */
pnas_status pnas_configuration_parse(const char *name, const char *text, const char *const *overrides,
                                     size_t override_count, pnas_configuration *out);

/* The resolved configuration as YAML with every key but those that another one stands for (pnas_key.unless),
 * which reads back to the same values; *out is the
 * caller's (free). */
pnas_status pnas_configuration_print(const pnas_configuration *configuration, char **out);

#endif
