/* Names that a person may have meant by one that is unknown: it is that of an option, a command, a key or the like with
 * a slip in it. Local. */
#ifndef PNAS_BASE_NEAR_NAME_H
#define PNAS_BASE_NEAR_NAME_H

#include <stddef.h>

#define PNAS_NAME_FAR       1000 /* another name altogether */
#define PNAS_NAME_MEANT_MAX 96

/* How many letters must be put in, left out, replaced, or exchanged with their neighbour to make `name` of `wrong`;
 * "Learning-Rate" is learning_rate. PNAS_NAME_FAR if that is more than a slip for its length. */
int pnas_name_distance(const char *wrong, const char *name);

/* "; did you mean NAME?" with the nearest of the names (the first of equally near ones) and `before` in front of it, or
 * "" if none is near. */
const char *pnas_name_meant(const char *before, const char *wrong, const char *const *names, size_t count,
                            char out[PNAS_NAME_MEANT_MAX]);

#endif
