/* Tables of cells, by themselves and as what a search may choose from. */
#include "src/search/canonical.h"
#include "src/search/cell_text.h"
#include "src/search/search.h"
#include "tests/base/leak_check.h"
#include "tests/search/synthetic_cells.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static pnas_cell parsed(const pnas_space *space, const char *text)
{
    pnas_cell cell;
    cr_assert_eq(pnas_cell_parse(text, &space->operators, &cell), PNAS_OK, "%s", pnas_message());
    return cell;
}

Test(cell_table, a_cell_is_found_in_whatever_way_it_was_written)
{
    pnas_space space = synthetic_space(2);
    const pnas_table_entry entries[] = {
        {.cell = parsed(&space, "-1:sep5+-2:max3 | -1:sep7+-2:avg3"), .accuracy = 0.5},
        {.cell = parsed(&space, "-1:sep3+-1:max3"), .accuracy = 0.25}};
    pnas_cell_table *table = NULL;
    cr_assert_eq(pnas_cell_table_create(&space, entries, 2, &table, NULL), PNAS_OK);
    pnas_cell other = parsed(&space, "-2:avg3+-1:sep7 | -2:max3+-1:sep5"), canonical;
    pnas_cell_canonical(&other, &canonical);
    const pnas_table_entry *found = pnas_cell_table_find(table, &canonical);
    cr_assert_not_null(found);
    cr_expect_eq(found->accuracy, 0.5);
    other = parsed(&space, "-1:sep3+-1:avg3");
    pnas_cell_canonical(&other, &canonical);
    cr_expect_null(pnas_cell_table_find(table, &canonical));
    pnas_cell_table_destroy(&table);
    PNAS_EXPECT_NO_LEAKS();
}

Test(cell_table, a_cell_trained_twice_has_its_mean_accuracy)
{
    pnas_space space = synthetic_space(1);
    const pnas_table_entry entries[] = {{.cell = parsed(&space, "-1:sep3+-2:max3"), .accuracy = 0.5},
                                        {.cell = parsed(&space, "-2:max3+-1:sep3"), .accuracy = 0.25}};
    pnas_cell_table *table = NULL;
    cr_assert_eq(pnas_cell_table_create(&space, entries, 2, &table, NULL), PNAS_OK);
    cr_expect_eq(pnas_cell_table_count(table), 1);
    cr_expect_eq(pnas_cell_table_entries(table)[0].accuracy, 0.375);
    cr_expect_eq(pnas_cell_table_merged(table), 1);
    pnas_cell_table_destroy(&table);
}

Test(cell_table, curves_are_copied_and_those_of_one_cell_become_their_mean)
{
    pnas_space space = synthetic_space(1);
    float a[] = {0.25f, 0.5f}, b[] = {0.75f, 1}, longer[] = {0.5f, 0.5f, 0.5f};
    pnas_table_entry entries[] = {
        {.cell = parsed(&space, "-1:sep3+-2:max3"), .accuracy = 0.5, .epochs = 2, .curve = a},
        {.cell = parsed(&space, "-2:max3+-1:sep3"), .accuracy = 1, .epochs = 2, .curve = b},
        {.cell = parsed(&space, "-1:sep5+-1:sep5"), .accuracy = 0.5, .epochs = 3, .curve = longer}};
    pnas_cell_table *table = NULL;
    cr_assert_eq(pnas_cell_table_create(&space, entries, 3, &table, NULL), PNAS_OK);
    longer[2] = a[0] = 0;
    const pnas_table_entry *entry = pnas_cell_table_entries(table);
    cr_assert_eq(pnas_cell_table_count(table), 2);
    for (int i = 0; i < 2; ++i) {
        bool merged = entry[i].epochs == 2;
        cr_assert(merged || entry[i].epochs == 3);
        cr_expect_eq(entry[i].curve[0], 0.5f);
        cr_expect_eq(entry[i].curve[entry[i].epochs - 1], merged ? 0.75f : 0.5f);
    }
    cr_expect(pnas_cell_table_curves(table, 1) == 2 && pnas_cell_table_curves(table, 2) == 1);
    pnas_cell_table_destroy(&table);
    entries[1].cell = entries[2].cell; /* two lengths */
    cr_assert_eq(pnas_cell_table_create(&space, entries + 1, 2, &table, NULL), PNAS_OK);
    cr_expect(pnas_cell_table_count(table) == 1 && pnas_cell_table_curves(table, 0) == 0);
    pnas_cell_table_destroy(&table);
    PNAS_EXPECT_NO_LEAKS();
}

Test(cell_table, cells_outside_the_space_are_left_out_and_counted)
{
    pnas_space wide = synthetic_space(3), narrow = synthetic_space(2);
    const pnas_table_entry entries[] = {
        {.cell = parsed(&wide, "-1:sep3+-2:max3"), .accuracy = 0.5},
        {.cell = parsed(&wide, "-1:sep3+-2:max3 | -1:sep3+0:max3 | -1:sep3+1:max3"), .accuracy = 0.5}};
    pnas_cell_table *table = NULL;
    size_t left_out = 0;
    cr_assert_eq(pnas_cell_table_create(&narrow, entries, 2, &table, &left_out), PNAS_OK);
    cr_expect(pnas_cell_table_count(table) == 1 && left_out == 1);
    pnas_cell_table_destroy(&table);
    cr_expect_eq(pnas_cell_table_create(&narrow, entries + 1, 1, &table, &left_out), PNAS_ERROR_DATA);
    cr_expect_null(table);
    PNAS_EXPECT_NO_LEAKS();
}

Test(cell_table, an_accuracy_that_is_none_is_refused)
{
    pnas_space space = synthetic_space(1);
    pnas_table_entry entry = {.cell = parsed(&space, "-1:sep3+-2:max3")};
    const double bad[] = {NAN, -0.1, 1.5};
    pnas_cell_table *table = NULL;
    for (int i = 0; i < 3; ++i) {
        entry.accuracy = bad[i];
        cr_expect_eq(pnas_cell_table_create(&space, &entry, 1, &table, NULL), PNAS_ERROR_DATA);
        cr_expect_null(table);
    }
}

Test(cell_table, made_up_tables_have_every_length_and_repeat)
{
    pnas_space space = synthetic_space(4);
    pnas_cell_table *one = NULL, *two = NULL;
    cr_assert_eq(synthetic_table(&space, 700, 3, 0.01, &one), PNAS_OK);
    cr_assert_eq(synthetic_table(&space, 700, 3, 0.01, &two), PNAS_OK);
    cr_expect_geq(pnas_cell_table_count(one), 2000);
    size_t begin, count;
    for (int blocks = 1; blocks <= 4; ++blocks) {
        pnas_cell_table_level(one, blocks, &begin, &count);
        cr_expect_eq(count, blocks == 1 ? 136 : 700);
        cr_expect_eq(pnas_cell_table_entries(one)[begin].cell.blocks, blocks);
    }
    cr_assert_eq(pnas_cell_table_count(one), pnas_cell_table_count(two));
    for (size_t i = 0; i < pnas_cell_table_count(one); ++i)
        cr_expect_eq(pnas_cell_table_entries(one)[i].accuracy, pnas_cell_table_entries(two)[i].accuracy);
    pnas_cell_table_destroy(&one);
    pnas_cell_table_destroy(&two);
}

/* ---- searches in a table ---- */

typedef struct { /* knows the truth without the noise */
    uint64_t seed;
} oracle;

static pnas_status oracle_fit(void *payload, int level, const pnas_cell *cells, const double *accuracy,
                              size_t count)
{
    return PNAS_OK;
}

static pnas_status oracle_predict(void *payload, const pnas_cell *cells, size_t count, double *mean,
                                  double *spread)
{
    for (size_t i = 0; i < count; ++i) {
        mean[i] = synthetic_accuracy(&cells[i], ((oracle *)payload)->seed, 0);
        spread[i] = 0;
    }
    return PNAS_OK;
}

static void look_up(pnas_search *search, const pnas_cell_table *table)
{
    const pnas_level *level = pnas_search_level(search, pnas_search_levels(search));
    for (size_t i = 0; i < level->count; ++i) {
        if (level->child[i].result.status != PNAS_CHILD_PENDING)
            continue;
        const pnas_table_entry *entry = pnas_cell_table_find(table, &level->child[i].cell);
        cr_assert_not_null(entry, "a search limited to a table proposes a cell that is not in it");
        pnas_result result = {.status = PNAS_CHILD_DONE, .accuracy = entry->accuracy};
        cr_assert_eq(pnas_search_record(search, level->blocks, i, &result), PNAS_OK);
    }
}

Test(replay, the_beam_is_the_best_predicted_of_the_tables_next_level)
{
    pnas_search_options options = {.space = synthetic_space(3), .beam = 10, .first = 20};
    oracle truth = {5};
    const pnas_surrogate surrogate = {oracle_fit, oracle_predict, &truth};
    pnas_cell_table *table = NULL;
    pnas_search *search = NULL;
    cr_assert_eq(synthetic_table(&options.space, 300, 5, 0, &table), PNAS_OK);
    cr_assert_eq(pnas_search_create(&options, &search), PNAS_OK);
    pnas_search_limit(search, table, PNAS_CANDIDATES_TABLE);
    while (!pnas_search_complete(search)) {
        cr_assert_eq(pnas_search_propose(search, pnas_search_levels(search) ? &surrogate : NULL), PNAS_OK,
                     "%s", pnas_message());
        look_up(search, table);
    }
    const pnas_level *level = pnas_search_level(search, 3);
    cr_expect(level->count == 10 && level->candidates == 300);
    size_t begin, count, better = 0;
    pnas_cell_table_level(table, 3, &begin, &count);
    for (size_t i = 0; i < count; ++i)
        better += pnas_cell_table_entries(table)[begin + i].accuracy > level->child[9].result.accuracy;
    cr_expect_eq(better, 9);
    pnas_search_destroy(&search);
    pnas_cell_table_destroy(&table);
    PNAS_EXPECT_NO_LEAKS();
}

Test(replay, extensions_are_cells_of_the_table_that_extend_the_last_level)
{
    pnas_space space = synthetic_space(2);
    const pnas_table_entry entries[] = {
        {.cell = parsed(&space, "-1:sep3+-1:sep3"), .accuracy = 0.9},
        {.cell = parsed(&space, "-1:sep3+-1:sep3 | -2:max3+0:sep5"), .accuracy = 0.9},
        {.cell = parsed(&space, "-1:max3+-1:max3 | -2:max3+0:sep5"), .accuracy = 0.9}};
    pnas_search_options options = {.space = space, .beam = 10};
    oracle truth = {5};
    const pnas_surrogate surrogate = {oracle_fit, oracle_predict, &truth};
    for (int extended = 0; extended < 2; ++extended) {
        pnas_cell_table *table = NULL;
        pnas_search *search = NULL;
        cr_assert_eq(pnas_cell_table_create(&space, entries, 3, &table, NULL), PNAS_OK);
        cr_assert_eq(pnas_search_create(&options, &search), PNAS_OK);
        pnas_search_limit(search, table, extended ? PNAS_CANDIDATES_EXTENSIONS : PNAS_CANDIDATES_TABLE);
        for (int b = 1; b <= 2; ++b) {
            cr_assert_eq(pnas_search_propose(search, pnas_search_levels(search) ? &surrogate : NULL), PNAS_OK,
                         "%s", pnas_message());
            look_up(search, table);
        }
        cr_expect_eq(pnas_search_level(search, 2)->candidates, extended ? 1 : 2);
        pnas_search_destroy(&search);
        pnas_cell_table_destroy(&table);
    }
}

Test(replay, a_table_without_the_blocks_a_search_needs_says_so)
{
    pnas_space space = synthetic_space(2);
    const pnas_table_entry entry = {.cell = parsed(&space, "-1:sep3+-1:sep3 | -2:max3+0:sep5"),
                                    .accuracy = 0.9};
    pnas_search_options options = {.space = space, .beam = 10};
    pnas_cell_table *table = NULL;
    pnas_search *search = NULL;
    cr_assert_eq(pnas_cell_table_create(&space, &entry, 1, &table, NULL), PNAS_OK);
    cr_assert_eq(pnas_search_create(&options, &search), PNAS_OK);
    pnas_search_limit(search, table, PNAS_CANDIDATES_TABLE);
    cr_expect_eq(pnas_search_propose(search, NULL), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "one block"), "%s", pnas_message());
    pnas_search_destroy(&search);
    pnas_cell_table_destroy(&table);
}
