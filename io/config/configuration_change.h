/* What differs between two configurations, key by key. Local. */
#ifndef PNAS_IO_CONFIGURATION_CHANGE_H
#define PNAS_IO_CONFIGURATION_CHANGE_H

#include "io/config/configuration_keys.h"

typedef struct {
    char key[64];                 /* "training.epochs", "space.operators[3]" */
    char before[160], after[160]; /* the values as YAML, cut short if they are longer; "(nothing)" */
    pnas_resume resume;
    double growth; /* of a number: after - before; else 0 */
} pnas_configuration_change;

/* The next key whose value differs, in the order in which keys are printed; false if no further one does. *at
 * is 0 at first. */
bool pnas_configuration_next_change(const pnas_configuration *before, const pnas_configuration *after,
                                    size_t *at, pnas_configuration_change *out);

#endif
