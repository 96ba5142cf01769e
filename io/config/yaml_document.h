/* A YAML document in memory in which every node knows where it came from (libyaml underneath).
 *
 * A path names a node: "training.augment.pad", "space.operators[2].name" (from 0). Nodes are positive
 * numbers; 0 is none. Only the plain part of YAML is taken: one document, mappings with plain keys, no key
 * twice, no aliases. */
#ifndef PNAS_IO_YAML_DOCUMENT_H
#define PNAS_IO_YAML_DOCUMENT_H

#include "src/base/status.h"

#define PNAS_YAML_PATH_MAX 256

typedef struct pnas_yaml pnas_yaml;

typedef enum { PNAS_YAML_SCALAR, PNAS_YAML_LIST, PNAS_YAML_MAPPING } pnas_yaml_kind;

enum { PNAS_YAML_FROM_DEFAULT = -1, PNAS_YAML_FROM_TEXT = 0 }; /* above 0: the n-th override */

typedef struct {
    int source;
    int line; /* from 1; of the key, for a mapping's value */
} pnas_yaml_place;

/* PNAS_ERROR_USAGE with `name` and the line in front for text that is not YAML, or more than the plain part
 * of it. The root may be of any kind. */
pnas_status pnas_yaml_parse(const char *name, const char *text, size_t length, pnas_yaml **out);
void pnas_yaml_destroy(pnas_yaml **document);

/* The node at `path` or 0. When `place` is given it gets where that node came from. */
int pnas_yaml_find(const pnas_yaml *document, const char *path, pnas_yaml_place *place);
int pnas_yaml_root(const pnas_yaml *document);
pnas_yaml_kind pnas_yaml_kind_of(const pnas_yaml *document, int node);
const char *pnas_yaml_text(const pnas_yaml *document, int node); /* of a scalar; borrowed */
size_t pnas_yaml_count(const pnas_yaml *document, int node);     /* entries of a list or mapping */

/* Puts a copy of `value` at `path`, making mappings on the way; all of it is said to come from `place`.
 * PNAS_ERROR_USAGE if the path leads through something that is not a mapping. */
pnas_status pnas_yaml_set(pnas_yaml *document, const char *path, const pnas_yaml *value,
                          pnas_yaml_place place);

/* Adds to the mapping `node` every key of `defaults` (a mapping) that it lacks, and so on inside; a section
 * without a value counts as lacking. */
pnas_status pnas_yaml_complete(pnas_yaml *document, int node, const pnas_yaml *defaults);

/* The document as text; *out is the caller's (free). */
pnas_status pnas_yaml_emit(const pnas_yaml *document, char **out, size_t *length);

#endif
