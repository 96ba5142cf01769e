#include "src/search/beam.h"

#include <stdlib.h>

static int compare(const pnas_beam_entry *a, const pnas_beam_entry *b)
{
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (a->predicted != b->predicted)
        return a->predicted > b->predicted ? -1 : 1;
    return pnas_cell_compare(&a->cell, &b->cell);
}

pnas_status pnas_beam_create(size_t width, pnas_beam *out)
{
    *out = (pnas_beam){.width = width, .entry = calloc(width ? width : 1, sizeof *out->entry)};
    PNAS_CHECK(out->entry, PNAS_ERROR_MEMORY, "out of memory for a beam of %zu cells; make it narrower",
               width);
    return PNAS_OK;
}

void pnas_beam_destroy(pnas_beam *beam)
{
    free(beam->entry);
    *beam = (pnas_beam){0};
}

/* The entries are a binary heap with the worst at the root. */
static int worse(const pnas_beam_entry *a, const pnas_beam_entry *b)
{
    return compare(a, b) > 0;
}

static void sift_up(pnas_beam_entry *heap, size_t at, const pnas_beam_entry *entry)
{
    while (at > 0 && worse(entry, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = *entry;
}

static void sift_down(pnas_beam_entry *heap, size_t count, const pnas_beam_entry *entry)
{
    size_t at = 0;
    for (size_t below = 1; below < count; below = 2 * at + 1) {
        if (below + 1 < count && worse(&heap[below + 1], &heap[below]))
            ++below;
        if (!worse(&heap[below], entry))
            break;
        heap[at] = heap[below];
        at = below;
    }
    heap[at] = *entry;
}

void pnas_beam_offer_entry(pnas_beam *beam, const pnas_beam_entry *entry)
{
    if (beam->count < beam->width)
        sift_up(beam->entry, beam->count++, entry);
    else if (beam->width > 0 && worse(&beam->entry[0], entry))
        sift_down(beam->entry, beam->count, entry);
}

void pnas_beam_offer(pnas_beam *beam, const pnas_cell *cell, double predicted, double spread)
{
    const pnas_beam_entry entry = {
        .cell = *cell, .score = predicted, .predicted = predicted, .spread = spread};
    pnas_beam_offer_entry(beam, &entry);
}

static int compare_entries(const void *a, const void *b)
{
    return compare(a, b);
}

void pnas_beam_sort(pnas_beam *beam)
{
    qsort(beam->entry, beam->count, sizeof *beam->entry, compare_entries);
}
