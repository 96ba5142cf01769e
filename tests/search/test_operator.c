#include "src/search/operator.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *const paper[] = {"identity", "sep3", "sep5", "sep7", "1x7-7x1", "avg3", "max3", "dil3"};

Test(operators, the_paper_has_eight_in_its_order)
{
    pnas_operator_set set;
    pnas_operator_set_paper(&set);
    cr_assert_eq(set.count, 8);
    for (int i = 0; i < 8; ++i) {
        cr_expect_str_eq(set.item[i].name, paper[i]);
        cr_expect_eq(pnas_operator_set_find(&set, paper[i]), i);
    }
    cr_expect_eq(pnas_operator_set_find(&set, "conv3"), -1);
    cr_expect_eq(pnas_operator_set_find(&set, ""), -1);
}

static void expect_operator(const char *name, pnas_operator_kind kind, int kernel, int dilation, int repeat,
                            int bottleneck)
{
    pnas_operator_set set = {0};
    cr_assert_eq(pnas_operator_set_add_named(&set, name), PNAS_OK);
    const pnas_operator *item = &set.item[0];
    cr_expect(item->kind == kind && item->kernel == kernel && item->dilation == dilation &&
                  item->repeat == repeat && item->bottleneck == bottleneck,
              "%s has other fields", name);
}

Test(operators, built_in_ones_are_what_their_names_say)
{
    expect_operator("identity", PNAS_IDENTITY, 1, 1, 1, 1);
    expect_operator("sep3", PNAS_SEPARABLE, 3, 1, 2, 1);
    expect_operator("sep5", PNAS_SEPARABLE, 5, 1, 2, 1);
    expect_operator("sep7", PNAS_SEPARABLE, 7, 1, 2, 1);
    expect_operator("1x7-7x1", PNAS_FACTORIZED, 7, 1, 1, 4);
    expect_operator("avg3", PNAS_AVERAGE_POOL, 3, 1, 1, 1);
    expect_operator("max3", PNAS_MAX_POOL, 3, 1, 1, 1);
    expect_operator("dil3", PNAS_CONVOLUTION, 3, 2, 1, 4);
    expect_operator("conv3", PNAS_CONVOLUTION, 3, 1, 1, 1);
}

Test(operators, every_built_in_one_passes_the_check_for_ones_of_ones_own)
{
    pnas_operator_set built_in, again = {0};
    pnas_operator_set_paper(&built_in);
    cr_assert_eq(pnas_operator_set_add_named(&built_in, "conv3"), PNAS_OK);
    for (int i = 0; i < built_in.count; ++i)
        cr_expect_eq(pnas_operator_set_add(&again, &built_in.item[i]), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(again.count, 9);
}

Test(operators, older_files_spelling_is_understood)
{
    static const char *const spelled[][2] = {
        {"identity", "identity"},    {"3x3 dconv", "sep3"},   {"5x5 dconv", "sep5"},
        {"7x7 dconv", "sep7"},       {"3x3 conv", "conv3"},   {"3x3 maxpool", "max3"},
        {"1x7-7x1 conv", "1x7-7x1"}, {"3x3 avgpool", "avg3"},
    };
    pnas_operator_set set = {0};
    for (size_t i = 0; i < sizeof spelled / sizeof spelled[0]; ++i) {
        cr_assert_eq(pnas_operator_set_add_named(&set, spelled[i][0]), PNAS_OK);
        cr_expect_str_eq(set.item[i].name, spelled[i][1]);
        cr_expect_eq(pnas_operator_set_find(&set, spelled[i][0]), (int)i);
    }
}

Test(operators, an_unknown_name_gets_the_list_of_known_ones)
{
    pnas_operator_set set = {0};
    cr_expect_eq(pnas_operator_set_add_named(&set, "sep9"), PNAS_ERROR_USAGE);
    cr_expect_not_null(strstr(pnas_message(), "'sep9'"));
    for (int i = 0; i < 8; ++i)
        cr_expect_not_null(strstr(pnas_message(), paper[i]));
    cr_expect_not_null(strstr(pnas_message(), "conv3"));
    cr_expect_eq(set.count, 0);
}

Test(operators, none_is_added_twice)
{
    pnas_operator_set set = {0};
    cr_assert_eq(pnas_operator_set_add_named(&set, "sep3"), PNAS_OK);
    cr_expect_eq(pnas_operator_set_add_named(&set, "sep3"), PNAS_ERROR_USAGE);
    cr_expect_eq(pnas_operator_set_add_named(&set, "3x3 dconv"), PNAS_ERROR_USAGE);
    cr_expect_not_null(strstr(pnas_message(), "'sep3'"));
    cr_expect_eq(set.count, 1);
}

static const pnas_operator wide = {"sep9", PNAS_SEPARABLE, 9, 1, 2, 1};

Test(operators, one_of_ones_own_is_added_and_found)
{
    pnas_operator_set set;
    pnas_operator_set_paper(&set);
    cr_assert_eq(pnas_operator_set_add(&set, &wide), PNAS_OK);
    cr_expect_eq(pnas_operator_set_find(&set, "sep9"), 8);
    cr_expect_eq(set.item[8].kernel, 9);
}

Test(operators, there_is_room_for_as_many_as_promised)
{
    pnas_operator_set set = {0};
    pnas_operator item = wide;
    for (int i = 0; i < PNAS_OPERATORS_MAX; ++i) {
        snprintf(item.name, sizeof item.name, "op_%d", i);
        cr_expect_eq(pnas_operator_set_add(&set, &item), PNAS_OK);
    }
    cr_expect_eq(pnas_operator_set_add(&set, &wide), PNAS_ERROR_USAGE);
    cr_expect_not_null(strstr(pnas_message(), "32"));
    cr_expect_eq(set.count, PNAS_OPERATORS_MAX);
}

static void expect_refused(pnas_operator item, const char *word)
{
    pnas_operator_set set = {0};
    cr_expect_eq(pnas_operator_set_add(&set, &item), PNAS_ERROR_USAGE, "%s was taken", word);
    cr_expect_not_null(strstr(pnas_message(), word), "'%s' does not say '%s'", pnas_message(), word);
    cr_expect_eq(set.count, 0);
}

Test(operators, impossible_fields_are_refused_by_name)
{
    expect_refused((pnas_operator){"x", PNAS_SEPARABLE, 0, 1, 1, 1}, "kernel");
    expect_refused((pnas_operator){"x", PNAS_SEPARABLE, 17, 1, 1, 1}, "kernel");
    expect_refused((pnas_operator){"x", PNAS_SEPARABLE, 4, 1, 1, 1}, "odd");
    expect_refused((pnas_operator){"x", PNAS_IDENTITY, 3, 1, 1, 1}, "kernel");
    expect_refused((pnas_operator){"x", PNAS_SEPARABLE, 3, 9, 1, 1}, "dilation");
    expect_refused((pnas_operator){"x", PNAS_MAX_POOL, 3, 2, 1, 1}, "dilation");
    expect_refused((pnas_operator){"x", PNAS_SEPARABLE, 3, 1, 5, 1}, "repeat");
    expect_refused((pnas_operator){"x", PNAS_SEPARABLE, 3, 1, 0, 1}, "repeat");
    expect_refused((pnas_operator){"x", PNAS_CONVOLUTION, 3, 1, 2, 1}, "repeat");
    expect_refused((pnas_operator){"x", PNAS_CONVOLUTION, 3, 1, 1, 0}, "bottleneck");
    expect_refused((pnas_operator){"x", PNAS_SEPARABLE, 3, 1, 1, 4}, "bottleneck");
    expect_refused((pnas_operator){"x", (pnas_operator_kind)17, 3, 1, 1, 1}, "kind");
}

Test(operators, names_that_text_could_not_carry_are_refused)
{
    pnas_operator unended = wide;
    memset(unended.name, 'a', sizeof unended.name);
    expect_refused(unended, "name");
    static const char *const bad[] = {"", "a b", "a:b", "a+b", "a|b", "s\xc3\xa9p"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        pnas_operator item = wide;
        snprintf(item.name, sizeof item.name, "%s", bad[i]);
        expect_refused(item, "name");
    }
}

Test(operators, kinds_keep_the_numbers_that_files_have)
{
    static const char *const names[] = {"identity",   "separable",    "convolution",
                                        "factorized", "average_pool", "max_pool"};
    for (int kind = 0; kind < 6; ++kind)
        cr_expect_str_eq(pnas_operator_kind_name((pnas_operator_kind)kind), names[kind]);
    cr_expect_eq(PNAS_MAX_POOL, 5);
}

Test(operators, the_built_in_ones_are_the_papers_and_conv3)
{
    pnas_operator_set eight, all;
    pnas_operator_set_paper(&eight);
    pnas_operator_set_built_in(&all);
    cr_assert_geq(all.count, eight.count + 1);
    for (int i = 0; i < eight.count; ++i)
        cr_expect_str_eq(all.item[i].name, eight.item[i].name);
    cr_expect_str_eq(all.item[eight.count].name, "conv3");
}
