/* Private to cl: the programs that some kernels need, each once, and their building. Local: building
 * may wait for a process that builds the same program. */
#ifndef PNAS_CL_BUILD_QUEUE_H
#define PNAS_CL_BUILD_QUEUE_H

#include "cl/runtime/kernel_program.h"

typedef struct { /* zero it to start */
    struct pnas_queued_program {
        const char *file, *options; /* borrowed */
        bool done;
    } * item;
    size_t count, capacity;
} pnas_build_queue;

/* Adds a program unless it is in the queue; `program_options` as pnas_kernel_program_options makes them. Both texts
 * are borrowed for the queue's life. */
pnas_status pnas_build_queue_add(pnas_build_queue *queue, const char *file, const char *program_options);

/* Builds all programs in the order in which they were added: first those that no other process of the machine
 * is building, then the others, which by then lie in the cache. options: NULL for none. */
pnas_status pnas_build_queue_run(pnas_cl *cl, pnas_build_queue *queue, const pnas_build_options *options);

void pnas_build_queue_clear(pnas_build_queue *queue);

#endif
