#include "tests/io/data/import_test.h"

#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

TestSuite(import_csv, .init = test_folder_make, .fini = test_folder_remove);

/* Twenty rows of 1x3 pixels, values 0 to 16, labels 0 and 1 in turn; row i starts with i % 17. */
static void write_rows(const char *name, const char *before, const char *line_end)
{
    char text[2048];
    int length = snprintf(text, sizeof text, "%s", before);
    for (int i = 0; i < 20; ++i)
        length +=
            snprintf(text + length, sizeof text - (size_t)length, "%d,0,16,%d%s", i % 17, i % 2, line_end);
    test_write_file(name, text, (size_t)length);
}

static void write_text(const char *name, const char *text)
{
    test_write_file(name, text, strlen(text));
}

static pnas_import_options csv_options(const char *name)
{
    pnas_import_options options;
    pnas_import_defaults(&pnas_import_csv, &options);
    options.path = test_path(name);
    options.shape.height = options.shape.channels = 1;
    options.shape.width = 3;
    options.maximum = 16;
    return options;
}

/* All rows in the training part. */
static pnas_import_options whole_csv(const char *name)
{
    pnas_import_options options = csv_options(name);
    options.test_share = 0;
    return options;
}

static void expect_bad_text(const char *text, const char *place, const char *message)
{
    write_text("bad.csv", text);
    pnas_import_options options = whole_csv("bad.csv");
    expect_failure(&options, PNAS_ERROR_DATA, place, message);
}

Test(import_csv, values_are_scaled_and_rounded)
{
    write_rows("a.csv", "", "\n");
    pnas_import_options options = whole_csv("a.csv");
    pnas_dataset *dataset = expect_import(&options);
    cr_assert(dataset->train.count == 20 && dataset->test.count == 0 && dataset->classes == 2);
    cr_expect(dataset->height == 1 && dataset->width == 3 && dataset->channels == 1);
    static const int scaled[17] = {0,   16,  32,  48,  64,  80,  96,  112, 128,
                                   143, 159, 175, 191, 207, 223, 239, 255};
    for (int i = 0; i < 20; ++i) {
        cr_expect_eq(dataset->train.images[3 * i], scaled[i % 17], "row %d", i);
        cr_expect_eq(dataset->train.images[3 * i + 1], 0);
        cr_expect_eq(dataset->train.images[3 * i + 2], 255);
        cr_expect_eq(dataset->train.labels[i], i % 2);
    }
    cr_expect_str_eq(dataset->name, "a");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

static void expect_same(const char *name, const char *sha256)
{
    pnas_import_options options = whole_csv(name);
    pnas_dataset *dataset = expect_import(&options);
    cr_expect_str_eq(dataset->sha256, sha256, "%s", name);
    pnas_dataset_destroy(&dataset);
}

Test(import_csv, headers_line_ends_and_gzip_make_no_difference)
{
    char text[2048];
    write_rows("a.csv", "", "\n");
    pnas_import_options options = whole_csv("a.csv");
    pnas_dataset *dataset = expect_import(&options);
    write_rows("header.csv", "p1,p2,p3,label\n", "\n");
    write_rows("crlf.csv", "p1,p2,p3,label\r\n", "\r\n");
    write_rows("blank-end.csv", "", "\n");
    FILE *file = fopen(test_path("a.csv"), "rb");
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    test_write_gzip("packed.csv", text, size);
    test_write_file("no-newline.csv", text, size - 1);
    strcpy(text + size, "\n \n\n");
    write_text("blank-end.csv", text);
    expect_same("header.csv", dataset->sha256);
    expect_same("crlf.csv", dataset->sha256);
    expect_same("packed.csv", dataset->sha256);
    expect_same("no-newline.csv", dataset->sha256);
    expect_same("blank-end.csv", dataset->sha256);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_csv, quotes_and_a_byte_order_mark_make_no_difference)
{
    write_text("a.csv", "1,2,3,0\n4,5,6,1\n");
    pnas_import_options options = whole_csv("a.csv");
    pnas_dataset *dataset = expect_import(&options);
    write_text("mark.csv", "\xef\xbb\xbf"
                           "1,2,3,0\n4,5,6,1\n");
    write_text("mark-and-names.csv", "\xef\xbb\xbf\"a\",\"b\",\"c\",\"label\"\n1,2,3,0\n4,5,6,1\n");
    write_text("quotes.csv", "\"1\",\"2\",\"3\",\"0\"\r\n4, 5,\"6\" ,1\r\n");
    expect_same("mark.csv", dataset->sha256);
    expect_same("mark-and-names.csv", dataset->sha256);
    expect_same("quotes.csv", dataset->sha256);
    expect_bad_text("\"1,2,3,0\n", "bad.csv: line 1, column 1", "\"1\", expected a pixel");
    expect_bad_text("1,\"\",3,0\n", "bad.csv: line 1, column 2", "expected a pixel");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_csv, the_label_may_come_first_and_the_message_says_so)
{
    write_text("last.csv", "1,2,3,0\n4,5,6,1\n7,8,0,2\n");
    write_text("first.csv", "label,a,b,c\n0,1,2,3\n1,4,5,6\n2,7,8,0\n");
    pnas_import_options options = whole_csv("last.csv");
    pnas_dataset *dataset = expect_import(&options), *other;
    options = whole_csv("first.csv");
    options.label = "first";
    other = expect_import(&options);
    cr_expect_str_eq(other->sha256, dataset->sha256);
    pnas_dataset_destroy(&other);
    options.label = "last";
    expect_failure(&options, PNAS_ERROR_DATA, "first.csv: line 2: label 3, but no label is 1",
                   "it can be read with --label first");
    options = whole_csv("last.csv");
    options.label = "first";
    expect_failure(&options, PNAS_ERROR_DATA, "last.csv: line 1", "it can be read with --label last");
    options.label = "middle";
    expect_failure(&options, PNAS_ERROR_USAGE, "--label", "expected first or last");
    expect_bad_text("1,2,3,0\n1,2,3,0\n", "bad.csv: all 2 labels are 0", "two classes or more");
    cr_expect_null(strstr(pnas_message(), "--label"), "%s", pnas_message());
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

static void warned(const char *text, double maximum, bool expected)
{
    char errors[1024] = "";
    write_text("a.csv", text);
    pnas_import_options options = whole_csv("a.csv");
    options.maximum = maximum;
    pnas_dataset *dataset = expect_import(&options);
    fflush(stderr);
    FILE *stream = cr_get_redirected_stderr();
    errors[fread(errors, 1, sizeof errors - 1, stream)] = 0;
    cr_expect_eq(strstr(errors, "a.csv: no pixel is above 1") != NULL, expected, "%s", errors);
    pnas_dataset_destroy(&dataset);
}

Test(import_csv, fractions_that_are_rounded_away_are_told)
{
    cr_redirect_stderr();
    warned("0,1,1,0\n1,1,0,1\n", 255, false);
    warned("0.25,1,0.5,0\n1,1,0,1\n", 1, false);
    warned("0.25,1,0.5,0\n1,2,0,1\n", 255, false);
    warned("0.25,1,0.5,0\n1,1,0,1\n", 255, true);
}

static size_t count_ones(const pnas_dataset_part *part)
{
    size_t count = 0;
    for (size_t i = 0; i < part->count; ++i)
        count += part->labels[i];
    return count;
}

Test(import_csv, a_fifth_of_each_class_becomes_the_test_part_by_the_seed)
{
    write_rows("a.csv", "", "\n");
    pnas_import_options options = csv_options("a.csv");
    pnas_dataset *first = expect_import(&options), *again = expect_import(&options);
    cr_assert(first->train.count == 16 && first->test.count == 4);
    cr_expect_eq(count_ones(&first->train), 8);
    cr_expect_eq(count_ones(&first->test), 2);
    cr_expect_str_eq(again->sha256, first->sha256);
    options.seed = 1;
    pnas_dataset *other = expect_import(&options);
    cr_expect_str_neq(other->sha256, first->sha256);
    pnas_dataset_destroy(&first);
    pnas_dataset_destroy(&again);
    pnas_dataset_destroy(&other);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_csv, a_test_file_is_the_test_part)
{
    write_rows("a.csv", "", "\n");
    write_text("test.csv", "x,y,z,label\n16,16,16,1\n0,0,0,0\n");
    pnas_import_options options = csv_options("a.csv");
    options.test = test_path("test.csv");
    pnas_dataset *dataset = expect_import(&options);
    cr_assert(dataset->train.count == 20 && dataset->test.count == 2);
    cr_expect_eq(dataset->test.images[0], 255);
    pnas_dataset_destroy(&dataset);
    write_text("test.csv", "x,y,z,label\n16,16,16,2\n0,0,0,0\n");
    expect_failure(&options, PNAS_ERROR_DATA, "/test.csv: line 2", "label 2, expected 0 to 1");
    write_text("test.csv", "1,1,1,0\n1,1,1,1\n1,1,1\n");
    expect_failure(&options, PNAS_ERROR_DATA, "/test.csv: line 3", "3 columns, expected 4");
    options = csv_options("test.csv");
    options.test = test_path("a.csv");
    write_text("test.csv", "1,1,1,0\n1,1,1,1\n");
    expect_failure(&options, PNAS_ERROR_DATA, "/a.csv: 20 test images", "no more than the 2 training");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_csv, rows_of_other_lengths_are_told_by_line)
{
    expect_bad_text("1,2,3,0\n1,2,3\n", "bad.csv: line 2",
                    "3 columns, expected 4 (1x3x1 pixels and a label)");
    expect_bad_text("1,2,3,0\n1,2,3,4,1\n", "bad.csv: line 2", "5 columns, expected 4");
    expect_bad_text("1,2,3,0\n\n1,2,3,1\n", "bad.csv: line 2", "1 column, expected 4");
    expect_bad_text("1;2;3;0\n", "bad.csv", "no rows of numbers");
    expect_bad_text("a,b,c,label\n1,2,3,0\n1,2\n", "bad.csv: line 3", "2 columns");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_csv, values_that_cannot_be_are_told_by_line_and_column)
{
    expect_bad_text("1,2,3,0\n1,17,3,1\n", "bad.csv: line 2, column 2",
                    "\"17\", expected a pixel from 0 to 16");
    expect_bad_text("1,2,3,0\n1,-1,3,1\n", "bad.csv: line 2, column 2", "\"-1\", expected a pixel");
    expect_bad_text("1,2,3,0\n1,,3,1\n", "bad.csv: line 2, column 2", "\"\", expected a pixel");
    expect_bad_text("1,2,3,0\n1,2x,3,1\n", "bad.csv: line 2, column 2", "\"2x\", expected a pixel");
    expect_bad_text("1,2,3,0\n0x1,2,3,1\n", "bad.csv: line 2, column 1", "\"0x1\", expected a pixel");
    expect_bad_text("1,2,3,0\nnan,2,3,1\n", "bad.csv: line 2, column 1", "\"nan\", expected a pixel");
    expect_bad_text("x,2,3,0\n1,2,3,1\n", "bad.csv: line 1, column 1", "\"x\", expected a pixel");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_csv, labels_that_cannot_be_are_told_by_line)
{
    expect_bad_text("1,2,3,0\r\n1,2,3,cat\r\n", "bad.csv: line 2, column 4", "\"cat\", expected a label");
    expect_bad_text("1,2,3,0\n1,2,3,0.5\n", "bad.csv: line 2, column 4", "whole number from 0 to 65535");
    expect_bad_text("1,2,3,0\n1,2,3,-1\n", "bad.csv: line 2, column 4", "whole number");
    expect_bad_text("1,2,3,0\n1,2,3,70000\n", "bad.csv: line 2, column 4", "whole number");
    expect_bad_text("1,2,3,0\n1,2,3,1\n1,2,3,9\n", "bad.csv: line 3", "label 9, but no label is 2");
    expect_bad_text("a,b,c,d\n1,2,3,0\n1,2,3,1\n1,2,3,9\n", "bad.csv: line 4", "label 9, but no label is 2");
    expect_bad_text("1,2,3,0\n1,2,3,0\n", "bad.csv: all 2 labels are 0", "two classes");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_csv, files_without_rows_are_told)
{
    expect_bad_text("", "bad.csv: is empty", "expected a CSV file");
    expect_bad_text("\n\n", "bad.csv: has no rows", "expected one an image");
    expect_bad_text("a,b,c,label\n", "bad.csv: has no rows", "expected one an image");
    unlink(test_path("bad.csv"));
    pnas_import_options options = whole_csv("bad.csv");
    expect_failure(&options, PNAS_ERROR_FILE, "bad.csv: cannot be opened", "expected a CSV file");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_csv, options_that_cannot_be_are_wrong_use)
{
    write_rows("a.csv", "", "\n");
    pnas_import_options good = csv_options("a.csv"), options = good;
    options.shape.channels = 17;
    expect_failure(&options, PNAS_ERROR_USAGE, "--shape", "1x3x17");
    options = good;
    options.shape.height = 0;
    expect_failure(&options, PNAS_ERROR_USAGE, "--shape", "0x3x1");
    options = good;
    options.maximum = 0;
    expect_failure(&options, PNAS_ERROR_USAGE, "--maximum", "above 0");
    options = good;
    options.test_share = 1;
    expect_failure(&options, PNAS_ERROR_USAGE, "--test-share", "below 1");
    options.test_share = 0.99;
    expect_failure(&options, PNAS_ERROR_USAGE, "--test-share", "leaves none");
    options = good;
    options.classes = 1;
    expect_failure(&options, PNAS_ERROR_USAGE, "--classes", "2 to 65536");
    options = good;
    options.path = NULL;
    expect_failure(&options, PNAS_ERROR_USAGE, "CSV", "name");
    PNAS_EXPECT_NO_LEAKS();
}
