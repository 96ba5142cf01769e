/* What a device says of itself: a plain value. */
#ifndef PNAS_CL_DEVICE_INFO_H
#define PNAS_CL_DEVICE_INFO_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int index;     /* in the list of all devices */
    char type[12]; /* "CPU", "GPU", "accelerator" or "other" */
    char platform[128], name[128], vendor[128], driver[128], version[128], pci[32];
    bool cpu;
    int compute_units;
    int float_width;     /* floats of its own vectors, as the driver says; 0: unknown */
    bool halves_vectors; /* a CPU that makes its widest vectors in two halves */
    uint64_t memory, largest_allocation;
    char tuned[20]; /* of a context's device: its tuned table's hash, 16 digits; "" without one */
    /* The same: CLBlast's version where its products are taken ("taken" if it has none), or "refused"; "" where
     * no product is left to it, or it was not checked yet (cl/ops/lane.h). */
    char clblast[16];
} pnas_device_info;

#endif
