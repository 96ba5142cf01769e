/* The sum of what a file holds: what changes it, and what does not. */
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/hdf5_content_sum.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <hdf5_hl.h>
#include <stdlib.h>
#include <string.h>

TestSuite(content_sum, .init = test_folder_make, .fini = test_folder_remove);

static const float figures[2][3] = {{1, 2, 3}, {4, 5, 6}};
static const int64_t counts[2] = {7, -8};

/* H5Tclose is the caller's. */
static hid_t state_type(void)
{
    hid_t type = H5Tenum_create(H5T_NATIVE_INT);
    for (int i = 0; i < 3; i++)
        H5Tenum_insert(type, (const char *[]){"NEW", "DONE", "FAILED"}[i], &(int){i});
    return type;
}

static void write_states(hid_t group)
{
    hid_t type = state_type();
    pnas_h5_array states = {.name = "states",
                            .file_type = type,
                            .memory_type = type,
                            .rank = 1,
                            .shape = {2},
                            .data = (int[]){1, 2}};
    cr_assert_eq(pnas_h5_write_array(group, &states), PNAS_OK, "%s", pnas_message());
    H5Tclose(type);
}

static void write_group(hid_t file)
{
    hid_t group;
    cr_assert_eq(pnas_h5_create_group(file, "g", &group), PNAS_OK);
    pnas_h5_array axis = {.name = "axis",
                          .file_type = H5T_STD_I64LE,
                          .memory_type = H5T_NATIVE_INT64,
                          .rank = 1,
                          .shape = {2},
                          .data = counts,
                          .long_name = "axis",
                          .is_scale = true};
    pnas_h5_array values = {.name = "figures",
                            .file_type = H5T_IEEE_F32LE,
                            .memory_type = H5T_NATIVE_FLOAT,
                            .rank = 2,
                            .shape = {2, 3},
                            .chunk = {1, 3},
                            .data = figures,
                            .long_name = "figures",
                            .units = "1",
                            .dimension = {"row", "column"},
                            .scale = {"axis"}};
    cr_assert_eq(pnas_h5_write_array(group, &axis), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_h5_write_array(group, &values), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_h5_write_strings(group, "texts", (const char *[]){"a", "bc"}, 2, "texts", NULL),
                 PNAS_OK);
    cr_assert_eq(pnas_h5_write_number(group, "count", H5T_STD_I64LE, H5T_NATIVE_INT64, counts), PNAS_OK);
    write_states(group);
    pnas_h5_close_group(&group);
}

static void write_file(void)
{
    pnas_h5_output output;
    cr_assert_eq(pnas_h5_output_create(test_path("a.h5"), &output), PNAS_OK, "%s", pnas_message());
    write_group(output.id);
    cr_assert_eq(pnas_h5_write_text(output.id, "title", "ä"), PNAS_OK);
    cr_assert_eq(pnas_content_sum_write(output.id), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_h5_output_commit(&output), PNAS_OK, "%s", pnas_message());
}

static pnas_status check(const char *name)
{
    hid_t file;
    cr_assert_eq(pnas_h5_open(test_path(name), &file), PNAS_OK, "%s", pnas_message());
    static const char *const optional[] = {"flag", "other", NULL};
    return pnas_h5_finish(&file, pnas_content_sum_check(file, optional));
}

/* What another program does to the open file. */
typedef void change(hid_t file);

static void change_value(hid_t file)
{
    hid_t dataset = H5Dopen2(file, "g/figures", H5P_DEFAULT);
    const float other[2][3] = {{1, 2, 3}, {4, 5.5f, 6}};
    cr_assert_geq(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, other), 0);
    H5Dclose(dataset);
}

static void change_text(hid_t file)
{
    hid_t dataset = H5Dopen2(file, "g/texts", H5P_DEFAULT), type = H5Dget_type(dataset);
    const char *other[2] = {"ab", "c"};
    cr_assert_geq(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, other), 0);
    H5Tclose(type);
    H5Dclose(dataset);
}

static void change_state(hid_t file)
{
    hid_t dataset = H5Dopen2(file, "g/states", H5P_DEFAULT), type = H5Dget_type(dataset);
    cr_assert_geq(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, (int[]){1, 0}), 0);
    H5Tclose(type);
    H5Dclose(dataset);
}

/* The same numbers, which mean something else. */
static void rename_states(hid_t file)
{
    hid_t type = H5Tenum_create(H5T_NATIVE_INT), space = H5Screate_simple(1, (hsize_t[]){2}, NULL);
    for (int i = 0; i < 3; i++)
        H5Tenum_insert(type, (const char *[]){"NEW", "FAILED", "DONE"}[i], &(int){i});
    cr_assert_geq(H5Ldelete(file, "g/states", H5P_DEFAULT), 0);
    hid_t dataset = H5Dcreate2(file, "g/states", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, (int[]){1, 2}), 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
}

static void remove_array(hid_t file)
{
    cr_assert_geq(H5Ldelete(file, "g/texts", H5P_DEFAULT), 0);
}

static void add_array(hid_t file)
{
    cr_assert_geq(H5LTmake_dataset_float(file, "g/more", 1, (hsize_t[]){2}, figures[0]), 0);
}

static void reshape(hid_t file)
{
    cr_assert_geq(H5Ldelete(file, "g/figures", H5P_DEFAULT), 0);
    cr_assert_geq(H5LTmake_dataset_float(file, "g/figures", 2, (hsize_t[]){3, 2}, figures[0]), 0);
}

static void add_group(hid_t file)
{
    hid_t group = H5Gcreate2(file, "h", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
}

static void move_group(hid_t file)
{
    cr_assert_geq(H5Lmove(file, "g", file, "h", H5P_DEFAULT, H5P_DEFAULT), 0);
}

static void change_attribute(hid_t file)
{
    H5LTset_attribute_string(file, "/", "title", "b");
}

static void change_number(hid_t file)
{
    H5LTset_attribute_long_long(file, "g", "count", (long long[]){8}, 1);
}

static void remove_attribute(hid_t file)
{
    H5Adelete_by_name(file, "g", "count", H5P_DEFAULT);
}

static void copy_attribute(hid_t file)
{
    H5LTset_attribute_string(file, "g", "title", "b");
}

static void add_what_means_something(hid_t file)
{
    H5LTset_attribute_string(file, "g", "other", "");
}

static void leave_names_out(hid_t file)
{
    H5LTset_attribute_string(file, "/", "content_attributes", "title");
}

Test(content_sum, every_change_of_what_is_there_is_found)
{
    change *const changes[] = {
        change_value,  change_state,     rename_states,  change_text,     remove_array,
        add_array,     reshape,          add_group,      move_group,      change_attribute,
        change_number, remove_attribute, copy_attribute, leave_names_out, add_what_means_something};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        write_file();
        hid_t file = H5Fopen(test_path("a.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
        changes[i](file);
        H5Fclose(file);
        cr_expect_eq(check("a.h5"), PNAS_ERROR_DATA, "change %zu", i);
        cr_expect_not_null(strstr(pnas_message(), "another program changed"), "change %zu: %s", i,
                           pnas_message());
    }
    PNAS_EXPECT_NO_LEAKS();
}

static void annotate(hid_t file)
{
    H5LTset_attribute_string(file, "/", "note", "mine");
    H5LTset_attribute_float(file, "g/figures", "scale", figures[0], 3);
}

/* As a file of somebody's own. */
static void forget(hid_t file)
{
    H5Adelete(file, "content_sha256");
    change_value(file);
}

Test(content_sum, attributes_may_be_added_and_the_sum_may_be_removed)
{
    change *const changes[] = {annotate, forget};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        write_file();
        cr_expect_eq(check("a.h5"), PNAS_OK, "%s", pnas_message());
        hid_t file = H5Fopen(test_path("a.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
        changes[i](file);
        H5Fclose(file);
        cr_expect_eq(check("a.h5"), PNAS_OK, "%s", pnas_message());
    }
    PNAS_EXPECT_NO_LEAKS();
}

/* In another order, uncompressed, with numbers of the other byte order. */
Test(content_sum, a_file_that_is_laid_out_anew_has_the_same_sum)
{
    write_file();
    hid_t from = H5Fopen(test_path("a.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t to = H5Fcreate(test_path("b.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t group = H5Gcreate2(to, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), space, dataset, attribute;
    cr_assert_geq(H5Ocopy(from, "g/texts", group, "texts", H5P_DEFAULT, H5P_DEFAULT), 0);
    space = H5Screate_simple(2, (hsize_t[]){2, 3}, NULL);
    dataset = H5Dcreate2(group, "figures", H5T_IEEE_F32BE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, figures), 0);
    H5Dclose(dataset);
    H5Sclose(space);
    cr_assert_geq(H5Ocopy(from, "g/axis", group, "axis", H5P_DEFAULT, H5P_DEFAULT), 0);
    cr_assert_geq(H5Ocopy(from, "g/states", group, "states", H5P_DEFAULT, H5P_DEFAULT), 0);
    H5LTset_attribute_string(group, "figures", "units", "1");
    H5LTset_attribute_string(group, "figures", "long_name", "figures");
    space = H5Screate(H5S_SCALAR);
    attribute = H5Acreate2(group, "count", H5T_STD_I64BE, space, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(H5Awrite(attribute, H5T_NATIVE_INT64, counts), 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Gclose(group);
    static const char *const texts[] = {"title", "content_sha256", "content_attributes"};
    for (int i = 0; i < 3; i++) {
        char *text;
        cr_assert_eq(pnas_h5_read_text(from, texts[i], &text), PNAS_OK);
        cr_assert_eq(pnas_h5_write_text(to, texts[i], text), PNAS_OK);
        free(text);
    }
    H5Fclose(to);
    H5Fclose(from);
    cr_expect_eq(check("b.h5"), PNAS_OK, "%s", pnas_message());
    PNAS_EXPECT_NO_LEAKS();
}

/* Sums of the first versions that had them were taken without enumerations. */
Test(content_sum, a_sum_of_an_older_version_is_known)
{
    static const char older[] = "b2efcc1d804d32f95fff726b82152d5b9479abf96e531ea5a71bf67d83e3f653";
    write_file();
    hid_t file = H5Fopen(test_path("a.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    H5LTset_attribute_string(file, "/", "content_sha256", older);
    H5Fclose(file);
    cr_expect_eq(check("a.h5"), PNAS_OK, "%s", pnas_message());
    PNAS_EXPECT_NO_LEAKS();
}
