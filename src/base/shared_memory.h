/* Memory that one process of a machine fills and others then read: an anonymous file, mapped. It has no name, so nothing
 * is left of it when its processes end, however they do; and it needs no room in /dev/shm. Local. */
#ifndef PNAS_BASE_SHARED_MEMORY_H
#define PNAS_BASE_SHARED_MEMORY_H

#include "src/base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct { /* zero: none */
    void *at;    /* the beginning of a page; NULL: none */
    size_t bytes;
    int file, writer; /* the second one in the process that made it, until it is sealed; else -1 */
} pnas_shared_memory;

typedef struct { /* where other processes of the machine find it */
    int64_t process, file, device, inode;
    uint64_t bytes;
} pnas_shared_memory_place;

/* *out is the caller's (pnas_shared_memory_release), zeros, to be written by this process. PNAS_ERROR_MEMORY where
 * there is no such memory, or not enough, or no /proc to find it in; *out is none then. */
pnas_status pnas_shared_memory_create(size_t bytes, pnas_shared_memory *out);

/* From now on nobody can write it, change its size or take this back, this process included. PNAS_ERROR_MEMORY where
 * the system refuses that: *memory is none then. */
pnas_status pnas_shared_memory_seal(pnas_shared_memory *memory);

pnas_status pnas_shared_memory_find(const pnas_shared_memory *memory, pnas_shared_memory_place *out);

/* The sealed memory of another process, to be read; *out is the caller's. PNAS_ERROR_MEMORY where that process cannot
 * be looked into, as where it is another user's or in another container, or has no such memory; *out is none then. */
pnas_status pnas_shared_memory_attach(const pnas_shared_memory_place *place, pnas_shared_memory *out);

void pnas_shared_memory_release(pnas_shared_memory *memory);

#endif
