/* Levels that are put back as a run file gives them, and levels that overlap. */
#include "src/search/search.h"
#include "tests/base/leak_check.h"
#include "tests/search/fake_search.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A copy as a run file would give it back; children from `pending_from` on have not been trained. */
static pnas_level copied(const pnas_level *level, size_t pending_from)
{
    pnas_level copy = *level;
    copy.child = calloc(level->count, sizeof *copy.child);
    copy.spearman = NAN;
    for (size_t i = 0; i < level->count; ++i) {
        copy.child[i] = level->child[i];
        copy.child[i].hash = 0;
        copy.child[i].result.history = NULL;
        if (i >= pending_from)
            copy.child[i].result = (pnas_result){.status = PNAS_CHILD_PENDING};
    }
    return copy;
}

static void expect_same_levels(const pnas_search *a, const pnas_search *b)
{
    cr_assert_eq(pnas_search_levels(a), pnas_search_levels(b));
    for (int blocks = 1; blocks <= pnas_search_levels(a); ++blocks) {
        const pnas_level *left = pnas_search_level(a, blocks), *right = pnas_search_level(b, blocks);
        cr_assert_eq(left->count, right->count);
        cr_expect_eq(left->candidates, right->candidates);
        cr_expect(left->spearman == right->spearman || (isnan(left->spearman) && isnan(right->spearman)));
        for (size_t i = 0; i < left->count; ++i) {
            const pnas_child *x = &left->child[i], *y = &right->child[i];
            cr_assert_eq(pnas_cell_compare(&x->cell, &y->cell), 0, "level %d, child %zu", blocks, i);
            cr_assert_eq(x->hash, y->hash);
            cr_assert_eq(x->result.status, y->result.status);
            cr_assert(x->predicted == y->predicted || (isnan(x->predicted) && isnan(y->predicted)));
        }
    }
}

Test(search, a_restored_search_goes_on_as_if_never_stopped)
{
    pnas_search_options options = paper_options(4, 40);
    pnas_search *whole = created(&options);
    fake f = {0};
    run_to_end(whole, &f);
    for (int stopped = 1; stopped <= 4; ++stopped) {
        pnas_search *again = created(&options);
        for (int blocks = 1; blocks <= stopped; ++blocks) {
            pnas_level level = copied(pnas_search_level(whole, blocks), blocks == stopped ? 11 : SIZE_MAX);
            cr_assert_eq(pnas_search_restore(again, &level), PNAS_OK, "%s", pnas_message());
            cr_expect_null(level.child, "the children are taken over");
        }
        cr_expect_eq(pnas_search_pending(again), pnas_search_level(whole, stopped)->count - 11);
        fake f2 = {0};
        run_to_end(again, &f2);
        expect_same_levels(whole, again);
        pnas_search_destroy(&again);
    }
    pnas_search_destroy(&whole);
    PNAS_EXPECT_NO_LEAKS();
}

static void expect_not_restored(pnas_search *search, pnas_level *level)
{
    cr_expect_eq(pnas_search_restore(search, level), PNAS_ERROR_DATA);
    cr_expect_not_null(level->child, "what is refused stays the caller's");
    free(level->child);
}

Test(search, what_does_not_fit_is_not_restored)
{
    pnas_search_options options = paper_options(2, 40);
    pnas_search *whole = created(&options), *again = created(&options);
    fake f = {0};
    run_to_end(whole, &f);
    const pnas_level *first = pnas_search_level(whole, 1), *second = pnas_search_level(whole, 2);
    pnas_level level = copied(second, SIZE_MAX);
    expect_not_restored(again, &level); /* before level 1 */
    level = copied(first, SIZE_MAX);
    level.child[3].cell.block[0].op1 = 20;
    expect_not_restored(again, &level);
    level = copied(first, SIZE_MAX);
    level.child[20].cell.block[0] = (pnas_block){-1, 5, -1, 2}; /* sides in the wrong order */
    expect_not_restored(again, &level);
    level = copied(first, SIZE_MAX);
    level.child[3].cell = second->child[0].cell;
    expect_not_restored(again, &level);
    level = copied(first, SIZE_MAX);
    level.child[4].result = (pnas_result){.status = PNAS_CHILD_DONE, .accuracy = NAN};
    expect_not_restored(again, &level);
    level = copied(first, SIZE_MAX);
    level.child[4].result.status = (pnas_child_status)9;
    expect_not_restored(again, &level);
    level = copied(first, SIZE_MAX);
    level.count = 0;
    expect_not_restored(again, &level);
    level = copied(first, 100);
    cr_assert_eq(pnas_search_restore(again, &level), PNAS_OK);
    level = copied(second, SIZE_MAX);
    expect_not_restored(again, &level); /* level 1 is not finished */
    record_level(again);
    level = copied(second, SIZE_MAX);
    level.child[0].predicted = NAN;
    expect_not_restored(again, &level);
    pnas_search_destroy(&again);
    pnas_search_destroy(&whole);
    PNAS_EXPECT_NO_LEAKS();
}

/* --- levels that overlap --- */

static pnas_search *half_done(const pnas_search_options *options, size_t done)
{
    pnas_search *search = created(options);
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    for (size_t i = 0; i < done; ++i)
        record_child(search, 1, i);
    return search;
}

static pnas_search_options overlapping_options(void)
{
    pnas_search_options options = paper_options(2, 20);
    options.overlap = true;
    options.overlap_share = 0.25;
    return options;
}

Test(search, a_level_may_be_begun_when_half_of_the_one_below_is_done_and_not_once_all_of_it_is)
{
    pnas_search_options options = overlapping_options();
    pnas_search *search = half_done(&options, 67);
    cr_expect_not(pnas_search_may_begin_next(search));
    record_child(search, 1, 67);
    cr_expect(pnas_search_may_begin_next(search));
    for (size_t i = 68; i < 136; ++i)
        record_child(search, 1, i);
    cr_expect_not(pnas_search_may_begin_next(search));
    pnas_search_destroy(&search);
    options.overlap = false;
    search = half_done(&options, 100);
    cr_expect_not(pnas_search_may_begin_next(search));
    pnas_search_destroy(&search);
    options.overlap = true;
    options.space.blocks = 1;
    search = half_done(&options, 100);
    cr_expect_not(pnas_search_may_begin_next(search), "no level comes after the last");
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

Test(search, children_begun_early_count_among_the_beam_and_none_is_chosen_twice)
{
    const pnas_search_options options = overlapping_options();
    pnas_search *search = half_done(&options, 100);
    fake f = {0};
    pnas_surrogate surrogate = surrogate_of(&f);
    cr_assert_eq(pnas_search_begin_next(search, &surrogate), PNAS_OK, "%s", pnas_message());
    const pnas_level *begun = pnas_search_level(search, 2);
    cr_assert_eq(begun->count, 5, "a quarter of 20");
    cr_expect(begun->begun && pnas_search_levels(search) == 1 && !pnas_search_may_begin_next(search));
    cr_expect_eq(pnas_search_pending(search), 36, "of the level below");
    record_child(search, 2, 1);
    cr_expect_eq(pnas_search_keep_begun(search, 1), PNAS_ERROR_INTERNAL, "the second one is finished");
    cr_assert_eq(pnas_search_keep_begun(search, 3), PNAS_OK);
    const pnas_cell early[] = {begun->child[0].cell, begun->child[1].cell, begun->child[2].cell};
    record_level(search);
    cr_assert_eq(pnas_search_propose(search, &surrogate), PNAS_OK, "%s", pnas_message());
    const pnas_level *level = pnas_search_level(search, 2);
    cr_assert(level->count == 20 && !level->begun && pnas_search_levels(search) == 2);
    cr_expect_eq(pnas_search_pending(search), 19, "one was recorded before");
    for (size_t i = 0; i < 20; ++i) {
        cr_expect_eq(level->child[i].early, i < 3);
        if (i < 3)
            cr_expect_eq(pnas_cell_compare(&level->child[i].cell, &early[i]), 0);
        for (size_t j = 0; j < i; ++j)
            cr_expect_neq(pnas_cell_compare(&level->child[i].cell, &level->child[j].cell), 0,
                          "twice: %zu, %zu", i, j);
    }
    cr_expect_eq(level->child[1].result.accuracy, true_accuracy(&level->child[1].cell));
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

Test(search, a_level_that_was_begun_is_put_back_beside_one_that_is_not_finished)
{
    const pnas_search_options options = overlapping_options();
    pnas_search *search = half_done(&options, 100), *again = created(&options);
    fake f = {0};
    pnas_surrogate surrogate = surrogate_of(&f);
    cr_assert_eq(pnas_search_begin_next(search, &surrogate), PNAS_OK, "%s", pnas_message());
    for (int b = 1; b <= 2; ++b) {
        const pnas_level *from = pnas_search_level(search, b);
        pnas_level level = *from;
        level.child = calloc(level.count, sizeof *level.child);
        for (size_t i = 0; i < level.count; ++i) {
            level.child[i] = from->child[i];
            level.child[i].result.history = NULL;
        }
        cr_assert_eq(pnas_search_restore(again, &level), PNAS_OK, "%s", pnas_message());
    }
    cr_expect(pnas_search_levels(again) == 1 && pnas_search_pending(again) == 36);
    cr_assert_not_null(pnas_search_level(again, 2));
    cr_expect(pnas_search_level(again, 2)->begun && pnas_search_level(again, 2)->count == 5);
    pnas_search_destroy(&search);
    pnas_search_destroy(&again);
    PNAS_EXPECT_NO_LEAKS();
}
