#include "cl/train/shard_pieces.h"

#include <stdlib.h>

size_t pnas_shard_head(const pnas_child_plan *plan)
{
    return PNAS_SHARD_METRICS + plan->parameter_floats - plan->decayed_floats + plan->running_floats;
}

size_t pnas_shard_values(const pnas_child_plan *plan)
{
    return pnas_shard_head(plan) + plan->decayed_floats;
}

pnas_status pnas_shard_pieces_create(const pnas_child_plan *plan, size_t smallest, pnas_shard_piece **out,
                                     int *count)
{
    const pnas_graph *graph = plan->graph;
    size_t end = plan->decayed_floats;
    int lowest = graph->layer_count - 1; /* the backward pass has come down to it */
    pnas_shard_piece *piece = calloc((size_t)graph->parameter_count + 1, sizeof *piece);
    PNAS_CHECK(piece, PNAS_ERROR_MEMORY, "no memory for the pieces of a shard");
    *count = 0;
    for (int i = graph->parameter_count - 1; i >= 0; --i) {
        const pnas_parameter *parameter = &graph->parameter[i];
        size_t at = plan->parameter_at[i];
        if (parameter->kind != PNAS_PARAMETER_WEIGHT)
            continue;
        lowest = parameter->layer < lowest ? parameter->layer : lowest;
        if (at == 0 || end - at < smallest)
            continue;
        piece[(*count)++] = (pnas_shard_piece){pnas_shard_head(plan) + at, plan->backward_end[lowest]};
        end = at;
    }
    piece[(*count)++] = (pnas_shard_piece){0, plan->step.count};
    *out = piece;
    return PNAS_OK;
}

static pnas_status read_later(pnas_child_plan *plan, pnas_slice from, size_t first, size_t bytes, void *data,
                              cl_event *event)
{
    return pnas_buffer_read_later(plan->cl, from.buffer, from.offset * sizeof(cl_float) + first, bytes, data,
                                  event);
}

pnas_status pnas_shard_piece_enqueue(pnas_child_plan *plan, const pnas_shard_piece *pieces, int index,
                                     int slot, float *sums, cl_event *event)
{
    const pnas_shard_piece *piece = &pieces[index];
    size_t head = pnas_shard_head(plan), end = index ? pieces[index - 1].begin : pnas_shard_values(plan);
    size_t first = piece->begin > head ? piece->begin : head;
    PNAS_TRY(pnas_launch_run_part(plan->cl, &plan->step, index ? pieces[index - 1].launches : 0,
                                  piece->launches, NULL));
    if (piece->begin == 0) {
        PNAS_TRY(read_later(plan, plan->train.metrics, PNAS_SHARD_METRICS * (size_t)slot * sizeof *sums,
                            PNAS_SHARD_METRICS * sizeof *sums, sums, NULL));
        PNAS_TRY(read_later(plan, plan->gradients, plan->decayed_floats * sizeof *sums,
                            (head - PNAS_SHARD_METRICS) * sizeof *sums, sums + PNAS_SHARD_METRICS, NULL));
    }
    return read_later(plan, plan->gradients, (first - head) * sizeof *sums, (end - first) * sizeof *sums,
                      sums + first, event);
}
