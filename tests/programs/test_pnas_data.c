/* The command line of pnas_data: what a person types, what the exit code and the messages are, and that
 * nothing is left behind by a failure. */
#include "io/data/import.h"
#include "tests/io/test_folder.h"
#include "tests/programs/run_program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "'" PNAS_DATA_PROGRAM "' "

static void write_csv(const char *name, int rows)
{
    char text[8192];
    int length = 0;
    for (int i = 0; i < rows; ++i)
        length += snprintf(text + length, sizeof text - (size_t)length, "%d,0,0,16,%d\n", i % 17, i % 2);
    test_write_file(name, text, (size_t)length);
}

static void make_inputs(void)
{
    const unsigned char images[16 + 8] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3};
    const unsigned char labels[8 + 2] = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1};
    static unsigned char record[3073];
    test_folder_make();
    write_csv("a.csv", 20);
    test_write_gzip("images.gz", images, sizeof images);
    test_write_file("labels", labels, sizeof labels);
    test_make_folder("cifar");
    for (int i = 1; i <= 5; ++i) {
        char name[64];
        record[0] = (unsigned char)i;
        snprintf(name, sizeof name, "cifar/data_batch_%d.bin", i);
        test_write_file(name, record, sizeof record);
    }
    test_write_file("cifar/test_batch.bin", record, sizeof record);
}

TestSuite(pnas_data, .init = make_inputs, .fini = test_folder_remove);

static void expect_run(const program_run *run, int code, const char *out, const char *err)
{
    cr_expect_eq(run->exit_code, code, "exit code %d instead of %d: %s", run->exit_code, code, run->err);
    cr_expect_not_null(strstr(run->out, out), "expected \"%s\" on stdout: %s", out, run->out);
    cr_expect_not_null(strstr(run->err, err), "expected \"%s\" on stderr: %s", err, run->err);
}

/* An import from the test's folder to out.h5 there; options are added to it. */
static const program_run *import(const char *options)
{
    return run_program("cd '%s' && " PROGRAM "import %s", test_path(""), options);
}

static void expect_no_output(void)
{
    cr_expect(!test_file_exists("out.h5"));
    cr_expect(!test_file_exists("out.h5.partial"));
}

/* --- What works ---------------------------------------------------------------------------------------- */

Test(pnas_data, csv_is_imported_described_and_verified)
{
    expect_run(import("--format csv --shape 2x2x1 --maximum 16 a.csv -o out.h5 --name 'Two kinds' "
                      "--source 'a test' --licence CC0 --class-names left,right"),
               0, "", "out.h5: Two kinds, 16 training and 4 test images of 2x2x1 in 2 classes");
    const program_run *run = run_program(PROGRAM "info '%s'", test_path("out.h5"));
    expect_run(run, 0, "name       Two kinds\nsource     a test\nlicence    CC0\n", "");
    expect_run(run, 0, "images     2 x 2 x 1 (height x width x channels)\ntrain      16\ntest       4\n", "");
    expect_run(run, 0, "    1  right         8         2\n", "");
    cr_expect_str_empty(run->err);
    expect_run(run_program(PROGRAM "verify '%s'", test_path("out.h5")), 0, "out.h5: verified\n", "");
}

Test(pnas_data, idx_is_imported)
{
    expect_run(import("--format idx --train-images images.gz --train-labels labels --test-images images.gz "
                      "--test-labels labels -o out.h5"),
               0, "", "out.h5: images, 2 training and 2 test images of 2x2x1 in 2 classes");
    expect_run(run_program(PROGRAM "verify '%s'", test_path("out.h5")), 0, "verified", "");
}

Test(pnas_data, cifar10_is_imported_and_untested_classes_are_warned_of)
{
    const program_run *run = import("--format cifar10 cifar -o out.h5");
    expect_run(run, 0, "", "out.h5: CIFAR-10, 5 training and 1 test images of 32x32x3 in 10 classes");
    expect_run(run, 0, "", "warning: class 3 (cat) has no test image");
    expect_run(run_program(PROGRAM "info '%s'", test_path("out.h5")), 0,
               "    3  cat                1         0", "");
}

Test(pnas_data, the_embedded_set_is_described_when_none_is_named)
{
    expect_run(run_program(PROGRAM "info"), 0, "Optical Recognition of Handwritten Digits", "");
    expect_run(run_program(PROGRAM "verify"), 0, "digits.h5: verified", "");
}

static const program_run *encode(const char *arguments)
{
    return run_program("cd '%s' && " PROGRAM "encode %s", test_path(""), arguments);
}

Test(pnas_data, no_file_of_the_folder_that_is_read_is_replaced)
{
    static const char *const outputs[] = {"cifar/test_batch.bin", "cifar/data_batch_3.bin", "link.bin",
                                          "elsewhere.bin", "cifar/batches.meta.txt"};
    char here[512], there[512];
    snprintf(here, sizeof here, "%s", test_path("link.bin"));
    cr_assert_eq(symlink("cifar/test_batch.bin", here), 0);
    snprintf(there, sizeof there, "%s", test_path("elsewhere.bin"));
    cr_assert_eq(rename(test_path("cifar/data_batch_2.bin"), there), 0);
    cr_assert_eq(symlink("../elsewhere.bin", test_path("cifar/data_batch_2.bin")), 0);
    test_write_file("cifar/batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n", 20);
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        char options[200];
        snprintf(options, sizeof options, "--format cifar10 cifar -o %s --force", outputs[i]);
        expect_run(import(options), 64, "", "is both read and to be written; give the data set another name");
    }
    expect_run(import("--format cifar10 cifar -o cifar/set.h5"), 0, "", "");
    expect_run(import("--format cifar10 cifar -o cifar/set.h5 --force"), 0, "", "");
}

Test(pnas_data, a_set_is_encoded_described_and_verified)
{
    expect_run(encode("digits -o out.h5 --quality 90"), 0, "", "out.h5: 1797 images in ");
    const program_run *run = run_program(PROGRAM "info '%s'", test_path("out.h5"));
    expect_run(run, 0, "name       digits\n", "");
    expect_run(run, 0, "encoded    JPEG of quality 90, ", "");
    expect_run(run, 0, " bytes an image\ntrain      1438\ntest       359\n", "");
    expect_run(run_program(PROGRAM "verify '%s'", test_path("out.h5")), 0, "out.h5: verified\n", "");
    expect_run(encode("digits -o out.h5"), 74, "", "out.h5: is there already; give another name or --force");
    expect_run(encode("out.h5 -o out.h5 --force"), 64, "", "out.h5: is both read and to be written");
    expect_run(encode("out.h5 -o two.h5"), 64, "", "out.h5: is encoded already, with quality 90");
    expect_run(encode("digits -o two.h5 --quality 0"), 64, "", "encode: --quality wants");
    cr_expect(!test_file_exists("two.h5"));
    expect_run(encode("digits -o out.h5 --force -q"), 0, "", "");
    expect_run(run_program(PROGRAM "info '%s'", test_path("out.h5")), 0, "JPEG of quality 95, ", "");
    expect_run(encode("-o two.h5"), 64, "", "name the data set to encode");
    expect_run(encode("digits"), 64, "", "give --output OUT.h5");
    expect_run(encode("digits -o two.h5 --quality 101"), 64, "", "--quality");
    expect_run(encode("no.h5 -o two.h5"), 74, "", "no.h5: cannot be opened");
    cr_expect(!test_file_exists("two.h5"));
}

Test(pnas_data, help_and_version_are_everywhere)
{
    expect_run(run_program(PROGRAM "--version"), 0, "pnas_data 0.", "");
    expect_run(run_program(PROGRAM "--help"), 0, "import   make a data set", "");
    expect_run(run_program(PROGRAM "import --help"), 0, "--train-images=FILE", "");
    expect_run(run_program(PROGRAM "import --version"), 0, "pnas_data 0.", "");
    expect_run(run_program(PROGRAM "encode --help"), 0, "Usage: pnas_data encode", "");
    expect_run(run_program(PROGRAM "info --help"), 0, "Usage: pnas_data info", "");
    expect_run(run_program(PROGRAM "verify --help"), 0, "Usage: pnas_data verify", "");
}

Test(pnas_data, help_lists_every_format_and_its_options)
{
    char expected[400];
    const char *help = squeeze_blanks(run_program(PROGRAM "import --help")->out);
    for (size_t i = 0; i < pnas_import_format_count; ++i) {
        const pnas_import_format *format = pnas_import_formats[i];
        snprintf(expected, sizeof expected, "%s (%s)", format->name, format->help);
        cr_expect_not_null(strstr(help, expected), "%s\n%s", expected, help);
        snprintf(expected, sizeof expected, "--format %s %s -o OUT.h5", format->name, format->usage);
        cr_expect_not_null(strstr(help, expected), "%s\n%s", expected, help);
        for (size_t k = 0; k < format->options; ++k) {
            const char *argument = format->option[k].argument;
            snprintf(expected, sizeof expected, " --%s%s%s %s", format->option[k].name, argument ? "=" : "",
                     argument ? argument : "", format->option[k].help);
            cr_expect_not_null(strstr(help, expected), "%s\n%s", expected, help);
        }
    }
}

Test(pnas_data, help_says_which_formats_share_an_option)
{
    const char *help = squeeze_blanks(run_program(PROGRAM "import --help")->out);
    cr_expect_not_null(strstr(help, " draws another test part (0); also of folder, list "), "%s", help);
    cr_expect_not_null(strstr(help, " in files of its own (0.2); also of folder, list "), "%s", help);
    cr_expect_not_null(strstr(help, " Number of classes (as the labels say); also of csv "), "%s", help);
    cr_expect_not_null(strstr(help, " Height, width and channels of an image --test=FILE "), "%s", help);
    cr_expect_not_null(strstr(help, " (the folder of the list) What the data is:"), "%s", help);
}

Test(pnas_data, quiet_is_quiet)
{
    const program_run *run = import("-q --format csv --shape 2x2x1 --maximum 16 a.csv -o out.h5");
    expect_run(run, 0, "", "");
    cr_expect_str_empty(run->err);
    cr_expect_str_empty(run->out);
}

/* Fractions without --maximum 1 would become 0 and 1 of 255. */
Test(pnas_data, fractions_that_are_rounded_away_are_told)
{
    char text[400] = "";
    for (int i = 0; i < 16; i++)
        strcat(text, i % 2 ? "0.1,0.25,0.5,0.9,1\n" : "0.2,0.3,0.8,0.4,0\n");
    test_write_file("fractions.csv", text, strlen(text));
    const program_run *run = import("--format csv --shape 2x2x1 fractions.csv -o out.h5");
    expect_run(run, 0, "", "fractions.csv: no pixel is above 1, and some are between 0 and 1");
    cr_expect_not_null(strstr(run->err, "say --maximum 1 if 1 is white"), "%s", run->err);
    run = import("--format csv --shape 2x2x1 --maximum 1 fractions.csv -o other.h5");
    expect_run(run, 0, "", "");
    cr_expect_null(strstr(run->err, "warning"), "%s", run->err);
}

Test(pnas_data, an_output_that_is_there_is_kept_unless_forced)
{
    const char *command = "--format csv --shape 2x2x1 --maximum 16 a.csv -o out.h5";
    char forced[128];
    test_write_file("out.h5", "mine", 4);
    expect_run(import(command), 74, "", "out.h5: is there already; give another name or --force");
    cr_expect_eq(test_file_size("out.h5"), 4);
    snprintf(forced, sizeof forced, "%s --force", command);
    expect_run(import(forced), 0, "", "out.h5: a, 16 training");
    cr_expect_gt(test_file_size("out.h5"), 4);
}

/* --- What does not ------------------------------------------------------------------------------------- */

Test(pnas_data, wrong_command_lines_are_64_and_leave_nothing)
{
    static const struct {
        const char *arguments, *message;
    } wrong[] = {
        {"-o out.h5 a.csv", "; a.csv looks like csv\n"},
        {"-o out.h5 cifar", "cifar looks like cifar10"},
        {"--format png a.csv -o out.h5", "--format: 'png' is not idx, cifar10, "},
        {"--format csv --shape 2x2x1 a.csv", "the output is missing"},
        {"--format csv a.csv -o out.h5", "--shape is missing"},
        {"--format csv --shape 2x2 a.csv -o out.h5", "'2x2' is not HxWxC"},
        {"--format csv --shape 2x2x1x a.csv -o out.h5", "'2x2x1x' is not HxWxC"},
        {"--format csv --shape 2x2x17 a.csv -o out.h5", "1 to 16 channels"},
        {"--format csv --shape 2x2x1 -o out.h5", "--format csv takes a file"},
        {"--format csv --shape 2x2x1 a.csv b.csv -o out.h5", "'b.csv' is one argument too many"},
        {"--format csv --shape 2x2x1 --maximum many a.csv -o out.h5", "'many' is not a number"},
        {"--format csv --shape 2x2x1 --seed -3 a.csv -o out.h5", "not '-3'"},
        {"--format csv --shape 2x2x1 --maximum 16 --test-share 1 a.csv -o out.h5", "--test-share"},
        {"--format csv --shape 2x2x1 --maximum 16 --class-names a a.csv -o out.h5", "gives 1 names"},
        {"--format csv --shape 2x2x1 --coarse a.csv -o out.h5", "--format csv takes"},
        {"--format cifar10 -o out.h5", "--format cifar10 takes a folder"},
        {"--format cifar10 --maximum 3 cifar -o out.h5", "--format cifar10 takes a folder"},
        {"--format cifar10 --classes 20 cifar -o out.h5", "--format cifar10 takes a folder"},
        {"--format folder --classes 20 cifar -o out.h5", "--format folder takes a folder"},
        {"--format idx --train-images images.gz -o out.h5", "--train-labels is missing"},
        {"--format idx --train-images images.gz --train-labels labels cifar -o out.h5", "--format idx takes"},
        {"--unknown", "unrecognized option"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        const program_run *run = import(wrong[i].arguments);
        expect_run(run, 64, "", wrong[i].message);
        cr_expect_str_empty(run->out);
        expect_no_output();
    }
    char names[200], message[300];
    snprintf(message, sizeof message, "--format is missing: %s\n", pnas_import_names(names, sizeof names));
    expect_run(import("-o out.h5 nowhere"), 64, "", message);
    expect_run(run_program(PROGRAM), 64, "", "a command is missing");
    expect_run(run_program(PROGRAM "export"), 64, "", "'export' is not import, encode, info or verify");
    expect_run(run_program(PROGRAM "info a b"), 64, "", "'b' is one argument too many");
}

static void expect_bad_data(const char *arguments, const char *message)
{
    expect_run(import(arguments), 65, "", message);
    expect_no_output();
}

Test(pnas_data, bad_input_is_65_and_leaves_nothing)
{
    expect_bad_data("--format idx --train-images labels --train-labels images.gz -o out.h5",
                    "labels: byte 3 (number of dimensions) is 1; expected 3");
    expect_bad_data("--format csv --shape 2x2x3 a.csv -o out.h5", "a.csv: line 1: 5 columns, expected 13");
    expect_bad_data("--format csv --shape 2x2x1 --maximum 8 a.csv -o out.h5",
                    "a.csv: line 1, column 4: \"16\", expected a pixel from 0 to 8");
    expect_bad_data("--format cifar100 cifar -o out.h5",
                    "cifar: looks like cifar10, not cifar100; expected --format cifar10 for it");
    test_write_file("a.csv", "", 0);
    expect_bad_data("--format csv --shape 2x2x1 a.csv -o out.h5", "a.csv: is empty");
    test_write_file("cifar/test_batch.bin", "short", 5);
    expect_bad_data("--format cifar10 cifar -o out.h5",
                    "cifar/test_batch.bin: ends at byte 5, inside record 0");
}

Test(pnas_data, bad_input_leaves_a_forced_output_as_it_was)
{
    test_write_file("out.h5", "mine", 4);
    expect_run(import("--force --format csv --shape 2x2x3 a.csv -o out.h5"), 65, "", "a.csv");
    cr_expect_eq(test_file_size("out.h5"), 4);
    cr_expect(!test_file_exists("out.h5.partial"));
}

Test(pnas_data, absent_files_are_74)
{
    expect_run(import("--format csv --shape 2x2x1 absent.csv -o out.h5"), 74, "",
               "absent.csv: cannot be opened");
    expect_run(import("--format idx --train-images absent --train-labels labels -o out.h5"), 74, "",
               "absent: cannot be opened");
    expect_run(import("--format cifar10 absent -o out.h5"), 74, "", "absent: cannot be opened");
    expect_run(import("--format folder absent -o out.h5"), 74, "", "absent: cannot be opened");
    expect_run(import("--format cifar100 . -o out.h5"), 74, "",
               "does not hold train.bin; expected the folder of the binary version");
    expect_no_output();
}

Test(pnas_data, outputs_that_cannot_be_written_are_74)
{
    expect_run(import("--format csv --shape 2x2x1 --maximum 16 a.csv -o nowhere/out.h5"), 74, "",
               "nowhere/out.h5: cannot be written");
    expect_run(import("--force --format csv --shape 2x2x1 --maximum 16 a.csv -o cifar"), 74, "",
               "cifar: is not a regular file");
    expect_run(run_program("cd '%s' && trap '' XFSZ && ulimit -f 8 && " PROGRAM
                           "import --format csv --shape 2x2x1 --maximum 16 a.csv -o out.h5",
                           test_path("")),
               74, "", "out.h5: cannot be written: File too large");
    expect_no_output();
    expect_run(run_program(PROGRAM "info >/dev/full"), 74, "", "standard output cannot be written");
}

Test(pnas_data, files_that_are_no_data_sets_are_told)
{
    expect_run(run_program(PROGRAM "info '%s'", test_path("no.h5")), 74, "", "no.h5: cannot be opened");
    expect_run(run_program(PROGRAM "verify '%s'", test_path("a.csv")), 65, "", "a.csv: is not an HDF5 file");
    expect_run(run_program("PNAS_DATA='%s' " PROGRAM "info", test_path("")), 74, "", "PNAS_DATA is set to");
}
