/* Where the rows of an array lie: the bytes there are the rows, plain or deflated, and other layouts are refused. */
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_rows.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

TestSuite(hdf5_rows, .init = test_folder_make, .fini = test_folder_remove);

enum { ROWS = 11, HEIGHT = 5, WIDTH = 3, BYTES = HEIGHT * WIDTH };

/* As another program would write it; rows 0: in one piece. */
static void write_array(hsize_t rows, hsize_t height, bool deflate, bool checksum)
{
    const hsize_t shape[3] = {ROWS, HEIGHT, WIDTH}, chunk[3] = {rows, height, WIDTH};
    uint8_t data[ROWS * BYTES];
    for (int i = 0; i < ROWS * BYTES; ++i)
        data[i] = (uint8_t)(i % 241);
    hid_t file = H5Fcreate(test_path("a.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(3, shape, NULL), properties = H5Pcreate(H5P_DATASET_CREATE);
    if (rows)
        H5Pset_chunk(properties, 3, chunk);
    if (deflate) {
        H5Pset_shuffle(properties);
        H5Pset_deflate(properties, 6);
    }
    if (checksum)
        H5Pset_fletcher32(properties);
    hid_t dataset = H5Dcreate2(file, "x", H5T_STD_U8LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    cr_assert(H5Dwrite(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Dclose(dataset);
    H5Pclose(properties);
    H5Sclose(space);
    H5Fclose(file);
}

static pnas_status find(pnas_stored_rows *rows)
{
    hid_t file;
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    pnas_status status = pnas_h5_find_rows(file, "x", 3, rows);
    pnas_h5_close(&file);
    return status;
}

static void expect_rows(size_t a_place, bool deflated)
{
    pnas_stored_rows rows;
    size_t size = 0;
    cr_assert_eq(find(&rows), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(rows.rows, a_place);
    cr_expect_eq(rows.form, deflated ? PNAS_STORED_DEFLATED : PNAS_STORED_PLAIN);
    cr_expect_eq(rows.count, (ROWS + a_place - 1) / a_place);
    char *bytes = test_read_file("a.h5", &size);
    for (size_t i = 0; i < ROWS; ++i) {
        pnas_stored_place place = rows.place[i / a_place];
        unsigned char found[ROWS * BYTES];
        uLongf length = sizeof found;
        cr_assert_leq(place.at + place.size, size);
        if (deflated)
            cr_assert_eq(uncompress(found, &length, (unsigned char *)bytes + place.at, place.size), Z_OK);
        else
            memcpy(found, bytes + place.at, place.size);
        for (size_t k = 0; k < BYTES; ++k)
            cr_assert_eq(found[i % a_place * BYTES + k], (i * BYTES + k) % 241, "row %zu, byte %zu", i, k);
    }
    free(bytes);
    pnas_stored_rows_free(&rows);
}

Test(hdf5_rows, rows_are_found_in_one_piece_and_in_chunks)
{
    write_array(0, 0, false, false);
    expect_rows(1, false);
    write_array(4, HEIGHT, false, false);
    expect_rows(4, false);
    write_array(4, HEIGHT, true, false);
    expect_rows(4, true);
    write_array(ROWS, HEIGHT, true, false);
    expect_rows(ROWS, true);
}

Test(hdf5_rows, what_is_laid_out_otherwise_is_refused)
{
    pnas_stored_rows rows;
    write_array(4, 2, true, false); /* parts of rows */
    cr_expect_eq(find(&rows), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "a.h5: /x: is not stored as whole images, plain or deflated"),
                       "%s", pnas_message());
    cr_expect_null(rows.place);
    write_array(4, HEIGHT, true, true); /* with a filter that is not known */
    cr_expect_eq(find(&rows), PNAS_ERROR_DATA);
    cr_expect_null(rows.place);
}
