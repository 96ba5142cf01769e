#include "cl/runtime/build_queue.h"

#include <stdlib.h>
#include <string.h>

pnas_status pnas_build_queue_add(pnas_build_queue *queue, const char *file, const char *program_options)
{
    for (size_t i = 0; i < queue->count; ++i)
        if (strcmp(queue->item[i].file, file) == 0 && strcmp(queue->item[i].options, program_options) == 0)
            return PNAS_OK;
    if (queue->count == queue->capacity) {
        size_t capacity = queue->capacity ? 2 * queue->capacity : 32;
        struct pnas_queued_program *item = realloc(queue->item, capacity * sizeof *item);
        PNAS_CHECK(item, PNAS_ERROR_MEMORY, "no memory for %zu programs", capacity);
        queue->item = item;
        queue->capacity = capacity;
    }
    queue->item[queue->count++] = (struct pnas_queued_program){.file = file, .options = program_options};
    return PNAS_OK;
}

pnas_status pnas_build_queue_run(pnas_cl *cl, pnas_build_queue *queue, const pnas_build_options *options)
{
    for (int wait = 0; wait < 2; ++wait)
        for (size_t i = 0; i < queue->count; ++i) {
            struct pnas_queued_program *program = &queue->item[i];
            bool busy = false;
            if (program->done)
                continue;
            PNAS_TRY(pnas_kernel_program_build(cl, program->file, program->options, wait, options, &busy));
            program->done = !busy;
        }
    return PNAS_OK;
}

void pnas_build_queue_clear(pnas_build_queue *queue)
{
    free(queue->item);
    *queue = (pnas_build_queue){0};
}
