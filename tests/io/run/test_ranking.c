#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "io/run/cell_table_file.h"
#include "io/run/ranking.h"
#include "src/search/cell_text.h"
#include "tests/io/run/fake_run.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(ranking, .init = test_folder_make, .fini = test_folder_remove);

static pnas_ranking *ranking;

static void read_text(const char *text)
{
    test_write_file("cells.csv", text, strlen(text));
    cr_assert_eq(pnas_ranking_read(test_path("cells.csv"), &ranking), PNAS_OK, "%s", pnas_message());
}

static void expect_places(const pnas_ranked_cell *const *cells, size_t count, const char *expected)
{
    char found[100] = "";
    for (size_t i = 0; i < count; i++)
        sprintf(found + strlen(found), "%zu ", cells[i]->place);
    cr_expect_str_eq(found, expected);
}

static void expect_order(const char *expected)
{
    char found[100] = "";
    for (size_t i = 0; i < ranking->count; i++)
        sprintf(found + strlen(found), "%zu ", ranking->cell[i].place);
    cr_expect_str_eq(found, expected);
}

#define CELL ",-1:sep3+-1:sep3\n"

Test(ranking, best_score_first_then_fewer_parameters_then_the_earlier_line)
{
    read_text("score,parameters,cell\n0.5,20" CELL "0.9,20" CELL "0.9,10" CELL "0.5,20" CELL "0.7," CELL);
    expect_order("2 1 4 0 3 ");
    const pnas_ranked_cell **cells;
    cr_assert_eq(pnas_ranking_by_place(ranking, &cells), PNAS_OK);
    expect_places(cells, ranking->count, "0 1 2 3 4 ");
    free(cells);
    pnas_ranking_destroy(&ranking);
    cr_expect_null(ranking);
}

Test(ranking, the_front_has_what_nothing_cheaper_or_as_cheap_beats)
{
    const pnas_ranked_cell **front;
    size_t count;
    read_text("score,parameters,train_seconds,cell\n0.5,10,9" CELL "0.4,10,1" CELL "0.5,20,2" CELL
              "0.9,30,3" CELL "0.8,40,4" CELL "0.95,30,5" CELL "1,," CELL);
    cr_assert_eq(pnas_ranking_front(ranking, PNAS_COST_PARAMETERS, &front, &count), PNAS_OK);
    expect_places(front, count, "0 5 ");
    free(front);
    cr_assert_eq(pnas_ranking_front(ranking, PNAS_COST_TRAIN_SECONDS, &front, &count), PNAS_OK);
    expect_places(front, count, "1 2 3 5 ");
    free(front);
    cr_assert_eq(pnas_ranking_front(ranking, PNAS_COST_MULTIPLY_ADDS, &front, &count), PNAS_OK);
    cr_expect_eq(count, 0, "no cell has that cost");
    free(front);
    pnas_ranking_destroy(&ranking);
}

Test(ranking, levels_have_their_counts_means_and_spearman)
{
    read_text("score,predicted,cell\n0.5,,-1:sep3+-1:sep3\n0.6,0.1,-1:sep3+-1:sep3 | 0:sep3+0:sep3\n"
              "0.7,0.3,-1:sep3+-1:sep3 | 0:sep3+0:sep5\n0.8,0.2,-1:sep3+-1:sep3 | 0:sep3+0:sep7\n");
    cr_assert_eq(ranking->levels, 2);
    cr_expect_eq(ranking->blocks, 2);
    cr_expect_eq(ranking->level[0].done, 1);
    cr_expect(isnan(ranking->level[0].spearman));
    cr_expect_eq(ranking->level[1].best, 0.8);
    cr_expect_float_eq(ranking->level[1].mean, 0.7, 1e-12);
    cr_expect_float_eq(ranking->level[1].spearman, 0.5, 1e-12);
    pnas_ranking_keep_level(ranking, 2);
    expect_order("3 2 1 ");
    cr_expect_eq(ranking->levels, 1);
    cr_expect_eq(ranking->level[0].level, 2);
    pnas_ranking_destroy(&ranking);
}

Test(ranking, a_run_gives_its_finished_children_with_their_histories)
{
    fake_run_write(test_path("run.h5"));
    cr_assert_eq(pnas_ranking_read(test_path("run.h5"), &ranking), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(ranking->count, 6 + 4 + 2);
    cr_expect_str_eq(ranking->title, "A search");
    cr_expect_eq(ranking->blocks, 3);
    cr_expect_eq(ranking->level[0].failed, 1);
    size_t histories = 0;
    for (size_t i = 0; i < ranking->count; i++)
        histories += ranking->cell[i].history != NULL;
    cr_expect_gt(histories, 0);
    cr_expect_lt(histories, ranking->count);
    pnas_ranking_destroy(&ranking);
}

Test(ranking, a_table_is_read_and_what_it_does_not_know_stays_unknown)
{
    pnas_search *search = fake_search();
    pnas_space space = pnas_search_get_options(search)->space;
    pnas_table_entry entries[2] = {{.accuracy = 0.5, .parameters = 7}, {.accuracy = 0.75}};
    pnas_cell_table *table = NULL;
    pnas_table_provenance provenance = {.title = "t", .source = "s", .command_line = "c"};
    cr_assert_eq(pnas_cell_parse("-1:sep3+-1:sep3", &space.operators, &entries[0].cell), PNAS_OK);
    cr_assert_eq(pnas_cell_parse("-2:max3+-1:sep3", &space.operators, &entries[1].cell), PNAS_OK);
    cr_assert_eq(pnas_cell_table_create(&space, entries, 2, &table, NULL), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_cell_table_write(test_path("t.h5"), table, &space.operators, &provenance), PNAS_OK,
                 "%s", pnas_message());
    cr_assert_eq(pnas_ranking_read(test_path("t.h5"), &ranking), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(ranking->count, 2);
    cr_expect_null(ranking->run);
    cr_expect_eq(ranking->cell[0].score, 0.75);
    cr_expect_eq(ranking->cell[0].parameters, -1);
    cr_expect(isnan(ranking->cell[0].train_seconds));
    cr_expect_eq(ranking->cell[1].parameters, 7);
    pnas_ranking_destroy(&ranking);
    pnas_cell_table_destroy(&table);
    pnas_search_destroy(&search);
}

/* Two cells of two blocks; `conventions` and the code of one operator as they are given. */
static void write_scores(const char *conventions, int8_t code)
{
    static const char *const operators[] = {"sep3", "mine", "max3"};
    const int8_t codes[] = {-1, 0, -2, 1, 0, 2, -1, code, -1, 0, -2, 1, 0, 2, -1, 1};
    const float score[] = {0.5f, 0.75f}, spread[] = {0.25f, 0.125f};
    const int64_t scored = 1000;
    pnas_h5_output output;
    hid_t best;
    pnas_h5_array array = {.name = "cell",
                           .file_type = H5T_STD_I8LE,
                           .memory_type = H5T_NATIVE_INT8,
                           .rank = 3,
                           .shape = {2, 2, 4},
                           .data = codes};
    cr_assert_eq(pnas_h5_output_create(test_path("scores.h5"), &output), PNAS_OK);
    cr_assert_eq(pnas_h5_write_text(output.id, "conventions", conventions), PNAS_OK);
    cr_assert_eq(pnas_h5_write_number(output.id, "cells", H5T_STD_I64LE, H5T_NATIVE_INT64, &scored), PNAS_OK);
    cr_assert_eq(pnas_h5_write_strings(output.id, "operators", operators, 3, NULL, NULL), PNAS_OK);
    cr_assert_eq(pnas_h5_create_group(output.id, "best", &best), PNAS_OK);
    cr_assert_eq(pnas_h5_write_array(best, &array), PNAS_OK);
    array = (pnas_h5_array){.name = "score",
                            .file_type = H5T_IEEE_F32LE,
                            .memory_type = H5T_NATIVE_FLOAT,
                            .rank = 1,
                            .shape = {2},
                            .data = score};
    cr_assert_eq(pnas_h5_write_array(best, &array), PNAS_OK);
    array.name = "spread";
    array.data = spread;
    cr_assert_eq(pnas_h5_write_array(best, &array), PNAS_OK);
    pnas_h5_close_group(&best);
    cr_assert_eq(pnas_h5_output_commit(&output), PNAS_OK, "%s", pnas_message());
}

Test(ranking, a_score_file_gives_its_best_cells)
{
    char text[PNAS_CELL_TEXT_MAX];
    write_scores("PNAS-scores-1", 1);
    cr_assert_eq(pnas_ranking_read(test_path("scores.h5"), &ranking), PNAS_OK, "%s", pnas_message());
    expect_order("1 0 ");
    cr_expect_eq(ranking->cell[0].score, 0.75);
    cr_expect_eq(ranking->cell[0].predicted_std, 0.125);
    cr_expect(ranking->cell[0].guessed && ranking->cell[0].predicted == 0.75, "the score is the prediction");
    cr_expect_eq(ranking->level[0].candidates, 1000);
    cr_expect_eq(ranking->level[0].mean, 0.625);
    pnas_cell_format(&ranking->cell[0].cell, &ranking->operators, text);
    cr_expect_str_eq(text, "-1:sep3+-2:mine | 0:max3+-1:mine");
    pnas_ranking_destroy(&ranking);
    write_scores("PNAS-scores-1", 3);
    cr_expect_eq(pnas_ranking_read(test_path("scores.h5"), &ranking), PNAS_ERROR_DATA,
                 "an operator it has not");
    write_scores("PNAS-scores-2", 1);
    cr_expect_eq(pnas_ranking_read(test_path("scores.h5"), &ranking), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "PNAS-scores-2; this program knows PNAS-scores-1 only"));
}

Test(ranking, what_is_none_of_these_is_refused)
{
    cr_expect_eq(pnas_ranking_read(test_path("absent"), &ranking), PNAS_ERROR_FILE);
    cr_expect_null(ranking);
    test_write_file("a.h5", "score,cell\n", 11);
    cr_expect_eq(pnas_ranking_read(test_path("a.h5"), &ranking), PNAS_ERROR_DATA);
    test_write_file("a.bin", "\0\1\2\3", 4);
    cr_expect_eq(pnas_ranking_read(test_path("a.bin"), &ranking), PNAS_ERROR_DATA);
    test_write_file("a.yaml", "title: a search\n", 16);
    cr_expect_eq(pnas_ranking_read(test_path("a.yaml"), &ranking), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "is a configuration; name the RUN.h5"), "%s", pnas_message());
    cr_expect_null(ranking);
}

/* A run whose children were looked up in a table that has accuracies alone. */
Test(ranking, costs_that_a_run_does_not_know_are_not_zero)
{
    const pnas_ranked_cell **front;
    pnas_run_file *file = NULL;
    pnas_search *search = fake_search();
    bool existed;
    size_t count;
    fake_propose(search);
    for (size_t i = 0; i < FAKE_FIRST; i++) {
        pnas_result result = {.status = PNAS_CHILD_DONE, .accuracy = 0.5, .start = 1.75e9, .device = -1};
        if (i == 3)
            result.parameters = result.multiply_adds = 20, result.train_seconds = 2;
        cr_assert_eq(pnas_search_record(search, 1, i, &result), PNAS_OK, "%s", pnas_message());
    }
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK, "%s", pnas_message());
    fake_info(pnas_run_file_info(file));
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK, "%s", pnas_message());
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
    cr_assert_eq(pnas_ranking_read(test_path("run.h5"), &ranking), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(ranking->count, FAKE_FIRST);
    for (size_t i = 0; i < ranking->count; i++) {
        const pnas_ranked_cell *cell = &ranking->cell[i];
        bool known = cell->place == 3;
        cr_expect_eq(cell->parameters, known ? 20 : -1);
        cr_expect_eq(cell->multiply_adds, known ? 20 : -1);
        cr_expect_eq(isnan(cell->train_seconds), !known);
    }
    for (int cost = PNAS_COST_PARAMETERS; cost <= PNAS_COST_TRAIN_SECONDS; cost++) {
        cr_assert_eq(pnas_ranking_front(ranking, (pnas_cost)cost, &front, &count), PNAS_OK);
        cr_assert_eq(count, 1);
        cr_expect_eq(front[0]->place, 3);
        free(front);
    }
    pnas_ranking_destroy(&ranking);
}
