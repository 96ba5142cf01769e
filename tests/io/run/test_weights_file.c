#include "io/hdf5/tensor_group.h"
#include "io/run/weights_file.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <assert.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <string.h>

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

Test(weights_file, tensors_are_read_back_bit_for_bit_by_name)
{
    static const int order[] = {1, 0, 2};
    pnas_named_tensor *read = NULL;
    size_t count = 0;
    hid_t file;
    write_weights();
    cr_assert_eq(pnas_h5_open(test_path("w.h5"), &file), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_tensor_group_read(file, &read, &count), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(count, 3);
    assert(read);
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
    pnas_tensor_group_free(&read, count);
    pnas_h5_close(&file);
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

Test(weights_file, among_tensors_another_type_is_refused_by_its_name)
{
    const double wide = 1;
    const hsize_t shape[] = {1};
    pnas_named_tensor *read = NULL;
    size_t count = 1;
    write_weights();
    hid_t file = H5Fopen(test_path("w.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    H5LTmake_dataset_double(file, "extra", 1, shape, &wide);
    cr_expect_eq(pnas_tensor_group_read(file, &read, &count), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "/extra: expected float32, found float64"), "%s",
                       pnas_message());
    cr_expect(read == NULL && count == 0);
    H5Fclose(file);
    PNAS_EXPECT_NO_LEAKS();
}
