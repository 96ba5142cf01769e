#include "src/search/guided/round_choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How far a prediction is pulled to the lie: LIE_SHARE at a likeness of 1, less by its LIE_POWER-th power. */
#define LIE_SHARE 0.3
#define LIE_POWER 4

typedef struct {
    uint8_t count[PNAS_INPUT_KINDS][PNAS_OPERATORS_MAX];
} sides;

static sides count_sides(const pnas_cell *cell)
{
    sides s = {0};
    for (int b = 0; b < cell->blocks; ++b) {
        const pnas_block *block = &cell->block[b];
        ++s.count[pnas_input_kind(block->in1)][block->op1];
        ++s.count[pnas_input_kind(block->in2)][block->op2];
    }
    return s;
}

/* The share of sides that two cells have in common, of those of the larger one: 0 .. 1. */
static double likeness(const pnas_cell *a, const pnas_cell *b)
{
    const sides left = count_sides(a), right = count_sides(b);
    int common = 0, most = a->blocks > b->blocks ? a->blocks : b->blocks;
    for (int i = 0; i < PNAS_INPUT_KINDS; ++i)
        for (int o = 0; o < PNAS_OPERATORS_MAX; ++o)
            common += left.count[i][o] < right.count[i][o] ? left.count[i][o] : right.count[i][o];
    return common / (2.0 * most);
}

static void swap(pnas_beam_entry *a, pnas_beam_entry *b)
{
    const pnas_beam_entry kept = *a;
    *a = *b;
    *b = kept;
}

typedef struct {
    pnas_selection *selection;
    double lie;
    double *kept; /* [chosen.count]: of what each entry is predicted to be better than the lie */
} choice;

/* `cell` is believed to reach no more than the lie. */
static void pull_like(const choice *c, const pnas_cell *cell, size_t chosen)
{
    const pnas_beam *list = &c->selection->chosen;
    for (size_t i = chosen; i < list->count; ++i)
        c->kept[i] *= 1 - LIE_SHARE * pow(likeness(cell, &list->entry[i].cell), LIE_POWER);
}

static double worth(const choice *c, size_t i)
{
    const pnas_beam_entry *entry = &c->selection->chosen.entry[i];
    double above = entry->predicted - c->lie;
    double mean = above > 0 ? c->lie + c->kept[i] * above : entry->predicted;
    return pnas_selection_value(c->selection, &entry->cell, mean, entry->spread);
}

/* Of equal ones the first, which was better before. */
static void choose_next(const choice *c, size_t chosen)
{
    pnas_beam *list = &c->selection->chosen;
    size_t best = chosen;
    double most = -INFINITY;
    for (size_t i = chosen; i < list->count; ++i) {
        double value = worth(c, i);
        if (value > most) {
            most = value;
            best = i;
        }
    }
    for (; best > chosen; --best) { /* the others stay in their order */
        swap(&list->entry[best], &list->entry[best - 1]);
        c->kept[best] = c->kept[best - 1];
    }
    pull_like(c, &list->entry[chosen].cell, chosen + 1);
}

pnas_status pnas_round_choose(pnas_selection *selection, size_t places, double diversity, double lie,
                              const pnas_cell_list *unknown)
{
    const choice c = {selection, lie, malloc((selection->chosen.count + 1) * sizeof *c.kept)};
    PNAS_CHECK(c.kept, PNAS_ERROR_MEMORY, "out of memory for a round of %zu children", places);
    for (size_t i = 0; i < selection->chosen.count; ++i)
        c.kept[i] = 1;
    for (size_t i = 0; i < unknown->count; ++i)
        pull_like(&c, &unknown->cell[i], 0);
    size_t all = selection->chosen.count + selection->spread.count;
    places = places < all ? places : all;
    size_t diverse = (size_t)floor(diversity * (double)places + 0.5);
    diverse = diverse < selection->spread.count ? diverse : selection->spread.count;
    size_t best = places - diverse < selection->chosen.count ? places - diverse : selection->chosen.count;
    for (size_t i = 0; i < best; ++i)
        choose_next(&c, i);
    free(c.kept);
    selection->chosen.count = best;
    selection->spread.count =
        places - best < selection->spread.count ? places - best : selection->spread.count;
    selection->count = selection->chosen.count + selection->spread.count;
    return PNAS_OK;
}
