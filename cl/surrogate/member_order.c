#include "cl/surrogate/member_order.h"

#include "src/base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

uint64_t pnas_member_identity(int level, int member)
{
    return (uint64_t)level | (uint64_t)member << 32;
}

typedef struct {        /* working memory of one epoch */
    uint32_t *pool;     /* [count] cells of one length */
    uint32_t *order;    /* [batches] */
    int *cell, *length; /* [batches][rows], [batches] before shuffling */
} epoch_memory;

static size_t count_length(const pnas_cell *cells, size_t count, int blocks)
{
    size_t found = 0;
    for (size_t i = 0; i < count; ++i)
        found += cells[i].blocks == blocks;
    return found;
}

static size_t count_batches(const pnas_cell *cells, size_t count, size_t rows)
{
    size_t batches = 0;
    for (int blocks = 1; blocks <= PNAS_BLOCKS_MAX; ++blocks)
        batches += (count_length(cells, count, blocks) + rows - 1) / rows;
    return batches;
}

/* The cells by length, each length shuffled. */
static void shuffle_by_length(pnas_stream *stream, const pnas_cell *cells, size_t count, uint32_t *order)
{
    size_t placed = 0;
    for (int blocks = 1; blocks <= PNAS_BLOCKS_MAX; ++blocks) {
        size_t first = placed;
        for (size_t i = 0; i < count; ++i)
            if (cells[i].blocks == blocks)
                order[placed++] = (uint32_t)i;
        pnas_stream_shuffle(stream, order + first, placed - first);
    }
}

/* How many of the first n are left out where `share` of all is; 0.2 of five is one, whatever 1 - 0.8 is. */
static size_t share_of(size_t n, double share)
{
    return (size_t)floor((double)n * share + 1e-9);
}

pnas_status pnas_member_leave_out(const pnas_surrogate_options *options, int level, int member,
                                  const pnas_cell *cells, size_t count, bool *out)
{
    double share = options->fit_share > 0 ? 1 - options->fit_share : 0;
    size_t round = share_of((size_t)member, share), left_out = 0;
    uint32_t *order = malloc((count ? count : 1) * sizeof *order);
    PNAS_CHECK(order, PNAS_ERROR_MEMORY, "no memory for the share of %zu cells", count);
    pnas_stream stream =
        pnas_stream_make(options->seed, PNAS_STREAM_SURROGATE_FOLD, (uint64_t)level, (uint32_t)round);
    shuffle_by_length(&stream, cells, count, order);
    for (size_t i = 0; i < count; ++i) {
        size_t place = i + (size_t)member;
        out[order[i]] = share_of(place + 1, share) > share_of(place, share);
        left_out += out[order[i]];
    }
    for (size_t i = 0; left_out == count && i < count; ++i)
        out[i] = false;
    free(order);
    return PNAS_OK;
}

/* Batches of cells of one length from batch `first` on; returns the number after the last. */
static size_t fill_length(epoch_memory *memory, pnas_stream *stream, const pnas_cell *cells, size_t count,
                          size_t rows, int blocks, size_t first)
{
    size_t found = 0;
    for (size_t i = 0; i < count; ++i)
        if (cells[i].blocks == blocks)
            memory->pool[found++] = (uint32_t)i;
    pnas_stream_shuffle(stream, memory->pool, found);
    for (size_t i = 0; i < found; ++i)
        memory->cell[first * rows + i] = (int)memory->pool[i];
    size_t end = first + (found + rows - 1) / rows;
    for (size_t i = first * rows + found; i < end * rows; ++i)
        memory->cell[i] = -1;
    for (; first < end; ++first)
        memory->length[first] = blocks;
    return end;
}

static void fill_epoch(epoch_memory *memory, pnas_stream *stream, const pnas_cell *cells, size_t count,
                       size_t batches, const pnas_fit_order *out, size_t first_step)
{
    size_t rows = (size_t)out->rows, next = 0;
    for (int blocks = 1; blocks <= PNAS_BLOCKS_MAX; ++blocks)
        next = fill_length(memory, stream, cells, count, rows, blocks, next);
    for (size_t i = 0; i < batches; ++i)
        memory->order[i] = (uint32_t)i;
    pnas_stream_shuffle(stream, memory->order, batches);
    for (size_t i = 0; i < batches; ++i) {
        size_t from = memory->order[i], step = first_step + i;
        memcpy(out->cell + step * rows, memory->cell + from * rows, rows * sizeof *out->cell);
        out->blocks[step] = memory->length[from];
    }
}

pnas_status pnas_fit_order_make(const pnas_surrogate_options *options, uint64_t identity,
                                const pnas_cell *cells, size_t count, pnas_fit_order *out)
{
    size_t rows = (size_t)options->batch, batches = count_batches(cells, count, rows);
    size_t steps = batches * (size_t)options->epochs;
    pnas_status status;
    *out = (pnas_fit_order){.rows = options->batch, .epoch_steps = batches, .steps = steps};
    out->cell = malloc(steps * rows * sizeof *out->cell);
    out->blocks = malloc(steps * sizeof *out->blocks);
    epoch_memory memory = {malloc(count * sizeof(uint32_t)), malloc(batches * sizeof(uint32_t)),
                           malloc(batches * rows * sizeof(int)), malloc(batches * sizeof(int))};
    PNAS_CHECK_CLEANUP(out->cell && out->blocks && memory.pool && memory.order && memory.cell &&
                           memory.length,
                       PNAS_ERROR_MEMORY, "no memory for the order of a surrogate's fit");
    status = PNAS_OK;
    for (int epoch = 0; epoch < options->epochs; ++epoch) {
        pnas_stream stream =
            pnas_stream_make(options->seed, PNAS_STREAM_SURROGATE_SHUFFLE, identity, (uint32_t)epoch);
        fill_epoch(&memory, &stream, cells, count, batches, out, (size_t)epoch * batches);
    }
cleanup:
    free(memory.pool);
    free(memory.order);
    free(memory.cell);
    free(memory.length);
    if (status != PNAS_OK)
        pnas_fit_order_free(out);
    return status;
}

void pnas_fit_order_free(pnas_fit_order *order)
{
    free(order->cell);
    free(order->blocks);
    *order = (pnas_fit_order){0};
}
