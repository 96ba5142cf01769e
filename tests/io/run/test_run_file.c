/* The run file as a whole: what is written is read back, by us and by every HDF5 tool; the lock. */
#include "io/run/run_parts.h"
#include "tests/base/leak_check.h"
#include "tests/io/run/open_run.h"
#include "tests/search/result_fields.h"

#include <hdf5.h>
#include <hdf5_hl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(run_file, .init = test_folder_make, .fini = test_folder_remove);
TestSuite(run_layout, .init = test_folder_make, .fini = test_folder_remove);

/* ---- writing and reading ---- */

Test(run_file, a_new_run_has_no_levels_and_leaves_nothing_if_nothing_is_written)
{
    int count = -1;
    pnas_run_file *file = open_run("run.h5", false);
    cr_expect_null(pnas_run_file_levels(file, &count));
    cr_expect_eq(count, 0);
    pnas_run_file_close(&file);
    cr_expect_null(file);
    cr_expect_eq(test_folder_count(), 0);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_file, what_is_written_is_read_back_bit_for_bit)
{
    pnas_run_file *file = open_run("run.h5", false);
    pnas_search *search = fake_search(), *restored = fake_search();
    fake_info(pnas_run_file_info(file));
    fake_propose(search);
    fake_record(search, 0, FAKE_FIRST);
    fake_propose(search);
    fake_record(search, 0, 3);
    write_again(file, search);
    pnas_run_file_close(&file);
    cr_expect_eq(test_folder_count(), 1, "the journal of a run without news is removed");

    pnas_run_info expected = {0};
    fake_info(&expected);
    file = open_run("run.h5", true);
    fake_expect_info(pnas_run_file_info(file), &expected);
    cr_assert_eq(pnas_run_file_restore(file, restored), PNAS_OK, "%s", pnas_message());
    fake_expect_search(restored, search);
    cr_expect_eq(pnas_search_pending(restored), FAKE_BEAM - 3);
    pnas_run_file_close(&file);
    pnas_search_destroy(&restored);
    pnas_search_destroy(&search);
    pnas_run_info_clear(&expected);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_file, every_field_of_the_list_that_is_kept_comes_back)
{
    pnas_run_file *file = open_run("run.h5", false);
    pnas_search *search = fake_search();
    pnas_result sent, recorded;
    int count;
    result_fields_fill(&sent, 3);
    result_fields_fill(&recorded, 3);
    fake_info(pnas_run_file_info(file));
    fake_propose(search);
    cr_assert_eq(pnas_search_record(search, 1, 2, &recorded), PNAS_OK, "%s", pnas_message());
    write_again(file, search);
    pnas_run_file_close(&file);
    file = open_run("run.h5", true);
    const pnas_level *levels = pnas_run_file_levels(file, &count);
    result_fields_expect(&levels[0].child[2].result, &sent, PNAS_RESULT_KEPT_COUNT);
    result_fields_expect_history(&levels[0].child[2].result, &sent);
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
    pnas_result_clear(&sent);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_file, reading_leaks_nothing)
{
    fake_run_write(test_path("run.h5"));
    pnas_run_file *file = NULL;
    cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "%s", pnas_message());
    pnas_run_file_close(&file);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_file, children_appended_after_a_write_are_there_when_it_is_opened_again)
{
    pnas_run_file *file = open_run("run.h5", false);
    pnas_search *search = fake_search(), *restored = fake_search();
    fake_info(pnas_run_file_info(file));
    fake_propose(search);
    write_again(file, search);
    for (size_t i = 0; i < 6; i++) {
        pnas_result result = fake_result(1, i);
        cr_assert_eq(pnas_run_file_append(file, 1, i, &result), PNAS_OK, "%s", pnas_message());
        pnas_result_clear(&result);
    }
    pnas_run_file_close(&file);
    cr_expect_eq(test_folder_count(), 2, "the journal stays");

    fake_record(search, 0, 6);
    file = open_run("run.h5", true);
    cr_assert_eq(pnas_run_file_restore(file, restored), PNAS_OK, "%s", pnas_message());
    fake_expect_search(restored, search);
    pnas_result last = fake_result(1, 6);
    cr_assert_eq(pnas_run_file_append(file, 1, 6, &last), PNAS_OK, "%s", pnas_message());
    pnas_result_clear(&last);
    pnas_run_file_close(&file);

    pnas_search_destroy(&restored);
    restored = fake_search();
    fake_record(search, 6, 7);
    cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_run_file_restore(file, restored), PNAS_OK, "%s", pnas_message());
    fake_expect_search(restored, search);
    pnas_run_file_close(&file);
    pnas_search_destroy(&restored);
    pnas_search_destroy(&search);
}

/* Two copies of a stopped run both go on, and then one has the other's journal. */
Test(run_file, the_journal_of_a_copy_that_went_on_is_not_its_own)
{
    const char *copy[] = {"a.h5", "b.h5"};
    pnas_search *search = fake_search();
    pnas_run_file *file = open_run("run.h5", false);
    fake_info(pnas_run_file_info(file));
    fake_propose(search);
    write_again(file, search);
    pnas_run_file_close(&file);
    size_t size;
    char *bytes = test_read_file("run.h5", &size);
    for (int i = 0; i < 2; i++) {
        test_write_file(copy[i], bytes, size);
        file = open_run(copy[i], true);
        write_again(file, search);
        pnas_result result = fake_result(1, (size_t)i);
        cr_assert_eq(pnas_run_file_append(file, 1, (size_t)i, &result), PNAS_OK, "%s", pnas_message());
        pnas_result_clear(&result);
        pnas_run_file_close(&file);
    }
    free(bytes);
    bytes = test_read_file("b.h5.journal", &size);
    test_write_file("a.h5.journal", bytes, size);
    free(bytes);
    int count;
    cr_assert_eq(pnas_run_file_read(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(pnas_run_file_levels(file, &count)->child[1].result.status, PNAS_CHILD_PENDING);
    pnas_run_file_close(&file);
    cr_assert_eq(pnas_run_file_read(test_path("b.h5"), &file), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(pnas_run_file_levels(file, &count)->child[1].result.status, PNAS_CHILD_DONE);
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
}

Test(run_file, a_level_that_was_begun_early_is_kept_with_its_mark_and_what_the_journal_says_of_it)
{
    pnas_search *plain = fake_search(), *search = NULL, *restored = NULL;
    pnas_search_options options = *pnas_search_get_options(plain);
    pnas_surrogate surrogate = fake_surrogate();
    options.overlap = true;
    options.overlap_share = 0.6;
    cr_assert_eq(pnas_search_create(&options, &search), PNAS_OK);
    cr_assert_eq(pnas_search_create(&options, &restored), PNAS_OK);
    pnas_run_file *file = open_run("run.h5", false);
    fake_info(pnas_run_file_info(file));
    fake_propose(search);
    fake_record(search, 0, 5);
    cr_assert_eq(pnas_search_begin_next(search, &surrogate), PNAS_OK, "%s", pnas_message());
    write_again(file, search);
    pnas_result early = fake_result(2, 1);
    cr_assert_eq(pnas_run_file_append(file, 2, 1, &early), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_search_record(search, 2, 1, &early), PNAS_OK, "%s", pnas_message());
    pnas_run_file_close(&file);

    file = open_run("run.h5", true);
    cr_assert_eq(pnas_run_file_restore(file, restored), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_search_levels(restored), 1);
    const pnas_level *begun = pnas_search_level(restored, 2);
    cr_assert(begun && begun->begun && begun->count == 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect(begun->child[i].early);
    fake_expect_result(&begun->child[1].result, &pnas_search_level(search, 2)->child[1].result);
    fake_record(restored, 5, FAKE_FIRST);
    cr_assert_eq(pnas_search_propose(restored, &surrogate), PNAS_OK, "%s", pnas_message());
    write_again(file, restored);
    pnas_run_file_close(&file);

    const pnas_level *level;
    int count;
    cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "%s", pnas_message());
    level = pnas_run_file_levels(file, &count);
    cr_assert(count == 2 && level[1].count == FAKE_BEAM && !level[1].begun);
    for (size_t i = 0; i < FAKE_BEAM; i++)
        cr_expect_eq(level[1].child[i].early, i < 3);
    cr_expect_eq(level[1].child[1].result.status, PNAS_CHILD_DONE);
    pnas_run_file_close(&file);
    pnas_search_destroy(&plain);
    pnas_search_destroy(&search);
    pnas_search_destroy(&restored);
    PNAS_EXPECT_NO_LEAKS();
}

/* A child at the rung, with what it reached there. */
static pnas_result paused_result(size_t index)
{
    pnas_result result = {
        .status = PNAS_CHILD_PAUSED, .accuracy = NAN, .epochs = 1, .train_seconds = 1, .attempts = 1};
    result.history = calloc(PNAS_METRICS, sizeof *result.history);
    result.history[PNAS_METRIC_VALIDATION_ACCURACY] = (float)index / 10;
    return result;
}

static pnas_search *search_with_rung(void)
{
    pnas_search *plain = fake_search(), *search = NULL;
    pnas_search_options options = *pnas_search_get_options(plain);
    options.rungs = 1;
    options.rung[0] = 1;
    options.rung_share = 0.5;
    cr_assert_eq(pnas_search_create(&options, &search), PNAS_OK, "%s", pnas_message());
    pnas_search_destroy(&plain);
    return search;
}

static void expect_states(const char *what, const pnas_level *level, const char *states)
{
    static const char letter[] = "pdfsw"; /* pending, done, failed, stopped, waits at its rung */
    for (size_t i = 0; i < FAKE_FIRST; i++) {
        const pnas_child *child = &level->child[i];
        cr_expect_eq(letter[child->result.status], states[i], "%s: child %zu is %c", what, i,
                     letter[child->result.status]);
        cr_expect_eq(pnas_result_rows(&child->result), 1, "%s: child %zu has lost its history", what, i);
        cr_expect(child->result.accuracy == 0 &&
                  pnas_result_accuracy_after(&child->result, 1) == (float)i / 10);
    }
}

Test(run_file, children_at_a_rung_come_back_from_journal_and_file_and_stopped_ones_with_what_is_expected)
{
    pnas_search *search = search_with_rung(), *again = search_with_rung(), *third = search_with_rung();
    pnas_rung_choice choice;
    int at;
    pnas_run_file *file = open_run("run.h5", false);
    pnas_run_info *info = pnas_run_file_info(file);
    fake_info(info);
    free(info->configuration);
    info->configuration =
        strdup("space: {blocks: 3}\nsearch: {first: 7, beam: 5, rungs: '1'}\nsurrogate: {members: 2}\n");
    fake_propose(search);
    write_again(file, search);
    for (size_t i = 0; i < FAKE_FIRST; i++) {
        pnas_result result = paused_result(i);
        cr_assert_eq(pnas_run_file_append(file, 1, i, &result), PNAS_OK, "%s", pnas_message());
        pnas_result_clear(&result);
    }
    pnas_run_file_close(&file);

    file = open_run("run.h5", true);
    cr_assert_eq(pnas_run_file_restore(file, again), PNAS_OK, "%s", pnas_message());
    expect_states("from the journal", pnas_search_level(again, 1), "wwwwwww");
    cr_assert(pnas_search_at_rung(again) && !pnas_search_complete(again));
    cr_assert_eq(pnas_search_pass_rung(again, &at, &choice), PNAS_OK, "%s", pnas_message());
    cr_assert(at == 1 && choice.epoch == 1 && choice.kept == 4 && choice.stopped == 3);
    write_again(file, again);
    pnas_run_file_close(&file);

    file = open_run("run.h5", true);
    cr_assert_eq(pnas_run_file_restore(file, third), PNAS_OK, "%s", pnas_message());
    expect_states("from the file", pnas_search_level(third, 1), "ssspppp");
    for (size_t i = 0; i < 3; i++)
        cr_expect_float_eq(pnas_search_level(third, 1)->child[i].expected, (double)i / 10, 1e-6);
    pnas_run_file_close(&file);
    cr_expect_eq(pnas_search_pending(third), 4);
    pnas_search_destroy(&search);
    pnas_search_destroy(&again);
    pnas_search_destroy(&third);
    PNAS_EXPECT_NO_LEAKS();
}

/* As a stopped child's history cut off, or another rung than the configuration has. */
Test(run_file, a_child_that_was_stopped_where_no_rung_is_is_damage)
{
    pnas_search *search = search_with_rung();
    pnas_run_file *file = open_run("run.h5", false);
    fake_info(pnas_run_file_info(file)); /* its configuration has no rungs */
    fake_propose(search);
    pnas_result result = paused_result(3);
    cr_assert_eq(pnas_search_record(search, 1, 3, &result), PNAS_OK, "%s", pnas_message());
    write_again(file, search);
    pnas_run_file_close(&file);
    expect_refused(PNAS_ERROR_DATA, "at a rung after epoch 1, where there is none");
    pnas_search_destroy(&search);
}

Test(run_file, nothing_can_be_appended_before_the_first_write)
{
    pnas_run_file *file = open_run("run.h5", false);
    pnas_result result = {.status = PNAS_CHILD_DONE};
    cr_expect_eq(pnas_run_file_append(file, 1, 0, &result), PNAS_ERROR_INTERNAL);
    pnas_run_file_close(&file);
}

Test(run_file, a_run_that_is_only_read_cannot_be_written)
{
    fake_run_write(test_path("run.h5"));
    pnas_run_file *file = NULL;
    pnas_search *search = fake_search();
    pnas_result result = {.status = PNAS_CHILD_DONE};
    cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK);
    cr_expect_eq(pnas_run_file_write(file, search), PNAS_ERROR_INTERNAL);
    cr_expect_eq(pnas_run_file_append(file, 1, 0, &result), PNAS_ERROR_INTERNAL);
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
}

Test(run_file, weights_of_the_same_level_and_member_replace_the_old_ones)
{
    float values[] = {7};
    pnas_named_tensor tensor = {.name = "w", .rank = 1, .shape = {1}, .data = values};
    pnas_run_file *file = open_run("run.h5", false);
    pnas_search *search = fake_search();
    pnas_run_info *info = pnas_run_file_info(file);
    fake_info(info);
    cr_assert_eq(pnas_run_info_add_controller(info, 1, 1, &tensor, 1), PNAS_OK);
    for (int member = 0; member < 2; member++)
        cr_assert_eq(pnas_run_info_add_controller(info, 2, member, &tensor, 1), PNAS_OK);
    fake_propose(search);
    write_again(file, search);
    pnas_run_file_close(&file);
    file = open_run("run.h5", true);
    info = pnas_run_file_info(file);
    cr_assert_eq(info->controller_count, 6);
    cr_expect_eq(info->controller[3].count, 1);
    cr_expect_eq(info->controller[3].tensor[0].data[0], 7);
    cr_expect_eq(info->controller[4].level, 2);
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

/* ---- the lock ---- */

Test(run_file, a_second_run_is_refused_and_told_who_holds_it)
{
    char holder[64];
    snprintf(holder, sizeof holder, "another run writes here (process %ld on ", (long)getpid());
    pnas_run_file *first = open_run("run.h5", false);
    expect_refused(PNAS_ERROR_FILE, holder);
    pnas_run_file_close(&first);
    pnas_run_file *second = open_run("run.h5", false);
    pnas_run_file_close(&second);
}

Test(run_file, a_symbolic_link_is_another_name_of_the_same_run)
{
    pnas_run_file *file, *second;
    pnas_search *search = fake_search();
    bool existed;
    test_make_folder("elsewhere");
    cr_assert_eq(symlink("elsewhere/run.h5", test_path("link.h5")), 0);
    file = open_run("link.h5", false);
    fake_info(pnas_run_file_info(file));
    fake_propose(search);
    write_again(file, search);
    pnas_result result = fake_result(1, 0);
    cr_assert_eq(pnas_run_file_append(file, 1, 0, &result), PNAS_OK);
    pnas_result_clear(&result);
    cr_expect(test_file_exists("elsewhere/run.h5") && test_file_exists("elsewhere/run.h5.journal"));
    cr_expect_eq(pnas_run_file_open(test_path("elsewhere/run.h5"), &second, &existed), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "another run writes here"), "%s", pnas_message());
    pnas_run_file_close(&file);
    char target[64] = "";
    cr_expect_eq(readlink(test_path("link.h5"), target, sizeof target - 1), 16, "the link is left");

    cr_assert_eq(symlink("loop.h5", test_path("loop.h5")), 0);
    cr_expect_eq(pnas_run_file_open(test_path("loop.h5"), &file, &existed), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "a symbolic link whose end is not there"), "%s",
                       pnas_message());
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_file, a_locked_run_can_be_read_with_its_latest_children)
{
    const pnas_level *levels;
    int count;
    pnas_run_file *writer = open_run("run.h5", false), *reader = NULL;
    pnas_search *search = fake_search();
    fake_info(pnas_run_file_info(writer));
    fake_propose(search);
    write_again(writer, search);
    pnas_result result = fake_result(1, 3);
    cr_assert_eq(pnas_run_file_append(writer, 1, 3, &result), PNAS_OK);
    cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &reader), PNAS_OK, "%s", pnas_message());
    levels = pnas_run_file_levels(reader, &count);
    cr_assert_eq(count, 1);
    fake_expect_result(&levels[0].child[3].result, &result);
    cr_expect_eq(levels[0].child[2].result.status, PNAS_CHILD_PENDING);
    pnas_run_file_close(&reader);
    expect_refused(PNAS_ERROR_FILE, "another run writes here");
    pnas_result_clear(&result);
    pnas_run_file_close(&writer);
    pnas_search_destroy(&search);
}

/* ---- what other tools see ---- */

static double read_real(hid_t file, const char *path, size_t index)
{
    double values[64];
    cr_assert_geq(H5LTread_dataset_double(file, path, values), 0, "%s", path);
    return values[index];
}

static void expect_text(hid_t file, const char *object, const char *name, const char *expected)
{
    hid_t id = H5Oopen(file, object, H5P_DEFAULT), attribute = H5Aopen(id, name, H5P_DEFAULT);
    cr_assert_geq(attribute, 0, "%s of %s", name, object);
    hid_t type = H5Aget_type(attribute);
    char *text = NULL;
    cr_assert(H5Tis_variable_str(type) > 0);
    cr_assert_geq(H5Aread(attribute, type, &text), 0);
    cr_expect_str_eq(text, expected, "%s of %s is '%s'", name, object, text);
    H5free_memory(text);
    H5Tclose(type);
    H5Aclose(attribute);
    H5Oclose(id);
}

Test(run_layout, the_root_says_what_the_run_is)
{
    fake_run_write(test_path("run.h5"));
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    uint64_t seed = 0;
    expect_text(file, "/", "conventions", "PNAS-run-1");
    expect_text(file, "/", "title", "A search");
    expect_text(file, "/", "command_line", "pnas_mpi \"configs/demo.yaml\" -o run.h5");
    expect_text(file, "/", "start", "2025-06-15T15:06:40Z");
    expect_text(file, "/", "end", "");
    expect_text(file, "/", "status", "running");
    expect_text(file, "/", "dataset_sha256", "00ff");
    cr_expect_geq(H5Aexists(file, "program_version"), 1);
    cr_expect_geq(H5Aexists(file, "program_commit"), 1);
    cr_assert_geq(H5LTget_attribute(file, "/", "seed", H5T_NATIVE_UINT64, &seed), 0);
    cr_expect_eq(seed, UINT64_MAX);
    H5Fclose(file);
}

Test(run_layout, each_column_has_scale_units_and_long_name)
{
    fake_run_write(test_path("run.h5"));
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t accuracy = H5Dopen2(file, "/levels/2/accuracy", H5P_DEFAULT);
    hid_t scale = H5Dopen2(file, "/levels/2/child", H5P_DEFAULT);
    expect_text(file, "/levels/2/accuracy", "units", "1");
    expect_text(file, "/levels/2/train_seconds", "units", "s");
    expect_text(file, "/space/kind", "long_name",
                "0 identity, 1 separable, 2 convolution, 3 factorized, 4 average pool, 5 max pool");
    expect_text(file, "/levels/2/accuracy", "long_name",
                "validation accuracy, the reward; NaN unless the child is done");
    cr_expect_eq(H5DSis_attached(accuracy, scale, 0), 1);
    H5Dclose(accuracy);
    hid_t history = H5Dopen2(file, "/levels/2/history", H5P_DEFAULT);
    cr_expect_eq(H5DSis_attached(history, scale, 0), 1);
    cr_expect_eq(H5DSget_num_scales(history, 1), 1);
    cr_expect_eq(H5DSget_num_scales(history, 2), 1);
    H5Dclose(history);
    H5Dclose(scale);
    H5Fclose(file);
}

Test(run_layout, figures_stand_where_the_contract_says)
{
    fake_run_write(test_path("run.h5"));
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_expect_eq(read_real(file, "/levels/2/accuracy", 1), fake_result(2, 1).accuracy);
    cr_expect(isnan(read_real(file, "/levels/2/accuracy", 4)), "a failed child has no accuracy");
    cr_expect(isnan(read_real(file, "/levels/3/accuracy", 3)), "nor has one that is not done");
    cr_expect(isnan(read_real(file, "/levels/1/predicted", 0)));
    cr_expect_eq(read_real(file, "/levels/1/parameters", 6), 1006);
    hsize_t shape[3];
    cr_assert_geq(H5LTget_dataset_info(file, "/levels/3/cell", shape, NULL, NULL), 0);
    cr_expect(shape[0] == FAKE_BEAM && shape[1] == 3 && shape[2] == 4);
    cr_assert_geq(H5LTget_dataset_info(file, "/levels/1/history", shape, NULL, NULL), 0);
    cr_expect(shape[0] == FAKE_FIRST && shape[1] == 3 && shape[2] == PNAS_METRICS);
    float history[FAKE_FIRST][3][PNAS_METRICS];
    cr_assert_geq(H5LTread_dataset_float(file, "/levels/1/history", &history[0][0][0]), 0);
    cr_expect(!isnan(history[0][1][4]));
    cr_expect(isnan(history[0][2][0]), "epochs that were not trained are NaN");
    cr_expect(isnan(history[2][0][0]));
    H5Fclose(file);
}

Test(run_layout, the_status_is_an_enumeration_with_names)
{
    fake_run_write(test_path("run.h5"));
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t status = H5Dopen2(file, "/levels/1/status", H5P_DEFAULT), type = H5Dget_type(status);
    char name[16] = "";
    int value = PNAS_CHILD_FAILED;
    cr_assert_eq(H5Tget_class(type), H5T_ENUM);
    cr_assert_geq(H5Tenum_nameof(type, &value, name, sizeof name), 0);
    cr_expect_str_eq(name, "FAILED");
    H5Tclose(type);
    H5Dclose(status);
    H5Fclose(file);
}
