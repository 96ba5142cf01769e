/* Children whose shapes pnas_device looks at: given cells, or those that show every shape of a configuration.
 */
#ifndef PNAS_PROGRAMS_DEVICE_CHILDREN_H
#define PNAS_PROGRAMS_DEVICE_CHILDREN_H

#include "src/net/run_settings.h"

typedef struct {
    int batch, count;
    pnas_graph **graph; /* [count], owned */
    pnas_training_options training;
    pnas_surrogate_options surrogate;
    pnas_space space;
    char device[128]; /* what the configuration names */
} pnas_device_children;

/* `path` may be NULL: the defaults of a configuration with CIFAR's images (32 x 32 x 3, 10 classes). Without
 * cells: for each number of blocks and each operator the cell of that operator alone, which between them have
 * every shape that a child of the configuration can have but for mixed concatenations. */
pnas_status pnas_device_children_create(const char *path, const char *const *cells, int cell_count,
                                        pnas_device_children *out);
void pnas_device_children_destroy(pnas_device_children *children);

#endif
