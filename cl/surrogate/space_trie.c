/* Two batches by turns: one is made here while the device scores the other. */
#include "cl/surrogate/space_trie.h"

#include "cl/surrogate/trie_device.h"

#include <math.h>
#include <stdlib.h>

enum { SLOTS = 2, DEFAULT_MEMORY = 64 << 20, ROWS_MAX = 1 << 16 };

typedef struct {
    pnas_trie_batch batch;
    pnas_trie_buffers buffers;
} trie_slot;

struct pnas_space_trie {
    pnas_space_trie_options options;
    pnas_trie_device device;
    trie_slot slot[SLOTS];
    int current;          /* the slot being filled */
    float *mean, *spread; /* [cells_max], of several members */
    pnas_trie_visitor visit;
    void *payload;
};

static pnas_status choose_rows(const pnas_trie_device *device, const pnas_space_trie_options *options,
                               size_t *rows)
{
    size_t row = pnas_trie_device_row_bytes(device, options, SLOTS);
    size_t memory = options->memory ? options->memory : DEFAULT_MEMORY;
    size_t least = pnas_trie_batch_least_rows(options->blocks);
    *rows = memory / row;
    if (*rows < least && !options->memory)
        *rows = least;
    PNAS_CHECK(*rows >= least, PNAS_ERROR_USAGE,
               "scoring cells of %d blocks takes at least %zu KiB of memory; %zu KiB are allowed",
               options->blocks, least * row / 1024 + 1, memory / 1024);
    if (*rows > ROWS_MAX)
        *rows = ROWS_MAX;
    return PNAS_OK;
}

static pnas_status create_slot(pnas_space_trie *trie, size_t rows, trie_slot *slot)
{
    const pnas_trie_batch_options options = {.space = trie->options.space,
                                             .blocks = trie->options.blocks,
                                             .rows = rows,
                                             .filter = trie->options.filter,
                                             .filter_payload = trie->options.filter_payload};
    PNAS_TRY(pnas_trie_batch_create(&options, &slot->batch));
    return pnas_trie_buffers_create(&trie->device, &slot->batch, &slot->buffers);
}

static pnas_status create_means(pnas_space_trie *trie)
{
    size_t cells = trie->slot[0].buffers.cells_max;
    if (trie->device.members == 1)
        return PNAS_OK;
    trie->mean = malloc(cells * sizeof *trie->mean);
    trie->spread = malloc(cells * sizeof *trie->spread);
    PNAS_CHECK(trie->mean && trie->spread, PNAS_ERROR_MEMORY, "no memory for %zu scores", cells);
    return PNAS_OK;
}

pnas_status pnas_space_trie_create(pnas_cl *cl, const pnas_member_tensors *members, int count,
                                   const pnas_space_trie_options *options, pnas_space_trie **out)
{
    size_t rows;
    pnas_status status;
    *out = NULL;
    PNAS_TRY(pnas_space_validate(&options->space));
    PNAS_CHECK(options->blocks >= 1 && options->blocks <= PNAS_BLOCKS_MAX, PNAS_ERROR_USAGE,
               "cells of %d blocks were asked for; cells have 1 to %d", options->blocks, PNAS_BLOCKS_MAX);
    pnas_space_trie *trie = calloc(1, sizeof *trie);
    PNAS_CHECK(trie, PNAS_ERROR_MEMORY, "no memory for a trie");
    trie->options = *options;
    trie->options.operator_of = NULL; /* used up below */
    PNAS_TRY_CLEANUP(pnas_trie_device_create(cl, members, count, options, &trie->device));
    PNAS_TRY_CLEANUP(choose_rows(&trie->device, options, &rows));
    PNAS_TRY_CLEANUP(pnas_trie_device_reserve(&trie->device, rows));
    for (int i = 0; i < SLOTS; ++i)
        PNAS_TRY_CLEANUP(create_slot(trie, rows, &trie->slot[i]));
    PNAS_TRY_CLEANUP(create_means(trie));
    *out = trie;
    return PNAS_OK;
cleanup:
    pnas_space_trie_destroy(&trie);
    return status;
}

void pnas_space_trie_destroy(pnas_space_trie **trie)
{
    if (!*trie)
        return;
    for (int i = 0; i < SLOTS; ++i) {
        pnas_trie_buffers_destroy(&(*trie)->slot[i].buffers);
        pnas_trie_batch_destroy(&(*trie)->slot[i].batch);
    }
    pnas_trie_device_destroy(&(*trie)->device);
    free((*trie)->mean);
    free((*trie)->spread);
    free(*trie);
    *trie = NULL;
}

/* --- scores --- */

static void average(pnas_space_trie *trie, const trie_slot *slot)
{
    int members = trie->device.members;
    for (size_t i = 0; i < slot->batch.cells; ++i) {
        double sum = 0, squares = 0;
        for (int m = 0; m < members; ++m)
            sum += slot->buffers.host[(size_t)m * slot->buffers.cells_max + i];
        double mean = sum / members;
        for (int m = 0; m < members; ++m) {
            double off = slot->buffers.host[(size_t)m * slot->buffers.cells_max + i] - mean;
            squares += off * off;
        }
        trie->mean[i] = (float)mean;
        trie->spread[i] = (float)sqrt(squares / (members - 1));
    }
}

/* Waits for a slot's scores, if they are under way, hands them on and empties the slot. */
static pnas_status collect(pnas_space_trie *trie, trie_slot *slot)
{
    if (!slot->buffers.done)
        return PNAS_OK;
    PNAS_TRY(pnas_trie_device_finish(&trie->device, &slot->buffers));
    pnas_trie_scores scores = {.batch = &slot->batch, .mean = slot->buffers.host};
    if (trie->device.members > 1) {
        average(trie, slot);
        scores.mean = trie->mean;
        scores.spread = trie->spread;
    }
    pnas_status status = trie->visit(trie->payload, &scores);
    pnas_trie_batch_clear(&slot->batch);
    return status;
}

/* Starts the slot being filled, collects the other one and goes on with that. */
static pnas_status turn(pnas_space_trie *trie)
{
    trie_slot *full = &trie->slot[trie->current];
    trie->current = (trie->current + 1) % SLOTS;
    if (full->batch.cells > 0)
        PNAS_TRY(pnas_trie_device_start(&trie->device, &full->batch, &full->buffers));
    return collect(trie, &trie->slot[trie->current]);
}

static pnas_status take_prefix(void *payload, const pnas_cell *prefix)
{
    pnas_space_trie *trie = payload;
    if (!pnas_trie_batch_add(&trie->slot[trie->current].batch, prefix)) {
        PNAS_TRY(turn(trie));
        pnas_trie_batch_add(&trie->slot[trie->current].batch, prefix);
    }
    return PNAS_OK;
}

pnas_status pnas_space_trie_run(pnas_space_trie *trie, const pnas_cell *roots, size_t count,
                                pnas_trie_visitor visit, void *payload)
{
    pnas_status status = PNAS_OK;
    int prefix_blocks = trie->options.blocks - 1;
    trie->visit = visit;
    trie->payload = payload;
    for (size_t i = 0; i < count; ++i) {
        PNAS_CHECK_CLEANUP(roots[i].blocks <= prefix_blocks, PNAS_ERROR_USAGE,
                           "a root of %d blocks has no cells of %d blocks below it", roots[i].blocks,
                           trie->options.blocks);
        if (prefix_blocks == 0)
            status = take_prefix(trie, &roots[i]);
        else
            status = pnas_space_walk_trie(&trie->options.space, &roots[i], prefix_blocks, take_prefix, trie);
        if (status != PNAS_OK)
            goto cleanup;
    }
    for (int i = 0; i < SLOTS; ++i)
        PNAS_TRY_CLEANUP(turn(trie));
cleanup:
    for (int i = 0; i < SLOTS; ++i) { /* after a failure */
        if (trie->slot[i].buffers.done)
            pnas_trie_device_finish(&trie->device, &trie->slot[i].buffers);
        pnas_trie_batch_clear(&trie->slot[i].batch);
    }
    return status;
}
