#include "tests/io/data/import_test.h"

#include <unistd.h>

TestSuite(import_idx, .init = test_folder_make, .fini = test_folder_remove);

#define IMAGES_SIZE(n) (16 + (n)*6)

/* n images of 2x3, whose pixels count up from `start`. */
static size_t fill_images(unsigned char *out, int n, int start)
{
    const unsigned char header[16] = {0, 0, 8, 3, 0, 0, 0, (unsigned char)n, 0, 0, 0, 2, 0, 0, 0, 3};
    memcpy(out, header, sizeof header);
    for (int i = 0; i < n * 6; ++i)
        out[16 + i] = (unsigned char)(start + i);
    return IMAGES_SIZE(n);
}

/* n labels 0, 1, 2, 0, ... */
static size_t fill_labels(unsigned char *out, int n)
{
    const unsigned char header[8] = {0, 0, 8, 1, 0, 0, 0, (unsigned char)n};
    memcpy(out, header, sizeof header);
    for (int i = 0; i < n; ++i)
        out[8 + i] = (unsigned char)(i % 3);
    return 8 + (size_t)n;
}

/* Six training and four test images; the test files are gzipped, under names that do not say so. */
static pnas_import_options good_files(void)
{
    unsigned char bytes[256];
    pnas_import_options options;
    test_write_file("train-images", bytes, fill_images(bytes, 6, 0));
    test_write_file("train-labels", bytes, fill_labels(bytes, 6));
    test_write_gzip("test-images", bytes, fill_images(bytes, 4, 100));
    test_write_gzip("test-labels", bytes, fill_labels(bytes, 4));
    pnas_import_defaults(&pnas_import_idx, &options);
    options.train_images = test_path("train-images");
    options.train_labels = test_path("train-labels");
    options.test_images = test_path("test-images");
    options.test_labels = test_path("test-labels");
    return options;
}

Test(import_idx, plain_and_gzipped_files_become_a_data_set)
{
    pnas_import_options options = good_files();
    pnas_dataset *dataset = expect_import(&options);
    cr_expect(dataset->height == 2 && dataset->width == 3 && dataset->channels == 1);
    cr_expect_eq(dataset->classes, 3);
    cr_assert(dataset->train.count == 6 && dataset->test.count == 4);
    for (int i = 0; i < 36; ++i)
        cr_expect_eq(dataset->train.images[i], i);
    for (int i = 0; i < 24; ++i)
        cr_expect_eq(dataset->test.images[i], 100 + i);
    cr_expect_eq(dataset->train.labels[5], 2);
    cr_expect_eq(dataset->test.labels[3], 0);
    cr_expect_str_eq(dataset->class_names[2], "2");
    cr_expect_str_eq(dataset->name, "train-images");
    cr_expect_eq(strlen(dataset->sha256), 64);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_idx, training_files_alone_will_do)
{
    pnas_import_options options = good_files();
    options.test_images = options.test_labels = NULL;
    pnas_dataset *dataset = expect_import(&options);
    cr_expect_eq(dataset->test.count, 0);
    pnas_dataset_destroy(&dataset);
    options.test_labels = test_path("test-labels");
    expect_failure(&options, PNAS_ERROR_USAGE, "--test-images", "one is missing");
}

Test(import_idx, descriptions_are_taken)
{
    pnas_import_options options = good_files();
    options.name = "Three";
    options.source = "a test";
    options.licence = "MIT";
    options.class_names = "low,middle part,high";
    pnas_dataset *dataset = expect_import(&options);
    cr_expect_str_eq(dataset->name, "Three");
    cr_expect_str_eq(dataset->source, "a test");
    cr_expect_str_eq(dataset->licence, "MIT");
    cr_expect_str_eq(dataset->class_names[1], "middle part");
    pnas_dataset_destroy(&dataset);
    options.class_names = "low,high";
    expect_failure(&options, PNAS_ERROR_USAGE, "--class-names", "2 names, but the data has 3 classes");
    options.class_names = "low,,high";
    expect_failure(&options, PNAS_ERROR_USAGE, "--class-names", "name 1 is empty");
    options.class_names = "low,high,low";
    expect_failure(&options, PNAS_ERROR_USAGE, "--class-names: two classes are called 'low'", "");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_idx, images_given_as_labels_are_told)
{
    pnas_import_options options = good_files();
    options.train_images = test_path("train-labels");
    options.train_labels = test_path("train-images");
    expect_failure(&options, PNAS_ERROR_DATA, "/train-labels: byte 3", "these are labels");
    options.train_images = test_path("train-images");
    expect_failure(&options, PNAS_ERROR_DATA, "/train-images: byte 3", "these are images");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_idx, labels_of_the_other_part_are_told)
{
    pnas_import_options options = good_files();
    options.train_labels = test_path("test-labels");
    expect_failure(&options, PNAS_ERROR_DATA, "/train-images: holds 6 images", "test-labels holds 4 labels");
}

Test(import_idx, training_and_test_part_swapped_are_told)
{
    pnas_import_options options = good_files(), swapped = options;
    swapped.train_images = options.test_images;
    swapped.train_labels = options.test_labels;
    swapped.test_images = options.train_images;
    swapped.test_labels = options.train_labels;
    expect_failure(&swapped, PNAS_ERROR_DATA, "/train-images: 6 test images", "no more than the 4 training");
    swapped.larger_test = true;
    pnas_dataset *dataset = expect_import(&swapped);
    cr_expect(dataset->train.count == 4 && dataset->test.count == 6);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_idx, files_cut_short_or_too_long_are_told_by_byte)
{
    unsigned char bytes[256];
    pnas_import_options options = good_files();
    size_t size = fill_images(bytes, 6, 0);
    test_write_file("train-images", bytes, size - 4);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-images: is cut short", "byte 48, in item 5");
    test_write_file("train-images", bytes, 9);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-images: is cut short", "byte 9, inside its header");
    test_write_file("train-images", bytes, 3);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-images: ends at byte 3", "IDX");
    bytes[size] = 1;
    test_write_file("train-images", bytes, size + 1);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-images: goes on to byte 53", "end at byte 52");
    PNAS_EXPECT_NO_LEAKS();
}

/* More than any memory holds, of which the header's claim and one byte are read. */
Test(import_idx, what_is_behind_the_claim_is_not_read)
{
    unsigned char bytes[256];
    pnas_import_options options = good_files();
    test_write_file("train-images", bytes, fill_images(bytes, 6, 0));
    cr_assert_eq(truncate(test_path("train-images"), (off_t)1 << 40), 0);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-images: goes on to byte 64", "end at byte 52");
    bytes[0] = 1;
    test_write_file("train-images", bytes, 200);
    cr_assert_eq(truncate(test_path("train-images"), (off_t)1 << 40), 0);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-images: bytes 0 and 1", "IDX");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_idx, gzip_files_cut_short_or_damaged_are_told)
{
    unsigned char bytes[256];
    pnas_import_options options = good_files();
    cr_assert_eq(truncate(test_path("test-images"), (off_t)test_file_size("test-images") - 9), 0);
    expect_failure(&options, PNAS_ERROR_DATA, "/test-images: ", "gzip file is cut short");
    options = good_files();
    FILE *file = fopen(test_path("test-images"), "r+b");
    cr_assert_eq(fseek(file, -6, SEEK_END), 0); /* in the checksum */
    fputc(0x55, file);
    fclose(file);
    expect_failure(&options, PNAS_ERROR_DATA, "/test-images: ", "gzip file is damaged");
    test_write_gzip("test-images", bytes, 0);
    expect_failure(&options, PNAS_ERROR_DATA, "/test-images: is empty", "an IDX file of images");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_idx, empty_missing_and_foreign_files_are_told)
{
    pnas_import_options options = good_files();
    test_write_file("train-labels", "", 0);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-labels: is empty", "an IDX file of labels");
    test_write_file("train-labels", "label\n1\n", 8);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-labels: bytes 0 and 1", "an IDX file");
    const unsigned char floats[] = {0, 0, 0x0d, 1, 0, 0, 0, 1, 0, 0, 0, 0};
    test_write_file("train-labels", floats, sizeof floats);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-labels: byte 2", "0x08, unsigned bytes");
    unlink(test_path("train-labels"));
    expect_failure(&options, PNAS_ERROR_FILE, "/train-labels: cannot be opened", "an IDX file of labels");
    test_make_folder("train-labels");
    expect_failure(&options, PNAS_ERROR_DATA, "/train-labels: is a folder", "an IDX file of labels");
    options.train_labels = "/dev/zero"; /* never ends */
    expect_failure(&options, PNAS_ERROR_DATA, "/dev/zero: is a device", "an IDX file of labels");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_idx, headers_that_cannot_be_are_told)
{
    unsigned char bytes[256];
    pnas_import_options options = good_files();
    size_t size = fill_images(bytes, 6, 0);
    bytes[7] = 0;
    test_write_file("train-images", bytes, size);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-images: byte 4", "0 images");
    fill_images(bytes, 6, 0);
    bytes[11] = 0;
    test_write_file("train-images", bytes, size);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-images: byte 8", "sides of 1 to");
    fill_images(bytes, 6, 0);
    bytes[4] = bytes[8] = bytes[12] = 0xff; /* a product beyond 64 bits must not pass */
    test_write_file("train-images", bytes, size);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-images: byte 8", "sides of 1 to");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_idx, test_images_of_another_shape_are_told)
{
    unsigned char bytes[256];
    pnas_import_options options = good_files();
    size_t size = fill_images(bytes, 4, 0);
    bytes[11] = 3;
    bytes[15] = 2;
    test_write_file("test-images", bytes, size);
    expect_failure(&options, PNAS_ERROR_DATA, "/test-images: images of 3x2", "expected 2x3");
}

Test(import_idx, labels_that_cannot_be_are_told_by_byte)
{
    unsigned char bytes[64];
    pnas_import_options options = good_files();
    size_t size = fill_labels(bytes, 6);
    bytes[8 + 4] = 200;
    test_write_file("train-labels", bytes, size);
    expect_failure(&options, PNAS_ERROR_DATA, "/train-labels: byte 12", "label 200, but no label is 3");
    options.classes = 10;
    expect_failure(&options, PNAS_ERROR_DATA, "/train-labels: byte 12", "label 200, expected 0 to 9");

    memset(bytes + 8, 0, 6);
    test_write_file("train-labels", bytes, size);
    options.classes = 0;
    expect_failure(&options, PNAS_ERROR_DATA, "/train-labels: all 6 labels are 0", "two classes or more");

    options = good_files();
    size = fill_labels(bytes, 4);
    bytes[8] = 3;
    test_write_file("test-labels", bytes, size);
    expect_failure(&options, PNAS_ERROR_DATA, "/test-labels: byte 8", "label 3, expected 0 to 2");
    options.classes = 4;
    pnas_dataset *dataset = expect_import(&options);
    cr_expect_eq(dataset->classes, 4);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_idx, fashion_mnist_of_the_debian_package)
{
    const char *folder = "/usr/share/datasets/fashion-mnist";
    if (access(folder, R_OK) != 0)
        cr_skip_test("%s is not there; install the package dataset-fashion-mnist to run this", folder);
    pnas_import_options options;
    pnas_import_defaults(&pnas_import_idx, &options);
    options.train_images = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";
    options.train_labels = "/usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz";
    options.test_images = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";
    options.test_labels = "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz";
    pnas_dataset *dataset = expect_import(&options);
    cr_expect(dataset->train.count == 60000 && dataset->test.count == 10000 && dataset->classes == 10);
    cr_expect(dataset->height == 28 && dataset->width == 28);
    cr_expect_float_eq(dataset->mean[0], 0.28604059, 1e-6); /* numpy, of the same files */
    cr_expect_float_eq(dataset->deviation[0], 0.35302424, 1e-6);
    cr_expect_eq(pnas_dataset_write(dataset, test_path("fashion.h5")), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(pnas_dataset_verify(test_path("fashion.h5"), 0), PNAS_OK, "%s", pnas_message());
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}
