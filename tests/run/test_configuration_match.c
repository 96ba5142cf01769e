#include "src/run/configuration_match.h"

#include "io/config/configuration.h"
#include "src/search/strategy.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static pnas_configuration mine, other;
static char extension[PNAS_EXTENSION_MAX];
static bool complete;

static void set_up(void)
{
    pnas_configuration_defaults(&mine);
    pnas_configuration_defaults(&other);
    complete = false;
}

static pnas_status match(void)
{
    char *text = NULL;
    cr_assert_eq(pnas_configuration_print(&other, &text), PNAS_OK, "%s", pnas_message());
    pnas_status status = pnas_configuration_match("run.h5", text, complete, &mine, extension);
    free(text);
    return status;
}

static void expect_refusal(const char *key, const char *old, const char *new)
{
    cr_assert_eq(match(), PNAS_ERROR_USAGE, "%s was let pass", key);
    const char *message = pnas_message();
    cr_assert_eq(strncmp(message, "run.h5: ", 8), 0, "%s", message);
    cr_assert(strstr(message, key) && strstr(message, old) && strstr(message, new), "%s", message);
}

Test(configuration_match, the_same_configuration_goes_on, .init = set_up)
{
    cr_assert_eq(match(), PNAS_OK, "%s", pnas_message());
}

Test(configuration_match, what_changes_no_result_may_differ, .init = set_up)
{
    strcpy(mine.title, "another title");
    strcpy(mine.dataset, "moved/digits.h5");
    strcpy(mine.table, "moved/cells.csv");
    strcpy(mine.device, "cpu");
    strcpy(mine.lanes, "3");
    strcpy(mine.threads, "7");
    mine.ranks_per_device = 2;
    mine.training.child_seconds = 3600;
    mine.keep_weights = 3;
    mine.checkpoint_seconds = 0;
    mine.table_pace = 1;
    cr_assert_eq(match(), PNAS_OK, "%s", pnas_message());
}

Test(configuration_match, a_key_that_changes_results_is_named_with_both_values, .init = set_up)
{
    mine.training.batch = 77;
    other.training.batch = 55;
    expect_refusal("training.batch: 55", "55", "77");
}

Test(configuration_match, a_key_at_the_top_is_named, .init = set_up)
{
    mine.seed = 12345;
    mine.training.seed = mine.surrogate.seed = mine.seed;
    expect_refusal("seed: 1", "1", "12345");
}

Test(configuration_match, a_longer_operator_list_is_refused, .init = set_up)
{
    cr_assert_eq(pnas_operator_set_add_named(&mine.search.space.operators, "conv3"), PNAS_OK);
    expect_refusal("space.operators[8]: (nothing)", "started with", "conv3");
}

Test(configuration_match, a_shorter_operator_list_is_refused, .init = set_up)
{
    cr_assert_eq(pnas_operator_set_add_named(&other.search.space.operators, "conv3"), PNAS_OK);
    expect_refusal("space.operators", "conv3", "(nothing)");
}

Test(configuration_match, a_run_whose_configuration_cannot_be_read_is_refused, .init = set_up)
{
    cr_assert_eq(pnas_configuration_match("run.h5", "nonsense: [", false, &mine, extension),
                 PNAS_ERROR_USAGE);
}

Test(configuration_match, a_complete_run_goes_on_with_more_and_says_so, .init = set_up)
{
    complete = true;
    cr_assert_eq(match(), PNAS_OK, "%s", pnas_message());
    cr_expect_str_eq(extension, "");
    mine.search.space.blocks = 6;
    mine.search.beam = 300;
    mine.training.epochs = 25;
    cr_assert_eq(match(), PNAS_OK, "%s", pnas_message());
    cr_expect_str_eq(extension, "space.blocks 5 -> 6, search.beam 256 -> 300, training.epochs 20 -> 25");
}

Test(configuration_match, a_run_that_is_not_complete_keeps_its_size, .init = set_up)
{
    mine.search.space.blocks = 6;
    expect_refusal("space.blocks: 5", "6", "It may grow once the run is complete");
}

Test(configuration_match, less_is_no_extension, .init = set_up)
{
    complete = true;
    mine.search.space.blocks = 4;
    expect_refusal("space.blocks: 5", "4", "not shrink");
}

Test(configuration_match, more_without_levels_to_come_is_refused_with_the_reason, .init = set_up)
{
    complete = true;
    mine.search.beam = 300;
    expect_refusal("levels to come", "space.blocks larger than 5", "search.beam");
}

Test(configuration_match, a_guided_run_goes_on_with_more_children, .init = set_up)
{
    complete = true;
    mine.search.strategy = other.search.strategy = PNAS_STRATEGY_NUMBER_guided;
    other.search.children = 100;
    mine.search.children = 120;
    cr_assert_eq(match(), PNAS_OK, "%s", pnas_message());
    cr_expect_str_eq(extension, "search.children 100 -> 120");
    mine.search.children = 80;
    expect_refusal("search.children: 100", "80", "not shrink");
    mine.search.children = 100;
    mine.training.epochs = 25;
    expect_refusal("children to come", "search.children larger than 100", "training.epochs");
    complete = false;
    mine.training.epochs = other.training.epochs;
    mine.search.children = 120;
    expect_refusal("search.children: 100", "120", "once the run is complete");
}

Test(configuration_match, further_levels_need_further_children, .init = set_up)
{
    complete = true;
    other.search.children = mine.search.children = 100;
    mine.search.space.blocks = 6;
    expect_refusal("100 children", "leaves none", "larger than 100");
    mine.search.children = 120;
    cr_assert_eq(match(), PNAS_OK, "%s", pnas_message());
    cr_expect_str_eq(extension, "space.blocks 5 -> 6, search.children 100 -> 120");
}

Test(configuration_match, an_extension_changes_nothing_else, .init = set_up)
{
    complete = true;
    mine.search.space.blocks = 6;
    mine.network.filters = 32;
    expect_refusal("network.filters: 24", "24", "32");
}

Test(configuration_match, best_children_could_not_be_trained_again_with_other_epochs, .init = set_up)
{
    complete = true;
    mine.search.space.blocks = 6;
    mine.training.epochs = 25;
    mine.keep_weights = 3;
    expect_refusal("keep_weights", "25", "20");
}
