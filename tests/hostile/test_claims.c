/* Small files that ask for much memory: packed zeros, a chunk far larger than its array, texts that claim the same
 * bytes. */
#include "io/data/image_file.h"
#include "io/data/import.h"
#include "io/hdf5/hdf5_array.h"
#include "io/run/cell_csv.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <hdf5_hl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zlib.h>

TestSuite(claims, .init = test_folder_make, .fini = test_folder_remove);

static long peak_mebibytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

/* --- what unpacks to far more than it says --- */

enum { ZEROS = 500 << 20, PEAK = 300 };

static void write_packed(const char *name, const char *head, size_t size)
{
    static const char zeros[1 << 20];
    gzFile file = gzopen(test_path(name), "wb1");
    gzwrite(file, head, (unsigned)size);
    for (size_t i = 0; i < ZEROS / sizeof zeros; ++i)
        gzwrite(file, zeros, sizeof zeros);
    cr_assert_eq(gzclose(file), Z_OK);
}

static void expect_no_image(const char *name, const char *message)
{
    static const pnas_image_shape shape = {8, 8, 1};
    uint8_t *images;
    size_t count;
    cr_expect_eq(pnas_image_file_read(test_path(name), &shape, &images, &count), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), message), "%s", pnas_message());
    cr_expect_lt(peak_mebibytes(), PEAK, "%ld MiB", peak_mebibytes());
}

Test(claims, images_to_classify_are_read_as_far_as_their_header_says)
{
    static const char head[] = "\0\0\x08\x03\0\0\0\x0a\0\0\0\x08\0\0\0\x08"; /* 10 of 8 x 8 */
    write_packed("a.idx", head, sizeof head - 1);
    expect_no_image("a.idx", "says that it has 10 images, which are 640 bytes; it has 641");
    write_packed("a.zero", "", 0);
    expect_no_image("a.zero", "is no image");
    pnas_dataset *dataset;
    pnas_import_options options;
    pnas_import_defaults(pnas_import_find("idx"), &options);
    options.train_images = options.train_labels = test_path("a.zero");
    cr_expect_eq(pnas_import(&options, &dataset), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "a.zero"), "%s", pnas_message());
    cr_expect_lt(peak_mebibytes(), PEAK, "%ld MiB", peak_mebibytes());
    write_packed("a.png", "\x89PNG", 4);
    expect_no_image("a.png", "is a damaged PNG");
}

Test(claims, a_table_of_cells_is_read_up_to_a_limit)
{
    pnas_operator_set operators;
    pnas_cell_csv csv;
    pnas_operator_set_paper(&operators);
    write_packed("a.csv", "0.5,-1,max3,-1,max3\n", 20);
    cr_expect_eq(pnas_cell_csv_read(test_path("a.csv"), &operators, &csv), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "a.csv: is larger than 256 MiB"), "%s", pnas_message());
}

/* --- HDF5 --- */

/* [4] in one chunk of `values` floats, deflated twice so that its zeros take hardly a byte. */
static void write_chunk(hid_t file, hsize_t values)
{
    hid_t space = H5Screate_simple(1, (hsize_t[]){4}, (hsize_t[]){H5S_UNLIMITED});
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, 1, &values);
    H5Pset_deflate(properties, 9);
    hid_t array = H5Dcreate2(file, "figures", H5T_IEEE_F32LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    uLongf size = compressBound(values * 4);
    void *zeros = calloc(values, 4), *packed = malloc(size);
    cr_assert_eq(compress2(packed, &size, zeros, values * 4, 9), Z_OK);
    cr_assert_geq(H5Dwrite_chunk(array, H5P_DEFAULT, 0, (hsize_t[]){0}, size, packed), 0);
    free(packed);
    free(zeros);
    H5Dclose(array);
    H5Pclose(properties);
    H5Sclose(space);
}

static pnas_status read_chunk(hsize_t values)
{
    hid_t file = H5Fcreate(test_path("a.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    float figures[4] = {1, 1, 1, 1};
    write_chunk(file, values);
    H5Fclose(file);
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    pnas_status status = pnas_h5_read_array(file, "figures", H5T_NATIVE_FLOAT, 1, (hsize_t[]){4}, figures);
    pnas_h5_close(&file);
    if (status == PNAS_OK)
        cr_assert_eq(figures[3], 0);
    return status;
}

Test(claims, a_chunk_far_larger_than_its_array_is_refused)
{
    cr_expect_eq(read_chunk(1 << 20), PNAS_OK, "%s", pnas_message()); /* 4 MiB: an array that may grow */
    cr_expect_eq(read_chunk((1 << 20) + 1), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "a.h5: /figures: holds 16 bytes in chunks of 4.19e+06"), "%s",
                       pnas_message());
}

/* --- many names for one thing, many things that are not there --- */

enum { FIGURES = 100000 };

static const char *name_of(int i)
{
    static char name[16];
    snprintf(name, sizeof name, "n%d", i);
    return name;
}

static void write_figures(hid_t place, const char *name, hsize_t values)
{
    hid_t space = H5Screate_simple(1, &values, NULL);
    hid_t array = H5Dcreate2(place, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (values == FIGURES) {
        float *figures = calloc(FIGURES, sizeof *figures);
        cr_assert_geq(H5Dwrite(array, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, figures), 0);
        free(figures);
    }
    H5Dclose(array);
    H5Sclose(space);
}

static hid_t create(void)
{
    hid_t file = H5Fcreate(test_path("a.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t group = H5Gcreate2(file, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    write_figures(group, "figures", FIGURES);
    H5Gclose(group);
    return file;
}

static pnas_status read_figures(const char *path, hsize_t values)
{
    hid_t file;
    float *figures = calloc(values + 1, sizeof *figures);
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    pnas_status status = pnas_h5_read_array(file, path, H5T_NATIVE_FLOAT, 1, &values, figures);
    pnas_h5_close(&file);
    free(figures);
    return status;
}

Test(claims, an_array_of_many_names_is_not_read_under_all_of_them)
{
    enum { NAMES = 2000 };
    hid_t file = create();
    float figures[FIGURES] = {0};
    int read = 0;
    for (int i = 0; i < NAMES; ++i)
        H5Lcreate_hard(file, "a/figures", file, name_of(i), H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    while (read < NAMES && pnas_h5_read_array(file, name_of(read), H5T_NATIVE_FLOAT, 1, (hsize_t[]){FIGURES},
                                              figures) == PNAS_OK)
        ++read;
    pnas_h5_close(&file);
    cr_expect(read >= 16 && read < 200, "%d", read);
    cr_expect_not_null(strstr(pnas_message(), "far more bytes than the file has"), "%s", pnas_message());
}

/* How often the array can be read before it is refused. */
static int reads_of(hid_t file, int most)
{
    static float figures[FIGURES];
    const hsize_t shape[] = {FIGURES};
    int read = 0;
    while (read < most &&
           pnas_h5_read_array(file, "a/figures", H5T_NATIVE_FLOAT, 1, shape, figures) == PNAS_OK)
        ++read;
    return read;
}

Test(claims, a_file_that_is_opened_beside_another_neither_takes_nor_gives_what_that_may_read)
{
    enum { MOST = 100 };
    hid_t file = create(), small = H5Fcreate(test_path("b.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    H5Fclose(small);
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_h5_open(test_path("b.h5"), &small), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(reads_of(file, 1), 1, "beside a small file: %s", pnas_message());
    pnas_h5_close(&small);
    int read = reads_of(file, MOST);
    cr_expect(read >= 10 && read < MOST, "%d", read);
    cr_assert_eq(pnas_h5_open(test_path("b.h5"), &small), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(reads_of(file, 1), 0, "a second file lets the first be read for ever");
    pnas_h5_close(&small);
    pnas_h5_close(&file);
    file = H5Fopen(test_path("a.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_expect_eq(reads_of(file, MOST), MOST, "nothing is open, and yet: %s", pnas_message());
    H5Fclose(file);
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(reads_of(file, 1), 1, "opened again: %s", pnas_message());
    pnas_h5_close(&file);
}

/* The first `stored` of the array's chunks of 4 are written. */
static void write_beginning(hid_t place, const char *name, hsize_t values, hsize_t stored)
{
    const hsize_t piece = 4;
    const float figures[] = {1, 1, 1, 1};
    hid_t space = H5Screate_simple(1, &values, NULL), part = H5Screate_simple(1, &piece, NULL);
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, 1, &piece);
    H5Pset_deflate(properties, 6);
    hid_t array = H5Dcreate2(place, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    for (hsize_t i = 0; i < stored; ++i) {
        const hsize_t first = piece * i, count = values - first < piece ? values - first : piece;
        H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, NULL, &count, NULL);
        H5Sselect_hyperslab(part, H5S_SELECT_SET, (hsize_t[]){0}, NULL, &count, NULL);
        cr_assert_geq(H5Dwrite(array, H5T_NATIVE_FLOAT, part, space, H5P_DEFAULT, figures), 0);
    }
    H5Dclose(array);
    H5Pclose(properties);
    H5Sclose(part);
    H5Sclose(space);
}

Test(claims, an_array_that_nobody_has_written_is_not_read_as_zeros)
{
    hid_t file = create();
    write_figures(file, "never", 3);
    write_figures(file, "none", 0);
    H5Fclose(file);
    cr_expect_eq(read_figures("never", 3), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "/never: has values that nobody has ever written"), "%s",
                       pnas_message());
    cr_expect_eq(read_figures("none", 0), PNAS_OK, "%s", pnas_message());
}

static pnas_status load_figures(const char *path)
{
    hid_t file;
    hsize_t shape[PNAS_H5_RANK_MAX];
    void *figures;
    int rank;
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    pnas_status status = pnas_h5_load_array(file, path, H5T_NATIVE_FLOAT, &rank, shape, &figures);
    pnas_h5_close(&file);
    free(figures);
    return status;
}

Test(claims, an_array_of_which_a_chunk_was_never_written_is_not_read_as_zeros)
{
    enum { VALUES = 4 * 4 + 2, CHUNKS = 5 };
    hid_t file = create();
    for (int i = 0; i <= CHUNKS; ++i)
        write_beginning(file, name_of(i), VALUES, (hsize_t)i);
    H5Fclose(file);
    for (int i = 0; i < CHUNKS; ++i) {
        cr_expect_eq(read_figures(name_of(i), VALUES), PNAS_ERROR_DATA, "%d chunks", i);
        cr_expect_eq(load_figures(name_of(i)), PNAS_ERROR_DATA, "%d chunks", i);
    }
    cr_expect_not_null(strstr(pnas_message(), "/n4: is damaged: only 4 of its 5 chunks were ever written"),
                       "%s", pnas_message());
    cr_expect_eq(read_figures(name_of(CHUNKS), VALUES), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(load_figures(name_of(CHUNKS)), PNAS_OK, "%s", pnas_message());
}

/* Two texts, each in a chunk of its own, of which `stored` are written. */
static void write_names(hid_t file, const char *name, hsize_t stored)
{
    static const char *const texts[] = {"a", "b"};
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, (hsize_t[]){2}, NULL);
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE), part = H5Screate_simple(1, &stored, NULL);
    H5Tset_size(type, H5T_VARIABLE);
    H5Pset_chunk(properties, 1, (hsize_t[]){1});
    hid_t array = H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, (hsize_t[]){0}, NULL, &stored, NULL);
    cr_assert_geq(H5Dwrite(array, type, part, space, H5P_DEFAULT, texts), 0);
    H5Dclose(array);
    H5Sclose(part);
    H5Pclose(properties);
    H5Sclose(space);
    H5Tclose(type);
}

Test(claims, texts_that_were_never_written_are_not_read_as_empty_ones)
{
    char **names;
    size_t count;
    hid_t file = create();
    write_names(file, "half", 1);
    write_names(file, "whole", 2);
    H5Fclose(file);
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(pnas_h5_read_strings(file, "half", &names, &count), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "/half: is damaged: only 1 of its 2 chunks"), "%s",
                       pnas_message());
    cr_assert_eq(pnas_h5_read_strings(file, "whole", &names, &count), PNAS_OK, "%s", pnas_message());
    cr_expect_str_eq(names[1], "b");
    pnas_h5_free_strings(&names, count);
    pnas_h5_close(&file);
    PNAS_EXPECT_NO_LEAKS();
}

/* --- texts --- */

/* 4,000 texts in the file, of which all but one are made to stand for the longest. */
static void write_texts(size_t length)
{
    enum { COUNT = 4000 };
    static const char *texts[COUNT];
    char *longest = malloc(length + 1);
    memset(longest, 'x', length);
    longest[length] = '\0';
    texts[0] = longest;
    for (size_t i = 1; i < COUNT; ++i)
        texts[i] = "y";
    hid_t file = H5Fcreate(test_path("a.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, (hsize_t[]){COUNT}, NULL);
    H5Tset_size(type, H5T_VARIABLE);
    hid_t array = H5Dcreate2(file, "names", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts), 0);
    haddr_t place = H5Dget_offset(array);
    size_t entry = (size_t)H5Dget_storage_size(array) / COUNT;
    H5Dclose(array);
    H5Sclose(space);
    H5Tclose(type);
    H5Fclose(file);
    free(longest);

    unsigned char first[64];
    FILE *raw = fopen(test_path("a.h5"), "r+b");
    cr_assert(entry <= sizeof first && fseek(raw, (long)place, SEEK_SET) == 0 &&
              fread(first, 1, entry, raw) == entry);
    fseek(raw, (long)place, SEEK_SET);
    for (size_t i = 0; i < COUNT; ++i)
        fwrite(first, 1, entry, raw);
    cr_assert_eq(fclose(raw), 0);
}

Test(claims, texts_that_claim_the_same_bytes_take_no_more_than_the_file)
{
    char **names;
    size_t count;
    hid_t file;
    write_texts(1 << 20); /* 4,000 times a mebibyte */
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(pnas_h5_read_strings(file, "names", &names, &count), PNAS_ERROR_DATA);
    cr_expect_null(names);
    pnas_h5_close(&file);
    cr_expect_lt(peak_mebibytes(), 1000, "%ld MiB", peak_mebibytes());
    PNAS_EXPECT_NO_LEAKS();
}

Test(claims, texts_of_their_own_are_read)
{
    static const char *const written[] = {"", "a", "\xc3\xbc and more", "", "b"};
    char **names;
    size_t count;
    hid_t file = H5Fcreate(test_path("a.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_eq(pnas_h5_write_strings(file, "names", written, 5, "names", NULL), PNAS_OK);
    H5Fclose(file);
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_h5_read_strings(file, "names", &names, &count), PNAS_OK, "%s", pnas_message());
    pnas_h5_close(&file);
    cr_assert_eq(count, 5);
    for (size_t i = 0; i < count; ++i)
        cr_expect_str_eq(names[i], written[i]);
    pnas_h5_free_strings(&names, count);
    PNAS_EXPECT_NO_LEAKS();
}
