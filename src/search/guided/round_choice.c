#include "src/search/guided/round_choice.h"

#include <math.h>
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

/* What the entry is worth once entry[0 .. chosen) are believed to reach no more than the lie. */
static double worth(const pnas_selection *selection, const pnas_beam_entry *entry, size_t chosen, double lie)
{
    double kept = 1;
    for (size_t i = 0; i < chosen; ++i)
        kept *= 1 - LIE_SHARE * pow(likeness(&selection->chosen.entry[i].cell, &entry->cell), LIE_POWER);
    double mean = entry->predicted > lie ? lie + kept * (entry->predicted - lie) : entry->predicted;
    return pnas_selection_value(selection, &entry->cell, mean, entry->spread);
}

/* Of equal ones the first, which was better before. */
static void choose_next(pnas_selection *selection, size_t chosen, double lie)
{
    pnas_beam *list = &selection->chosen;
    size_t best = chosen;
    double most = -INFINITY;
    for (size_t i = chosen; i < list->count; ++i) {
        double value = worth(selection, &list->entry[i], chosen, lie);
        if (value > most) {
            most = value;
            best = i;
        }
    }
    for (; best > chosen; --best) /* the others stay in their order */
        swap(&list->entry[best], &list->entry[best - 1]);
}

size_t pnas_round_choose(pnas_selection *selection, size_t places, double diversity, double lie)
{
    size_t all = selection->chosen.count + selection->spread.count;
    places = places < all ? places : all;
    size_t diverse = (size_t)floor(diversity * (double)places + 0.5);
    diverse = diverse < selection->spread.count ? diverse : selection->spread.count;
    size_t best = places - diverse < selection->chosen.count ? places - diverse : selection->chosen.count;
    for (size_t i = 0; i < best; ++i)
        choose_next(selection, i, lie);
    selection->chosen.count = best;
    selection->spread.count =
        places - best < selection->spread.count ? places - best : selection->spread.count;
    selection->count = selection->chosen.count + selection->spread.count;
    return selection->count;
}
