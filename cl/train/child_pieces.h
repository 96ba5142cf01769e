/* Private to cl: the device's memory for all that a child has: its arena and what lies beside it. Local.
 *
 * Usually every piece is a buffer of its own. Where launches are joined (plan->joins) all pieces lie in one buffer if
 * the device has one so large, as only launches with equal buffers can be joined. */
#ifndef PNAS_CL_CHILD_PIECES_H
#define PNAS_CL_CHILD_PIECES_H

#include "cl/train/child_layout.h"

typedef struct {
    pnas_slice *at; /* a field of the plan */
    size_t floats;  /* or ints; 0: none is wanted */
} pnas_child_piece;

/* Floats that a piece in a buffer with others takes: each starts as buffers do. */
static inline uint64_t pnas_child_piece_aligned(uint64_t floats)
{
    enum { ALIGNMENT = 64 };
    return (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Floats of memory that so many pieces take. */
uint64_t pnas_child_pieces_floats(const pnas_child_plan *plan, const pnas_child_piece *pieces, size_t count);

/* Makes the one buffer for so many floats where launches are joined, or takes options.room if that is large enough. */
pnas_status pnas_child_pieces_open(pnas_child_plan *plan, uint64_t floats);

/* Memory for pieces; 0 floats leave {NULL, 0}. It goes with pnas_child_pieces_release. */
pnas_status pnas_child_pieces_take(pnas_child_plan *plan, const pnas_child_piece *pieces, size_t count);
void pnas_child_pieces_release(pnas_child_plan *plan);

#endif
