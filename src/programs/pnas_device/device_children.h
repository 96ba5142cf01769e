/* Children whose shapes pnas_device looks at: given cells, or those that show every shape of a configuration. */
#ifndef PNAS_PROGRAMS_DEVICE_CHILDREN_H
#define PNAS_PROGRAMS_DEVICE_CHILDREN_H

#include "src/net/run_settings.h"
#include "src/programs/common/program.h"

#define PNAS_DEVICE_CELLS_MAX 64

typedef struct { /* strings are borrowed from argv */
    const char
        *config; /* NULL: the defaults of a configuration with CIFAR's images (32 x 32 x 3, 10 classes) */
    const char *device; /* NULL: what the configuration names */
    const char *cell[PNAS_DEVICE_CELLS_MAX];
    int cells;
    pnas_log_level level;
} pnas_device_children_options;

/* A child parser with --config, --cell, --device, -q and -v; takes no arguments. Its input is a
 * pnas_device_children_options *. */
extern const struct argp pnas_device_children_argp;

typedef struct {
    int batch, count;
    pnas_graph **graph; /* [count], owned */
    pnas_training_options training;
    pnas_surrogate_options surrogate;
    pnas_space space;
    char device[128]; /* what was asked for, as pnas_cl_options takes it */
} pnas_device_children;

/* Without cells: for each number of blocks and each operator the cell of that operator alone, which between
 * them have every shape that a child of the configuration can have but for mixed concatenations. */
pnas_status pnas_device_children_create(const pnas_device_children_options *options,
                                        pnas_device_children *out);
void pnas_device_children_destroy(pnas_device_children *children);

#endif
