#include "io/data/dataset.h"
#include "io/data/image_split.h"
#include "tests/base/leak_check.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* 1000 images of one pixel: classes 0, 1 and 2 have 500, 300 and 200 of them, mixed. */
static pnas_dataset *make_dataset(void)
{
    static const uint16_t pattern[10] = {0, 1, 0, 2, 0, 1, 0, 2, 0, 1};
    pnas_dataset *dataset;
    cr_assert_eq(pnas_dataset_create(&dataset), PNAS_OK);
    dataset->height = dataset->width = dataset->channels = 1;
    dataset->classes = 3;
    cr_assert_eq(pnas_dataset_allocate(dataset, 1000, &dataset->train), PNAS_OK);
    for (int i = 0; i < 1000; ++i) {
        dataset->train.images[i] = (uint8_t)i;
        dataset->train.labels[i] = pattern[i % 10];
    }
    cr_assert_eq(pnas_dataset_complete(dataset), PNAS_OK);
    return dataset;
}

static pnas_image_set *make_set(const pnas_dataset *dataset, double validation, size_t limit, uint64_t seed)
{
    pnas_image_set *set;
    cr_assert_eq(pnas_image_set_create(dataset, validation, limit, seed, &set), PNAS_OK, "%s",
                 pnas_message());
    return set;
}

static size_t count_label(const pnas_image_set *set, const uint32_t *list, size_t count, int label)
{
    size_t found = 0;
    for (size_t i = 0; i < count; ++i)
        found += set->labels[list[i]] == label;
    return found;
}

/* Each image at most once, in ascending order. */
static void expect_ascending(const uint32_t *list, size_t count, size_t below)
{
    for (size_t i = 0; i < count; ++i)
        cr_assert(list[i] < below && (i == 0 || list[i] > list[i - 1]));
}

Test(image_split, each_image_is_in_one_list_and_each_class_in_its_share)
{
    pnas_dataset *dataset = make_dataset();
    pnas_image_set *set = make_set(dataset, 0.1, 0, 1);
    bool seen[1000] = {false};
    cr_assert(set->train_count == 900 && set->validation_count == 100);
    expect_ascending(set->train, 900, 1000);
    expect_ascending(set->validation, 100, 1000);
    for (int i = 0; i < 900; ++i)
        seen[set->train[i]] = true;
    for (int i = 0; i < 100; ++i)
        cr_expect(!seen[set->validation[i]]);
    cr_expect_eq(count_label(set, set->validation, 100, 0), 50);
    cr_expect_eq(count_label(set, set->validation, 100, 1), 30);
    cr_expect_eq(count_label(set, set->validation, 100, 2), 20);
    pnas_image_set_destroy(&set);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(image_split, shares_round_to_the_largest_remainders)
{
    pnas_dataset *dataset = make_dataset();
    pnas_image_set *set = make_set(dataset, 8, 0, 1); /* 4.0, 2.4 and 1.6 */
    cr_assert_eq(set->validation_count, 8);
    cr_expect_eq(count_label(set, set->validation, 8, 0), 4);
    cr_expect_eq(count_label(set, set->validation, 8, 1), 2);
    cr_expect_eq(count_label(set, set->validation, 8, 2), 2);
    pnas_image_set_destroy(&set);
    pnas_dataset_destroy(&dataset);
}

Test(image_split, a_limit_keeps_the_classes_in_proportion_and_the_validation_list)
{
    pnas_dataset *dataset = make_dataset();
    pnas_image_set *all = make_set(dataset, 0.2, 0, 5), *few = make_set(dataset, 0.2, 100, 5);
    cr_assert(few->train_count == 100 && few->validation_count == 200);
    cr_expect_arr_eq(few->validation, all->validation, 200 * sizeof(uint32_t));
    cr_expect_eq(count_label(few, few->train, 100, 0), 50);
    cr_expect_eq(count_label(few, few->train, 100, 2), 20);
    expect_ascending(few->train, 100, 1000);
    pnas_image_set *more = make_set(dataset, 0.2, 5000, 5);
    cr_expect_eq(more->train_count, 800);
    pnas_image_set_destroy(&all);
    pnas_image_set_destroy(&few);
    pnas_image_set_destroy(&more);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(image_split, the_seed_decides)
{
    pnas_dataset *dataset = make_dataset();
    pnas_image_set *a = make_set(dataset, 0.1, 0, 1), *b = make_set(dataset, 0.1, 0, 1);
    pnas_image_set *c = make_set(dataset, 0.1, 0, 2);
    cr_expect_arr_eq(a->validation, b->validation, 100 * sizeof(uint32_t));
    cr_expect(memcmp(a->validation, c->validation, 100 * sizeof(uint32_t)) != 0);
    pnas_image_set_destroy(&a);
    pnas_image_set_destroy(&b);
    pnas_image_set_destroy(&c);
    pnas_dataset_destroy(&dataset);
}

/* Runs are compared across machines and versions: what a seed draws may never change. */
Test(image_split, what_a_seed_draws_is_fixed)
{
    static const uint32_t expected[5] = {102, 258, 343, 685, 730};
    pnas_dataset *dataset = make_dataset();
    pnas_image_set *set = make_set(dataset, 5, 0, 2026);
    cr_expect_arr_eq(set->validation, expected, sizeof expected, "%u %u %u %u %u", set->validation[0],
                     set->validation[1], set->validation[2], set->validation[3], set->validation[4]);
    pnas_image_set_destroy(&set);
    pnas_dataset_destroy(&dataset);
}

Test(image_split, the_set_borrows_images_and_carries_the_figures)
{
    pnas_dataset *dataset = make_dataset();
    pnas_image_set *set = make_set(dataset, 0.0, 0, 1);
    cr_expect(set->train_count == 1000 && set->validation_count == 0);
    cr_expect_eq(set->images, dataset->train.images);
    cr_expect_eq(set->labels, dataset->train.labels);
    cr_expect_eq(set->mean[0], dataset->mean[0]);
    cr_expect_eq(set->deviation[0], dataset->deviation[0]);
    cr_expect(set->height == 1 && set->classes == 3 && set->count == 1000);
    pnas_image_set_destroy(&set);
    cr_expect_null(set);
    pnas_image_set_destroy(&set);
    pnas_dataset_destroy(&dataset);
}

Test(image_split, splits_that_leave_nothing_are_refused)
{
    static const double wrong[] = {1000, 5000, -0.1, 0.9999, 0.0001, 1.5};
    pnas_dataset *dataset = make_dataset();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        pnas_image_set *set = NULL;
        cr_expect_eq(pnas_image_set_create(dataset, wrong[i], 0, 1, &set), PNAS_ERROR_USAGE, "%g", wrong[i]);
        cr_expect_null(set);
        cr_expect_not_null(strstr(pnas_message(), "dataset.validation: "), "%s", pnas_message());
    }
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(image_split, images_chosen_to_validate_are_taken)
{
    pnas_dataset *dataset = make_dataset();
    dataset->validation = 50;
    pnas_image_set *set = make_set(dataset, 0.1, 0, 1);
    cr_assert(set->train_count == 950 && set->validation_count == 50);
    for (uint32_t i = 0; i < 50; ++i)
        cr_expect_eq(set->validation[i], 950 + i);
    expect_ascending(set->train, 950, 950);
    pnas_image_set_destroy(&set);
    set = make_set(dataset, 0.1, 100, 1);
    cr_expect_eq(set->train_count, 100);
    expect_ascending(set->train, 100, 950);
    pnas_image_set_destroy(&set);
    set = make_set(dataset, 0, 0, 1);
    cr_expect(set->train_count == 1000 && set->validation_count == 0);
    pnas_image_set_destroy(&set);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(image_split, a_draw_of_few_from_a_list_takes_only_from_it)
{
    const uint16_t labels[8] = {0, 0, 0, 0, 1, 1, 1, 1};
    const uint32_t from[4] = {1, 3, 4, 6};
    uint32_t drawn[2], rest[2];
    cr_assert_eq(pnas_split_draw(labels, 2, from, 4, 2, 9, PNAS_DRAW_TEST, drawn, rest), PNAS_OK);
    cr_expect(drawn[0] == 1 || drawn[0] == 3);
    cr_expect(drawn[1] == 4 || drawn[1] == 6);
    cr_expect(rest[0] == 4u - drawn[0] && rest[1] == 10u - drawn[1]);
}
