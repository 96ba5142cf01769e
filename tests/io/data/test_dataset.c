#include "io/data/dataset.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <hdf5.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(dataset, .init = test_folder_make, .fini = test_folder_remove);

/* Six training and three test images of 3x2x2 in three classes; pixel i of all is 7 i mod 256. */
static pnas_dataset *make_dataset(void)
{
    pnas_dataset *dataset;
    cr_assert_eq(pnas_dataset_create(&dataset), PNAS_OK);
    strcpy(dataset->name, "little");
    strcpy(dataset->source, "made for a test");
    strcpy(dataset->licence, "none");
    dataset->height = 3;
    dataset->width = 2;
    dataset->channels = 2;
    dataset->classes = 3;
    cr_assert_eq(pnas_dataset_allocate(dataset, 6, &dataset->train), PNAS_OK);
    cr_assert_eq(pnas_dataset_allocate(dataset, 3, &dataset->test), PNAS_OK);
    for (int i = 0; i < 6 * 12; ++i)
        dataset->train.images[i] = (uint8_t)(7 * i);
    for (int i = 0; i < 3 * 12; ++i)
        dataset->test.images[i] = (uint8_t)(7 * (72 + i));
    for (int i = 0; i < 6; ++i)
        dataset->train.labels[i] = (uint16_t)(i % 3);
    for (int i = 0; i < 3; ++i)
        dataset->test.labels[i] = (uint16_t)(2 - i);
    cr_assert_eq(pnas_dataset_complete(dataset), PNAS_OK, "%s", pnas_message());
    return dataset;
}

static void write_dataset(void)
{
    pnas_dataset *dataset = make_dataset();
    cr_assert_eq(pnas_dataset_write(dataset, test_path("a.h5")), PNAS_OK, "%s", pnas_message());
    pnas_dataset_destroy(&dataset);
}

static void expect_message(const char *text)
{
    cr_expect_not_null(strstr(pnas_message(), text), "expected \"%s\" in \"%s\"", text, pnas_message());
}

/* --- Completion ---------------------------------------------------------------------------------------- */

/* Python: numpy.mean and numpy.std of the pixels / 255 by channel, hashlib.sha256 of what docs/formats.md
 * says. */
Test(dataset, completion_gives_figures_sha256_and_names)
{
    pnas_dataset *dataset = make_dataset();
    cr_expect_float_eq(dataset->mean[0], 0.48671024, 1e-6);
    cr_expect_float_eq(dataset->mean[1], 0.48627451, 1e-6);
    cr_expect_float_eq(dataset->deviation[0], 0.28626522, 1e-6);
    cr_expect_float_eq(dataset->deviation[1], 0.28494633, 1e-6);
    cr_expect_str_eq(dataset->sha256, "154d4216b682c03cb7676431e4d5a5fd5e96aef39f528b00b74ca51bfcdff37e");
    cr_expect_str_eq(dataset->class_names[0], "0");
    cr_expect_str_eq(dataset->class_names[2], "2");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(dataset, a_channel_that_never_changes_has_deviation_one)
{
    pnas_dataset *dataset = make_dataset();
    for (int i = 0; i < 36; ++i)
        dataset->train.images[2 * i] = 51;
    cr_assert_eq(pnas_dataset_complete(dataset), PNAS_OK);
    cr_expect_eq(dataset->deviation[0], 1.0f);
    cr_expect_float_eq(dataset->mean[0], 0.2f, 1e-7);
    cr_expect_lt(dataset->deviation[1], 1.0f);
    pnas_dataset_destroy(&dataset);
}

Test(dataset, sha256_covers_every_part)
{
    pnas_dataset *dataset = make_dataset();
    char before[65];
    uint8_t *const bytes[] = {dataset->train.images + 71, dataset->test.images,
                              (uint8_t *)&dataset->train.labels[5], (uint8_t *)&dataset->test.labels[2]};
    for (int i = 0; i < 4; ++i) {
        strcpy(before, dataset->sha256);
        *bytes[i] ^= 1;
        cr_assert_eq(pnas_dataset_complete(dataset), PNAS_OK);
        cr_expect_str_neq(dataset->sha256, before, "part %d is not covered", i);
    }
    strcpy(before, dataset->sha256);
    dataset->height = 2; /* the same bytes, another shape */
    dataset->width = 3;
    cr_assert_eq(pnas_dataset_complete(dataset), PNAS_OK);
    cr_expect_str_neq(dataset->sha256, before);
    pnas_dataset_destroy(&dataset);
}

/* --- Files --------------------------------------------------------------------------------------------- */

Test(dataset, what_is_written_is_read)
{
    pnas_dataset *made = make_dataset(), *read;
    write_dataset();
    cr_assert_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_OK, "%s", pnas_message());
    cr_expect_str_eq(read->name, "little");
    cr_expect_str_eq(read->source, "made for a test");
    cr_expect_str_eq(read->licence, "none");
    cr_expect_str_eq(read->sha256, made->sha256);
    cr_expect(read->height == 3 && read->width == 2 && read->channels == 2 && read->classes == 3);
    cr_assert(read->train.count == 6 && read->test.count == 3);
    cr_assert(made->train.images && made->train.labels && made->test.images && made->test.labels);
    cr_assert(read->train.images && read->train.labels && read->test.images && read->test.labels);
    cr_expect_arr_eq(read->train.images, made->train.images, 72);
    cr_expect_arr_eq(read->test.images, made->test.images, 36);
    cr_expect_arr_eq(read->train.labels, made->train.labels, 6 * sizeof(uint16_t));
    cr_expect_arr_eq(read->test.labels, made->test.labels, 3 * sizeof(uint16_t));
    cr_expect_arr_eq(read->mean, made->mean, 2 * sizeof(float));
    cr_expect_arr_eq(read->deviation, made->deviation, 2 * sizeof(float));
    cr_expect_str_eq(read->class_names[1], "1");
    pnas_dataset_destroy(&made);
    pnas_dataset_destroy(&read);
    PNAS_EXPECT_NO_LEAKS();
}

Test(dataset, the_last_training_images_may_be_chosen_to_validate)
{
    pnas_dataset *made = make_dataset(), *read;
    char before[65];
    strcpy(before, made->sha256);
    made->validation = 2;
    cr_assert_eq(pnas_dataset_complete(made), PNAS_OK);
    cr_expect_str_neq(made->sha256, before);
    cr_assert_eq(pnas_dataset_write(made, test_path("a.h5")), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_OK, "%s", pnas_message());
    cr_expect(read->validation == 2 && read->train.count == 6);
    cr_expect_str_eq(read->sha256, made->sha256);
    cr_expect_eq(pnas_dataset_verify(test_path("a.h5"), 0), PNAS_OK, "%s", pnas_message());
    pnas_dataset_destroy(&made);
    pnas_dataset_destroy(&read);
    PNAS_EXPECT_NO_LEAKS();
}

Test(dataset, a_set_without_test_images_is_a_data_set)
{
    pnas_dataset *dataset = make_dataset(), *read;
    dataset->test.count = 0;
    cr_assert_eq(pnas_dataset_complete(dataset), PNAS_OK);
    cr_assert_eq(pnas_dataset_write(dataset, test_path("a.h5")), PNAS_OK);
    cr_assert_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(read->test.count, 0);
    cr_expect_eq(pnas_dataset_verify(test_path("a.h5"), 0), PNAS_OK, "%s", pnas_message());
    pnas_dataset_destroy(&dataset);
    pnas_dataset_destroy(&read);
    PNAS_EXPECT_NO_LEAKS();
}

/* Writes over an array of the file, or replaces it by one of another shape and type. */
static void change_array(const char *name, hid_t memory_type, const void *data)
{
    hid_t file = H5Fopen(test_path("a.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0);
    H5Dclose(dataset);
    H5Fclose(file);
}

static void replace_array(const char *name, hid_t type, int rank, const hsize_t *shape)
{
    hid_t file = H5Fopen(test_path("a.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t space = H5Screate_simple(rank, shape, NULL);
    cr_assert_geq(H5Ldelete(file, name, H5P_DEFAULT), 0);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(dataset, 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Fclose(file);
}

static void remove_entry(const char *name, bool attribute)
{
    hid_t file = H5Fopen(test_path("a.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(attribute ? H5Adelete(file, name) : H5Ldelete(file, name, H5P_DEFAULT), 0);
    H5Fclose(file);
}

static void expect_refused(const char *message)
{
    pnas_dataset *dataset = NULL;
    cr_expect_eq(pnas_dataset_open(test_path("a.h5"), &dataset), PNAS_ERROR_DATA);
    cr_expect_null(dataset);
    expect_message("a.h5");
    expect_message(message);
}

Test(dataset, a_label_without_a_class_is_refused)
{
    const uint16_t labels[6] = {0, 1, 2, 3, 1, 2};
    write_dataset();
    change_array("train/labels", H5T_NATIVE_UINT16, labels);
    expect_refused("/train/labels: label 3 of image 3, expected 0 to 2");
    PNAS_EXPECT_NO_LEAKS();
}

Test(dataset, other_shapes_and_types_are_refused)
{
    const hsize_t seven[1] = {7}, flat[2] = {6, 12}, wide[4] = {3, 3, 3, 2}, deep[4] = {6, 3, 2, 99};
    const hsize_t none[4] = {0, 3, 2, 2}, without_pixels[4] = {1u << 30, 0, 2, 2};
    write_dataset();
    replace_array("test/images", H5T_STD_U8LE, 4,
                  without_pixels); /* refused before memory is taken for them */
    expect_refused("/test/images: expected shape [1073741824, 3, 2, 2], found [1073741824, 0, 2, 2]");
    replace_array("test/images", H5T_STD_U8LE, 4, wide);
    expect_refused("/test/images: expected shape [3, 3, 2, 2], found [3, 3, 3, 2]");
    replace_array("train/labels", H5T_STD_U16LE, 1, seven);
    expect_refused("/train/labels: expected shape [6], found [7]");
    replace_array("train/labels", H5T_STD_I64LE, 1, seven);
    expect_refused("/train/labels: expected uint16, found int64");
    replace_array("train/images", H5T_STD_U8LE, 2, flat);
    expect_refused("/train/images: expected 4 dimensions, found 2");
    replace_array("train/images", H5T_IEEE_F32LE, 4, wide);
    expect_refused("/train/images: expected uint8, found float32");
    replace_array("train/images", H5T_STD_U8LE, 4, deep);
    expect_refused("/train/images: dimension 3 is 99, expected 1 to 16");
    replace_array("train/images", H5T_STD_U8LE, 4, none);
    expect_refused("/train/images: there are no training images");
    PNAS_EXPECT_NO_LEAKS();
}

Test(dataset, validation_images_leave_some_to_train_on)
{
    pnas_dataset *dataset = make_dataset();
    dataset->validation = 6;
    cr_assert_eq(pnas_dataset_complete(dataset), PNAS_OK);
    cr_assert_eq(pnas_dataset_write(dataset, test_path("a.h5")), PNAS_OK);
    expect_refused("/train/validation: 6 of 6 training images, expected 1 to 5");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(dataset, missing_entries_are_named)
{
    write_dataset();
    remove_entry("test", false);
    expect_refused("/test: expected a group, found nothing");
    remove_entry("mean", false);
    expect_refused("/mean: expected an array, found nothing");
    remove_entry("class_names", false);
    expect_refused("/class_names: expected an array, found nothing");
    remove_entry("sha256", true);
    expect_refused("/sha256: expected an attribute, found nothing");
    remove_entry("conventions", true);
    expect_refused("/conventions: expected an attribute, found nothing");
    PNAS_EXPECT_NO_LEAKS();
}

Test(dataset, a_changed_byte_anywhere_is_damage)
{
    write_dataset();
    size_t size = test_file_size("a.h5");
    FILE *file = fopen(test_path("a.h5"), "r+b");
    cr_assert_not_null(file);
    setbuf(file, NULL);
    for (long at = 3; at < (long)size - 20; at += 61) { /* the last 20 bytes are the seal */
        fseek(file, at, SEEK_SET);
        int byte = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(byte ^ 0x20, file);
        expect_refused("a.h5: is damaged");
        fseek(file, at, SEEK_SET);
        fputc(byte, file);
    }
    fclose(file);
    PNAS_EXPECT_NO_LEAKS();
}

Test(dataset, figures_that_would_break_training_are_refused)
{
    const float nought[2] = {0.5f, 0.0f}, nan[2] = {NAN, 0.5f};
    write_dataset();
    change_array("deviation", H5T_NATIVE_FLOAT, nought);
    expect_refused("channel 1 has mean");
    change_array("deviation", H5T_NATIVE_FLOAT, nan);
    expect_refused("channel 0 has mean");
}

/* From memory, and read piece by piece. */
static void expect_verified(pnas_status expected, const char *text)
{
    for (uint64_t room = 0; room <= 1; room++) {
        cr_expect_eq(pnas_dataset_verify(test_path("a.h5"), room), expected, "%s", pnas_message());
        if (expected != PNAS_OK)
            expect_message(text);
    }
}

Test(dataset, verify_finds_a_changed_pixel_label_or_figure)
{
    pnas_dataset *dataset = make_dataset();
    const float mean[2] = {0.5f, 0.5f};
    write_dataset();
    expect_verified(PNAS_OK, "");
    change_array("mean", H5T_NATIVE_FLOAT, mean);
    expect_verified(PNAS_ERROR_DATA, "/mean of channel 0 is 0.5, but");

    write_dataset();
    dataset->test.images[35] ^= 1;
    change_array("test/images", H5T_NATIVE_UINT8, dataset->test.images);
    expect_verified(PNAS_ERROR_DATA, "/sha256 is");

    write_dataset();
    dataset->train.labels[0] ^= 1;
    change_array("train/labels", H5T_NATIVE_UINT16, dataset->train.labels);
    expect_verified(PNAS_ERROR_DATA, "/sha256 is");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

/* Another program drops the seal with its first change, and knows nothing of /sha256. */
Test(dataset, a_file_that_another_program_changed_is_not_opened)
{
    pnas_dataset *dataset = make_dataset();
    write_dataset();
    change_array("test/images", H5T_NATIVE_UINT8, dataset->test.images);
    pnas_dataset *read = NULL;
    cr_expect_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_OK, "the same pixels: %s", pnas_message());
    pnas_dataset_destroy(&read);
    dataset->test.images[35] ^= 1;
    change_array("test/images", H5T_NATIVE_UINT8, dataset->test.images);
    expect_refused("/sha256 is");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

/* --- The embedded set ---------------------------------------------------------------------------------- */

Test(dataset, the_embedded_digits_verify)
{
    pnas_dataset *dataset;
    cr_assert_eq(pnas_dataset_verify("digits", 0), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_dataset_open("digits", &dataset), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(dataset->train.count + dataset->test.count, 1797);
    cr_expect(dataset->height == 8 && dataset->width == 8 && dataset->channels == 1);
    cr_expect_eq(dataset->classes, 10);
    cr_expect_str_eq(dataset->licence, "CC BY 4.0");
    cr_expect_str_eq(dataset->sha256, "4321f3ddf04dd8c422aa6152feb1c7b60a6349cc1dee2bb56f23792a6cea0eb8");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(dataset, pnas_data_names_the_folder_of_the_embedded_set)
{
    char path[1024];
    write_dataset();
    cr_assert_eq(rename(test_path("a.h5"), test_path("digits.h5")), 0);
    setenv("PNAS_DATA", test_path(""), 1);
    cr_assert_eq(pnas_dataset_find("digits", path, sizeof path), PNAS_OK, "%s", pnas_message());
    pnas_dataset *dataset;
    cr_assert_eq(pnas_dataset_open("digits", &dataset), PNAS_OK, "%s", pnas_message());
    cr_expect_str_eq(dataset->name, "little");
    pnas_dataset_destroy(&dataset);
    unlink(test_path("digits.h5"));
    cr_expect_eq(pnas_dataset_find("digits", path, sizeof path), PNAS_ERROR_FILE);
    expect_message("PNAS_DATA is set to");
}

Test(dataset, other_names_are_paths)
{
    char path[1024], tiny[4];
    cr_assert_eq(pnas_dataset_find("./digits", path, sizeof path), PNAS_OK);
    cr_expect_str_eq(path, "./digits");
    cr_expect_eq(pnas_dataset_find("long.h5", tiny, sizeof tiny), PNAS_ERROR_FILE);
}
