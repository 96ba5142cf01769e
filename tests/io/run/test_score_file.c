/* Parts of scores come back as they were, each in its own place only. */
#include "io/hdf5/file_seal.h"
#include "io/run/score_file.h"
#include "src/search/cell_text.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <hdf5_hl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(score_file, .init = test_folder_make, .fini = test_folder_remove);

enum { PART = 3, PARTS = 16, CELLS = 2 };

static pnas_score_head head;
static pnas_beam_entry best[CELLS];
static pnas_score_part part;

static void make_part(void)
{
    head = (pnas_score_head){.fingerprint = 0x0123456789abcdef,
                             .space = {.blocks = 1, .lookback = -2, .lookforward = -1},
                             .blocks = 1,
                             .level = 1,
                             .trained_blocks = 1,
                             .members = 1,
                             .top = 5,
                             .parts = PARTS,
                             .run = "run.h5",
                             .command_line = "none"};
    pnas_operator_set_paper(&head.space.operators);
    for (int i = 0; i < CELLS; i++) {
        best[i].predicted = 0.75 - 0.25 * i;
        cr_assert_eq(
            pnas_cell_parse(i ? "-1:sep3+-1:max3" : "-1:sep3+-1:sep3", &head.space.operators, &best[i].cell),
            PNAS_OK, "%s", pnas_message());
    }
    part = (pnas_score_part){.cells = CELLS,
                             .sum = 1.25,
                             .least = 0.5,
                             .most = 0.75,
                             .histogram = {[500] = 1, [750] = 1},
                             .best_count = CELLS,
                             .best = best,
                             .device = "PoCL",
                             .driver = "3.1; tuned 0123456789abcdef"};
}

static void write_part(void)
{
    make_part();
    cr_assert_eq(pnas_score_part_write(test_path("p.h5"), &head, PART, &part), PNAS_OK, "%s", pnas_message());
}

static void write_file(void)
{
    const uint64_t cells[PARTS] = {[PART] = CELLS};
    make_part();
    cr_assert_eq(pnas_score_file_write(test_path("p.h5"), &head, &part, cells, PARTS), PNAS_OK, "%s",
                 pnas_message());
}

static pnas_status read_part(size_t index)
{
    pnas_score_part read;
    pnas_status status = pnas_score_part_read(test_path("p.h5"), &head, index, &read);
    cr_expect_eq(status == PNAS_OK, read.best != NULL);
    if (status == PNAS_OK)
        cr_expect(read.cells == CELLS && read.best_count == CELLS && read.best[1].predicted == 0.5);
    if (status == PNAS_OK) {
        cr_expect_str_eq(read.device, part.device);
        cr_expect_str_eq(read.driver, part.driver);
    }
    free(read.best);
    return status;
}

static pnas_status read_file(void)
{
    pnas_score_part read;
    pnas_status status = pnas_score_file_read(test_path("p.h5"), &head, &read);
    free(read.best);
    return status;
}

static void expect_said(const char *sentence)
{
    cr_expect_not_null(strstr(pnas_message(), "p.h5: "), "%s", pnas_message());
    cr_expect_not_null(strstr(pnas_message(), sentence), "%s", pnas_message());
}

/* As somebody would who seals it again. */
static void edit(const char *attribute, int64_t value)
{
    hid_t file = H5Fopen(test_path("p.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    H5Adelete(file, attribute);
    cr_assert_geq(H5LTset_attribute_long_long(file, ".", attribute, (const long long[]){value}, 1), 0);
    H5Fclose(file);
    int descriptor = open(test_path("p.h5"), O_RDWR);
    cr_assert_eq(pnas_file_seal(descriptor, "p.h5"), PNAS_OK);
    close(descriptor);
}

Test(score_file, a_part_is_read_in_its_own_place_only)
{
    write_part();
    cr_expect_eq(read_part(PART), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(read_part(PART + 1), PNAS_ERROR_DATA);
    expect_said("holds part 3 of 16, and part 4 of 16 is wanted here");
    head.parts = 20; /* cut in another way */
    cr_expect_eq(read_part(PART), PNAS_ERROR_DATA);
    expect_said("holds part 3 of 16, and part 3 of 20 is wanted here");
    head.parts = PARTS;
    head.fingerprint++;
    cr_expect_eq(read_part(PART), PNAS_ERROR_USAGE);
    expect_said("another surrogate, space or command");
    PNAS_EXPECT_NO_LEAKS();
}

/* As older versions left it. */
Test(score_file, a_part_that_does_not_say_what_scored_it_is_read)
{
    write_part();
    hid_t file = H5Fopen(test_path("p.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert(H5Adelete(file, "device") >= 0 && H5Adelete(file, "driver") >= 0);
    H5Fclose(file);
    int descriptor = open(test_path("p.h5"), O_RDWR);
    cr_assert_eq(pnas_file_seal(descriptor, "p.h5"), PNAS_OK);
    close(descriptor);
    part.device[0] = part.driver[0] = 0;
    cr_expect_eq(read_part(PART), PNAS_OK, "%s", pnas_message());
}

Test(score_file, figures_that_contradict_each_other_are_refused)
{
    write_part();
    edit("cells", CELLS + 1);
    cr_expect_eq(read_part(PART), PNAS_ERROR_DATA);
    expect_said("has 3 cells, but counts 2 in its histogram");
    write_file();
    cr_expect_eq(read_file(), PNAS_OK, "%s", pnas_message());
    part.best_count = 1;
    cr_assert_eq(pnas_score_file_write(test_path("p.h5"), &head, &part, (const uint64_t[]){CELLS}, 1),
                 PNAS_OK);
    cr_expect_eq(read_file(), PNAS_ERROR_DATA);
    expect_said("has 1 of 2 cells, where 2 are wanted");
    make_part();
    best[0].predicted = 1.5;
    cr_assert_eq(pnas_score_part_write(test_path("p.h5"), &head, PART, &part), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(read_part(PART), PNAS_ERROR_DATA);
    expect_said("/best/score: value 0 is 1.5, which is no accuracy");
    PNAS_EXPECT_NO_LEAKS();
}

/* Nobody but we writes them. */
Test(score_file, one_without_its_seal_is_refused)
{
    write_part();
    cr_assert_eq(truncate(test_path("p.h5"), (off_t)test_file_size("p.h5") - 20), 0);
    cr_expect_eq(read_part(PART), PNAS_ERROR_DATA);
    expect_said("it has no seal");
    write_file();
    cr_assert_eq(truncate(test_path("p.h5"), (off_t)test_file_size("p.h5") - 20), 0);
    cr_expect_eq(read_file(), PNAS_ERROR_DATA);
    expect_said("it has no seal");
}
