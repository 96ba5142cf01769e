/* What holds for every format of the list (io/data/import_format.h), so a new one is tested by being listed. */
#include "tests/io/data/import_test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(import_formats, .init = test_folder_make, .fini = test_folder_remove);

/* Options with which every required value is there, all files being `path`. */
static pnas_import_options required(const pnas_import_format *format, const char *path)
{
    pnas_import_options options;
    pnas_import_defaults(format, &options);
    options.path = format->takes ? path : NULL;
    options.shape = (pnas_import_shape){2, 2, 1};
    for (size_t i = 0; i < format->options; ++i)
        if (format->option[i].required && format->option[i].value == PNAS_IMPORT_TEXT)
            *(const char **)((char *)&options + format->option[i].offset) = path;
    return options;
}

Test(import_formats, each_is_found_by_its_name_alone)
{
    char names[200], last[40];
    pnas_import_names(names, sizeof names);
    snprintf(last, sizeof last, " or %s", pnas_import_formats[pnas_import_format_count - 1]->name);
    cr_expect_str_eq(names + strlen(names) - strlen(last), last);
    for (size_t i = 0; i < pnas_import_format_count; ++i) {
        const pnas_import_format *format = pnas_import_formats[i];
        cr_expect_eq(pnas_import_find(format->name), format, "%s is there twice", format->name);
        cr_expect_not_null(strstr(names, format->name));
        for (const char *at = format->name; *at; ++at)
            cr_expect(islower(*at) || isdigit(*at), "%s", format->name);
        cr_expect(*format->help && *format->usage && format->read && format->recognises);
    }
    cr_expect_null(pnas_import_find("png"));
}

/* One name on a command line has one meaning. */
static void expect_same_option(const pnas_import_option *a, const pnas_import_option *b)
{
    if (strcmp(a->name, b->name) == 0)
        cr_expect(a->offset == b->offset && a->value == b->value && !a->argument == !b->argument, "--%s",
                  a->name);
}

Test(import_formats, each_has_options_that_fit_the_others)
{
    for (size_t i = 0; i < pnas_import_format_count; ++i) {
        const pnas_import_format *a = pnas_import_formats[i];
        for (size_t k = 0; k < a->options; ++k) {
            const pnas_import_option *option = &a->option[k];
            cr_expect_eq(!option->argument, option->value == PNAS_IMPORT_FLAG, "--%s", option->name);
            cr_expect_lt(option->offset, sizeof(pnas_import_options));
            if (option->required)
                cr_expect_not_null(strstr(a->usage, option->name), "%s: --%s", a->name, option->name);
            for (size_t j = 0; j < i; ++j)
                for (size_t l = 0; l < pnas_import_formats[j]->options; ++l)
                    expect_same_option(option, &pnas_import_formats[j]->option[l]);
        }
    }
}

static void expect_bad(const pnas_import_format *format, pnas_status status, const char *name)
{
    const char *path = test_path(name);
    pnas_import_options options = required(format, path);
    cr_expect_not(format->recognises(path), "%s: %s", format->name, name);
    expect_failure(&options, status, path, "");
}

Test(import_formats, each_refuses_what_is_not_its_files)
{
    static const unsigned char garbage[5000] = {0x13, 0xff, 0, 7, ',', 1};
    test_write_file("empty", "", 0);
    test_write_file("garbage", garbage, sizeof garbage);
    test_write_gzip("packed", garbage, sizeof garbage);
    test_make_folder("folder");
    for (size_t i = 0; i < pnas_import_format_count; ++i) {
        expect_bad(pnas_import_formats[i], PNAS_ERROR_FILE, "missing");
        expect_bad(pnas_import_formats[i], PNAS_ERROR_DATA, "empty");
        expect_bad(pnas_import_formats[i], PNAS_ERROR_DATA, "garbage");
        expect_bad(pnas_import_formats[i], PNAS_ERROR_DATA, "packed");
        bool reads_it = strncmp(pnas_import_formats[i]->name, "cifar", 5) == 0; /* and finds no file there */
        expect_bad(pnas_import_formats[i], reads_it ? PNAS_ERROR_FILE : PNAS_ERROR_DATA, "folder");
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_formats, files_of_another_format_are_told)
{
    static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1};
    const char *row = "\"first\",second,label\n1,2,0\n";
    test_write_gzip("labels", labels, sizeof labels);
    test_write_file("rows", row, strlen(row));
    cr_expect_eq(pnas_import_recognise(test_path("labels")), &pnas_import_idx);
    cr_expect_eq(pnas_import_recognise(test_path("rows")), &pnas_import_csv);
    pnas_import_options options = required(&pnas_import_csv, test_path("labels"));
    expect_failure(&options, PNAS_ERROR_DATA, "/labels: looks like idx, not csv", "expected --format idx");
    options = required(&pnas_import_idx, test_path("rows"));
    expect_failure(&options, PNAS_ERROR_DATA, "/rows: looks like csv, not idx", "expected --format csv");
    options = required(&pnas_import_cifar10, test_path("rows"));
    expect_failure(&options, PNAS_ERROR_DATA, "/rows: looks like csv, not cifar10", "expected --format csv");
}

/* ---- the docs ---- */

static char *read_docs(void)
{
    char path[1000];
    snprintf(path, sizeof path, "%s/docs/formats.md", getenv("PNAS_SOURCE"));
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    char *text = calloc(1, 1 << 18);
    cr_assert_lt(fread(text, 1, 1 << 18, file), 1 << 18);
    fclose(file);
    return text;
}

/* The first column of the table names every format, in the same order, and nothing else. */
Test(import_formats, each_has_its_row_and_its_command_in_the_docs)
{
    char expected[300], *text = read_docs();
    size_t i = 0;
    char *line = strstr(text, "\n| Format | What is read |\n|---|---|\n");
    cr_assert_not_null(line);
    line = strchr(strchr(line + 1, '\n') + 1, '\n');
    for (char *end = strstr(line, "\n\n"); line < end; line = strchr(line + 1, '\n'), ++i) {
        cr_assert_lt(i, pnas_import_format_count, "of no format: %.60s", line);
        snprintf(expected, sizeof expected, "\n| `%s` |", pnas_import_formats[i]->name);
        cr_expect_eq(strncmp(line, expected, strlen(expected)), 0, "not the row of %s: %.60s",
                     pnas_import_formats[i]->name, line);
        snprintf(expected, sizeof expected, "\n    pnas_data import --format %s %s -o OUT.h5\n",
                 pnas_import_formats[i]->name, pnas_import_formats[i]->usage);
        cr_expect_not_null(strstr(text, expected), "not in docs/formats.md: %s", expected);
    }
    cr_expect_eq(i, pnas_import_format_count, "docs/formats.md has %zu of %zu formats", i,
                 pnas_import_format_count);
    free(text);
}
