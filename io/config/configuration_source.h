/* Where a configuration was written, and what is said about a mistake in it: file and line or the --set, the
 * key, what stands there and what is allowed. Local. */
#ifndef PNAS_IO_CONFIGURATION_SOURCE_H
#define PNAS_IO_CONFIGURATION_SOURCE_H

#include "io/config/configuration_keys.h"
#include "io/config/yaml_document.h"

typedef struct {
    const char *name; /* of the file */
    const char *const *overrides;
    size_t override_count;
    pnas_yaml *document; /* of the file, into which the overrides are put */
} pnas_source;

/* Puts override number `i` (from 0) into the document. PNAS_ERROR_USAGE with the --set in front. */
pnas_status pnas_source_override(const pnas_source *source, size_t i);

/* Fails with PNAS_ERROR_USAGE, the place of `node` (0: the file as a whole) in front. */
__attribute__((format(printf, 3, 4))) pnas_status pnas_source_fail(const pnas_source *source, int node,
                                                                   const char *format, ...);

/* The same about what stands at `path`, for which `node` may not stand because only `allowed` may. */
pnas_status pnas_source_fail_value(const pnas_source *source, int node, const char *path,
                                   const char *allowed);

/* The same about a key that `section` does not have, with what was meant. */
pnas_status pnas_source_fail_key(const pnas_source *source, int node, const char *section, const char *key);

#endif
