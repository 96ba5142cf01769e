#include "tests/io/data/import_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

TestSuite(import_cifar, .init = test_folder_make, .fini = test_folder_remove);

#define RECORD10  3073
#define RECORD100 3074

static unsigned char bytes[8 * RECORD100];

/* Planes of red, green and blue: record `record`, plane `plane`, position `at`. */
static unsigned char pixel(int record, int plane, int at)
{
    return (unsigned char)(record * 31 + plane * 80 + at % 73);
}

static void fill_pixels(unsigned char *out, int record)
{
    for (int plane = 0; plane < 3; ++plane)
        for (int at = 0; at < 1024; ++at)
            out[plane * 1024 + at] = pixel(record, plane, at);
}

static size_t fill10(int first, int count)
{
    for (int i = 0; i < count; ++i) {
        bytes[i * RECORD10] = (unsigned char)((first + i) % 10);
        fill_pixels(bytes + i * RECORD10 + 1, first + i);
    }
    return (size_t)count * RECORD10;
}

static size_t fill100(int count)
{
    for (int i = 0; i < count; ++i) {
        bytes[i * RECORD100] = (unsigned char)(i % 20);
        bytes[i * RECORD100 + 1] = (unsigned char)(99 - i);
        fill_pixels(bytes + i * RECORD100 + 2, i);
    }
    return (size_t)count * RECORD100;
}

/* Files of 1, 2, 3, 4, 5 and, for the test, 6 records. */
static pnas_import_options cifar10_folder(void)
{
    pnas_import_options options;
    int first = 0;
    for (int i = 1; i <= 5; ++i) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        test_write_file(name, bytes, fill10(first, i));
        first += i;
    }
    test_write_file("test_batch.bin", bytes, fill10(100, 6));
    pnas_import_defaults(&pnas_import_cifar10, &options);
    options.path = test_path("");
    return options;
}

static pnas_import_options cifar100_folder(void)
{
    pnas_import_options options;
    test_write_file("train.bin", bytes, fill100(7));
    test_write_file("test.bin", bytes, fill100(3));
    pnas_import_defaults(&pnas_import_cifar100, &options);
    options.path = test_path("");
    return options;
}

Test(import_cifar, records_are_counted_and_planes_become_channels)
{
    pnas_import_options options = cifar10_folder();
    pnas_dataset *dataset = expect_import(&options);
    cr_assert(dataset->train.count == 15 && dataset->test.count == 6);
    cr_expect(dataset->height == 32 && dataset->width == 32 && dataset->channels == 3);
    cr_expect_eq(dataset->classes, 10);
    for (int i = 0; i < 15; ++i) {
        cr_expect_eq(dataset->train.labels[i], i % 10);
        for (int at = 0; at < 1024; at += 93)
            for (int c = 0; c < 3; ++c)
                cr_expect_eq(dataset->train.images[(i * 1024 + at) * 3 + c], pixel(i, c, at));
    }
    cr_expect_eq(dataset->test.images[3 * 1023 + 2], pixel(100, 2, 1023));
    cr_expect_str_eq(dataset->class_names[3], "cat");
    cr_expect_str_eq(dataset->name, "CIFAR-10");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_cifar, the_hundred_and_the_twenty_classes)
{
    pnas_import_options options = cifar100_folder();
    pnas_dataset *dataset = expect_import(&options);
    cr_assert(dataset->train.count == 7 && dataset->test.count == 3 && dataset->classes == 100);
    cr_expect_eq(dataset->train.labels[6], 93);
    cr_expect_str_eq(dataset->class_names[93], "turtle");
    cr_expect_str_eq(dataset->class_names[99], "worm");
    cr_expect_eq(dataset->train.images[6 * 3072 + 1], pixel(6, 1, 0));
    pnas_dataset_destroy(&dataset);

    options.coarse = true;
    dataset = expect_import(&options);
    cr_assert_eq(dataset->classes, 20);
    cr_expect_eq(dataset->train.labels[6], 6);
    cr_expect_str_eq(dataset->class_names[6], "household_furniture");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_cifar, names_that_come_with_the_data_are_used)
{
    const char *names = "n0\nn1\nn2\nn3\nn4\nn5\nn6\nn7\nn8\nn9\n\n";
    pnas_import_options options = cifar10_folder();
    test_write_file("batches.meta.txt", names, strlen(names));
    pnas_dataset *dataset = expect_import(&options);
    cr_expect_str_eq(dataset->class_names[9], "n9");
    pnas_dataset_destroy(&dataset);
    test_write_file("batches.meta.txt", names, 9);
    expect_failure(&options, PNAS_ERROR_DATA, "batches.meta.txt: has 3 names", "expected 10");
    names = "n0\nn1\nn2\nn3\nn4\nn5\nn6\nn7\nn1\nn9\n";
    test_write_file("batches.meta.txt", names, strlen(names));
    expect_failure(&options, PNAS_ERROR_DATA, "batches.meta.txt: two classes are called 'n1'", "");
    options.class_names = "a,b,c,d,e,f,g,h,i,j";
    dataset = expect_import(&options);
    cr_expect_str_eq(dataset->class_names[9], "j");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_cifar, files_cut_short_are_told_by_byte_and_record)
{
    pnas_import_options options = cifar10_folder();
    cr_assert_eq(truncate(test_path("data_batch_4.bin"), 2 * RECORD10 + 100), 0);
    expect_failure(&options, PNAS_ERROR_DATA, "data_batch_4.bin: ends at byte 6246", "inside record 2");
    cr_assert_eq(truncate(test_path("data_batch_4.bin"), 0), 0);
    expect_failure(&options, PNAS_ERROR_DATA, "data_batch_4.bin: is empty", "expected records");
    unlink(test_path("data_batch_4.bin"));
    expect_failure(&options, PNAS_ERROR_FILE, "data_batch_4.bin: cannot be opened", "expected records");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_cifar, labels_out_of_range_are_told_by_record)
{
    pnas_import_options options = cifar10_folder();
    size_t size = fill10(6, 4);
    bytes[3 * RECORD10] = 10;
    test_write_file("data_batch_4.bin", bytes, size);
    expect_failure(&options, PNAS_ERROR_DATA, "data_batch_4.bin: record 3 (byte 9219)",
                   "label 10, expected 0 to 9");
    options = cifar100_folder();
    size = fill100(3);
    bytes[2 * RECORD100 + 1] = 100;
    test_write_file("test.bin", bytes, size);
    expect_failure(&options, PNAS_ERROR_DATA, "test.bin: record 2 (byte 6149)",
                   "label 100, expected 0 to 99");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_cifar, the_other_version_is_told)
{
    pnas_import_options options = cifar10_folder();
    options.format = &pnas_import_cifar100;
    expect_failure(&options, PNAS_ERROR_DATA, "looks like cifar10, not cifar100",
                   "expected --format cifar10");
    unlink(test_path("data_batch_1.bin"));
    options = cifar100_folder();
    options.format = &pnas_import_cifar10;
    expect_failure(&options, PNAS_ERROR_DATA, "looks like cifar100, not cifar10",
                   "expected --format cifar100");
}

Test(import_cifar, folders_that_are_none_are_told)
{
    pnas_import_options options = cifar10_folder();
    options.path = test_path("nowhere");
    expect_failure(&options, PNAS_ERROR_FILE, "/nowhere: cannot be opened", "data_batch_1.bin");
    options.path = test_path("test_batch.bin");
    expect_failure(&options, PNAS_ERROR_DATA, "/test_batch.bin: is no folder", "data_batch_1.bin");
    test_make_folder("bare");
    options.path = test_path("bare");
    expect_failure(&options, PNAS_ERROR_FILE, "/bare: does not hold data_batch_1.bin",
                   "as in the unpacked cifar-10-binary.tar.gz");
    options.path = NULL;
    expect_failure(&options, PNAS_ERROR_USAGE, "folder", "data_batch_1.bin");
}

/* As people name them: the Python version, the folder around that of the files, the archive itself. */
Test(import_cifar, what_was_fetched_instead_is_told_with_what_is_wanted)
{
    pnas_import_options options = cifar10_folder();
    options.path = test_path("");
    unlink(test_path("data_batch_1.bin"));
    test_write_file("data_batch_1", "x", 1);
    expect_failure(&options, PNAS_ERROR_DATA, "holds the Python version (data_batch_1)",
                   "the binary version is wanted: fetch and unpack cifar-10-binary.tar.gz");
    unlink(test_path("data_batch_1"));
    test_write_file("data_batch_1.mat", "x", 1);
    expect_failure(&options, PNAS_ERROR_DATA, "holds the MATLAB version", "cifar-10-binary.tar.gz");
    test_make_folder("cifar-10-batches-bin");
    expect_failure(&options, PNAS_ERROR_DATA, "does not hold data_batch_1.bin itself",
                   "/cifar-10-batches-bin");
    test_write_file("a.tar.gz", "x", 1);
    options.path = test_path("a.tar.gz");
    expect_failure(&options, PNAS_ERROR_DATA, "a.tar.gz: is no folder",
                   "the unpacked cifar-10-binary.tar.gz");
    options = cifar100_folder();
    unlink(test_path("train.bin"));
    test_write_file("train", "x", 1);
    expect_failure(&options, PNAS_ERROR_DATA, "holds the Python version (train)", "cifar-100-binary.tar.gz");
}

Test(import_cifar, training_and_test_part_swapped_are_told)
{
    pnas_import_options options = cifar10_folder();
    for (int i = 1; i <= 5; ++i) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        test_write_file(name, bytes, fill10(i, 1));
    }
    expect_failure(&options, PNAS_ERROR_DATA, "6 test images", "no more than the 5 training images");
}
