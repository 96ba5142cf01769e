/* The guided strategy: what it begins with, what a round may choose, how its children differ. */
#include "src/search/canonical.h"
#include "src/search/cell_list.h"
#include "src/search/guided/round_choice.h"
#include "src/search/search.h"
#include "src/search/space_walk.h"
#include "tests/base/leak_check.h"
#include "tests/search/synthetic_cells.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static pnas_search_options options_of(int blocks, int children)
{
    return (pnas_search_options){.space = synthetic_space(blocks),
                                 .beam = 1,
                                 .children = children,
                                 .strategy = PNAS_STRATEGY_NUMBER_guided,
                                 .round = 4,
                                 .seed = 5};
}

/* Two operators and one input: 3 cells of one block, and 21 of one or two. */
static pnas_space small_space(int blocks)
{
    pnas_space space = {.blocks = blocks, .lookback = -1, .lookforward = -1};
    cr_assert_eq(pnas_operator_set_add_named(&space.operators, "sep3"), PNAS_OK);
    cr_assert_eq(pnas_operator_set_add_named(&space.operators, "max3"), PNAS_OK);
    return space;
}

static void list_space(const pnas_space *space, pnas_cell_list *out)
{
    for (int b = 1; b <= space->blocks; ++b)
        cr_assert_eq(pnas_space_walk_unique(space, b, pnas_cell_list_append, out), PNAS_OK);
}

typedef struct {
    int fits;
    size_t largest, known; /* candidates at a time; cells of the last fit */
    uint64_t taught; /* stands for what the surrogate was fit to; 0: it predicts the same after all fits */
    bool learns;
} calls;

static pnas_status fit(void *payload, int level, const pnas_cell *cells, const double *accuracy, size_t count)
{
    calls *c = payload;
    (void)level;
    ++c->fits;
    c->known = count;
    c->taught = 0;
    for (size_t i = 0; i < count && c->learns; ++i)
        c->taught = c->taught * 31 + pnas_cell_hash(&cells[i]) + (uint64_t)(accuracy[i] * 1e9);
    return PNAS_OK;
}

static pnas_status predict(void *payload, const pnas_cell *cells, size_t count, double *mean, double *spread)
{
    calls *c = payload;
    c->largest = count > c->largest ? count : c->largest;
    for (size_t i = 0; i < count; ++i) {
        mean[i] = synthetic_accuracy(&cells[i], 7 + c->taught, 0);
        spread[i] = 0.01;
    }
    return PNAS_OK;
}

static void propose(pnas_search *search, calls *c)
{
    const pnas_surrogate surrogate = {.fit = fit, .predict = predict, .payload = c};
    cr_assert_eq(pnas_search_propose(search, pnas_search_children(search) ? &surrogate : NULL), PNAS_OK, "%s",
                 pnas_message());
}

static void record_all(pnas_search *search)
{
    const pnas_level *level;
    while ((level = pnas_search_current(search)))
        for (size_t i = 0; i < level->count; ++i)
            if (level->child[i].result.status == PNAS_CHILD_PENDING) {
                pnas_result result = {.status = PNAS_CHILD_DONE,
                                      .accuracy = synthetic_accuracy(&level->child[i].cell, 7, 0.01)};
                cr_assert_eq(pnas_search_record(search, level->blocks, i, &result), PNAS_OK);
            }
}

static pnas_search *begun(const pnas_search_options *options, calls *c)
{
    pnas_search *search = NULL;
    *c = (calls){0};
    cr_assert_eq(pnas_search_create(options, &search), PNAS_OK, "%s", pnas_message());
    propose(search, c);
    return search;
}

static pnas_search *finished(const pnas_search_options *options, calls *c)
{
    pnas_search *search = begun(options, c);
    record_all(search);
    while (!pnas_search_complete(search)) {
        propose(search, c);
        record_all(search);
    }
    return search;
}

/* Each number from 1 to the number of children once, ascending within a level; no cell twice. */
static void expect_orders(const pnas_search *search)
{
    size_t count = pnas_search_children(search);
    bool *seen = calloc(count + 1, sizeof *seen);
    for (int b = 1; b <= pnas_search_levels(search); ++b) {
        const pnas_level *level = pnas_search_level(search, b);
        for (size_t i = 0; i < level->count; ++i) {
            int order = level->child[i].order;
            cr_assert(order >= 1 && (size_t)order <= count && !seen[order], "order %d", order);
            seen[order] = true;
            cr_expect(i == 0 || level->child[i - 1].order < order);
            for (size_t j = 0; j < i; ++j)
                cr_expect_neq(level->child[i].hash, level->child[j].hash);
        }
    }
    free(seen);
}

Test(guided, begins_with_the_largest_cells_that_the_seed_draws)
{
    pnas_search_options options = options_of(3, 50);
    calls c;
    pnas_search *one = begun(&options, &c), *same = begun(&options, &c);
    options.seed = 6;
    pnas_search *other = begun(&options, &c);
    cr_expect_eq(pnas_search_children(one), 8, "as many as operators");
    int alike = 0;
    for (int b = 1; b <= 3; ++b) {
        const pnas_level *level = pnas_search_level(one, b);
        cr_assert_eq(level->count, b < 3 ? 0 : 8, "%zu of %d blocks", level->count, b);
        for (size_t i = 0; i < level->count; ++i) {
            cr_expect(isnan(level->child[i].predicted));
            cr_expect_eq(level->child[i].hash, pnas_search_level(same, b)->child[i].hash);
            alike += level->child[i].hash == pnas_search_level(other, b)->child[i].hash;
        }
    }
    cr_expect_lt(alike, 4);
    expect_orders(one);
    pnas_search_destroy(&one);
    pnas_search_destroy(&same);
    pnas_search_destroy(&other);
    PNAS_EXPECT_NO_LEAKS();
}

Test(guided, fits_once_a_round_and_trains_what_it_was_told)
{
    pnas_search_options options = options_of(2, 27);
    calls c;
    pnas_search *search = finished(&options, &c);
    cr_expect_eq(pnas_search_children(search), 27);
    cr_expect_eq(c.fits, 5, "8, then 4, 4, 4, 4 and 3");
    cr_expect_eq(pnas_search_last_choice(search)->children, 3);
    cr_expect_eq(pnas_search_last_choice(search)->round, 5);
    cr_expect_eq(pnas_search_last_choice(search)->candidates, 31620 + 136 - 24, "all that were not trained");
    expect_orders(search);
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

Test(guided, a_round_takes_the_best_of_all_cells_first)
{
    pnas_search_options options = options_of(2, 9);
    calls c;
    options.round = 1;
    pnas_search *search = finished(&options, &c);
    const pnas_level *level = pnas_search_level(search, 2);
    const pnas_child *last = &level->child[level->count - 1];
    if (last->order != 9) {
        level = pnas_search_level(search, 1);
        last = &level->child[level->count - 1];
    }
    cr_assert_eq(last->order, 9);
    pnas_cell_list all = {0};
    list_space(&options.space, &all);
    cr_expect_eq(all.count, 31620 + 136);
    double best = 0;
    for (size_t i = 0; i < all.count; ++i)
        best = fmax(best, synthetic_accuracy(&all.cell[i], 7, 0));
    cr_expect_float_eq(last->predicted, best, 1e-12);
    free(all.cell);
    pnas_search_destroy(&search);
}

Test(guided, cells_of_one_block_alone_are_a_space)
{
    pnas_search_options options = options_of(1, 40);
    calls c;
    pnas_search *search = finished(&options, &c);
    cr_expect_eq(pnas_search_level(search, 1)->count, 40);
    expect_orders(search);
    pnas_search_destroy(&search);
}

Test(guided, more_children_than_cells_end_the_search_with_all_of_them)
{
    for (int round = 1; round <= 100; round += 33) {
        pnas_search_options options = options_of(2, 1000);
        calls c;
        options.space = small_space(2);
        options.round = round;
        options.diversity = round == 34 ? 0.5 : 0;
        pnas_search *search = finished(&options, &c);
        pnas_cell_list all = {0};
        list_space(&options.space, &all);
        cr_expect_eq(pnas_search_children(search), all.count);
        expect_orders(search);
        free(all.cell);
        options.first = 1000;
        pnas_search *at_once = finished(&options, &c);
        cr_expect_eq(pnas_search_children(at_once), all.count);
        cr_expect_eq(c.fits, 0);
        pnas_search_destroy(&search);
        pnas_search_destroy(&at_once);
    }
    PNAS_EXPECT_NO_LEAKS();
}

/* --- a space too large to be listed --- */

Test(guided, in_a_large_space_beams_and_mutants_are_scored)
{
    pnas_search_options options = options_of(4, 60);
    calls c;
    options.space.lookforward = 2;
    pnas_search *search = finished(&options, &c);
    cr_expect_eq(pnas_search_children(search), 60);
    cr_expect_gt(pnas_search_last_choice(search)->candidates, 5000);
    cr_expect_lt(pnas_search_last_choice(search)->candidates, 100000);
    expect_orders(search);
    double first = 0, last = 0;
    for (int b = 1; b <= 4; ++b) {
        const pnas_level *level = pnas_search_level(search, b);
        for (size_t i = 0; i < level->count; ++i) {
            pnas_cell canonical;
            const pnas_child *child = &level->child[i];
            pnas_cell_canonical(&child->cell, &canonical);
            cr_expect_eq(pnas_cell_compare(&canonical, &child->cell), 0);
            cr_expect_eq(pnas_space_check(&options.space, &child->cell), PNAS_OK, "%s", pnas_message());
            first = child->order <= 8 ? fmax(first, child->result.accuracy) : first;
            last = child->order > 52 ? fmax(last, child->result.accuracy) : last;
        }
    }
    cr_expect_gt(last, first + 0.02);
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

/* --- children of one round --- */

static pnas_cell cell_of(int8_t a, int8_t b, int8_t c, int8_t d)
{
    const pnas_cell cell = {.blocks = 2, .block = {{-2, a, -1, b}, {-1, c, 0, d}}};
    pnas_cell out;
    pnas_cell_canonical(&cell, &out);
    return out;
}

/* b is a's like and nearly as good; c is another kind of cell and a little worse. `trained`: without a result yet. */
static void choose(double predicted_c, size_t places, pnas_cell *trained, pnas_selection *out)
{
    const pnas_search_options options = {.beam = 64};
    const pnas_cell a = cell_of(0, 1, 2, 3), b = cell_of(0, 1, 2, 4), c = cell_of(4, 5, 6, 7);
    cr_assert_eq(pnas_selection_create(&options, 0.8, 1, 3, out), PNAS_OK);
    pnas_selection_offer(out, &c, predicted_c, 0);
    pnas_selection_offer(out, &b, 0.899, 0);
    pnas_selection_offer(out, &a, 0.9, 0);
    pnas_selection_finish(out);
    const pnas_cell_list unknown = {.cell = trained, .count = trained ? 1 : 0};
    cr_assert_eq(pnas_round_choose(out, places, 0, 0.7, &unknown), PNAS_OK);
    cr_assert_eq(out->count, places < 3 ? places : 3);
}

static void expect_chosen(const pnas_selection *selection, size_t place, const pnas_cell *cell)
{
    cr_expect_eq(pnas_cell_compare(&pnas_selection_entry(selection, place)->cell, cell), 0, "place %zu",
                 place);
}

Test(guided, a_chosen_cell_pushes_its_like_away)
{
    const pnas_cell a = cell_of(0, 1, 2, 3), b = cell_of(0, 1, 2, 4), c = cell_of(4, 5, 6, 7);
    pnas_selection selection;
    choose(0.895, 2, NULL, &selection);
    expect_chosen(&selection, 0, &a);
    expect_chosen(&selection, 1, &c);
    cr_expect_eq(pnas_selection_entry(&selection, 1)->predicted, 0.895, "what is kept is the prediction");
    pnas_selection_destroy(&selection);
    choose(0.75, 9, NULL, &selection); /* not for a cell that is much worse */
    cr_assert_eq(selection.count, 3);
    expect_chosen(&selection, 0, &a);
    expect_chosen(&selection, 1, &b);
    expect_chosen(&selection, 2, &c);
    pnas_selection_destroy(&selection);
}

Test(guided, a_cell_without_a_result_yet_pushes_its_like_away)
{
    pnas_cell a_like = cell_of(0, 1, 2, 5), c = cell_of(4, 5, 6, 7);
    pnas_selection selection;
    choose(0.895, 1, &a_like, &selection);
    expect_chosen(&selection, 0, &c);
    pnas_selection_destroy(&selection);
}

/* --- rounds that overlap --- */

typedef enum { OLDEST_FIRST, NEWEST_FIRST, BY_HASH, ORDERS } finish_order;

/* The pending child that is finished next; NULL if there is none. */
static const pnas_child *next_finished(const pnas_search *search, finish_order order, int *blocks,
                                       size_t *index)
{
    const pnas_child *next = NULL;
    for (int b = 1; b <= pnas_search_levels(search); ++b)
        for (size_t i = 0; i < pnas_search_level(search, b)->count; ++i) {
            const pnas_child *child = &pnas_search_level(search, b)->child[i];
            bool sooner = !next || (order == OLDEST_FIRST   ? child->order < next->order
                                    : order == NEWEST_FIRST ? child->order > next->order
                                                            : child->hash < next->hash);
            if (child->result.status != PNAS_CHILD_PENDING || !sooner)
                continue;
            next = child;
            *blocks = b;
            *index = i;
        }
    return next;
}

/* The first `failing` children that were proposed fail. */
static void finish_one(pnas_search *search, finish_order order, int failing)
{
    int blocks = 0;
    size_t index = 0;
    const pnas_child *child = next_finished(search, order, &blocks, &index);
    cr_assert(child, "no child is pending");
    pnas_result result = {.status = child->order > failing ? PNAS_CHILD_DONE : PNAS_CHILD_FAILED,
                          .accuracy = synthetic_accuracy(&child->cell, 7, 0.01)};
    cr_assert_eq(pnas_search_record(search, blocks, index, &result), PNAS_OK);
}

static pnas_search_options overlapping(int children)
{
    pnas_search_options options = options_of(2, children);
    options.overlap = true;
    options.lag = 2;
    options.round = 3;
    return options;
}

/* *most: children pending at a time. */
static pnas_search *overlapped(const pnas_search_options *options, finish_order order, int failing,
                               size_t *most)
{
    calls c;
    pnas_search *search = begun(options, &c);
    c.learns = true;
    *most = 0;
    while (!pnas_search_complete(search)) {
        while (pnas_search_may_propose(search))
            propose(search, &c);
        size_t pending = pnas_search_pending(search);
        *most = pending > *most ? pending : *most;
        finish_one(search, order, failing);
    }
    return search;
}

static void expect_same(const pnas_search *a, const pnas_search *b)
{
    for (int blocks = 1; blocks <= 2; ++blocks) {
        const pnas_level *one = pnas_search_level(a, blocks), *two = pnas_search_level(b, blocks);
        cr_assert_eq(one->count, two->count);
        for (size_t i = 0; i < one->count; ++i) {
            cr_expect_eq(one->child[i].hash, two->child[i].hash, "%d blocks, child %zu", blocks, i);
            cr_expect_eq(one->child[i].order, two->child[i].order);
        }
    }
}

Test(guided, rounds_that_overlap_are_the_same_whatever_is_finished_first)
{
    for (int failing = 0; failing <= 8; failing += 4) {
        const pnas_search_options options = overlapping(40);
        size_t most;
        pnas_search *one = overlapped(&options, OLDEST_FIRST, failing, &most);
        cr_expect_eq(pnas_search_children(one), 40);
        cr_expect_eq(most, 10, "4 to learn from and two rounds; then three rounds: %zu", most);
        expect_orders(one);
        for (finish_order order = NEWEST_FIRST; order < ORDERS; ++order) {
            pnas_search *other = overlapped(&options, order, failing, &most);
            expect_same(one, other);
            pnas_search_destroy(&other);
        }
        pnas_search_destroy(&one);
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(guided, a_round_that_overlaps_waits_for_all_but_the_last_rounds)
{
    const pnas_search_options options = overlapping(40);
    calls c;
    pnas_search *search = begun(&options, &c);
    cr_expect_eq(pnas_search_children(search), 10);
    for (size_t done = 1; done <= 4; ++done) {
        cr_expect(!pnas_search_may_propose(search));
        finish_one(search, OLDEST_FIRST, 0);
    }
    finish_one(search, NEWEST_FIRST, 0); /* is not learned from yet */
    cr_expect(pnas_search_may_propose(search));
    propose(search, &c);
    cr_expect_eq(c.known, 4);
    cr_expect_eq(pnas_search_children(search), 13);
    cr_expect_eq(pnas_search_pending(search), 8);
    for (int done = 0; done < 3; ++done) { /* the next one knows seven */
        cr_expect(!pnas_search_may_propose(search));
        finish_one(search, OLDEST_FIRST, 0);
    }
    cr_expect(pnas_search_may_propose(search));
    pnas_search_destroy(&search);
}

Test(guided, rounds_that_overlap_end_with_the_space)
{
    pnas_search_options options = overlapping(1000);
    size_t most;
    options.space = small_space(2);
    pnas_search *search = overlapped(&options, NEWEST_FIRST, 0, &most);
    pnas_cell_list all = {0};
    list_space(&options.space, &all);
    cr_expect_eq(pnas_search_children(search), all.count);
    free(all.cell);
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

Test(guided, a_search_that_cannot_be_is_refused)
{
    pnas_search *search = NULL;
    pnas_search_options options = options_of(2, 20);
    options.round = 0;
    cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
    options = options_of(2, 20);
    options.overlap = true;
    cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
    cr_expect(strstr(pnas_message(), "overlap by 0"), "%s", pnas_message());
}

/* --- a number of children of the progressive search --- */

Test(search_size, levels_share_the_children)
{
    pnas_search_options options = options_of(5, 1160);
    options.strategy = PNAS_STRATEGY_NUMBER_pnas;
    cr_expect_eq(pnas_search_level_size(&options, 1, 0), 136, "the paper's search: all of them, ...");
    cr_expect_eq(pnas_search_level_size(&options, 2, 136), 256, "... then 256 at each level");
    cr_expect_eq(pnas_search_level_size(&options, 5, 136 + 3 * 256), 256);
    options.children = 100;
    cr_expect_eq(pnas_search_level_size(&options, 1, 0), 20);
    options.first = 40;
    cr_expect_eq(pnas_search_level_size(&options, 1, 0), 40, "what is given wins");
    cr_expect_eq(pnas_search_level_size(&options, 2, 40), 15);
    cr_expect_eq(pnas_search_level_size(&options, 5, 85), 15);
    cr_expect_eq(pnas_search_level_size(&options, 5, 100), 1);
}

Test(search_size, too_few_children_for_the_levels_are_refused)
{
    pnas_search *search = NULL;
    pnas_search_options options = options_of(5, 4);
    options.strategy = PNAS_STRATEGY_NUMBER_pnas;
    cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
    options.children = 43;
    options.first = 40;
    cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
    cr_expect(strstr(pnas_message(), "44 at least"), "%s", pnas_message());
    options.children = 44;
    cr_assert_eq(pnas_search_create(&options, &search), PNAS_OK, "%s", pnas_message());
    pnas_search_destroy(&search);
}
