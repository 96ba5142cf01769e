/* What a context is made with: a plain value. */
#ifndef PNAS_CL_CONTEXT_OPTIONS_H
#define PNAS_CL_CONTEXT_OPTIONS_H

#include "cl/runtime/op_kind.h"

#include <stdbool.h>

typedef struct {          /* zero everything for the defaults */
    const char *device;   /* NULL or "auto" (GPUs, else CPUs); or "cpu", "gpu", an index into the list of
                             devices, part of a device's name, or several of these with commas between */
    int choice;           /* whose turn it is: the rank's place on its machine (cl/runtime/device_place.h) */
    int ranks_per_device; /* how many ranks a device other than a CPU takes; 0: any number */
    int threads;          /* CPU devices: use so many cores; 0: all */
    int vector;           /* V: 1, 4, 8; 0: the tuned table's, or by device kind */
    const char
        *cache_directory; /* NULL: $PNAS_CACHE, else $XDG_CACHE_HOME/pnas, else ~/.cache/pnas; where that
                             cannot be written, a private one in the temporary directory, with a warning */
    bool untuned;         /* leave a tuned table alone (cl/runtime/tuned_table.h), as PNAS_TUNED=0 does */
    const char *kernel_directory; /* NULL: $PNAS_KERNELS, else the installed or the source tree's */
    pnas_route route; /* for measurements and tests: every op takes it where its kernels can, on any device;
                         PNAS_ROUTE_AUTO: the tables decide */
} pnas_cl_options;

#endif
