#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <hdf5_hl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(hdf5_content, .init = test_folder_make, .fini = test_folder_remove);

static pnas_h5_output output;

static hid_t reopen(void)
{
    hid_t file;
    cr_assert_eq(pnas_h5_output_commit(&output), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    return file;
}

static void begin(void)
{
    cr_assert_eq(pnas_h5_output_create(test_path("a.h5"), &output), PNAS_OK, "%s", pnas_message());
}

Test(hdf5_content, text_comes_back_in_utf8)
{
    char *text, small[4];
    begin();
    cr_assert_eq(pnas_h5_write_text(output.id, "title", "Größe 8 × 8"), PNAS_OK);
    cr_assert_eq(pnas_h5_write_text(output.id, "empty", ""), PNAS_OK);
    hid_t file = reopen();
    cr_assert_eq(pnas_h5_read_text(file, "title", &text), PNAS_OK);
    cr_expect_str_eq(text, "Größe 8 × 8");
    free(text);
    cr_assert_eq(pnas_h5_read_text(file, "empty", &text), PNAS_OK);
    cr_expect_str_eq(text, "");
    free(text);
    cr_expect_eq(pnas_h5_copy_text(file, "title", small, sizeof small), PNAS_ERROR_DATA);
    cr_expect_eq(pnas_h5_read_text(file, "absent", &text), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "a.h5: /absent: expected an attribute"), "%s", pnas_message());
    pnas_h5_close(&file);
    PNAS_EXPECT_NO_LEAKS();
}

Test(hdf5_content, text_of_fixed_length_is_read)
{
    char *text, **values;
    size_t count;
    hid_t type = H5Tcopy(H5T_C_S1), space;
    hsize_t shape[1] = {2};
    begin();
    H5Tset_size(type, 3);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    cr_assert_geq(H5LTset_attribute_string(output.id, "/", "title", "abc"), 0);
    space = H5Screate_simple(1, shape, NULL);
    hid_t dataset = H5Dcreate2(output.id, "names", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, "onetwo"), 0);
    H5Sclose(space);
    H5Dclose(dataset);
    H5Tclose(type);
    hid_t file = reopen();
    cr_assert_eq(pnas_h5_read_text(file, "title", &text), PNAS_OK);
    cr_expect_str_eq(text, "abc");
    free(text);
    cr_assert_eq(pnas_h5_read_strings(file, "names", &values, &count), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(count, 2);
    cr_expect_str_eq(values[0], "one");
    cr_expect_str_eq(values[1], "two");
    pnas_h5_free_strings(&values, count);
    pnas_h5_close(&file);
    PNAS_EXPECT_NO_LEAKS();
}

Test(hdf5_content, vectors_of_text_come_back)
{
    const char *const names[] = {"cat", "", "a longer name with spaces"};
    char **values;
    size_t count;
    begin();
    cr_assert_eq(pnas_h5_write_strings(output.id, "names", names, 3, "names", "class"), PNAS_OK);
    cr_assert_eq(pnas_h5_write_strings(output.id, "none", names, 0, "names", "class"), PNAS_OK);
    hid_t file = reopen();
    cr_assert_eq(pnas_h5_read_strings(file, "names", &values, &count), PNAS_OK);
    cr_assert_eq(count, 3);
    for (int i = 0; i < 3; ++i)
        cr_expect_str_eq(values[i], names[i]);
    pnas_h5_free_strings(&values, count);
    cr_assert_eq(pnas_h5_read_strings(file, "none", &values, &count), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(count, 0);
    pnas_h5_free_strings(&values, count);
    pnas_h5_close(&file);
    PNAS_EXPECT_NO_LEAKS();
}

static const float figures[2][3] = {{1, 2, 3}, {4, 5, 6.5f}};
static const pnas_h5_array figures_array = {.name = "figures",
                                            .memory_type = 0,
                                            .rank = 2,
                                            .shape = {2, 3},
                                            .chunk = {16, 16},
                                            .data = figures,
                                            .long_name = "figures for a test",
                                            .units = "1",
                                            .dimension = {"row", "column"},
                                            .scale = {NULL, "columns"}};

static void write_figures(void)
{
    const int32_t columns[3] = {10, 20, 30};
    const pnas_h5_array scale = {.name = "columns",
                                 .file_type = H5T_STD_I32LE,
                                 .memory_type = H5T_NATIVE_INT32,
                                 .rank = 1,
                                 .shape = {3},
                                 .data = columns,
                                 .long_name = "column number",
                                 .is_scale = true};
    pnas_h5_array array = figures_array;
    array.file_type = H5T_IEEE_F32LE;
    array.memory_type = H5T_NATIVE_FLOAT;
    cr_assert_eq(pnas_h5_write_array(output.id, &scale), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_h5_write_array(output.id, &array), PNAS_OK, "%s", pnas_message());
}

Test(hdf5_content, arrays_come_back_with_their_descriptions)
{
    const hsize_t shape[2] = {2, 3};
    float values[2][3] = {{0}};
    char label[16] = "", *text;
    begin();
    write_figures();
    hid_t file = reopen();
    cr_assert_eq(pnas_h5_read_array(file, "figures", H5T_NATIVE_FLOAT, 2, shape, values), PNAS_OK);
    cr_expect_arr_eq(values, figures, sizeof figures);
    hid_t dataset = H5Dopen2(file, "figures", H5P_DEFAULT);
    cr_assert_eq(pnas_h5_read_text(dataset, "units", &text), PNAS_OK);
    cr_expect_str_eq(text, "1");
    free(text);
    H5DSget_label(dataset, 1, label, sizeof label);
    cr_expect_str_eq(label, "column");
    cr_expect_eq(H5DSget_num_scales(dataset, 0), 0);
    cr_expect_eq(H5DSget_num_scales(dataset, 1), 1);
    H5Dclose(dataset);
    pnas_h5_close(&file);
    PNAS_EXPECT_NO_LEAKS();
}

Test(hdf5_content, arrays_that_are_not_as_expected_are_refused)
{
    const hsize_t two_by_three[2] = {2, 3}, two_by_two[2] = {2, 2};
    hsize_t found[4];
    float values[6];
    begin();
    write_figures();
    hid_t file = reopen();
    cr_expect_eq(pnas_h5_read_array(file, "figures", H5T_NATIVE_FLOAT, 2, two_by_two, values),
                 PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "a.h5: /figures: expected shape [2, 2], found [2, 3]"), "%s",
                       pnas_message());
    cr_expect_eq(pnas_h5_read_array(file, "figures", H5T_NATIVE_DOUBLE, 2, two_by_three, values),
                 PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "expected float64, found float32"), "%s", pnas_message());
    cr_expect_eq(pnas_h5_read_shape(file, "columns", H5T_NATIVE_UINT32, 1, found), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "expected uint32, found int32"), "%s", pnas_message());
    cr_expect_eq(pnas_h5_read_shape(file, "figures", H5T_NATIVE_FLOAT, 4, found), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "expected 4 dimensions, found 2"), "%s", pnas_message());
    cr_expect_eq(pnas_h5_read_shape(file, "nothing", H5T_NATIVE_FLOAT, 1, found), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "/nothing: expected an array, found nothing"), "%s",
                       pnas_message());
    pnas_h5_close(&file);
    PNAS_EXPECT_NO_LEAKS();
}

static void make_unwritten(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape)
{
    hid_t space = H5Screate_simple(rank, shape, NULL);
    H5Dclose(H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
}

static void expect_claim_refused(hid_t file, const char *name, const char *message)
{
    char **texts = NULL;
    size_t count = 0;
    cr_expect_eq(pnas_h5_read_strings(file, name, &texts, &count), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), message), "%s", pnas_message());
}

/* A contiguous array that nothing was written to takes no room in the file. */
Test(hdf5_content, more_than_the_file_can_hold_is_refused_before_memory_is_taken)
{
    const hsize_t shape[2] = {1u << 20, 1u << 20}, few[1] = {10};
    hsize_t found[2];
    hid_t file = H5Fcreate(test_path("a.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t text = H5Tcopy(H5T_C_S1);
    make_unwritten(file, "table", H5T_NATIVE_FLOAT, 2, shape);
    make_unwritten(file, "little", H5T_NATIVE_FLOAT, 1, few);
    H5Tset_size(text, 1u << 20);
    make_unwritten(file, "long_texts", text, 1, shape);
    H5Tset_size(text, 1); /* each takes a pointer and an allocation as well */
    make_unwritten(file, "short_texts", text, 1, shape);
    cr_expect_eq(pnas_h5_read_shape(file, "table", H5T_NATIVE_FLOAT, 2, found), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "/table: claims to hold 4.4e+12 bytes, of which 0 are stored"),
                       "%s", pnas_message());
    cr_expect_eq(pnas_h5_read_shape(file, "little", H5T_NATIVE_FLOAT, 1, found), PNAS_OK, "%s",
                 pnas_message());
    expect_claim_refused(file, "long_texts", "/long_texts: claims to hold 1.1e+12 bytes");
    expect_claim_refused(file, "short_texts", "/short_texts: claims to hold 1.05e+06 bytes");
    H5Tclose(text);
    H5Fclose(file);
    PNAS_EXPECT_NO_LEAKS();
}

Test(hdf5_content, the_same_content_makes_the_same_bytes)
{
    begin();
    write_figures();
    cr_assert_eq(pnas_h5_output_commit(&output), PNAS_OK);
    size_t size, again;
    char *first = test_read_file("a.h5", &size);
    sleep(1);
    begin();
    write_figures();
    cr_assert_eq(pnas_h5_output_commit(&output), PNAS_OK);
    char *second = test_read_file("a.h5", &again);
    cr_assert_eq(again, size);
    cr_expect_arr_eq(first, second, size);
    free(first);
    free(second);
}
