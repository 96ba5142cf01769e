#include "src/base/random.h"
#include "src/search/beam.h"
#include "src/search/kendall.h"
#include "src/search/spearman.h"
#include "tests/base/leak_check.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static pnas_cell one_block(int number)
{
    return (pnas_cell){.blocks = 1, .block = {{-2, (int8_t)(number / 100), -1, (int8_t)(number % 100)}}};
}

static int compare_entries(const void *a, const void *b)
{
    const pnas_beam_entry *left = a, *right = b;
    if (left->predicted != right->predicted)
        return left->predicted > right->predicted ? -1 : 1;
    return pnas_cell_compare(&left->cell, &right->cell);
}

/* Offers `count` cells in random order with predictions of `values` kinds, so that there are ties. */
static void expect_best(size_t width, size_t count, uint32_t values, pnas_stream *stream)
{
    pnas_beam_entry *all = calloc(count + 1, sizeof *all);
    uint32_t *order = calloc(count + 1, sizeof *order);
    pnas_beam beam;
    cr_assert_eq(pnas_beam_create(width, &beam), PNAS_OK);
    for (size_t i = 0; i < count; ++i) {
        double predicted = pnas_stream_below(stream, values) / (double)values;
        all[i] = (pnas_beam_entry){one_block((int)i), predicted, predicted / 8, predicted};
        order[i] = (uint32_t)i;
    }
    pnas_stream_shuffle(stream, order, count);
    for (size_t i = 0; i < count; ++i) {
        const pnas_beam_entry *entry = &all[order[i]];
        pnas_beam_offer(&beam, &entry->cell, entry->predicted, entry->spread);
    }
    pnas_beam_sort(&beam);
    qsort(all, count, sizeof *all, compare_entries);
    cr_assert_eq(beam.count, width < count ? width : count);
    for (size_t i = 0; i < beam.count; ++i) {
        cr_assert_eq(compare_entries(&beam.entry[i], &all[i]), 0, "place %zu of %zu", i, beam.count);
        cr_assert_eq(beam.entry[i].spread, all[i].spread);
    }
    pnas_beam_destroy(&beam);
    free(all);
    free(order);
}

Test(beam, keeps_the_best_of_any_stream)
{
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 13, 0);
    for (size_t width = 0; width <= 20; ++width)
        for (size_t count = 0; count <= 200; count += 1 + count / 3)
            expect_best(width, count, 1 + pnas_stream_below(&stream, 50), &stream);
    expect_best(256, 10000, 1000000, &stream);
    PNAS_EXPECT_NO_LEAKS();
}

Test(beam, the_smaller_code_wins_where_predictions_are_equal)
{
    pnas_beam beam;
    cr_assert_eq(pnas_beam_create(3, &beam), PNAS_OK);
    const int numbers[] = {7, 1, 9, 3, 5, 2};
    for (int i = 0; i < 6; ++i) {
        pnas_cell cell = one_block(numbers[i]);
        pnas_beam_offer(&beam, &cell, 0.5, 0);
    }
    pnas_beam_sort(&beam);
    for (int i = 0; i < 3; ++i)
        cr_expect_eq(beam.entry[i].cell.block[0].op2, i + 1);
    pnas_beam_destroy(&beam);
    cr_expect_null(beam.entry);
}

Test(kendall, counts_pairs_and_leaves_out_ties)
{
    const double up[] = {1, 2, 3, 4, 5}, exchanged[] = {1, 3, 2, 5, 4}, tied[] = {1, 1, 2, 3, 3},
                 same[] = {2, 2, 2};
    cr_expect_float_eq(pnas_kendall(up, up, 5), 1, 1e-15);
    cr_expect_float_eq(pnas_kendall(up, exchanged, 5), 6 / 10.0, 1e-15);
    cr_expect_float_eq(pnas_kendall(up, tied, 5), 8 / sqrt(10 * 8), 1e-15);
    cr_expect_float_eq(pnas_kendall(tied, exchanged, 5), 6 / sqrt(8 * 10), 1e-15);
    cr_expect(isnan(pnas_kendall(up, same, 3)));
    cr_expect(isnan(pnas_kendall(up, up, 1)));
}

Test(spearman, agrees_with_figures_worked_out_by_hand)
{
    const double up[] = {1, 2, 3, 4, 5}, curve[] = {1, 8, 27, 64, 125}, down[] = {9, 7, 5, 3, -1};
    cr_expect_float_eq(pnas_spearman(up, curve, 5), 1, 1e-15);
    cr_expect_float_eq(pnas_spearman(up, down, 5), -1, 1e-15);
    /* Differences of ranks 0 -1 1 0 0: 1 - 6 * 2 / (5 * 24). */
    const double exchanged[] = {10, 30, 20, 40, 50};
    cr_expect_float_eq(pnas_spearman(up, exchanged, 5), 0.9, 1e-15);
    const double two[] = {2, 1};
    cr_expect_float_eq(pnas_spearman(up, two, 2), -1, 1e-15);
}

Test(spearman, equal_values_share_their_mean_rank)
{
    /* Ranks 1 2 3 4 5 and 1 2 3.5 5 3.5: 8 / sqrt(10 * 9.5). */
    const double up[] = {1, 2, 3, 4, 5}, tied[] = {5, 6, 7, 8, 7};
    cr_expect_float_eq(pnas_spearman(up, tied, 5), 8 / sqrt(95), 1e-15);
    /* Ranks 2 2 2 4 and 1.5 1.5 3.5 3.5: 2 / sqrt(3 * 4). */
    const double three[] = {0, 0, 0, 1}, pairs[] = {-1, -1, 4, 4};
    cr_expect_float_eq(pnas_spearman(three, pairs, 4), 2 / sqrt(3 * 4), 1e-15);
}

Test(spearman, does_not_depend_on_the_order_of_pairs)
{
    enum { COUNT = 50 };
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 14, 0);
    double a[COUNT], b[COUNT], a2[COUNT], b2[COUNT];
    uint32_t order[COUNT];
    for (uint32_t i = 0; i < COUNT; ++i) {
        a[i] = pnas_stream_below(&stream, 20);
        b[i] = a[i] + pnas_stream_below(&stream, 20);
        order[i] = i;
    }
    pnas_stream_shuffle(&stream, order, COUNT);
    for (int i = 0; i < COUNT; ++i) {
        a2[i] = a[order[i]];
        b2[i] = b[order[i]];
    }
    double correlation = pnas_spearman(a, b, COUNT);
    cr_expect(correlation > 0.3 && correlation < 1);
    cr_expect_float_eq(pnas_spearman(a2, b2, COUNT), correlation, 1e-12);
    cr_expect_float_eq(pnas_spearman(b, a, COUNT), correlation, 1e-12);
}

Test(spearman, is_no_number_where_it_means_nothing)
{
    const double up[] = {1, 2, 3}, flat[] = {4, 4, 4};
    cr_expect(isnan(pnas_spearman(up, flat, 3)));
    cr_expect(isnan(pnas_spearman(flat, up, 3)));
    cr_expect(isnan(pnas_spearman(up, up, 1)));
    cr_expect(isnan(pnas_spearman(NULL, NULL, 0)));
}
