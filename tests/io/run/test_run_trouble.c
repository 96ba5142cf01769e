/* Run files that are damaged, or no run files at all, and disks that are full. */
#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/tensor_group.h"
#include "tests/base/leak_check.h"
#include "tests/io/run/open_run.h"

#include <hdf5.h>
#include <hdf5_hl.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

TestSuite(run_trouble, .init = test_folder_make, .fini = test_folder_remove);

Test(run_trouble, what_is_no_run_file_is_refused_and_left_alone)
{
    size_t size;
    test_write_file("run.h5", "", 0);
    expect_refused(PNAS_ERROR_DATA, "is empty");
    test_write_file("run.h5", "hello, this is text", 19);
    expect_refused(PNAS_ERROR_DATA, "is not an HDF5 file");
    cr_expect_eq(test_file_size("run.h5"), 19);
    hid_t file = H5Fcreate(test_path("run.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    size = test_file_size("run.h5");
    expect_refused(PNAS_ERROR_DATA, "run.h5: is no run file");
    cr_expect_eq(test_file_size("run.h5"), size);
    file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_eq(pnas_h5_write_text(file, "conventions", "PNAS-network-1"), PNAS_OK);
    H5Fclose(file);
    expect_refused(PNAS_ERROR_DATA, "is no run file but a network; pnas_net info shows it");
    cr_expect_eq(test_folder_count(), 1);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_trouble, other_conventions_are_refused_by_name)
{
    fake_run_write(test_path("run.h5"));
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    H5Adelete(file, "conventions");
    H5LTset_attribute_string(file, "/", "conventions", "PNAS-run-2");
    H5Fclose(file);
    expect_refused(PNAS_ERROR_DATA, "by the conventions PNAS-run-2; this program knows PNAS-run-1 only");
}

Test(run_trouble, a_run_that_a_tool_has_annotated_is_still_read)
{
    fake_run_write(test_path("run.h5"));
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    H5LTset_attribute_string(file, "/", "comment", "my best run");
    H5Fclose(file);
    pnas_run_file *run = open_run("run.h5", true);
    pnas_run_file_close(&run);
}

Test(run_trouble, places_that_cannot_be_written_are_named)
{
    pnas_run_file *file;
    bool existed;
    cr_expect_eq(pnas_run_file_open(test_path("no/run.h5"), &file, &existed), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "check that the folder is there"), "%s", pnas_message());
    test_make_folder("run.h5");
    expect_refused(PNAS_ERROR_FILE, "is not a regular file");
    cr_expect_eq(pnas_run_file_read(test_path("absent.h5"), &file), PNAS_ERROR_FILE);
    cr_expect_null(file);
    PNAS_EXPECT_NO_LEAKS();
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

Test(run_trouble, a_disk_that_is_full_from_the_start_is_told_and_nothing_is_left_on_it)
{
    limit_file_size(0);
    expect_refused(PNAS_ERROR_FILE,
                   "cannot be written: File too large; make room there, or name another run file");
    limit_file_size(RLIM_INFINITY);
    cr_expect_eq(test_folder_count(), 0);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_trouble, a_full_disk_leaves_the_old_run_and_its_journal)
{
    pnas_run_file *file = open_run("run.h5", false);
    pnas_search *search = fake_search(), *restored = fake_search();
    fake_info(pnas_run_file_info(file));
    fake_propose(search);
    write_again(file, search);
    pnas_result result = fake_result(1, 0);
    cr_assert_eq(pnas_run_file_append(file, 1, 0, &result), PNAS_OK);

    limit_file_size(test_file_size("run.h5.journal") + 20);
    cr_expect_eq(pnas_run_file_append(file, 1, 1, &result), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "run.h5.journal: cannot be written"), "%s", pnas_message());
    cr_expect_eq(pnas_run_file_write(file, search), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "run.h5"), "%s", pnas_message());
    limit_file_size(RLIM_INFINITY);
    cr_expect_eq(pnas_run_file_append(file, 1, 1, &result), PNAS_OK, "it goes on when there is room again");
    pnas_run_file_close(&file);

    file = open_run("run.h5", true);
    cr_assert_eq(pnas_run_file_restore(file, restored), PNAS_OK, "%s", pnas_message());
    fake_expect_result(&pnas_search_level(restored, 1)->child[0].result, &result);
    fake_expect_result(&pnas_search_level(restored, 1)->child[1].result, &result);
    pnas_result_clear(&result);
    pnas_run_file_close(&file);
    pnas_search_destroy(&restored);
    pnas_search_destroy(&search);
}

Test(run_trouble, a_run_cut_anywhere_is_refused_and_left_as_it_is)
{
    size_t size, whole;
    fake_run_write(test_path("run.h5"));
    unsigned char *bytes = fake_read_file(test_path("run.h5"), &whole);
    for (size_t cut = 0; cut < whole - 20; cut += 1 + whole / 251) { /* the last 20 bytes are only the seal */
        test_write_file("run.h5", bytes, cut);
        expect_refused(PNAS_ERROR_DATA, "run.h5");
        unsigned char *left = fake_read_file(test_path("run.h5"), &size);
        cr_assert(size == cut && memcmp(left, bytes, cut) == 0);
        free(left);
    }
    free(bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_trouble, a_changed_byte_anywhere_is_noticed)
{
    size_t whole;
    pnas_run_file *file = NULL;
    uint32_t state = 12345;
    fake_run_write(test_path("run.h5"));
    unsigned char *bytes = fake_read_file(test_path("run.h5"), &whole);
    for (int i = 0; i < 3000; i++) {
        state = state * 1664525u + 1013904223u;
        size_t at = (state >> 8) % (whole - 20);
        unsigned char old = bytes[at];
        bytes[at] ^= (unsigned char)(1 + i % 255);
        test_write_file("run.h5", bytes, whole);
        bytes[at] = old;
        cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_ERROR_DATA, "byte %zu", at);
        cr_assert_null(file);
    }
    cr_expect_not_null(strstr(pnas_message(), "does not match its checksum"), "%s", pnas_message());
    free(bytes);
    PNAS_EXPECT_NO_LEAKS();
}

/* ---- what another program has left out ---- */

/* Opening and reading run.h5 fail, and say `what`. */
static void expect_damaged(const char *what)
{
    pnas_run_file *file = NULL;
    bool existed;
    cr_expect_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_ERROR_DATA);
    cr_expect(strstr(pnas_message(), what), "%s", pnas_message());
    cr_expect_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_ERROR_DATA);
    cr_expect(strstr(pnas_message(), what), "%s", pnas_message());
}

/* Writes run.h5 again, as a tool would leave it that lost something. */
static void rewrite(int levels, int members, pnas_run_status status)
{
    pnas_run_file *file = open_run("run.h5", true);
    pnas_run_info *info = pnas_run_file_info(file);
    pnas_search *whole = fake_search(), *search = fake_search();
    cr_assert_eq(pnas_run_file_restore(file, whole), PNAS_OK);
    for (int b = 1; b <= levels; b++) {
        fake_propose(search);
        for (size_t i = 0; b < 3 && i < pnas_search_level(search, b)->count; i++)
            fake_record(search, i, i + 1);
    }
    for (; members < 2; members++) {
        info->controller_count--;
        pnas_tensor_group_free(&info->controller[info->controller_count].tensor,
                               info->controller[info->controller_count].count);
    }
    info->status = status;
    write_again(file, search);
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
    pnas_search_destroy(&whole);
}

Test(run_trouble, a_complete_run_without_all_its_children_is_damaged)
{
    fake_run_write(test_path("run.h5"));
    rewrite(3, 2, PNAS_RUN_COMPLETE);
    expect_damaged("its status is complete, but 5 children of level 3 are not finished");
}

Test(run_trouble, a_complete_run_without_all_its_levels_is_damaged)
{
    fake_run_write(test_path("run.h5"));
    rewrite(2, 2, PNAS_RUN_COMPLETE);
    expect_damaged("its status is complete, but it holds 2 of 3 levels");
}

Test(run_trouble, a_surrogate_without_all_its_members_is_damaged)
{
    fake_run_write(test_path("run.h5"));
    rewrite(3, 1, PNAS_RUN_STOPPED);
    expect_damaged("its surrogate after level 1 has 1 of 2 members");
}

/* Leaves the first `rows` rows of an array of a level, unless it is none of children. */
static void cut_array(hid_t group, const char *name, hsize_t rows)
{
    hid_t array = H5Dopen2(group, name, H5P_DEFAULT), type = H5Dget_type(array), space = H5Dget_space(array);
    hsize_t shape[3] = {0}, values = 1;
    int rank = H5Sget_simple_extent_dims(space, shape, NULL);
    for (int d = 0; d < rank; d++)
        values *= shape[d];
    char *data = calloc(values + 1, H5Tget_size(type));
    cr_assert_geq(H5Dread(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0);
    H5Dclose(array);
    H5Sclose(space);
    H5Ldelete(group, name, H5P_DEFAULT);
    shape[0] = rows;
    space = H5Screate_simple(rank, shape, NULL);
    array = H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0, "%s", name);
    free(data); /* texts are not freed */
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(array);
}

/* Columns of a level that are all cut alike contradict what the level says of itself, or else the
 * configuration. */
static void cut_level(const char *name, hsize_t rows, bool older)
{
    static const char *const columns[] = {"hash",          "status",    "rank",  "device",        "attempts",
                                          "epochs",        "predicted", "error", "predicted_std", "accuracy",
                                          "parameters",    "start",     "cell",  "multiply_adds", "text",
                                          "train_seconds", "history",   "child"};
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t group = H5Gopen2(file, name, H5P_DEFAULT);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (H5Lexists(group, columns[i], H5P_DEFAULT) > 0)
            cut_array(group, columns[i], rows);
    if (older)
        cr_assert_geq(H5Adelete(group, "children"), 0);
    H5Gclose(group);
    H5Fclose(file);
}

Test(run_trouble, a_level_that_lost_children_is_damaged)
{
    for (int complete = 0; complete < 2; complete++) {
        (complete ? fake_run_write_complete : fake_run_write)(test_path("run.h5"));
        cut_level("/levels/2", FAKE_BEAM - 1, false);
        expect_damaged("/levels/2: is damaged: it holds 4 of its 5 children");
        cr_assert_eq(remove(test_path("run.h5")), 0);
        for (int level = 1; level <= 2; level++) {
            (complete ? fake_run_write_complete : fake_run_write)(test_path("run.h5"));
            cut_level(level == 1 ? "/levels/1" : "/levels/2", FAKE_BEAM - 1, true);
            expect_damaged(level == 1 ? "level 1 has 4 children, and by its configuration 7"
                                      : "level 2 has 4 children, and by its configuration 5");
            cr_assert_eq(remove(test_path("run.h5")), 0);
        }
    }
}

/* ---- what another program has changed ---- */

/* Value `at` of an array of doubles or floats of run.h5, whose seal is lost with that. */
static void change(const char *name, hid_t type, size_t at, double value)
{
    double wide = value;
    float narrow = (float)value;
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), memory = H5Screate_simple(1, (hsize_t[]){1}, NULL);
    hid_t space = H5Dget_space(dataset);
    hsize_t shape[3] = {1, 1, 1}, place[3] = {at, 0, 0};
    int rank = H5Sget_simple_extent_dims(space, shape, NULL);
    for (int d = rank - 1; d >= 0; d--) {
        place[d] = at % shape[d];
        at /= shape[d];
    }
    cr_assert_geq(H5Sselect_elements(space, H5S_SELECT_SET, 1, place), 0);
    bool is_wide = H5Tequal(type, H5T_NATIVE_DOUBLE) > 0;
    cr_assert_geq(
        H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, is_wide ? (void *)&wide : (void *)&narrow), 0);
    H5Sclose(space);
    H5Sclose(memory);
    H5Dclose(dataset);
    H5Fclose(file);
}

Test(run_trouble, a_weight_of_the_surrogate_that_is_no_number_is_damage)
{
    const double values[] = {NAN, INFINITY};
    for (int i = 0; i < 2; i++) {
        fake_run_write_complete(test_path("run.h5"));
        change("/controller/1/1/lstm/kernel", H5T_NATIVE_FLOAT, 4, values[i]);
        expect_damaged(i == 0 ? "run.h5: /controller/1/1/lstm/kernel: value 4 is nan"
                              : "run.h5: /controller/1/1/lstm/kernel: value 4 is inf");
        cr_assert_eq(remove(test_path("run.h5")), 0);
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_trouble, an_accuracy_that_the_history_contradicts_is_damage)
{
    fake_run_write_complete(test_path("run.h5"));
    change("/levels/2/accuracy", H5T_NATIVE_DOUBLE, 1, 0.125);
    expect_damaged("child 1 of level 2 has the accuracy 0.125, and by its history 0.2957");
    cr_assert_eq(remove(test_path("run.h5")), 0);
    fake_run_write_complete(test_path("run.h5"));
    change("/levels/2/history", H5T_NATIVE_FLOAT, PNAS_METRICS + PNAS_METRIC_VALIDATION_ACCURACY, 1);
    expect_damaged("child 0 of level 2 has the accuracy 0.234, and by its history 1;");
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_trouble, figures_that_no_child_can_have_are_damage)
{
    const struct {
        const char *name;
        double value;
        const char *message;
    } changes[] = {
        {"/levels/2/accuracy", 1.5, "/levels/2/accuracy: value 1 is 1.5, which is no accuracy"},
        {"/levels/2/accuracy", NAN, "/levels/2/accuracy: value 1 is nan, which is no accuracy"},
        {"/levels/2/predicted", 7, "child 1 of level 2 is predicted with 7, give or take"},
        {"/levels/2/predicted_std", -1, "give or take -1;"},
        {"/levels/2/predicted_std", INFINITY, "give or take inf;"},
        {"/levels/2/train_seconds", -3, "multiply-adds and was trained for -3 s "},
        {"/levels/2/train_seconds", NAN, "was trained for nan s "},
        {"/levels/2/start", INFINITY, " from inf in "},
        {"/levels/2/attempts", -1, " in -1 attempts;"},
        {"/space/kernel", 5, "/space is not the space of its configuration"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        fake_run_write_complete(test_path("run.h5"));
        change(changes[i].name, H5T_NATIVE_DOUBLE, 1, changes[i].value);
        expect_damaged(changes[i].message);
        cr_assert_eq(remove(test_path("run.h5")), 0);
    }
    PNAS_EXPECT_NO_LEAKS();
}

/* Puts what stands for child 0 of level 1 in the place of child 1. */
static void repeat_first(const char *name, hsize_t size)
{
    unsigned char row[256];
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), type = H5Dget_type(dataset);
    hid_t space = H5Dget_space(dataset);
    int rank = H5Sget_simple_extent_ndims(space);
    hsize_t start[3] = {0}, count[3] = {1, 1, size};
    hid_t memory = H5Screate_simple(rank, count, NULL);
    cr_assert(H5Tis_variable_str(type) > 0 || size * H5Tget_size(type) <= sizeof row);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    cr_assert_geq(H5Dread(dataset, type, memory, space, H5P_DEFAULT, row), 0);
    start[0] = 1;
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    cr_assert_geq(H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, row), 0);
    H5Sclose(memory);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(dataset);
    H5Fclose(file);
}

Test(run_trouble, a_cell_that_is_there_twice_or_told_otherwise_is_damage)
{
    fake_run_write_complete(test_path("run.h5"));
    repeat_first("/levels/1/text", 1);
    expect_damaged("/levels/1/text: the text of child 1 is not that of its cell");
    repeat_first("/levels/1/cell", 4);
    repeat_first("/levels/1/hash", 1);
    expect_damaged("level 1 holds a cell twice");
}

/* Makes a finished child of a level one that is not. */
static void unfinish(const char *name)
{
    const int pending = PNAS_CHILD_PENDING;
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), type = H5Dget_type(dataset);
    hid_t memory = H5Screate_simple(1, (hsize_t[]){1}, NULL), space = H5Dget_space(dataset);
    cr_assert_geq(H5Sselect_elements(space, H5S_SELECT_SET, 1, (hsize_t[]){0}), 0);
    cr_assert_geq(H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, &pending), 0);
    H5Sclose(space);
    H5Sclose(memory);
    H5Tclose(type);
    H5Dclose(dataset);
    H5Fclose(file);
}

Test(run_trouble, a_level_behind_one_that_is_not_finished_is_damage)
{
    fake_run_write(test_path("run.h5"));
    unfinish("/levels/1/status");
    expect_damaged("it holds level 2, but 1 children of level 1 are not finished");
    fake_run_write_complete(test_path("other.h5"));
    cr_assert_eq(rename(test_path("other.h5"), test_path("run.h5")), 0);
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(H5Ldelete(file, "/levels/2", H5P_DEFAULT), 0);
    H5Fclose(file);
    expect_damaged("it holds level 3, but no child of level 2");
    PNAS_EXPECT_NO_LEAKS();
}

/* What no check of the run's own figures can see. */
Test(run_trouble, a_run_that_another_program_changed_is_refused)
{
    static const char *const removed[] = {"/controller/1/0", "/timeline/end"};
    for (size_t i = 0; i < sizeof removed / sizeof *removed; i++) {
        fake_run_write_complete(test_path("run.h5"));
        hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
        if (H5Lexists(file, removed[i], H5P_DEFAULT) <= 0)
            cr_assert_fail("%s is not there", removed[i]);
        cr_assert_geq(H5Ldelete(file, removed[i], H5P_DEFAULT), 0);
        H5Fclose(file);
        expect_damaged("");
        cr_assert_eq(remove(test_path("run.h5")), 0);
    }
    fake_run_write_complete(test_path("run.h5"));
    hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    H5LTset_attribute_string(file, "/", "title", "another");
    H5Fclose(file);
    expect_damaged("another program changed, added or removed values");
    file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(H5Adelete(file, "content_sha256"), 0);
    H5Fclose(file);
    pnas_run_file *run = open_run("run.h5", true);
    pnas_run_file_close(&run);
    PNAS_EXPECT_NO_LEAKS();
}

/* Each says something where it is there, whatever it holds. */
Test(run_trouble, an_attribute_that_a_run_lacked_may_not_be_added)
{
    static const char *const places[][2] = {
        {"/levels/3", "begun_early"}, {"/", "extended"}, {"/", "retried"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        fake_run_write(test_path("run.h5"));
        hid_t file = H5Fopen(test_path("run.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
        cr_assert_eq(H5Aexists_by_name(file, places[i][0], places[i][1], H5P_DEFAULT), 0);
        H5LTset_attribute_string(file, places[i][0], places[i][1], "1");
        H5Fclose(file);
        expect_damaged("another program changed, added or removed values");
        cr_assert_eq(remove(test_path("run.h5")), 0);
    }
}

Test(run_trouble, a_guided_run_without_the_order_of_its_children_is_damaged)
{
    pnas_search *search = fake_search();
    fake_run_write(test_path("run.h5"));
    pnas_run_file *file = open_run("run.h5", true);
    char **text = &pnas_run_file_info(file)->configuration;
    free(*text);
    *text = strdup("search: {strategy: guided, children: 17, first: 7}\nspace: {blocks: 3}\n"
                   "surrogate: {members: 2}\n");
    cr_assert_eq(pnas_run_file_restore(file, search), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK, "%s", pnas_message());
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
    expect_damaged("the order in which its children were proposed is not there, or impossible");
}
