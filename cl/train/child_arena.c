#include "cl/train/child_arena.h"

#include "cl/train/child_pieces.h"

#include <stdlib.h>

/* Floats of buffer `i`. */
static size_t part_floats(const pnas_child_plan *plan, size_t i)
{
    int64_t part = plan->memory->part, left = plan->memory->floats - (int64_t)i * part;
    return (size_t)(left < part ? left : part);
}

pnas_status pnas_child_arena_lay_out(pnas_child_plan *plan)
{
    int64_t part = plan->memory->part;
    plan->arena_parts = (size_t)((plan->memory->floats + part - 1) / part);
    plan->arena = calloc(plan->arena_parts, sizeof *plan->arena);
    PNAS_CHECK(plan->arena, PNAS_ERROR_MEMORY, "no memory for the names of %zu buffers", plan->arena_parts);
    return PNAS_OK;
}

pnas_status pnas_child_arena_create(pnas_child_plan *plan)
{
    const pnas_memory_plan *memory = plan->memory;
    const pnas_device_info *device = &plan->cl->info;
    PNAS_CHECK(memory->largest <= memory->part, PNAS_ERROR_TOO_LARGE,
               "the child has a tensor of %.1f MiB and %s allows buffers of at most %.1f MiB; use a smaller "
               "training.batch or network.filters",
               (double)memory->largest * sizeof(cl_float) / 0x1p20, device->name,
               (double)device->largest_allocation / 0x1p20);
    for (size_t i = 0; i < plan->arena_parts; ++i) {
        const pnas_child_piece piece = {&plan->arena[i], part_floats(plan, i)};
        PNAS_TRY(pnas_child_pieces_take(plan, &piece, 1));
    }
    return PNAS_OK;
}

uint64_t pnas_child_arena_floats(const pnas_child_plan *plan)
{
    uint64_t floats = 0;
    for (size_t i = 0; i < plan->arena_parts; ++i)
        floats += pnas_child_pieces_floats(plan, &(pnas_child_piece){NULL, part_floats(plan, i)}, 1);
    return floats;
}

void pnas_child_arena_release(pnas_child_plan *plan)
{
    free(plan->arena);
}

pnas_status pnas_child_arena_append_zeros(pnas_child_plan *plan, pnas_launch_list *list)
{
    for (size_t i = 0; i < plan->arena_parts; ++i)
        PNAS_TRY(pnas_op_zero(plan->cl, list, plan->arena[i], part_floats(plan, i)));
    return PNAS_OK;
}
