/* The keys of the configuration: their types (a libcyaml schema), limits, and how both are said to a person.
 *
 * Every key is a field of pnas_configuration at an offset from its start; sections only group keys. */
#ifndef PNAS_IO_CONFIGURATION_SCHEMA_H
#define PNAS_IO_CONFIGURATION_SCHEMA_H

#include "src/net/run_settings.h"

#include <cyaml/cyaml.h>

extern const cyaml_schema_value_t pnas_configuration_schema;

/* The schema at `path` ("training.augment.pad", "space.operators[2].kernel") or NULL. */
const cyaml_schema_value_t *pnas_schema_find(const char *path);

/* What may stand at `path`: "a whole number from 1 to 100000", "sgd, adam or rmsprop", ... */
void pnas_schema_allowed(const char *path, char *out, size_t size);

/* The keys of the section at `section` ("" is the whole): "beam and first". */
void pnas_schema_keys(const char *section, char *out, size_t size);

/* A number of ours: all of `text` is one, of the kind that the schema wants. */
bool pnas_schema_is_number(const cyaml_schema_value_t *schema, const char *text);

/* Whether `value` is within the limits of the number at `path`. */
bool pnas_schema_within(const char *path, double value);

/* The number or enumeration of `schema` that stands at `data`. */
double pnas_schema_number(const cyaml_schema_value_t *schema, const void *data);

#endif
