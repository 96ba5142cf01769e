/* Which rank computes on which device, and what trains children there. */
#ifndef PNAS_RUN_DEVICE_SETUP_H
#define PNAS_RUN_DEVICE_SETUP_H

#include "cl/train/child_trainer.h"
#include "io/run/run_file.h"
#include "mpi/layout.h"
#include "src/net/image_set.h"
#include "src/net/run_settings.h"

typedef struct {
    pnas_cl *cl;
    pnas_trainer *trainer;
} pnas_device_lane;

typedef struct {
    pnas_cl *cl;            /* NULL: this rank has no usable device */
    pnas_trainer *trainer;  /* NULL: this rank cannot train */
    int lanes;              /* children trained at once, in all lanes and groups; 0: this rank cannot train */
    int group;              /* of these, how many of a lane take their steps together */
    pnas_device_lane *more; /* [lanes - 1], besides cl and trainer */
    pnas_child_group **groups; /* [lanes / group], a lane each; NULL where group is 1 */
    int cores;                 /* of the CPU, this rank's share */
    int threads;               /* CPU cores this rank uses on a CPU device; 0 elsewhere */
    pnas_run_rank *table;      /* rank 0: [ranks]; else NULL. device -1: that rank does not train */
    int sharing;               /* ranks of this machine that have cl's device, this one among them */
    uint64_t identity;         /* of cl's device among those of the machine */
    int *lanes_of;             /* rank 0: [ranks], `lanes` of each rank; else NULL */
    int *group_of;             /* the same of `group` */
} pnas_devices;

typedef enum {
    PNAS_DEVICES_NONE,    /* nothing is computed: there is only the table */
    PNAS_DEVICES_COMPUTE, /* each rank has a context */
    PNAS_DEVICES_TRAIN    /* and trains children with it */
} pnas_devices_purpose;

typedef struct { /* all borrowed */
    pnas_devices_purpose purpose;
    const char *device, *threads; /* as in a configuration; NULL: auto */
    int ranks_per_device;         /* 0: any number */
    /* of PNAS_DEVICES_TRAIN: the children, their images, and what is to go wrong, for tests */
    const pnas_configuration *configuration;
    const pnas_image_set *images;
    pnas_fault fault;
} pnas_devices_options;

/* Chooses by local rank (among ranks that see the same devices) among the devices that options->device names,
 * shares a CPU's cores among the ranks of a machine, prepares training in as many lanes as the configuration and
 * the device allow, and gathers the table; collective, agreed. A rank without a usable device warns and goes on
 * without; where that is rank 0, it changes its number with the lowest rank that has one, and *layout with it.
 * PNAS_ERROR_DEVICE if every rank is without, PNAS_ERROR_USAGE if equal devices have other tuned tables or
 * CLBlasts. */
pnas_status pnas_devices_create(pnas_layout *layout, const pnas_devices_options *options, pnas_devices *out);
void pnas_devices_destroy(pnas_devices *devices);

/* For a program that opens each rank's device itself and has prepared it (pnas_lane_prepare): the same comparison.
 * Collective, agreed. */
pnas_status pnas_devices_compare(const pnas_layout *layout, pnas_cl *cl);

pnas_trainer *pnas_devices_trainer(const pnas_devices *devices, int lane); /* borrowed */

/* On rank 0: the table for people. */
void pnas_devices_print(const pnas_devices *devices, int ranks);

/* Finds the child that takes the most memory (all its blocks the hungriest operator) and holds it, with `besides`
 * bytes that the surrogate keeps there, against every rank's device; collective. On rank 0 prints what it found.
 * PNAS_ERROR_MEMORY if it does not fit. */
pnas_status pnas_devices_check_memory(const pnas_layout *layout, const pnas_devices *devices,
                                      const pnas_configuration *configuration, uint64_t besides);

#endif
