#include "io/run/cell_csv.h"
#include "src/search/cell_text.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(cell_csv, .init = test_folder_make, .fini = test_folder_remove);

static pnas_cell_csv csv;

static pnas_status parse(const char *text)
{
    return pnas_cell_csv_parse("t.csv", text, strlen(text), NULL, &csv);
}

static void expect_cell(size_t row, const char *expected)
{
    pnas_operator_set operators;
    char text[PNAS_CELL_TEXT_MAX];
    pnas_operator_set_built_in(&operators);
    cr_assert_lt(row, csv.count);
    pnas_cell_format(&csv.row[row].cell, &operators, text);
    cr_expect_str_eq(text, expected);
}

static void expect_refused(const char *text, const char *message)
{
    cr_expect_eq(parse(text), PNAS_ERROR_DATA, "taken: %s", text);
    cr_expect_eq(csv.count, 0);
    cr_expect_null(csv.row);
    cr_expect_not_null(strstr(pnas_message(), message), "'%s' is not in: %s", message, pnas_message());
}

Test(cell_csv, reads_lines_of_several_lengths_without_names_or_final_newline)
{
    cr_assert_eq(parse("0.5,-1,3x3 dconv,-2,3x3 maxpool\r\n\r\n"
                       "  \n0.75,-1,identity,-1,1x7-7x1 conv,0,7x7 dconv,-2,3x3 conv"),
                 PNAS_OK, "%s", pnas_message());
    cr_assert_eq(csv.count, 2);
    cr_expect_eq(csv.row[0].score, 0.5);
    expect_cell(0, "-1:sep3+-2:max3");
    expect_cell(1, "-1:identity+-1:1x7-7x1 | 0:sep7+-2:conv3");
    cr_expect(isnan(csv.row[0].predicted));
    cr_expect_eq(csv.row[0].parameters, -1);
    pnas_cell_csv_free(&csv);
}

Test(cell_csv, zero_is_the_single_input_where_a_first_block_reads_it)
{
    cr_assert_eq(parse("0.5,0,3x3 dconv,0,3x3 maxpool\n0.6,0,sep5,0,sep5,1,sep3,0,avg3\n"), PNAS_OK);
    expect_cell(0, "-1:sep3+-1:max3");
    expect_cell(1, "-1:sep5+-1:sep5 | 0:sep3+-1:avg3");
    pnas_cell_csv_free(&csv);
    expect_refused("0.5,0,sep3,0,sep3\n0.5,-1,sep3,-1,sep3\n", "line 1: the first block reads 0");
}

Test(cell_csv, lines_whose_blocks_read_themselves_are_left_out_and_counted)
{
    cr_assert_eq(
        parse("0.5,-1,sep3,-1,sep3\n0.6,-1,sep3,-1,sep3,1,sep3,0,sep3\n0.7,-1,sep3,-1,sep5,0,sep3,0,sep3"),
        PNAS_OK);
    cr_expect_eq(csv.count, 2);
    cr_expect_eq(csv.left_out, 1);
    cr_expect_eq(csv.left_out_line, 2);
    expect_cell(1, "-1:sep3+-1:sep5 | 0:sep3+0:sep3");
    pnas_cell_csv_free(&csv);
    expect_refused("0.6,-1,sep3,-1,sep3,1,sep3,0,sep3\n", "line 1: a block reads itself");
}

Test(cell_csv, reads_named_columns_in_any_order_and_leaves_unknown_ones)
{
    cr_assert_eq(parse("\xef\xbb\xbfmine,score,in1_0,op1_0,in2_0,op2_0,in1_1,op1_1,in2_1,op2_1,parameters,"
                       "predicted,predicted_std,multiply_adds,train_seconds\n"
                       "x y,0.25,-2,sep3,-1,sep5,,,,,1000,,,20,1.5\n"
                       ",0.5,-2,sep3,-1,sep5,0,max3,-1,avg3,2000,0.45,0.01,,\n"),
                 PNAS_OK, "%s", pnas_message());
    cr_assert_eq(csv.count, 2);
    expect_cell(0, "-2:sep3+-1:sep5");
    expect_cell(1, "-2:sep3+-1:sep5 | 0:max3+-1:avg3");
    cr_expect_eq(csv.row[0].parameters, 1000);
    cr_expect_eq(csv.row[0].multiply_adds, 20);
    cr_expect_eq(csv.row[0].train_seconds, 1.5);
    cr_expect(isnan(csv.row[0].predicted));
    cr_expect_eq(csv.row[1].predicted, 0.45);
    cr_expect_eq(csv.row[1].predicted_std, 0.01);
    cr_expect(isnan(csv.row[1].train_seconds));
    pnas_cell_csv_free(&csv);
}

Test(cell_csv, reads_cells_as_text_and_quoted_fields)
{
    cr_assert_eq(parse("accuracy,cell\n0.5,\"-2:3x3 dconv+-1:max3 | 0:sep3+-1:sep3\"\n"), PNAS_OK, "%s",
                 pnas_message());
    expect_cell(0, "-2:sep3+-1:max3 | 0:sep3+-1:sep3");
    pnas_cell_csv_free(&csv);
    cr_assert_eq(parse("\"0.5\",\"-1\",\"3x3 dconv\",\"-2\",\"sep3\"\n"), PNAS_OK, "%s", pnas_message());
    expect_cell(0, "-1:sep3+-2:sep3");
    pnas_cell_csv_free(&csv);
}

Test(cell_csv, a_cell_that_was_only_predicted_has_no_score)
{
    cr_assert_eq(parse("cell,score,predicted\n-1:sep3+-2:max3,,0.75\n-1:sep3+-2:avg3,0.5,0.25\n"), PNAS_OK,
                 "%s", pnas_message());
    cr_expect(isnan(csv.row[0].score) && csv.row[0].predicted == 0.75 && csv.named);
    cr_expect(csv.row[1].score == 0.5 && csv.row[1].predicted == 0.25);
    pnas_cell_csv_free(&csv);
    expect_refused("cell,score,predicted\n-1:sep3+-2:max3,,\n",
                   "line 2: has neither a score nor a prediction");
    expect_refused("cell,score\n-1:sep3+-2:max3,\n", "line 2: has neither a score nor a prediction");
}

Test(cell_csv, a_file_called_scores_and_a_number_holds_predictions)
{
    static const struct {
        const char *name;
        bool predictions;
    } of[] = {{"scores_3.csv", true},     {"scores_12.csv", true},    {"scores_.csv", false},
              {"scores_3.csv.gz", true},  {"scores_3.gz", false},     {"scores_3b.csv", false},
              {"my_scores_3.csv", false}, {"scores_3.csv.old", false}};
    const char *text = "0.5,-1,sep3,-2,max3\n", *named = "score,cell\n0.5,-1:sep3+-2:max3\n";
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        test_write_file(of[i].name, text, strlen(text));
        cr_assert_eq(pnas_cell_csv_read(test_path(of[i].name), NULL, &csv), PNAS_OK, "%s", pnas_message());
        cr_expect_eq(isnan(csv.row[0].score), of[i].predictions, "%s", of[i].name);
        cr_expect_eq(csv.row[0].predicted == 0.5, of[i].predictions, "%s", of[i].name);
        pnas_cell_csv_free(&csv);
    }
    test_write_file("scores_3.csv", named, strlen(named));
    cr_assert_eq(pnas_cell_csv_read(test_path("scores_3.csv"), NULL, &csv), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(csv.row[0].score, 0.5);
    pnas_cell_csv_free(&csv);
}

Test(cell_csv, refuses_what_is_wrong_and_says_where)
{
    expect_refused("", "has no cells");
    expect_refused("\n \r\n", "has no cells");
    expect_refused("score,in1,op1,in2,op2\n", "has no cells");
    expect_refused("0.5,-1,sep3,-1\n", "t.csv: line 1: 4 columns, expected 5, 9, 13");
    expect_refused("0.5,-1,sep3,-1,sep3\n0.5,-1,sep3,-1,sep3,\n", "t.csv: line 2: 6 columns");
    expect_refused("0.5\n", "line 1: 1 column, expected");
    expect_refused("nan,-1,sep3,-1,sep3\n", "line 1, column 1: 'nan', expected a score, a decimal number");
    expect_refused("0x1p-1,-1,sep3,-1,sep3\n", "line 1, column 1: '0x1p-1', expected a score, a decimal");
    expect_refused("1e999,-1,sep3,-1,sep3\n", "column 1: '1e999'");
    expect_refused(",-1,sep3,-1,sep3\n", "column 1: ''");
    expect_refused("0.5,-3,sep3,-1,sep3\n", "line 1, column 2: '-3', expected what block 0 reads");
    expect_refused("0.5,-1,sep3,1.5,sep3\n", "column 4: '1.5'");
    expect_refused("0.5,-1,sep3,-1,sep3,2,sep3,0,sep3\n", "column 6: '2', expected what block 1 reads");
    expect_refused("0.5,-1,sep3,-1,9x9 conv\n", "column 5: '9x9 conv', expected an operator: identity, sep3");
    expect_refused("0.5,-1,\x01\x02,-1,sep3\n", "column 3: '\?\?'");
    expect_refused("score,in1,op1,in2,op2\n0.5,0,sep3,-1,sep3\n", "line 2, column 2: '0'");
    expect_refused("score,in1,op1,in2,op2\n0.5,-1,sep3,-1\n", "line 2: 4 columns, expected 5");
    expect_refused("a,in1,op1,in2,op2\n0.5,-1,sep3,-1,sep3\n", "none is 'score'");
    expect_refused("score,score,cell\n", "column 2: 'score', expected a name that no other column has");
    expect_refused("score,in1,op1\n0.5,-1,sep3\n", "the columns of block 0 are not in1");
    expect_refused("score,in1_1,op1_1,in2_1,op2_1\n", "the columns of block 0");
    expect_refused("score,a\n0.5,1\n", "expected a column 'cell'");
    expect_refused("score,cell\n0.5,-1:sep3\n", "t.csv: line 2, column 2: block 0 of the cell");
    expect_refused("score,parameters,cell\n0.5,many,-1:sep3+-1:sep3\n", "column 2: 'many', expected a whole");
    expect_refused("score,predicted,cell\n0.5,inf,-1:sep3+-1:sep3\n", "column 2: 'inf', expected a decimal");
    expect_refused("score,parameters,cell\n0.5,-1,-1:sep3+-1:sep3\n",
                   "column 2: '-1', expected a whole number from 0");
    expect_refused("score,multiply_adds,cell\n0.5,0x10,-1:sep3+-1:sep3\n",
                   "column 2: '0x10', expected a whole");
    expect_refused("score,train_seconds,cell\n0.5,-2,-1:sep3+-1:sep3\n",
                   "column 2: '-2', expected a decimal number from 0");
    expect_refused("score,predicted_std,cell\n0.5,-2,-1:sep3+-1:sep3\n",
                   "column 2: '-2', expected a decimal number from 0");
}

Test(cell_csv, refuses_more_blocks_than_a_cell_has)
{
    char text[2000] = "0.5";
    for (int i = 0; i < 11; i++)
        strcat(text, ",-1,sep3,-1,sep3");
    expect_refused(text, "has more than 10 blocks");
    for (int i = 0; i < 20; i++)
        strcat(text, ",-1,sep3,-1,sep3");
    expect_refused(text, "has more than 104 columns");
}

Test(cell_csv, a_file_cut_off_at_any_byte_is_read_or_refused)
{
    static const char text[] = "score,in1_0,op1_0,in2_0,op2_0,parameters\n0.5,-1,sep3,-1,sep5,10\n"
                               "0.25,-2,max3,-1,avg3,20\n";
    for (size_t size = 0; size < sizeof text; size++) {
        char *copy = malloc(size + 1);
        memcpy(copy, text, size);
        copy[size] = '\0';
        pnas_status status = pnas_cell_csv_parse("t.csv", copy, size, NULL, &csv);
        cr_expect(status == PNAS_OK || status == PNAS_ERROR_DATA);
        cr_expect_eq(status == PNAS_OK, csv.count > 0);
        pnas_cell_csv_free(&csv);
        free(copy);
    }
}

Test(cell_csv, a_hundred_thousand_lines_with_equal_scores_are_read)
{
    size_t size = 0, lines = 100000;
    char *text = malloc(lines * 40);
    for (size_t i = 0; i < lines; i++)
        size += (size_t)sprintf(text + size, "0.5,-1,3x3 dconv,-2,3x3 maxpool\n");
    test_write_file("many.csv", text, size - 1);
    free(text);
    cr_assert_eq(pnas_cell_csv_read(test_path("many.csv"), NULL, &csv), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(csv.count, lines);
    pnas_cell_csv_free(&csv);
}

/* zlib has a name of its own for the file. */
Test(cell_csv, a_damaged_gzip_file_is_called_by_its_name)
{
    static const char text[] = "0.5,-1,sep3,-1,sep5\n0.25,-2,max3,-1,avg3\n";
    size_t size;
    test_write_gzip("t.csv", text, sizeof text - 1);
    char *bytes = test_read_file("t.csv", &size);
    for (size_t at = 3; at < size; at++) {
        bytes[at] ^= 0x55;
        test_write_file("t.csv", bytes, size);
        pnas_status status = pnas_cell_csv_read(test_path("t.csv"), NULL, &csv);
        if (status != PNAS_OK)
            cr_expect(strstr(pnas_message(), "t.csv: ") && !strstr(pnas_message(), "<fd"), "%s",
                      pnas_message());
        pnas_cell_csv_free(&csv);
        bytes[at] ^= 0x55;
    }
    for (size_t cut = 1; cut < size - 2; cut++) {
        test_write_file("t.csv", bytes, size - cut);
        cr_expect_eq(pnas_cell_csv_read(test_path("t.csv"), NULL, &csv), PNAS_ERROR_DATA, "%zu", cut);
        cr_expect(strstr(pnas_message(), "t.csv: ") && !strstr(pnas_message(), "<fd"), "%s", pnas_message());
    }
    free(bytes);
}

Test(cell_csv, a_missing_file_is_file_trouble_and_operators_may_be_given)
{
    pnas_operator_set two = {0};
    cr_expect_eq(pnas_cell_csv_read(test_path("absent.csv"), NULL, &csv), PNAS_ERROR_FILE);
    cr_assert_eq(pnas_operator_set_add_named(&two, "sep7"), PNAS_OK);
    static const char text[] = "1,-1,7x7 dconv,-1,sep7";
    cr_assert_eq(pnas_cell_csv_parse("t.csv", text, strlen(text), &two, &csv), PNAS_OK);
    cr_expect_eq(csv.row[0].cell.block[0].op1, 0);
    pnas_cell_csv_free(&csv);
    cr_expect_eq(pnas_cell_csv_parse("t.csv", "1,-1,sep3,-1,sep7", 17, &two, &csv), PNAS_ERROR_DATA);
}
