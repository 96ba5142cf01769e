/* A YAML document in memory in which every node knows where it came from (libyaml underneath).
 *
 * A path names a node: "training.augment.pad", "space.operators[2].name" (from 0). Nodes are positive
 * numbers; 0 is none. Only the plain part of YAML is taken: one document, mappings with plain keys, no key
 * twice, no aliases. Text that would take long to load is refused before. Local. */
#ifndef PNAS_IO_YAML_DOCUMENT_H
#define PNAS_IO_YAML_DOCUMENT_H

#include "src/base/status.h"

#include <stdbool.h>

#define PNAS_YAML_PATH_MAX 256

typedef struct pnas_yaml pnas_yaml;

typedef enum { PNAS_YAML_SCALAR, PNAS_YAML_LIST, PNAS_YAML_MAPPING } pnas_yaml_kind;

enum { PNAS_YAML_FROM_TEXT = 0 }; /* above 0: the n-th override */

typedef struct {
    int source;
    int line; /* from 1, 0: unknown; of the key, for a mapping's value */
} pnas_yaml_place;

/* PNAS_ERROR_USAGE with `name` and the line in front for text that is not YAML, or more than the plain part
 * of it. The root may be of any kind. */
pnas_status pnas_yaml_parse(const char *name, const char *text, size_t length, pnas_yaml **out);
void pnas_yaml_destroy(pnas_yaml **document);

int pnas_yaml_find(const pnas_yaml *document, const char *path); /* the node at `path` or 0 */
int pnas_yaml_root(const pnas_yaml *document);
pnas_yaml_place pnas_yaml_place_of(const pnas_yaml *document, int node);
pnas_yaml_kind pnas_yaml_kind_of(const pnas_yaml *document, int node);
const char *pnas_yaml_text(const pnas_yaml *document, int node);    /* of a scalar; borrowed */
size_t pnas_yaml_count(const pnas_yaml *document, int node);        /* entries of a list or mapping */
int pnas_yaml_entry(const pnas_yaml *document, int node, size_t i); /* the value of entry i */
const char *pnas_yaml_key(const pnas_yaml *document, int mapping, size_t i); /* of entry i; borrowed */
bool pnas_yaml_is_nothing(const pnas_yaml *document, int node); /* "key:" with nothing behind it */

/* Puts a copy of `value` at `path`, making mappings on the way; all of it is said to come from `place`.
 * PNAS_ERROR_USAGE if the path leads through something that is not a mapping. */
pnas_status pnas_yaml_set(pnas_yaml *document, const char *path, const pnas_yaml *value,
                          pnas_yaml_place place);

#endif
