/* A device to compute on: choice, properties, one in-order queue. Local to a rank.
 *
 * Any OpenCL 1.2 device will do. V is the width of a channel block in every tensor of this context:
 * offset(n, c, pixel) = n * stride + (c / V) * H * W * V + pixel * V + c mod V, channels padded to V. */
#ifndef PNAS_CL_CONTEXT_H
#define PNAS_CL_CONTEXT_H

#include "src/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pnas_cl pnas_cl;

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
} pnas_cl_options;

typedef struct {
    int index;     /* in the list of all devices */
    char type[12]; /* "CPU", "GPU", "accelerator" or "other" */
    char platform[128], name[128], vendor[128], driver[128], version[128], pci[32];
    bool cpu;
    int compute_units;
    uint64_t memory, largest_allocation;
    char tuned[20]; /* of a context's device: its tuned table's hash, 16 digits; "" without one */
} pnas_device_info;

/* All devices of all platforms; *out is the caller's (free). PNAS_ERROR_DEVICE says what to install if none.
 */
pnas_status pnas_device_list(pnas_device_info **out, int *count);

/* A hash of the devices that this process sees, before a context is made with the same options: processes of
 * a machine with the same hash share them, others (to which a batch system shows a GPU each) do not. */
pnas_status pnas_device_hash(const pnas_cl_options *options, uint64_t *out);

pnas_status pnas_cl_create(const pnas_cl_options *options, pnas_cl **out);

/* A further lane on the device of `cl`, which must outlive it: a queue, kernel objects and scratch memory of
 * its own, so that one thread can work with each. Programs, tables and memory objects are shared. */
pnas_status pnas_cl_create_lane(pnas_cl *cl, pnas_cl **out);

void pnas_cl_destroy(pnas_cl **cl);
const pnas_device_info *pnas_cl_device(const pnas_cl *cl); /* borrowed */
int pnas_cl_vector(const pnas_cl *cl);

#endif
