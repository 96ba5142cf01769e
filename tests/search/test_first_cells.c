/* The one-block cells that a search begins with: balanced, drawn by the seed, in canonical order. */
#include "src/search/first_cells.h"
#include "src/search/space_walk.h"

#include <criterion/criterion.h>

enum { CELLS = 136, OPERATORS = 8 };

static pnas_status append(void *payload, const pnas_cell *cell)
{
    pnas_cell **next = payload;
    *(*next)++ = *cell;
    return PNAS_OK;
}

static void list(pnas_cell cell[CELLS])
{
    const pnas_space space = {
        .operators = {.count = OPERATORS}, .blocks = 1, .lookback = -2, .lookforward = -1};
    pnas_cell *next = cell;
    cr_assert_eq(pnas_space_walk_unique(&space, 1, append, &next), PNAS_OK);
    cr_assert_eq(next - cell, CELLS);
}

static void choose(size_t wanted, uint64_t seed, pnas_cell cell[CELLS])
{
    list(cell);
    cr_assert_eq(pnas_first_cells_choose(cell, CELLS, wanted, seed), PNAS_OK);
}

typedef struct {
    int least, most;
} range;

static void widen(range *r, int value)
{
    r->least = value < r->least ? value : r->least;
    r->most = value > r->most ? value : r->most;
}

/* How far frequencies of operators, inputs and pairs differ among the first cells. */
static void differences(const pnas_cell *cell, size_t wanted, int *operators, int *inputs, int *pairs)
{
    int pair[2][OPERATORS] = {{0}}, operator[OPERATORS] = {0}, input[2] = {0};
    range p = {1000, 0}, o = {1000, 0}, n = {1000, 0};
    for (size_t i = 0; i < wanted; ++i) {
        const pnas_block *b = &cell[i].block[0];
        const int8_t in[2] = {b->in1, b->in2}, op[2] = {b->op1, b->op2};
        for (int side = 0; side < 2; ++side) {
            ++pair[in[side] + 2][op[side]];
            ++operator[op[side]];
            ++input[in[side] + 2];
        }
    }
    for (int i = 0; i < 2; ++i) {
        widen(&n, input[i]);
        for (int k = 0; k < OPERATORS; ++k)
            widen(&p, pair[i][k]);
    }
    for (int k = 0; k < OPERATORS; ++k)
        widen(&o, operator[k]);
    *operators = o.most - o.least;
    *inputs = n.most - n.least;
    *pairs = p.most - p.least;
}

Test(first_cells, show_operators_inputs_and_pairs_equally_often)
{
    static const size_t wanted[] = {6, 8, 12, 16, 24, 36, 64, 100, 136};
    pnas_cell cell[CELLS];
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; ++w)
        for (uint64_t seed = 0; seed < 30; ++seed) {
            int operators, inputs, pairs;
            choose(wanted[w], seed, cell);
            differences(cell, wanted[w], &operators, &inputs, &pairs);
            cr_assert_leq(operators, 2, "%zu cells, seed %d: operators differ by %d", wanted[w], (int)seed,
                          operators);
            cr_assert_leq(inputs, 2, "%zu cells, seed %d: inputs differ by %d", wanted[w], (int)seed, inputs);
            cr_assert_leq(pairs, 2, "%zu cells, seed %d: pairs differ by %d", wanted[w], (int)seed, pairs);
        }
}

Test(first_cells, are_no_cell_twice_and_in_their_order)
{
    pnas_cell cell[CELLS];
    choose(36, 7, cell);
    for (int i = 1; i < 36; ++i)
        cr_assert_lt(pnas_cell_compare(&cell[i - 1], &cell[i]), 0);
}

Test(first_cells, differ_by_seed_and_by_nothing_else)
{
    pnas_cell one[CELLS], again[CELLS], other[CELLS];
    choose(12, 1, one);
    choose(12, 1, again);
    choose(12, 2, other);
    int shared = 0;
    for (int i = 0; i < 12; ++i) {
        cr_assert_eq(pnas_cell_compare(&one[i], &again[i]), 0);
        for (int k = 0; k < 12; ++k)
            shared += pnas_cell_compare(&one[i], &other[k]) == 0;
    }
    cr_assert_leq(shared, 6, "%d of 12 cells are the same for two seeds", shared);
}

Test(first_cells, all_of_them_stay_as_they_are)
{
    pnas_cell cell[CELLS], all[CELLS];
    list(all);
    choose(CELLS, 3, cell);
    for (int i = 0; i < CELLS; ++i)
        cr_assert_eq(pnas_cell_compare(&cell[i], &all[i]), 0);
}
