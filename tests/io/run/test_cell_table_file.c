/* Tables of trained cells in files of each kind. */
#include "io/run/cell_table_file.h"
#include "io/run/run_file.h"
#include "src/search/cell_text.h"
#include "tests/io/run/fake_run.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

TestSuite(cell_table_file, .init = test_folder_make, .fini = test_folder_remove);

static pnas_space paper_space(int blocks)
{
    pnas_space space = {.blocks = blocks, .lookback = -2, .lookforward = -1};
    pnas_operator_set_paper(&space.operators);
    return space;
}

static void write_text(const char *name, const char *text)
{
    test_write_file(name, text, strlen(text));
}

static pnas_cell_table *read_table(const char *name, const pnas_space *space, size_t *left_out)
{
    pnas_cell_table *table = NULL;
    char sha256[65] = "";
    cr_assert_eq(pnas_cell_table_read(test_path(name), space, &table, left_out, sha256), PNAS_OK, "%s",
                 pnas_message());
    cr_expect_eq(strlen(sha256), 64);
    return table;
}

static void write_table(const char *name, const pnas_cell_table *table, const pnas_operator_set *operators)
{
    const pnas_table_provenance provenance = {"A title", "A source", "pnas_table x", NULL};
    cr_assert_eq(pnas_cell_table_write(test_path(name), table, operators, &provenance), PNAS_OK, "%s",
                 pnas_message());
}

static void expect_same(const pnas_cell_table *a, const pnas_cell_table *b)
{
    cr_assert_eq(pnas_cell_table_count(a), pnas_cell_table_count(b));
    for (size_t i = 0; i < pnas_cell_table_count(a); ++i) {
        const pnas_table_entry *x = &pnas_cell_table_entries(a)[i], *y = &pnas_cell_table_entries(b)[i];
        cr_expect_eq(pnas_cell_compare(&x->cell, &y->cell), 0);
        cr_expect(x->accuracy == y->accuracy && x->parameters == y->parameters &&
                  x->multiply_adds == y->multiply_adds && x->train_seconds == y->train_seconds);
        cr_assert_eq(x->epochs, y->epochs);
        cr_expect(x->epochs == 0 || memcmp(x->curve, y->curve, (size_t)x->epochs * sizeof *x->curve) == 0);
    }
}

Test(cell_table_file, the_done_children_of_a_run_are_a_table)
{
    fake_run_write(test_path("run.h5"));
    pnas_space space = paper_space(3);
    size_t left_out, done = 0;
    pnas_cell_table *table = read_table("run.h5", &space, &left_out);
    pnas_search *search = fake_search();
    for (int b = 1; b <= 3; ++b) {
        fake_propose(search);
        size_t count = b < 3 ? pnas_search_level(search, b)->count : 2;
        fake_record(search, 0, count);
        for (size_t i = 0; i < count; ++i) {
            const pnas_child *child = &pnas_search_level(search, b)->child[i];
            const pnas_table_entry *entry = pnas_cell_table_find(table, &child->cell);
            bool is_done = child->result.status == PNAS_CHILD_DONE;
            done += is_done;
            cr_expect_eq(entry != NULL, is_done);
            if (entry)
                cr_expect(entry->accuracy == child->result.accuracy &&
                          entry->parameters == child->result.parameters);
        }
    }
    cr_expect(pnas_cell_table_count(table) == done && left_out == 0 && done > 5);
    pnas_search_destroy(&search);
    pnas_cell_table_destroy(&table);
}

Test(cell_table_file, only_a_table_is_replaced)
{
    fake_run_write(test_path("run.h5"));
    pnas_space space = paper_space(3);
    size_t left_out, size = test_file_size("run.h5");
    pnas_cell_table *table = read_table("run.h5", &space, &left_out);
    const pnas_table_provenance provenance = {"A title", "A source", "pnas_table run.h5 -o run.h5", NULL};
    cr_expect_eq(pnas_cell_table_write(test_path("run.h5"), table, &space.operators, &provenance),
                 PNAS_ERROR_FILE);
    cr_expect(strstr(pnas_message(), "run.h5: is there already and is no table"), "%s", pnas_message());
    cr_expect_eq(test_file_size("run.h5"), size);
    cr_expect_eq(pnas_cell_table_write("", table, &space.operators, &provenance), PNAS_ERROR_USAGE);
    write_table("table.h5", table, &space.operators);
    write_table("table.h5", table, &space.operators);
    pnas_cell_table_destroy(&table);
}

Test(cell_table_file, a_table_is_read_as_it_was_written)
{
    fake_run_write(test_path("run.h5"));
    pnas_space space = paper_space(3);
    pnas_cell_table *table = read_table("run.h5", &space, NULL);
    write_table("table.h5", table, &space.operators);
    pnas_cell_table *again = read_table("table.h5", &space, NULL);
    expect_same(table, again);
    char plain[65], with_curves[65], of_again[65];
    cr_assert_eq(pnas_cell_table_sum(table, false, plain), PNAS_OK);
    cr_assert_eq(pnas_cell_table_sum(table, true, with_curves), PNAS_OK);
    cr_assert_eq(pnas_cell_table_sum(again, true, of_again), PNAS_OK);
    cr_expect_str_eq(with_curves, of_again);
    cr_expect_str_neq(with_curves, plain, "curves do not count");
    size_t two = pnas_cell_table_curves(table, 1), three = pnas_cell_table_curves(table, 2);
    cr_expect(two > three && three > 0 && pnas_cell_table_curves(table, 3) == 0, "%zu, %zu curves", two,
              three);
    pnas_cell_table_destroy(&again);
    pnas_cell_table_destroy(&table);
}

Test(cell_table_file, operators_are_known_by_name_and_others_are_left_out)
{
    pnas_space space = paper_space(2), other = {.blocks = 2, .lookback = -2, .lookforward = -1};
    write_text("a.csv", "0.5,-1,3x3 dconv,-2,3x3 maxpool\n0.25,-1,3x3 dconv,-2,5x5 dconv\n");
    pnas_cell_table *table = read_table("a.csv", &space, NULL);
    write_table("table.h5", table, &space.operators);
    cr_assert_eq(pnas_operator_set_add_named(&other.operators, "max3"), PNAS_OK);
    cr_assert_eq(pnas_operator_set_add_named(&other.operators, "sep3"), PNAS_OK);
    const char *const files[] = {"a.csv", "table.h5"};
    for (int i = 0; i < 2; ++i) {
        size_t left_out = 0;
        pnas_cell_table *few = read_table(files[i], &other, &left_out);
        char text[PNAS_CELL_TEXT_MAX];
        pnas_cell_format(&pnas_cell_table_entries(few)[0].cell, &other.operators, text);
        cr_expect(pnas_cell_table_count(few) == 1 && left_out == 1);
        cr_expect_str_eq(text, "-2:max3+-1:sep3");
        pnas_cell_table_destroy(&few);
    }
    pnas_cell_table_destroy(&table);
}

static void sum_of(const char *name, const char *text, char sha256[65])
{
    pnas_space space = paper_space(2);
    write_text(name, text);
    pnas_cell_table *table = read_table(name, &space, NULL);
    cr_assert_eq(pnas_cell_table_sum(table, false, sha256), PNAS_OK, "%s", pnas_message());
    pnas_cell_table_destroy(&table);
}

Test(cell_table_file, its_sum_is_that_of_what_was_read)
{
    char sum[65], other[65];
    sum_of("a.csv", "0.5,-1,sep3,-2,max3\n0.25,-1,sep3,-2,sep5\n", sum);
    sum_of("b.csv", "0.25,-1,sep3,-2,sep5\n0.5,-1,sep3,-2,max3\n", other);
    cr_expect_str_eq(sum, other, "another order of lines");
    sum_of("b.csv", "0.5,-1,sep3,-2,max3\n0.75,-1,sep3,-2,sep5\n", other);
    cr_expect_str_neq(sum, other, "another accuracy");
    sum_of("b.csv", "0.5,-1,sep3,-2,max3\n0.25,-1,sep3,-2,sep7\n", other);
    cr_expect_str_neq(sum, other, "another cell");
    sum_of("b.csv", "0.5,-1,sep3,-2,max3\n", other);
    cr_expect_str_neq(sum, other, "a cell less");
}

static void sum_of_run(char sha256[65])
{
    pnas_space space = paper_space(3);
    pnas_cell_table *table = NULL;
    cr_assert_eq(pnas_cell_table_read(test_path("run.h5"), &space, &table, NULL, sha256), PNAS_OK, "%s",
                 pnas_message());
    pnas_cell_table_destroy(&table);
}

Test(cell_table_file, what_a_run_keeps_of_it_tells_children_of_its_journal)
{
    char before[65], with[65], without[65];
    pnas_run_file *file = NULL;
    bool existed;
    fake_run_write(test_path("run.h5"));
    sum_of_run(before);
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK, "%s", pnas_message());
    pnas_result result = fake_result(3, 2);
    cr_assert_eq(pnas_run_file_append(file, 3, 2, &result), PNAS_OK, "%s", pnas_message());
    pnas_result_clear(&result);
    pnas_run_file_close(&file);
    sum_of_run(with);
    cr_assert_eq(remove(test_path("run.h5.journal")), 0);
    sum_of_run(without);
    cr_expect_str_neq(before, with);
    cr_expect_str_eq(before, without);
}

Test(cell_table_file, files_are_joined)
{
    pnas_table_rows rows = {0};
    write_text("a.csv", "0.5,-1,sep3,-2,max3\n");
    write_text("b.csv", "0.7,-1,sep3,-2,max3\n0.25,-1,sep3,-2,sep5");
    cr_assert_eq(pnas_table_rows_read(test_path("a.csv"), &rows), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_table_rows_read(test_path("b.csv"), &rows), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(rows.count, 3);
    pnas_table_rows_free(&rows);
}

/* sep3 of a run is the paper's, and a space may call something else so. */
Test(cell_table_file, operators_of_one_name_are_the_same)
{
    pnas_space space = paper_space(3);
    pnas_cell_table *table = NULL;
    int sep3 = pnas_operator_set_find(&space.operators, "sep3");
    fake_run_write(test_path("run.h5"));
    space.operators.item[sep3].kernel = 5;
    cr_expect_eq(pnas_cell_table_read(test_path("run.h5"), &space, &table, NULL, NULL), PNAS_ERROR_DATA);
    cr_expect_not_null(
        strstr(pnas_message(), "run.h5: its operator sep3 is another one (separable, kernel 3"), "%s",
        pnas_message());
    cr_expect_not_null(strstr(pnas_message(), "elsewhere (separable, kernel 5"), "%s", pnas_message());
    pnas_table_rows rows = {0};
    write_text("a.csv", "0.5,-1,sep3,-2,max3\n"); /* a name alone */
    cr_expect_eq(pnas_table_rows_read(test_path("a.csv"), &rows), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(pnas_table_rows_read(test_path("run.h5"), &rows), PNAS_OK, "%s", pnas_message());
    pnas_table_rows_free(&rows);
    write_table("table.h5", table = read_table("a.csv", &space, NULL), &space.operators);
    pnas_cell_table_destroy(&table);
}

/* ---- how cells were trained ---- */

static void write_run(const char *name, const char *training, const char *data_sha256)
{
    pnas_run_file *file = NULL;
    bool existed;
    pnas_search *search = fake_search();
    fake_run_write(test_path(name));
    cr_assert_eq(pnas_run_file_open(test_path(name), &file, &existed), PNAS_OK, "%s", pnas_message());
    pnas_run_info *info = pnas_run_file_info(file);
    char *text = info->configuration;
    cr_assert(asprintf(&info->configuration, "%s%s\n", text, training) > 0);
    free(text);
    snprintf(info->dataset_sha256, sizeof info->dataset_sha256, "%s", data_sha256);
    cr_assert_eq(pnas_run_file_restore(file, search), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK, "%s", pnas_message());
    pnas_search_destroy(&search);
    pnas_run_file_close(&file);
}

static pnas_table_rows read_both(const char *one, const char *other)
{
    pnas_table_rows rows = {0};
    cr_assert_eq(pnas_table_rows_read(test_path(one), &rows), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_table_rows_read(test_path(other), &rows), PNAS_OK, "%s", pnas_message());
    return rows;
}

/* A table of cells that were trained so, by one file or by two. */
static void write_table_of(const char *name, const char *training, const char *other)
{
    pnas_space space = paper_space(2);
    pnas_table_origin origin = {0};
    const pnas_cells_origin cells = {training, "digits", "00ff", 0, 0},
                            more = {other, "digits", "00ff", 0, 0};
    cr_assert_eq(pnas_table_origin_add(&origin, "one.h5", &cells), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_table_origin_add(&origin, "other.h5", &more), PNAS_OK, "%s", pnas_message());
    const pnas_table_provenance provenance = {"A title", "A source", "pnas_table x", &origin};
    write_text("a.csv", "0.5,-1,sep3,-2,max3\n");
    pnas_cell_table *table = read_table("a.csv", &space, NULL);
    cr_assert_eq(pnas_cell_table_write(test_path(name), table, &space.operators, &provenance), PNAS_OK, "%s",
                 pnas_message());
    pnas_cell_table_destroy(&table);
    pnas_table_origin_clear(&origin);
}

static bool tells_settings(const char *name)
{
    hid_t file = H5Fopen(test_path(name), H5F_ACC_RDONLY, H5P_DEFAULT);
    bool tells = H5Aexists(file, "configuration") > 0;
    H5Fclose(file);
    return tells;
}

/* What is said of one of the files, of both. */
static void expect_said(const char *one, const char *other, const char *const *said)
{
    char text[16384];
    pnas_table_rows rows = read_both(one, other);
    pnas_table_rows_free(&rows);
    fflush(stderr);
    FILE *errors = cr_get_redirected_stderr();
    size_t length = fread(text, 1, sizeof text - 1, errors);
    text[length] = '\0';
    for (; *said; said++)
        cr_expect_not_null(strstr(text, *said), "'%s' is not in '%s'", *said, text);
}

#define EXPECT_SAID(one, other, ...) expect_said(one, other, (const char *const[]){__VA_ARGS__, NULL})

Test(cell_table_file, runs_that_were_trained_otherwise_are_told)
{
    cr_redirect_stderr();
    write_run("two.h5", "training: {epochs: 2}", "00ff");
    write_run("three.h5", "training: {epochs: 3}\nnetwork: {filters: 8}", "00ff");
    EXPECT_SAID("two.h5", "three.h5", "three.h5: was trained otherwise than ", "/two.h5 (",
                "network.filters: 8 instead of 24", "training.epochs: 3 instead of 2");
}

Test(cell_table_file, other_data_are_told)
{
    cr_redirect_stderr();
    write_run("two.h5", "", "00ff");
    write_run("three.h5", "", "11ff");
    EXPECT_SAID("two.h5", "three.h5", "three.h5: was trained on other data (", "00ff");
}

Test(cell_table_file, a_table_keeps_how_its_cells_were_trained_where_all_were_alike)
{
    cr_redirect_stderr();
    write_run("run.h5", "training: {batch: 9}", "11ff");
    write_table_of("table.h5", "training: {batch: 8}", "training: {batch: 8}\nseed: 7");
    write_table_of("mixed.h5", "training: {batch: 8}", "training: {batch: 9}");
    write_table_of("partly.h5", "training: {batch: 8}", NULL);
    cr_expect(tells_settings("table.h5") && !tells_settings("mixed.h5") && !tells_settings("partly.h5"));
    EXPECT_SAID("table.h5", "run.h5", "run.h5: was trained otherwise than ",
                "/table.h5 (training.batch: 9 instead of 8)", "run.h5: was trained on other data (");
}

/* Those of the made-up runs differ from child to child. */
Test(cell_table_file, curves_tell_epochs_where_nothing_else_does)
{
    cr_redirect_stderr();
    write_run("run.h5", "", "00ff");
    EXPECT_SAID("run.h5", "run.h5", "run.h5: its cells were trained for 2 to 3 epochs");
}

static void expect_refused(const char *name, pnas_status expected, const char *said)
{
    pnas_space space = paper_space(3);
    pnas_cell_table *table = NULL;
    cr_expect_eq(pnas_cell_table_read(test_path(name), &space, &table, NULL, NULL), expected, "%s", name);
    cr_expect_null(table);
    cr_expect_not_null(strstr(pnas_message(), said), "%s", pnas_message());
    cr_expect_not_null(strstr(pnas_message(), name), "%s", pnas_message());
}

/* Changes the second of two cells as another program would; `meant`: and says so. */
static void write_edited(const char *column, hid_t type, const void *values, bool meant)
{
    pnas_space space = paper_space(2);
    write_text("a.csv", "0.5,-1,sep3,-2,max3\n0.25,-1,sep3,-2,sep5\n");
    pnas_cell_table *table = read_table("a.csv", &space, NULL);
    write_table("table.h5", table, &space.operators);
    pnas_cell_table_destroy(&table);
    hid_t file = H5Fopen(test_path("table.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t array = H5Dopen2(file, column, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    H5Dclose(array);
    if (meant)
        cr_assert_geq(H5Adelete(file, "content_sha256"), 0);
    H5Fclose(file);
}

Test(cell_table_file, what_another_program_changed_is_refused)
{
    static const double other[] = {0.75, 0.5};
    pnas_space space = paper_space(2);
    write_edited("accuracy", H5T_NATIVE_DOUBLE, other, false);
    expect_refused("table.h5", PNAS_ERROR_DATA, "another program changed, added or removed values");
    write_edited("accuracy", H5T_NATIVE_DOUBLE, other, true);
    pnas_cell_table *table = read_table("table.h5", &space, NULL);
    pnas_cell_table_destroy(&table);
}

Test(cell_table_file, figures_that_no_cell_has_are_refused_with_its_number)
{
    static const int64_t counts[] = {7, -5};
    static const double times[][2] = {{1, 0.0 / 0.0}, {1, -1}, {1, 1.0 / 0.0}};
    write_edited("parameters", H5T_NATIVE_INT64, counts, true);
    expect_refused("table.h5", PNAS_ERROR_DATA, "cell 2 has -5 parameters");
    write_edited("multiply_adds", H5T_NATIVE_INT64, counts, true);
    expect_refused("table.h5", PNAS_ERROR_DATA, "cell 2 has 0 parameters and -5 multiply-adds");
    for (size_t i = 0; i < sizeof times / sizeof *times; ++i) {
        write_edited("train_seconds", H5T_NATIVE_DOUBLE, times[i], true);
        expect_refused("table.h5", PNAS_ERROR_DATA, "cell 2 has train_seconds");
    }
    write_edited("accuracy", H5T_NATIVE_DOUBLE, times[0], true);
    expect_refused("table.h5", PNAS_ERROR_DATA, "cell 2 has accuracy");
}

Test(cell_table_file, what_is_no_table_is_refused)
{
    expect_refused("missing.csv", PNAS_ERROR_FILE, "cannot be opened");
    write_text("word.csv", "0.5,-1,sep4,-2,max3\n");
    expect_refused("word.csv", PNAS_ERROR_DATA, "sep4");
    write_text("high.csv", "1.5,-1,sep3,-2,max3\n");
    expect_refused("high.csv", PNAS_ERROR_DATA, "accuracy 1.5");
    write_text("hexadecimal.csv", "0x1p-1,-1,sep3,-2,max3\n");
    expect_refused("hexadecimal.csv", PNAS_ERROR_DATA, "'0x1p-1', expected a score");
    write_text("empty.csv", "");
    expect_refused("empty.csv", PNAS_ERROR_DATA, "");
    write_text("text.h5", "not a table\n");
    expect_refused("text.h5", PNAS_ERROR_DATA, "is not an HDF5 file");
    hid_t file = H5Fcreate(test_path("other.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    expect_refused("other.h5", PNAS_ERROR_DATA, "neither a table");
}

Test(cell_table_file, a_table_cut_off_anywhere_is_refused)
{
    pnas_space space = paper_space(2);
    size_t size;
    write_text("a.csv", "0.5,-1,sep3,-2,max3\n0.25,-1,sep3,-2,sep5\n");
    pnas_cell_table *table = read_table("a.csv", &space, NULL);
    write_table("table.h5", table, &space.operators);
    pnas_cell_table_destroy(&table);
    unsigned char *bytes = fake_read_file(test_path("table.h5"), &size);
    for (size_t cut = 9; cut < size - 20; cut += 97) { /* the last 20 bytes are the seal */
        test_write_file("cut.h5", bytes, cut);
        cr_expect_eq(pnas_cell_table_read(test_path("cut.h5"), &space, &table, NULL, NULL), PNAS_ERROR_DATA,
                     "cut at %zu of %zu", cut, size);
    }
    free(bytes);
}
