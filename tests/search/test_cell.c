#include "src/base/random.h"
#include "src/search/cell.h"
#include "src/search/cell_text.h"
#include "tests/base/leak_check.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static pnas_operator_set set;

static void use_paper_operators(void)
{
    pnas_operator_set_paper(&set);
}

TestSuite(cell, .init = use_paper_operators);

#define PNASNET5 "-2:sep5+-2:max3 | -1:sep7+-1:max3 | -1:sep5+-1:sep3 | 2:sep3+-1:max3 | -2:sep3+-1:identity"

static pnas_cell parsed(const char *text)
{
    pnas_cell cell = {0};
    cr_assert_eq(pnas_cell_parse(text, &set, &cell), PNAS_OK, "%s", pnas_message());
    return cell;
}

static bool same(const pnas_block *block, int in1, int op1, int in2, int op2)
{
    return block->in1 == in1 && block->op1 == op1 && block->in2 == in2 && block->op2 == op2;
}

Test(cell, text_is_read_as_written)
{
    pnas_cell cell = parsed(PNASNET5);
    cr_assert_eq(cell.blocks, 5);
    cr_expect(same(&cell.block[0], -2, 2, -2, 6));
    cr_expect(same(&cell.block[1], -1, 3, -1, 6));
    cr_expect(same(&cell.block[2], -1, 2, -1, 1));
    cr_expect(same(&cell.block[3], 2, 1, -1, 6));
    cr_expect(same(&cell.block[4], -2, 1, -1, 0));
}

Test(cell, text_survives_a_round_trip)
{
    char text[PNAS_CELL_TEXT_MAX];
    pnas_cell cell = parsed(PNASNET5);
    pnas_cell_format(&cell, &set, text);
    cr_expect_str_eq(text, PNASNET5);
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 2, 0);
    for (int i = 0; i < 2000; ++i) {
        pnas_cell random = {.blocks = 1 + i % PNAS_BLOCKS_MAX};
        for (int k = 0; k < random.blocks; ++k)
            random.block[k] = (pnas_block){(int8_t)((int)pnas_stream_below(&stream, (uint32_t)k + 2) - 2),
                                           (int8_t)pnas_stream_below(&stream, 8),
                                           (int8_t)((int)pnas_stream_below(&stream, (uint32_t)k + 2) - 2),
                                           (int8_t)pnas_stream_below(&stream, 8)};
        pnas_cell_format(&random, &set, text);
        cell = parsed(text);
        cr_assert_eq(pnas_cell_compare(&cell, &random), 0, "%s", text);
    }
}

Test(cell, spaces_do_not_matter_around_marks)
{
    pnas_cell tight = parsed("-2:sep5+-1:max3|0:1x7-7x1+-1:identity");
    pnas_cell loose = parsed("  -2 :  sep5 +\t-1: max3  |\n 0 : 1x7-7x1  + -1 :identity ");
    cr_expect_eq(pnas_cell_compare(&tight, &loose), 0);
}

Test(cell, older_files_spelling_of_operators_is_read)
{
    cr_assert_eq(pnas_operator_set_add_named(&set, "conv3"), PNAS_OK);
    pnas_cell ours = parsed("-2:sep3+-1:sep5 | -1:sep7+0:1x7-7x1 | -1:conv3+1:max3 | -1:avg3+-1:identity");
    pnas_cell theirs = parsed("-2:3x3 dconv+-1:5x5 dconv | -1:7x7 dconv+0:1x7-7x1 conv | "
                              "-1:3x3  conv + 1:3x3 maxpool | -1:3x3 avgpool + -1:identity");
    cr_expect_eq(pnas_cell_compare(&ours, &theirs), 0);
}

Test(cell, the_longest_text_fits)
{
    pnas_operator_set long_names = {0};
    pnas_operator item = {"abcdefghijklmnopqrstuvw", PNAS_IDENTITY, 1, 1, 1, 1};
    cr_assert_eq(pnas_operator_set_add(&long_names, &item), PNAS_OK);
    pnas_cell cell = {.blocks = PNAS_BLOCKS_MAX}, again;
    for (int i = 0; i < cell.blocks; ++i)
        cell.block[i] = (pnas_block){-2, 0, -2, 0};
    char text[PNAS_CELL_TEXT_MAX];
    pnas_cell_format(&cell, &long_names, text);
    cr_assert_eq(pnas_cell_parse(text, &long_names, &again), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(pnas_cell_compare(&cell, &again), 0);
}

/* Refused, with all the words in the message; what was in *out stays. */
static void expect_refused(const char *text, const char *word, const char *other)
{
    pnas_cell cell = {.blocks = 77};
    cr_expect_eq(pnas_cell_parse(text, &set, &cell), PNAS_ERROR_DATA, "'%s' was taken", text);
    cr_expect_not_null(strstr(pnas_message(), word), "'%s' does not say '%s'", pnas_message(), word);
    cr_expect_not_null(strstr(pnas_message(), other), "'%s' does not say '%s'", pnas_message(), other);
    cr_expect_eq(cell.blocks, 77);
}

Test(cell, an_error_names_the_block_and_the_word)
{
    expect_refused("", "block 0", "'+'");
    expect_refused("   ", "block 0", "'+'");
    expect_refused("-1:sep3", "block 0", "'+'");
    expect_refused("-1:sep3+max3", "block 0", "'max3' has no ':'");
    expect_refused("-1:sep3+-1:", "block 0", "''");
    expect_refused("-1:sep3+-1:sep4", "'sep4'", "sep5");
    expect_refused("-1:sep3+-1:sep3 | -1:sep3+-1:Max3", "block 1", "'Max3'");
    expect_refused("-1:sep3+-1:conv3", "'conv3'", "dil3");
    expect_refused("x:sep3+-1:sep3", "block 0", "'x' is no number");
    expect_refused(":sep3+-1:sep3", "block 0", "'' is no number");
    expect_refused("-:sep3+-1:sep3", "block 0", "'-' is no number");
    expect_refused("1 1:sep3+-1:sep3", "block 0", "'1 1' is no number");
    expect_refused("-1x:sep3+-1:sep3", "block 0", "'-1x' is no number");
    expect_refused("99999999999999:sep3+-1:sep3", "block 0", "is no number");
    expect_refused("-3:sep3+-1:sep3", "block 0", "'-3' cannot be read");
    expect_refused("-1:sep3+0:sep3", "block 0", "'0' cannot be read");
    expect_refused("-1:sep3+-1:sep3|1:sep3+-1:sep3", "block 1", "'1' cannot be read");
    expect_refused("-1:sep3+-1:sep3|", "block 1", "'+'");
    expect_refused("|-1:sep3+-1:sep3", "block 0", "'+'");
    expect_refused("-1:sep3+-1:sep3+-1:sep3", "block 0", "'sep3+-1:sep3'");
    expect_refused("-1:sep3++1:sep3", "block 0", "'+1' is no number");
}

Test(cell, more_blocks_than_a_cell_can_have_are_refused)
{
    char text[1024] = "-1:sep3+-1:sep3";
    for (int i = 1; i < PNAS_BLOCKS_MAX; ++i)
        strcat(text, "|-1:sep3+-1:sep3");
    cr_expect_eq(parsed(text).blocks, PNAS_BLOCKS_MAX);
    strcat(text, "|-1:max3+-1:sep3");
    expect_refused(text, "10 blocks", "'-1:max3+-1:sep3'");
}

Test(cell, validation_finds_impossible_inputs_and_operators)
{
    pnas_cell good = parsed(PNASNET5), bad;
    cr_expect_eq(pnas_cell_validate(&good, &set), PNAS_OK);
    bad = good;
    bad.blocks = 0;
    cr_expect_eq(pnas_cell_validate(&bad, &set), PNAS_ERROR_DATA);
    bad.blocks = PNAS_BLOCKS_MAX + 1;
    cr_expect_eq(pnas_cell_validate(&bad, &set), PNAS_ERROR_DATA);
    for (int side = 0; side < 2; ++side) {
        bad = good;
        *(side ? &bad.block[3].in2 : &bad.block[3].in1) = 3;
        cr_expect_eq(pnas_cell_validate(&bad, &set), PNAS_ERROR_DATA, "a block cannot read itself");
        cr_expect_not_null(strstr(pnas_message(), "block 3"));
        bad = good;
        *(side ? &bad.block[0].in2 : &bad.block[0].in1) = -3;
        cr_expect_eq(pnas_cell_validate(&bad, &set), PNAS_ERROR_DATA);
        bad = good;
        *(side ? &bad.block[4].op2 : &bad.block[4].op1) = 8;
        cr_expect_eq(pnas_cell_validate(&bad, &set), PNAS_ERROR_DATA);
        *(side ? &bad.block[4].op2 : &bad.block[4].op1) = -1;
        cr_expect_eq(pnas_cell_validate(&bad, &set), PNAS_ERROR_DATA);
    }
}

Test(cell, what_it_reads_is_known)
{
    uint32_t previous;
    pnas_cell cell = parsed(PNASNET5);
    cr_expect_eq(pnas_cell_used(&cell, &previous), 1u << 2);
    cr_expect_eq(previous, 3);
    cell = parsed("-1:sep3+-1:sep3 | 0:sep3+-1:sep3 | 0:sep3+1:sep3");
    cr_expect_eq(pnas_cell_used(&cell, &previous), 3);
    cr_expect_eq(previous, 1);
    cell = parsed("-2:sep3+-2:sep3");
    cr_expect_eq(pnas_cell_used(&cell, &previous), 0);
    cr_expect_eq(previous, 2);
    cr_expect_eq(pnas_cell_used(&cell, NULL), 0);
}

Test(cell, order_is_by_length_then_by_code)
{
    static const char *const ascending[] = {
        "-2:sep7+-2:sep7",
        "-1:identity+-1:identity",
        "-2:identity+-2:identity | -2:identity+-2:identity",
        "-2:identity+-2:identity | -2:identity+0:identity",
        "-2:identity+-2:identity | -1:identity+-2:identity",
        "-2:identity+-2:identity | 0:identity+-2:identity",
        "-2:identity+-2:identity | 0:sep3+-2:identity",
        "-2:identity+-2:sep3 | -2:identity+-2:identity",
    };
    enum { COUNT = sizeof ascending / sizeof ascending[0] };
    for (int i = 0; i < COUNT; ++i)
        for (int j = 0; j < COUNT; ++j) {
            pnas_cell a = parsed(ascending[i]), b = parsed(ascending[j]);
            int order = pnas_cell_compare(&a, &b);
            cr_expect_eq((order > 0) - (order < 0), (i > j) - (i < j), "%s, %s", ascending[i], ascending[j]);
        }
}

/* What is taken must be a valid cell that is written and read back as itself. */
static void parse_anything(const char *text, int *taken)
{
    pnas_cell cell, again;
    if (pnas_cell_parse(text, &set, &cell) != PNAS_OK)
        return;
    ++*taken;
    cr_assert_eq(pnas_cell_validate(&cell, &set), PNAS_OK, "'%s' was read as an impossible cell", text);
    char written[PNAS_CELL_TEXT_MAX];
    pnas_cell_format(&cell, &set, written);
    cr_assert_eq(pnas_cell_parse(written, &set, &again), PNAS_OK);
    cr_assert_eq(pnas_cell_compare(&cell, &again), 0);
}

Test(cell, random_bytes_never_crash_the_parser)
{
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 3, 0);
    int taken = 0;
    for (int i = 0; i < 100000; ++i) {
        char text[64];
        uint32_t length = pnas_stream_below(&stream, sizeof text);
        for (uint32_t j = 0; j < length; ++j)
            text[j] = (char)pnas_stream_u32(&stream);
        text[length] = '\0';
        parse_anything(text, &taken);
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(cell, random_pieces_of_cells_never_crash_the_parser)
{
    static const char *const pieces[] = {"-2",
                                         "-1",
                                         "0",
                                         "1",
                                         "7",
                                         ":",
                                         ":",
                                         "+",
                                         "+",
                                         "|",
                                         " ",
                                         "\t",
                                         "-",
                                         "sep3",
                                         "max3",
                                         "dil3",
                                         "3x3 ",
                                         "identity",
                                         "",
                                         "99",
                                         "\n",
                                         "conv",
                                         "-1:sep3+-1:sep3",
                                         "-1:sep3+-1:sep3 | "};
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 4, 0);
    int taken = 0;
    for (int i = 0; i < 100000; ++i) {
        char text[512] = "";
        uint32_t count = pnas_stream_below(&stream, 16);
        for (uint32_t j = 0; j < count; ++j)
            strcat(text, pieces[pnas_stream_below(&stream, sizeof pieces / sizeof pieces[0])]);
        parse_anything(text, &taken);
    }
    cr_expect_gt(taken, 100, "only %d texts were cells, so little was tried", taken);
    PNAS_EXPECT_NO_LEAKS();
}

Test(cell, damaged_cells_never_crash_the_parser)
{
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 5, 0);
    int taken = 0;
    for (int i = 0; i < 100000; ++i) {
        char text[] = PNASNET5;
        for (uint32_t j = pnas_stream_below(&stream, 4); j > 0; --j)
            text[pnas_stream_below(&stream, sizeof text - 1)] = (char)pnas_stream_u32(&stream);
        parse_anything(text, &taken);
    }
    cr_expect(taken > 20000 && taken < 100000);
    PNAS_EXPECT_NO_LEAKS();
}
