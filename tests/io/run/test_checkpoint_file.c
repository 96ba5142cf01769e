/* Checkpoints come back bit for bit, and what is not one, or not this child's, is refused with a sentence. */
#include "io/hdf5/file_seal.h"
#include "io/run/checkpoint_file.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <assert.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(checkpoint_file, .init = test_folder_make, .fini = test_folder_remove);

#define FINGERPRINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static float values[24] = {1.5f, -0.0f, 1e-40f, 3e38f, 5};
static pnas_named_tensor tensors[] = {
    {.name = "cell_0/block_0/left_sep3/1/pointwise/weight", .rank = 4, .shape = {1, 1, 4, 6}, .data = values},
    {.name = "first_moment/stem/weight", .rank = 1, .shape = {6}, .data = values + 2},
    {.name = "history", .rank = 2, .shape = {2, 5}, .data = values + 4},
};
static const pnas_checkpoint_owner owner = {FINGERPRINT, "-2:sep5+-2:max3"};
static const pnas_checkpoint taken = {.epoch = 2,
                                      .batch = 17,
                                      .best = 0.1 + 0.2,
                                      .last = 1.0 / 3,
                                      .seconds = 12.25,
                                      .count = 3,
                                      .tensor = tensors};

static void write_checkpoint(void)
{
    cr_assert_eq(pnas_checkpoint_write(test_path("c.h5"), &owner, &taken), PNAS_OK, "%s", pnas_message());
}

static void expect_refused(const pnas_checkpoint_owner *by, const char *sentence)
{
    pnas_checkpoint read = {.epoch = 7};
    cr_expect_eq(pnas_checkpoint_read(test_path("c.h5"), by, &read), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "c.h5: "), "%s", pnas_message());
    cr_expect_not_null(strstr(pnas_message(), sentence), "%s", pnas_message());
    cr_expect(read.count == 0 && !read.tensor && read.epoch == 0);
}

Test(checkpoint_file, a_checkpoint_comes_back_bit_for_bit)
{
    static const int order[] = {0, 1, 2};
    pnas_checkpoint read;
    write_checkpoint();
    cr_assert_eq(pnas_checkpoint_read(test_path("c.h5"), &owner, &read), PNAS_OK, "%s", pnas_message());
    cr_expect(read.epoch == taken.epoch && read.batch == taken.batch);
    cr_expect(read.best == taken.best && read.last == taken.last && read.seconds == taken.seconds);
    cr_assert_eq(read.count, taken.count);
    assert(read.tensor);
    for (size_t i = 0; i < read.count; i++) {
        const pnas_named_tensor *expected = &tensors[order[i]];
        size_t size = 1;
        cr_expect_str_eq(read.tensor[i].name, expected->name);
        cr_assert_eq(read.tensor[i].rank, expected->rank);
        for (int d = 0; d < expected->rank; d++) {
            cr_expect_eq(read.tensor[i].shape[d], expected->shape[d]);
            size *= expected->shape[d];
        }
        cr_expect_eq(memcmp(read.tensor[i].data, expected->data, size * sizeof(float)), 0);
    }
    pnas_checkpoint_clear(&read);
    cr_expect_eq(test_folder_count(), 1);
    PNAS_EXPECT_NO_LEAKS();
}

Test(checkpoint_file, one_of_another_configuration_or_cell_is_refused)
{
    write_checkpoint();
    expect_refused(&(pnas_checkpoint_owner){"another", owner.cell}, "belongs to another configuration");
    expect_refused(&(pnas_checkpoint_owner){FINGERPRINT, "-1:sep5+-2:max3"}, "belongs to another cell");
}

Test(checkpoint_file, cut_anywhere_or_with_a_changed_byte_it_is_refused)
{
    write_checkpoint();
    size_t size = test_file_size("c.h5"), seal = 20;
    char *bytes = malloc(size);
    FILE *file = fopen(test_path("c.h5"), "rb");
    cr_assert(bytes && file && fread(bytes, 1, size, file) == size);
    fclose(file);
    for (size_t kept = 0; kept < size - seal; kept += 97) {
        test_write_file("c.h5", bytes, kept);
        expect_refused(&owner, "");
    }
    for (size_t at = 5; at < size - seal; at += 997) {
        bytes[at] ^= 0x10;
        test_write_file("c.h5", bytes, size);
        expect_refused(&owner, "is damaged");
        bytes[at] ^= 0x10;
    }
    free(bytes);
}

static void edit(const char *attribute, double value, const char *array)
{
    static const float numbers[] = {1, 1.0f / 0.0f};
    write_checkpoint();
    hid_t file = H5Fopen(test_path("c.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    if (attribute) {
        H5Adelete(file, attribute);
        cr_assert_geq(H5LTset_attribute_double(file, ".", attribute, &value, 1), 0);
    }
    if (array)
        cr_assert_geq(H5LTmake_dataset_float(file, array, 1, (hsize_t[]){2}, numbers), 0);
    H5Fclose(file);
}

static void seal(void)
{
    int file = open(test_path("c.h5"), O_RDWR);
    cr_assert_eq(pnas_file_seal(file, "c.h5"), PNAS_OK);
    close(file);
}

/* Nobody but we writes checkpoints. */
Test(checkpoint_file, one_that_another_program_wrote_is_refused)
{
    edit("best", 0.5, NULL);
    expect_refused(&owner, "was changed by another program: it has no seal");
}

Test(checkpoint_file, what_no_training_can_stand_at_is_refused_even_sealed)
{
    static const struct {
        const char *attribute, *array, *sentence;
        double value;
    } edits[] = {{"best", NULL, "/best: is 1.5, which is no accuracy", 1.5},
                 {"last", NULL, "/last: is nan, which is no accuracy", 0.0 / 0.0},
                 {"seconds", NULL, "/seconds: is -1, which is no time", -1},
                 {NULL, "stem", "/stem: value 1 is inf", 0}};
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        edit(edits[i].attribute, edits[i].value, edits[i].array);
        seal();
        expect_refused(&owner, edits[i].sentence);
    }
}

Test(checkpoint_file, text_is_none)
{
    test_write_file("c.h5", "title: Tiny\n", 12);
    expect_refused(&owner, "");
}

Test(checkpoint_file, a_place_that_cannot_be_written_is_named)
{
    cr_expect_eq(pnas_checkpoint_write(test_path("no/c.h5"), &owner, &taken), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "no/c.h5"), "%s", pnas_message());
}
