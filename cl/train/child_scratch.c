#include "cl/train/child_scratch.h"

#include "cl/train/child_pieces.h"

#include <stdlib.h>

enum { SHARE = 4 }; /* the memory is as large as this part of all places together: see place() */

typedef struct {
    bool joins;
    size_t all, largest; /* of the places in the first pass */
    size_t size, end;    /* floats; end: of the last place */
} ring;

/* Room for `floats`; returns where it begins. Places follow each other in the order in which the ops are recorded, and
 * start again at the front where there is no room left: what is there is then no longer needed, or ops wait for it. */
static size_t place(ring *r, size_t floats)
{
    floats = r->joins ? pnas_child_piece_aligned(floats) : floats;
    r->all += floats;
    if (floats > r->largest)
        r->largest = floats;
    if (!r->joins)
        return 0;
    if (r->end + floats > r->size)
        r->end = 0;
    r->end += floats;
    return r->end - floats;
}

/* Its size once all places are known. */
static void close_ring(ring *r)
{
    size_t part = pnas_child_piece_aligned(r->all / SHARE + 1);
    r->size = r->joins && part > r->largest ? part : r->largest;
    r->end = 0;
}

/* In the order of the backward pass, which is that of the layers from the last one on. */
static void place_all(pnas_child_plan *plan, ring *scratch, ring *statistics)
{
    const pnas_graph *graph = plan->graph;
    for (int i = graph->layer_count - 1; i >= 0; --i) {
        const pnas_layer_op *op = pnas_layer_op_of(graph->layer[i].kind);
        pnas_layer_operands on = pnas_child_operands(plan, i);
        int norm = graph->layer[i].norm;
        if (norm >= 0) {
            plan->norm_scratch_at[norm] =
                place(scratch, 2 * (size_t)plan->options.batch * (size_t)on.y.channels);
            plan->statistics_at[norm] =
                place(statistics, pnas_layer_statistics_floats(plan->cl, graph->layer[i].kind, &on));
        }
        plan->scratch_at[i] = place(scratch, op->scratch ? op->scratch(plan->cl, &on) : 0);
    }
    plan->scratch_at[graph->layer_count] = place(scratch, pnas_op_update_scratch(plan->parameter_floats));
}

pnas_status pnas_child_scratch_lay_out(pnas_child_plan *plan)
{
    size_t layers = (size_t)plan->graph->layer_count, norms = (size_t)plan->graph->norm_count;
    ring scratch = {.joins = plan->joins}, statistics = {.joins = plan->joins};
    plan->scratch_at = calloc(layers + 1, sizeof *plan->scratch_at);
    plan->norm_scratch_at = calloc(norms + 1, sizeof *plan->norm_scratch_at);
    plan->statistics_at = calloc(norms + 1, sizeof *plan->statistics_at);
    PNAS_CHECK(plan->scratch_at && plan->norm_scratch_at && plan->statistics_at, PNAS_ERROR_MEMORY,
               "no memory for %zu layers", layers);
    place_all(plan, &scratch, &statistics);
    close_ring(&scratch);
    close_ring(&statistics);
    place_all(plan, &scratch, &statistics);
    plan->scratch_floats = scratch.size;
    plan->statistics_floats = statistics.size ? statistics.size : 1;
    return PNAS_OK;
}
