/* Data sets of encoded images: written and read, in memory or from the file, and damaged in all ways. */
#include "io/data/dataset.h"
#include "io/data/encoded_image.h"
#include "io/data/image_reader.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(encoded_dataset, .init = test_folder_make, .fini = test_folder_remove);

enum {
    HEIGHT = 24,
    WIDTH = 20,
    BYTES = HEIGHT * WIDTH * 3,
    TRAIN = 90,
    TEST = 11,
    QUALITY = 80,
    ROOM = 10000
};
enum { SEAL = 20 };

static const pnas_image_shape shape = {HEIGHT, WIDTH, 3};

static void fill(size_t from, pnas_dataset_part *part)
{
    for (size_t n = 0; n < part->count; n++) {
        part->labels[n] = (uint16_t)(n % 4);
        for (size_t i = 0; i < BYTES; i++)
            part->images[n * BYTES + i] = (uint8_t)((from + n) * 31 + i % 60 * (1 + n % 4));
    }
}

static pnas_dataset *make_dataset(void)
{
    pnas_dataset *dataset;
    cr_assert_eq(pnas_dataset_create(&dataset), PNAS_OK);
    strcpy(dataset->name, "packed");
    dataset->height = HEIGHT;
    dataset->width = WIDTH;
    dataset->channels = 3;
    dataset->classes = 4;
    cr_assert_eq(pnas_dataset_allocate(dataset, TRAIN, &dataset->train), PNAS_OK);
    cr_assert_eq(pnas_dataset_allocate(dataset, TEST, &dataset->test), PNAS_OK);
    fill(0, &dataset->train);
    fill(TRAIN, &dataset->test);
    cr_assert_eq(pnas_dataset_encode(dataset, QUALITY), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_dataset_complete(dataset), PNAS_OK, "%s", pnas_message());
    return dataset;
}

static void write_file(pnas_dataset *dataset)
{
    cr_assert_eq(pnas_dataset_write(dataset, test_path("a.h5")), PNAS_OK, "%s", pnas_message());
    pnas_dataset_destroy(&dataset);
}

static void drop_seal(void)
{
    cr_assert_eq(truncate(test_path("a.h5"), (off_t)test_file_size("a.h5") - SEAL), 0);
}

static void expect_message(const char *text)
{
    cr_expect_not_null(strstr(pnas_message(), text), "expected \"%s\" in \"%s\"", text, pnas_message());
}

/* --- What is written is read --- */

static void expect_part(const pnas_dataset_part *made, const pnas_dataset_part *read)
{
    uint8_t pixels[BYTES];
    uint64_t begin = 0;
    cr_assert_eq(read->count, made->count);
    cr_assert(read->images && read->encoded && made->labels && read->labels);
    cr_expect_arr_eq(read->labels, made->labels, made->count * sizeof *made->labels);
    for (size_t n = 0; n < made->count; begin = made->ends[n++]) {
        cr_assert_eq(read->ends[n], made->ends[n]);
        cr_assert_eq(pnas_encoded_image_decode(made->encoded + begin, made->ends[n] - begin, &shape, pixels),
                     PNAS_OK);
        cr_assert(memcmp(read->images + n * BYTES, pixels, BYTES) == 0, "image %zu", n);
    }
}

Test(encoded_dataset, is_read_decoded)
{
    pnas_dataset *made = make_dataset(), *read;
    cr_assert_eq(pnas_dataset_write(made, test_path("a.h5")), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_OK, "%s", pnas_message());
    cr_expect(read->height == HEIGHT && read->width == WIDTH && read->channels == 3 && read->classes == 4);
    cr_expect_eq(read->quality, QUALITY);
    cr_expect_str_eq(read->sha256, made->sha256);
    cr_expect_arr_eq(read->mean, made->mean, 3 * sizeof(float));
    cr_expect_eq(pnas_dataset_encoded_bytes(read), pnas_dataset_encoded_bytes(made));
    expect_part(&made->train, &read->train);
    expect_part(&made->test, &read->test);
    cr_expect_eq(pnas_dataset_verify(test_path("a.h5"), 0), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(pnas_dataset_verify(test_path("a.h5"), 1), PNAS_OK, "%s", pnas_message());
    pnas_dataset_destroy(&made);
    pnas_dataset_destroy(&read);
    PNAS_EXPECT_NO_LEAKS();
}

/* The figures are those of the decoded pixels. */
Test(encoded_dataset, figures_are_those_of_the_same_images_not_encoded)
{
    pnas_dataset *made = make_dataset(), *read;
    write_file(made);
    cr_assert_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_OK, "%s", pnas_message());
    const float mean = read->mean[1], deviation = read->deviation[1];
    char sha256[65];
    strcpy(sha256, read->sha256);
    read->quality = 0;
    cr_assert_eq(pnas_dataset_complete(read), PNAS_OK);
    cr_expect_eq(read->mean[1], mean);
    cr_expect_eq(read->deviation[1], deviation);
    cr_expect_str_neq(read->sha256, sha256);
    pnas_dataset_destroy(&read);
}

Test(encoded_dataset, may_have_no_test_images)
{
    pnas_dataset *made = make_dataset(), *read;
    made->test.count = 0;
    cr_assert_eq(pnas_dataset_complete(made), PNAS_OK);
    write_file(made);
    cr_assert_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(read->test.count, 0);
    pnas_dataset_destroy(&read);
    cr_expect_eq(pnas_dataset_verify(test_path("a.h5"), 0), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(pnas_dataset_verify(test_path("a.h5"), 1), PNAS_OK, "%s", pnas_message());
}

Test(encoded_dataset, a_file_without_its_seal_is_summed_up)
{
    pnas_dataset *made = make_dataset(), *read;
    strcpy(made->sha256, "another");
    write_file(made);
    cr_assert_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_OK, "%s", pnas_message());
    pnas_dataset_destroy(&read);
    drop_seal();
    cr_expect_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_ERROR_DATA);
    expect_message("/sha256 is another, but ");
    cr_expect_eq(pnas_dataset_open_training(test_path("a.h5"), 0, &read), PNAS_ERROR_DATA);
    cr_expect_eq(pnas_dataset_open_training(test_path("a.h5"), ROOM, &read), PNAS_ERROR_DATA);
    expect_message("a.h5: /train/encoded: hold 0.1236 MiB, more than ");
    write_file(make_dataset());
    drop_seal();
    cr_expect_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_OK, "%s", pnas_message());
    pnas_dataset_destroy(&read);
    cr_expect_eq(pnas_dataset_open_training(test_path("a.h5"), 0, &read), PNAS_OK, "%s", pnas_message());
    pnas_dataset_destroy(&read);
    PNAS_EXPECT_NO_LEAKS();
}

/* --- For testing --- */

Test(encoded_dataset, for_testing_the_training_images_are_left_alone)
{
    pnas_dataset *dataset = make_dataset(), *whole, *read;
    memset(dataset->train.encoded, 0, 40); /* nobody looks at it */
    write_file(dataset);
    cr_assert_eq(pnas_dataset_open_test(test_path("a.h5"), 0, &read), PNAS_OK, "%s", pnas_message());
    cr_expect(!read->train.images && !read->train.encoded && read->train.labels &&
              read->train.count == TRAIN);
    write_file(make_dataset());
    cr_assert_eq(pnas_dataset_open(test_path("a.h5"), &whole), PNAS_OK, "%s", pnas_message());
    cr_expect_arr_eq(read->test.images, whole->test.images, (size_t)TEST * BYTES);
    cr_expect_arr_eq(read->test.labels, whole->test.labels, TEST * sizeof *read->test.labels);
    cr_expect_eq(pnas_dataset_encoded_bytes(read), pnas_dataset_encoded_bytes(whole));
    pnas_dataset_destroy(&read);
    drop_seal();
    cr_assert_eq(pnas_dataset_open_test(test_path("a.h5"), 0, &read), PNAS_OK, "%s", pnas_message());
    cr_expect(!read->train.images && read->test.images, "it was summed up");
    pnas_dataset_destroy(&read);
    pnas_dataset_destroy(&whole);
    dataset = make_dataset();
    dataset->test.count = 0;
    cr_assert_eq(pnas_dataset_complete(dataset), PNAS_OK);
    write_file(dataset);
    cr_assert_eq(pnas_dataset_open_test(test_path("a.h5"), 0, &read), PNAS_OK, "%s", pnas_message());
    cr_expect_not_null(read->train.images, "there is nothing else");
    pnas_dataset_destroy(&read);
    PNAS_EXPECT_NO_LEAKS();
}

/* --- For training --- */

/* All images backwards, and some twice. */
Test(encoded_dataset, gives_the_same_bits_from_memory_and_from_the_file)
{
    enum { COUNT = TRAIN + 3 };
    uint32_t wanted[COUNT] = {TRAIN - 1, 0, 5};
    uint8_t *found = malloc((size_t)COUNT * BYTES);
    pnas_dataset *memory, *file;
    write_file(make_dataset());
    cr_assert_eq(pnas_dataset_open_training(test_path("a.h5"), 0, &memory), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_dataset_open_training(test_path("a.h5"), ROOM, &file), PNAS_OK, "%s", pnas_message());
    cr_expect_eq((void *)memory->train.images, memory->shared.at);
    cr_expect(!memory->train.reader && !memory->train.encoded && !memory->test.labels);
    cr_assert(file->train.reader && !file->train.images && !file->train.encoded && file->train.labels);
    cr_expect(file->test.count == TEST && !file->test.labels);
    for (uint32_t i = 3; i < COUNT; i++)
        wanted[i] = COUNT - 1 - i;
    pnas_image_source source = pnas_image_reader_source(file->train.reader);
    cr_assert_eq(source.read(source.payload, wanted, COUNT, found), PNAS_OK, "%s", pnas_message());
    for (size_t i = 0; i < COUNT; i++)
        cr_assert(memcmp(found + i * BYTES, memory->train.images + wanted[i] * (size_t)BYTES, BYTES) == 0,
                  "%zu", i);
    free(found);
    pnas_dataset_destroy(&memory);
    pnas_dataset_destroy(&file);
    PNAS_EXPECT_NO_LEAKS();
}

Test(encoded_dataset, gives_its_test_part_from_memory_and_from_the_file)
{
    uint32_t wanted[TEST];
    uint8_t *found = malloc((size_t)TEST * BYTES);
    pnas_dataset *whole, *memory, *file, *none;
    write_file(make_dataset());
    cr_assert_eq(pnas_dataset_open(test_path("a.h5"), &whole), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_dataset_open_test(test_path("a.h5"), 0, &memory), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_dataset_open_test(test_path("a.h5"), 1, &file), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_dataset_describe(test_path("a.h5"), &none), PNAS_OK, "%s", pnas_message());
    cr_assert(!memory->train.images && memory->test.images && !memory->test.encoded && memory->test.labels);
    cr_assert(!file->train.reader && !file->test.images && file->test.reader && file->test.labels);
    cr_expect(!none->train.images && !none->test.images && !none->test.reader && none->train.labels);
    cr_expect_eq(pnas_dataset_encoded_bytes(none), pnas_dataset_encoded_bytes(whole));
    for (uint32_t i = 0; i < TEST; i++)
        wanted[i] = i;
    pnas_image_source source = pnas_image_reader_source(file->test.reader);
    cr_assert_eq(source.read(source.payload, wanted, TEST, found), PNAS_OK, "%s", pnas_message());
    cr_expect_arr_eq(memory->test.images, whole->test.images, (size_t)TEST * BYTES);
    cr_expect_arr_eq(found, whole->test.images, (size_t)TEST * BYTES);
    free(found);
    pnas_dataset_destroy(&whole);
    pnas_dataset_destroy(&memory);
    pnas_dataset_destroy(&file);
    pnas_dataset_destroy(&none);
    PNAS_EXPECT_NO_LEAKS();
}

/* --- Damage --- */

/* A file that was written like that, seal and all. */
static void expect_damaged(pnas_dataset *dataset, const char *text)
{
    pnas_dataset *read;
    write_file(dataset);
    cr_expect_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_ERROR_DATA, "%s", text);
    expect_message(text);
    cr_expect_null(read);
    cr_expect_eq(pnas_dataset_verify(test_path("a.h5"), 0), PNAS_ERROR_DATA);
    cr_expect_eq(pnas_dataset_verify(test_path("a.h5"), 1), PNAS_ERROR_DATA);
}

static void expect_streamed_damage(uint32_t image, const char *text)
{
    pnas_dataset *dataset;
    const uint32_t wanted[] = {image, image > 0 ? 0 : 1};
    uint8_t found[2 * BYTES];
    cr_assert_eq(pnas_dataset_open_training(test_path("a.h5"), ROOM, &dataset), PNAS_OK, "%s",
                 pnas_message());
    pnas_image_source source = pnas_image_reader_source(dataset->train.reader);
    cr_expect_eq(source.read(source.payload, wanted, 2, found), PNAS_ERROR_DATA);
    expect_message(text);
    cr_expect_eq(source.read(source.payload, wanted + 1, 1, found), PNAS_OK, "%s", pnas_message());
    pnas_dataset_destroy(&dataset);
}

Test(encoded_dataset, an_image_that_cannot_be_decoded_is_named)
{
    pnas_dataset *dataset = make_dataset();
    uint8_t *image = dataset->train.encoded + dataset->train.ends[40];
    memset(image + 20, 0xd9, 40);
    memset(dataset->train.encoded + dataset->train.ends[70], 0, 40); /* the first one is named */
    expect_damaged(dataset, "a.h5: /train/encoded: image 41: is a damaged JPEG: ");
    expect_streamed_damage(41, "a.h5: image 41: is a damaged JPEG: ");
    dataset = make_dataset();
    memset(dataset->test.encoded, 0, 40);
    expect_damaged(dataset, "a.h5: /test/encoded: image 0: is a damaged JPEG: ");
    PNAS_EXPECT_NO_LEAKS();
}

Test(encoded_dataset, an_image_of_another_size_is_named)
{
    const pnas_image_shape other = {WIDTH, HEIGHT, 3};
    pnas_dataset *dataset = make_dataset();
    uint8_t pixels[BYTES] = {0}, *bytes, *all = dataset->train.encoded;
    size_t size, first = dataset->train.ends[0];
    cr_assert_eq(pnas_encoded_image_make(&other, QUALITY, pixels, &bytes, &size), PNAS_OK);
    dataset->train.encoded = malloc(dataset->train.ends[TRAIN - 1] + size);
    memcpy(dataset->train.encoded, bytes, size);
    memcpy(dataset->train.encoded + size, all + first, dataset->train.ends[TRAIN - 1] - first);
    for (size_t i = 0; i < TRAIN; i++)
        dataset->train.ends[i] += size - first;
    free(all);
    free(bytes);
    expect_damaged(dataset, "/train/encoded: image 0: is 20 x 24 x 3; 24 x 20 x 3 are wanted");
    expect_streamed_damage(0, "a.h5: image 0: is 20 x 24 x 3; 24 x 20 x 3 are wanted");
}

static void expect_bad_ends(size_t image, uint64_t change, const char *text)
{
    pnas_dataset *dataset = make_dataset(), *read;
    dataset->train.ends[image] += change;
    expect_damaged(dataset, text);
    cr_expect_eq(pnas_dataset_open_training(test_path("a.h5"), ROOM, &read), PNAS_ERROR_DATA);
    expect_message(text);
}

/* A file of another program may say anything. */
static void change_ends(size_t image, uint64_t end)
{
    uint64_t ends[TRAIN];
    hid_t file = H5Fopen(test_path("a.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "train/encoded_ends", H5P_DEFAULT);
    cr_assert_geq(H5Dread(dataset, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, ends), 0);
    ends[image] = end;
    cr_assert_geq(H5Dwrite(dataset, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, ends), 0);
    H5Dclose(dataset);
    H5Fclose(file);
}

Test(encoded_dataset, ends_that_do_not_fit_are_refused)
{
    pnas_dataset *read;
    expect_bad_ends(7, 100000, "a.h5: /train/encoded_ends: image 7: lies from byte ");
    expect_bad_ends(8, (uint64_t)-100000, "a.h5: /train/encoded_ends: image 8: lies from byte ");
    write_file(make_dataset());
    change_ends(TRAIN - 1, UINT64_MAX);
    cr_expect_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_ERROR_DATA);
    expect_message("/train/encoded_ends: image 89: lies from byte ");
    change_ends(TRAIN - 1, 0);
    cr_expect_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_ERROR_DATA);
    PNAS_EXPECT_NO_LEAKS();
}

static void change_number(const char *name, int64_t value)
{
    hid_t file = H5Fopen(test_path("a.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    cr_assert_geq(H5Awrite(attribute, H5T_NATIVE_INT64, &value), 0);
    H5Aclose(attribute);
    H5Fclose(file);
}

static void expect_bad_number(const char *name, int64_t value, const char *text)
{
    pnas_dataset *read;
    write_file(make_dataset());
    change_number(name, value);
    cr_expect_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_ERROR_DATA);
    expect_message(text);
}

Test(encoded_dataset, attributes_that_do_not_fit_are_refused)
{
    expect_bad_number("height", 0, "/height: is 0, expected 1 to 4096");
    expect_bad_number("width", 5000, "/width: is 5000, expected 1 to 4096");
    expect_bad_number("channels", 2, "/channels: is 2; a JPEG has 1 or 3");
    expect_bad_number("channels", -1, "/channels: is -1, expected 1 to 3");
    expect_bad_number("channels", 1, "/mean: expected shape [1], found [3]");
    expect_bad_number("quality", 101, "/quality: is 101, expected 1 to 100");
    expect_bad_number("height", 25, "/train/encoded: image 0: is 24 x 20 x 3; 25 x 20 x 3 are wanted");
}

/* Little that claims to be 4096 x 4096 pixels takes no memory. */
Test(encoded_dataset, more_pixels_than_bytes_can_give_are_refused)
{
    pnas_dataset *read;
    write_file(make_dataset());
    change_number("height", 4096);
    change_number("width", 4096);
    cr_expect_eq(pnas_dataset_open(test_path("a.h5"), &read), PNAS_ERROR_DATA);
    expect_message("/train/encoded: claims to hold 4.53e+09 bytes of pixels in ");
}
