#include "cl/train/child_pieces.h"

#include <stdlib.h>

static uint64_t taken_by(const pnas_child_plan *plan, size_t floats)
{
    return plan->joins ? pnas_child_piece_aligned(floats) : floats;
}

uint64_t pnas_child_pieces_floats(const pnas_child_plan *plan, const pnas_child_piece *pieces, size_t count)
{
    uint64_t floats = 0;
    for (size_t i = 0; i < count; ++i)
        floats += taken_by(plan, pieces[i].floats);
    return floats;
}

static pnas_status create(pnas_child_plan *plan, size_t floats, cl_mem *out)
{
    cl_mem *more = realloc(plan->buffer, (plan->buffers + 1) * sizeof(cl_mem));
    PNAS_CHECK(more, PNAS_ERROR_MEMORY, "no memory for the names of %zu buffers", plan->buffers + 1);
    plan->buffer = more;
    PNAS_TRY(pnas_buffer_create(plan->cl, floats * sizeof(cl_float), out));
    plan->buffer[plan->buffers++] = *out;
    return PNAS_OK;
}

pnas_status pnas_child_pieces_open(pnas_child_plan *plan, uint64_t floats)
{
    const pnas_child_room *room = &plan->options.room;
    if (!plan->joins)
        return PNAS_OK;
    if (room->at.buffer && floats <= room->floats) {
        plan->pool = room->at;
        return PNAS_OK;
    }
    pnas_status status = create(plan, (size_t)floats, &plan->pool.buffer);
    /* Not in one piece: then perhaps in several. */
    return status == PNAS_ERROR_TOO_LARGE || status == PNAS_ERROR_MEMORY ? PNAS_OK : status;
}

pnas_status pnas_child_pieces_take(pnas_child_plan *plan, const pnas_child_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        *pieces[i].at = (pnas_slice){NULL, 0};
        if (pieces[i].floats == 0)
            continue;
        if (!plan->pool.buffer) {
            PNAS_TRY(create(plan, pieces[i].floats, &pieces[i].at->buffer));
            continue;
        }
        *pieces[i].at = (pnas_slice){plan->pool.buffer, plan->pool.offset + plan->pool_used};
        plan->pool_used += taken_by(plan, pieces[i].floats);
    }
    return PNAS_OK;
}

void pnas_child_pieces_release(pnas_child_plan *plan)
{
    for (size_t i = 0; i < plan->buffers; ++i)
        pnas_buffer_release(&plan->buffer[i]);
    free(plan->buffer);
}
