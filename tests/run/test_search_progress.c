#include "src/run/search_progress.h"
#include "src/search/search.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static pnas_search *search;
static pnas_child child[4];
static pnas_level level = {.blocks = 1, .count = 4, .child = child};
static pnas_job job[4];
static pnas_search_progress progress;

static void set_up(void)
{
    pnas_search_options options = {
        .space = {.blocks = 2, .lookback = -2, .lookforward = -1}, .beam = 3, .first = 4};
    pnas_operator_set_paper(&options.space.operators);
    cr_assert_eq(pnas_search_create(&options, &search), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK, "%s", pnas_message());
    for (int i = 0; i < 4; i++)
        job[i] = (pnas_job){
            .level = 1, .index = i, .cost = 1000, .cell = {.blocks = 1, .block = {{-2, 0, -1, 1}}}};
    progress = (pnas_search_progress){.search = search, .trainers = 2};
}

static void tear_down(void)
{
    pnas_search_destroy(&search);
}

static void finish(int index, double seconds, double accuracy)
{
    pnas_result result = {.status = PNAS_CHILD_DONE, .accuracy = accuracy, .train_seconds = seconds};
    pnas_search_progress_started(&progress);
    pnas_search_progress_result(&progress, &job[index], &result);
}

Test(search_progress, nothing_is_known_before_the_first_child, .init = set_up, .fini = tear_down)
{
    pnas_search_progress_level(&progress, &level, job, 4);
    cr_assert(isnan(pnas_search_progress_left(&progress)));
}

/* 2 children of this level are left, 10 s each, and 3 of the next at twice the cost: 80 s for two ranks. */
Test(search_progress, time_left_counts_this_level_and_the_later_ones, .init = set_up, .fini = tear_down)
{
    pnas_search_progress_level(&progress, &level, job, 4);
    finish(0, 10, 0.5);
    finish(1, 10, 0.4);
    cr_assert_float_eq(pnas_search_progress_left(&progress), 40, 1e-9);
    cr_assert_eq(progress.done, 2);
    cr_assert_eq(progress.running, 0);
}

Test(search_progress, the_best_is_the_best_of_all_levels, .init = set_up, .fini = tear_down)
{
    child[0].result = (pnas_result){.status = PNAS_CHILD_DONE, .accuracy = 0.9};
    pnas_search_progress_level(&progress, &level, job + 1, 3);
    cr_assert_eq(progress.done, 1);
    cr_assert_float_eq(progress.best, 0.9, 1e-12);
    finish(1, 1, 0.8);
    cr_assert_float_eq(progress.best, 0.9, 1e-12);
    finish(2, 1, 0.95);
    cr_assert_float_eq(progress.best, 0.95, 1e-12);
}

Test(search_progress, a_child_of_the_next_level_is_none_of_this_one, .init = set_up, .fini = tear_down)
{
    pnas_search_progress_level(&progress, &level, job, 4);
    job[3].level = 2;
    finish(3, 10, 0.5);
    cr_assert_eq(progress.done, 0);
    cr_assert_float_eq(progress.cost_left, 4000, 1e-9);
    cr_assert_eq(progress.best, 0.5);
}
