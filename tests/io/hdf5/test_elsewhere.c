/* What a file says of values in other places: none of it is followed. */
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/tensor_group.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(elsewhere, .init = test_folder_make, .fini = test_folder_remove);

enum { COUNT = 4 };

static hid_t create_file(const char *name)
{
    hid_t file = H5Fcreate(test_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(file, 0);
    return file;
}

/* "figures" in "a.h5", by the given way to store it; then both readers refuse it. */
static void make_figures(hid_t properties, hid_t space)
{
    hid_t file = create_file("a.h5");
    hid_t dataset = H5Dcreate2(file, "figures", H5T_IEEE_F32LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    cr_assert_geq(dataset, 0);
    H5Dclose(dataset);
    H5Fclose(file);
    H5Pclose(properties);
    H5Sclose(space);
}

static void expect_refused(const char *message)
{
    hid_t file;
    hsize_t shape[1];
    pnas_named_tensor *tensor = NULL;
    size_t count = 0;
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(pnas_h5_read_shape(file, "figures", H5T_NATIVE_FLOAT, 1, shape), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), message), "%s", pnas_message());
    float figures[COUNT];
    cr_expect_eq(pnas_h5_read_array(file, "figures", H5T_NATIVE_FLOAT, 1, (hsize_t[]){COUNT}, figures),
                 PNAS_ERROR_DATA);
    if (pnas_tensor_group_read(file, &tensor, &count) == PNAS_OK)
        cr_expect_eq(count, 0, "its values were read as a tensor");
    pnas_tensor_group_free(&tensor, count);
    pnas_h5_close(&file);
}

/* HDF5 1.10 follows it until the stack is used up. */
Test(elsewhere, a_virtual_array_of_itself_is_refused)
{
    const hsize_t most[1] = {H5S_UNLIMITED}, shape[1] = {COUNT};
    const char *const names[] = {".", test_path("a.h5")};
    for (int i = 0; i < 2; i++) {
        hid_t space = H5Screate_simple(1, shape, most), source = H5Screate_simple(1, shape, most);
        const hsize_t start[1] = {0}, stride[1] = {1}, count[1] = {H5S_UNLIMITED};
        hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, stride, count, NULL);
        H5Sselect_hyperslab(source, H5S_SELECT_SET, start, stride, count, NULL);
        cr_assert_geq(H5Pset_virtual(properties, space, names[i], "/figures", source), 0);
        H5Sclose(source);
        make_figures(properties, space);
        expect_refused("/figures: its values lie elsewhere");
    }
}

Test(elsewhere, a_virtual_array_of_another_file_is_refused)
{
    hid_t space = H5Screate_simple(1, (hsize_t[]){COUNT}, NULL), properties = H5Pcreate(H5P_DATASET_CREATE);
    cr_assert_geq(H5Pset_virtual(properties, space, "b.h5", "/figures", space), 0);
    make_figures(properties, space);
    expect_refused("/figures: its values lie elsewhere");
}

Test(elsewhere, the_bytes_of_another_file_are_no_values)
{
    hid_t space = H5Screate_simple(1, (hsize_t[]){COUNT}, NULL), properties = H5Pcreate(H5P_DATASET_CREATE);
    cr_assert_geq(H5Pset_external(properties, "/dev/zero", 0, COUNT * sizeof(float)), 0);
    make_figures(properties, space);
    expect_refused("/figures: its values lie elsewhere");
}

static void write_figures(const char *name)
{
    const float figures[COUNT] = {1, 2, 3, 4};
    hid_t file = create_file(name), space = H5Screate_simple(1, (hsize_t[]){COUNT}, NULL);
    hid_t dataset = H5Dcreate2(file, "there", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, figures);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Fclose(file);
}

Test(elsewhere, a_link_to_another_file_is_not_followed)
{
    write_figures("b.h5");
    hid_t file = create_file("a.h5");
    cr_assert_geq(H5Lcreate_external(test_path("b.h5"), "/there", file, "figures", H5P_DEFAULT, H5P_DEFAULT),
                  0);
    H5Fclose(file);
    expect_refused("/figures: expected an array, found nothing");
}

Test(elsewhere, a_link_inside_the_file_is_followed)
{
    write_figures("a.h5");
    hid_t file = H5Fopen(test_path("a.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(H5Lcreate_soft("/there", file, "figures", H5P_DEFAULT, H5P_DEFAULT), 0);
    H5Fclose(file);
    float figures[COUNT] = {0};
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(pnas_h5_read_array(file, "figures", H5T_NATIVE_FLOAT, 1, (hsize_t[]){COUNT}, figures),
                 PNAS_OK, "%s", pnas_message());
    cr_expect_eq(figures[3], 4);
    pnas_h5_close(&file);
}
