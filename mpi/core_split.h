/* Cores of a machine in an order in which neighbours share most, and their division among its ranks. Private
 * to this room; local. */
#ifndef PNAS_MPI_CORE_SPLIT_H
#define PNAS_MPI_CORE_SPLIT_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct { /* one that the system schedules on: a hardware thread where cores have several */
    int number, package, core; /* package, core: -1 where the system does not tell */
} pnas_core;

/* Reads the topology of the cores in `set`, from `folder` ("/sys/devices/system/cpu"), sorted by package,
 * core and number; returns how many there are. */
int pnas_cores_sort(const cpu_set_t *set, const char *folder, pnas_core out[CPU_SETSIZE]);

/* Part `part` of `parts` (at most count): neighbours, no core in two parts, sizes that differ by one at most. */
void pnas_cores_split(const pnas_core *cores, int count, int part, int parts, cpu_set_t *out);

/* Whether the one who started this program asked for a binding, by what Open MPI's mpirun tells its ranks. */
bool pnas_cores_bound_by_user(void);

/* The cores that the mpirun (or its helper on another machine) above this process may run on; false if this
 * process was not bound by its own choice, or it cannot be found. */
bool pnas_cores_of_launcher(cpu_set_t *out);

#endif
