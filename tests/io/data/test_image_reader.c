/* A data set opened for training: its images in shared memory or left in the file, and what becomes of a file that is
 * changed, damaged or laid out by others. */
#include "io/data/dataset.h"
#include "io/data/image_reader.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(image_reader, .init = test_folder_make, .fini = test_folder_remove);

/* Of these images a chunk holds 170, so there are 3. */
enum {
    SIDE = 32,
    CHANNELS = 3,
    BYTES = SIDE * SIDE * CHANNELS,
    TRAIN = 400,
    TEST = 30,
    ROOM = 100000,
    SEAL = 20
};

static uint8_t pixel(size_t image, size_t i)
{
    return (uint8_t)(image * 7 + i % 97 * (1 + image % 3));
}

static void write_dataset(void)
{
    pnas_dataset *dataset;
    cr_assert_eq(pnas_dataset_create(&dataset), PNAS_OK);
    strcpy(dataset->name, "middling");
    dataset->height = dataset->width = SIDE;
    dataset->channels = CHANNELS;
    dataset->classes = 5;
    cr_assert_eq(pnas_dataset_allocate(dataset, TRAIN, &dataset->train), PNAS_OK);
    cr_assert_eq(pnas_dataset_allocate(dataset, TEST, &dataset->test), PNAS_OK);
    for (size_t n = 0; n < TRAIN; ++n) {
        dataset->train.labels[n] = (uint16_t)(n % 5);
        for (size_t i = 0; i < BYTES; ++i)
            dataset->train.images[n * BYTES + i] = pixel(n, i);
    }
    cr_assert_eq(pnas_dataset_complete(dataset), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_dataset_write(dataset, test_path("a.h5")), PNAS_OK, "%s", pnas_message());
    pnas_dataset_destroy(&dataset);
}

static void expect_message(const char *text)
{
    cr_expect_not_null(strstr(pnas_message(), text), "expected \"%s\" in \"%s\"", text, pnas_message());
}

static pnas_dataset *open_training(uint64_t room)
{
    pnas_dataset *dataset;
    cr_assert_eq(pnas_dataset_open_training(test_path("a.h5"), room, &dataset), PNAS_OK, "%s",
                 pnas_message());
    return dataset;
}

/* Images of all chunks, in no order, some twice. */
static void expect_images(const pnas_image_source *source)
{
    const uint32_t wanted[] = {399, 0, 170, 169, 170, 1, 340, 339, 12};
    enum { COUNT = sizeof wanted / sizeof *wanted };
    uint8_t *found = malloc((size_t)COUNT * BYTES);
    cr_assert_eq(source->read(source->payload, wanted, COUNT, found), PNAS_OK, "%s", pnas_message());
    for (size_t n = 0; n < COUNT; ++n)
        for (size_t i = 0; i < BYTES; ++i)
            cr_assert_eq(found[n * BYTES + i], pixel(wanted[n], i), "image %u, byte %zu", wanted[n], i);
    cr_assert_eq(source->read(source->payload, wanted, 0, found), PNAS_OK);
    free(found);
}

Test(image_reader, a_small_set_lies_in_memory_that_nobody_may_write_and_has_no_test_part)
{
    write_dataset();
    pnas_dataset *dataset = open_training(0);
    cr_assert_not_null(dataset->train.images);
    cr_expect_eq((void *)dataset->train.images, dataset->shared.at);
    cr_expect_null(dataset->train.reader);
    cr_expect_eq(dataset->train.images[(size_t)TRAIN * BYTES - 1], pixel(TRAIN - 1, BYTES - 1));
    cr_expect_eq(dataset->test.count, TEST);
    cr_expect(!dataset->test.images && !dataset->test.labels);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(image_reader, images_of_a_larger_set_stay_in_the_file_and_are_read_from_it)
{
    write_dataset();
    pnas_dataset *dataset = open_training(ROOM);
    cr_expect_null(dataset->train.images);
    cr_assert_not_null(dataset->train.reader);
    cr_expect_eq(dataset->train.count, TRAIN);
    cr_expect_eq(dataset->train.labels[TRAIN - 1], (TRAIN - 1) % 5);
    cr_expect_eq(dataset->test.count, TEST);
    pnas_image_source source = pnas_image_reader_source(dataset->train.reader);
    expect_images(&source);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(image_reader, test_images_that_are_many_stay_in_the_file)
{
    uint8_t *found = malloc(BYTES);
    const uint32_t last = TEST - 1;
    pnas_dataset *whole, *dataset;
    write_dataset();
    cr_assert_eq(pnas_dataset_open(test_path("a.h5"), &whole), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_dataset_open_test(test_path("a.h5"), 1, &dataset), PNAS_OK, "%s", pnas_message());
    cr_assert(!dataset->train.images && !dataset->train.reader && dataset->train.count == TRAIN);
    cr_assert(!dataset->test.images && dataset->test.reader && dataset->test.labels);
    pnas_image_source source = pnas_image_reader_source(dataset->test.reader);
    cr_assert_eq(source.read(source.payload, &last, 1, found), PNAS_OK, "%s", pnas_message());
    cr_expect_arr_eq(found, whole->test.images + (size_t)last * BYTES, BYTES);
    pnas_dataset_destroy(&dataset);
    cr_assert_eq(pnas_dataset_open_test(test_path("a.h5"), 0, &dataset), PNAS_OK, "%s", pnas_message());
    cr_assert(!dataset->train.images && dataset->test.images && !dataset->test.reader);
    cr_expect_arr_eq(dataset->test.images, whole->test.images, (size_t)TEST * BYTES);
    free(found);
    pnas_dataset_destroy(&dataset);
    pnas_dataset_destroy(&whole);
    PNAS_EXPECT_NO_LEAKS();
}

/* Whatever is done to the file between two reads. */
static void expect_changed(void (*change)(void))
{
    write_dataset();
    pnas_dataset *dataset = open_training(ROOM);
    pnas_image_source source = pnas_image_reader_source(dataset->train.reader);
    uint8_t *found = malloc(2 * BYTES);
    const uint32_t wanted[] = {0, 399};
    change();
    cr_expect_eq(source.read(source.payload, wanted, 2, found), PNAS_ERROR_FILE);
    expect_message("a.h5: was changed by another program while its images were read; put a copy of it back");
    free(found);
    pnas_dataset_destroy(&dataset);
}

static void cut(void)
{
    cr_assert_eq(truncate(test_path("a.h5"), 3000), 0);
}

static void write_into(void)
{
    FILE *file = fopen(test_path("a.h5"), "r+");
    fseek(file, 9000, SEEK_SET);
    fputs("something else", file);
    fclose(file);
}

Test(image_reader, a_file_that_is_cut_or_written_to_meanwhile_is_refused)
{
    expect_changed(cut);
    expect_changed(write_into);
}

Test(image_reader, a_damaged_chunk_is_named)
{
    write_dataset();
    pnas_dataset *dataset = open_training(ROOM);
    pnas_image_source source = pnas_image_reader_source(dataset->train.reader);
    uint8_t *found = malloc(BYTES);
    uint32_t wanted = 200;
    dataset->train.reader->rows.place[1].at += 8; /* as if its bytes were others */
    cr_expect_eq(source.read(source.payload, &wanted, 1, found), PNAS_ERROR_DATA);
    expect_message("a.h5: is damaged: chunk 1 of its images cannot be unpacked; put a copy of it back");
    wanted = 5;
    cr_expect_eq(source.read(source.payload, &wanted, 1, found), PNAS_OK, "%s", pnas_message());
    free(found);
    pnas_dataset_destroy(&dataset);
}

Test(image_reader, a_reader_of_another_version_of_the_file_is_refused)
{
    write_dataset();
    pnas_dataset *dataset = open_training(ROOM);
    pnas_stored_rows rows = {.rows = 1, .place = calloc(1, sizeof *rows.place)};
    struct stat version = dataset->train.reader->version;
    const pnas_image_shape shape = {SIDE, SIDE, CHANNELS};
    pnas_image_reader *reader;
    version.st_size++;
    cr_expect_eq(pnas_image_reader_open(test_path("a.h5"), &version, &rows, 0, &shape, &reader),
                 PNAS_ERROR_FILE);
    expect_message("a.h5: was changed by another program since it was checked");
    cr_expect_null(reader);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

/* Without its seal all of a file has to be read. */
Test(image_reader, a_file_without_its_seal_is_not_left_unread)
{
    pnas_dataset *dataset;
    write_dataset();
    cr_assert_eq(truncate(test_path("a.h5"), (off_t)test_file_size("a.h5") - SEAL), 0);
    pnas_status status = pnas_dataset_open_training(test_path("a.h5"), ROOM, &dataset);
    cr_expect_eq(status, PNAS_ERROR_DATA);
    expect_message("a.h5: /train/images: hold 1.172 MiB, more than the 0.09537 MiB of dataset.buffer, and "
                   "the file has no "
                   "seal");
    cr_expect_eq(pnas_dataset_open_training(test_path("a.h5"), 0, &dataset), PNAS_OK,
                 "in memory it can be checked");
    pnas_dataset_destroy(&dataset);
}

Test(image_reader, for_testing_only_the_test_images_are_read)
{
    pnas_dataset *dataset;
    write_dataset();
    cr_assert_eq(pnas_dataset_open_test(test_path("a.h5"), 0, &dataset), PNAS_OK, "%s", pnas_message());
    cr_expect(!dataset->train.images && dataset->train.labels && dataset->train.count == TRAIN);
    cr_expect(dataset->test.images && dataset->test.labels && dataset->test.count == TEST);
    pnas_dataset_destroy(&dataset);
    cr_assert_eq(truncate(test_path("a.h5"), (off_t)test_file_size("a.h5") - SEAL), 0);
    cr_assert_eq(pnas_dataset_open_test(test_path("a.h5"), 0, &dataset), PNAS_OK, "%s", pnas_message());
    cr_expect(!dataset->train.images && dataset->test.images, "it was summed up");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}
