#include "io/weights_file.h"
#include "tests/base/leak_check.h"
#include "tests/io/fake_run.h"
#include "tests/io/test_folder.h"

#include <hdf5.h>
#include <hdf5_hl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(weights_file, .init = test_folder_make, .fini = test_folder_remove);

static float values[24] = {1.5f, -0.0f, 1e-40f, 3e38f, 5};
static pnas_named_tensor tensors[] = {
    {.name = "cell_0/block_0/left_sep3/1/pointwise/weight", .rank = 4, .shape = {1, 1, 4, 6}, .data = values},
    {.name = "cell_0/block_0/left_sep3/1/norm/gamma", .rank = 1, .shape = {6}, .data = values + 2},
    {.name = "stem/weight", .rank = 2, .shape = {3, 2}, .data = values + 4},
};
static const pnas_weights_attribute attributes[] = {{"cell", "-2:sep5+-2:max3"}, {"accuracy", "0.95"}};

static void write_weights(void)
{
    cr_assert_eq(pnas_weights_write(test_path("w.h5"), attributes, 2, tensors, 3), PNAS_OK, "%s",
                 pnas_message());
}

static void expect_refused(pnas_status expected, const char *sentence)
{
    pnas_named_tensor *read = NULL;
    size_t count = 1;
    cr_expect_eq(pnas_weights_read(test_path("w.h5"), &read, &count), expected);
    cr_expect_not_null(strstr(pnas_message(), sentence), "%s", pnas_message());
    cr_expect(read == NULL && count == 0);
}

Test(weights_file, tensors_are_read_back_bit_for_bit_by_name)
{
    static const int order[] = {1, 0, 2};
    pnas_named_tensor *read = NULL;
    size_t count = 0;
    write_weights();
    cr_assert_eq(pnas_weights_read(test_path("w.h5"), &read, &count), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(count, 3);
    for (size_t i = 0; i < 3; i++) {
        const pnas_named_tensor *expected = &tensors[order[i]];
        size_t size = 1;
        cr_expect_str_eq(read[i].name, expected->name);
        cr_assert_eq(read[i].rank, expected->rank);
        for (int d = 0; d < expected->rank; d++) {
            cr_expect_eq(read[i].shape[d], expected->shape[d]);
            size *= expected->shape[d];
        }
        cr_expect_eq(memcmp(read[i].data, expected->data, size * sizeof(float)), 0);
    }
    pnas_weights_free(&read, count);
    cr_expect_null(read);
    cr_expect_eq(test_folder_count(), 1);
    PNAS_EXPECT_NO_LEAKS();
}

Test(weights_file, other_tools_find_groups_shapes_and_attributes)
{
    char text[64] = "";
    hsize_t shape[4];
    write_weights();
    hid_t file = H5Fopen(test_path("w.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_assert_geq(
        H5LTget_dataset_info(file, "/cell_0/block_0/left_sep3/1/pointwise/weight", shape, NULL, NULL), 0);
    cr_expect(shape[2] == 4 && shape[3] == 6);
    hid_t attribute = H5Aopen(file, "cell", H5P_DEFAULT), type = H5Aget_type(attribute);
    char *value = NULL;
    cr_assert_geq(H5Aread(attribute, type, &value), 0);
    cr_expect_str_eq(value, "-2:sep5+-2:max3");
    H5free_memory(value);
    hid_t dataset = H5Dopen2(file, "/cell_0/block_0/left_sep3/1/pointwise/weight", H5P_DEFAULT);
    cr_assert_geq(H5DSget_label(dataset, 3, text, sizeof text), 0);
    cr_expect_str_eq(text, "channels_out");
    H5Dclose(dataset);
    H5Tclose(type);
    H5Aclose(attribute);
    H5Fclose(file);
}

Test(weights_file, a_name_or_shape_that_cannot_be_stored_leaves_no_file)
{
    static const char *const names[] = {"", "/a", "a/", "a//b", ".", "a/../b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        pnas_named_tensor bad = {.rank = 1, .shape = {1}, .data = values};
        strcpy(bad.name, names[i]);
        cr_expect_eq(pnas_weights_write(test_path("w.h5"), NULL, 0, &bad, 1), PNAS_ERROR_INTERNAL, "'%s'",
                     names[i]);
    }
    pnas_named_tensor bad = {.name = "a", .rank = 5, .shape = {1, 1, 1, 1}, .data = values};
    cr_expect_eq(pnas_weights_write(test_path("w.h5"), NULL, 0, &bad, 1), PNAS_ERROR_INTERNAL);
    cr_expect_eq(test_folder_count(), 0);
    PNAS_EXPECT_NO_LEAKS();
}

Test(weights_file, what_is_no_weights_file_is_refused)
{
    test_write_file("w.h5", "text", 4);
    expect_refused(PNAS_ERROR_DATA, "is not an HDF5 file");
    unlink(test_path("w.h5"));
    fake_run_write(test_path("w.h5"));
    expect_refused(PNAS_ERROR_DATA, "is no weights file");
    write_weights();
    hid_t file = H5Fopen(test_path("w.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    H5Adelete(file, "conventions");
    H5LTset_attribute_string(file, "/", "conventions", "PNAS-weights-9");
    H5Fclose(file);
    expect_refused(PNAS_ERROR_DATA, "PNAS-weights-9; this program reads PNAS-weights-1");
    PNAS_EXPECT_NO_LEAKS();
}

Test(weights_file, other_types_and_ranks_are_refused)
{
    const double wide = 1;
    const hsize_t shape[] = {1};
    write_weights();
    hid_t file = H5Fopen(test_path("w.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    H5LTmake_dataset_double(file, "extra", 1, shape, &wide);
    H5Fclose(file);
    expect_refused(PNAS_ERROR_DATA, "/extra: expected float32, found float64");
    PNAS_EXPECT_NO_LEAKS();
}

Test(weights_file, a_file_cut_anywhere_is_refused)
{
    size_t whole;
    write_weights();
    unsigned char *bytes = fake_read_file(test_path("w.h5"), &whole);
    for (size_t cut = 0; cut < whole - 20; cut += 1 + whole / 101) { /* the last 20 bytes are the seal */
        test_write_file("w.h5", bytes, cut);
        expect_refused(PNAS_ERROR_DATA, "w.h5");
    }
    free(bytes);
    PNAS_EXPECT_NO_LEAKS();
}
