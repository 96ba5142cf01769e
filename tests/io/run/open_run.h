/* What tests of run files do with them, in the test's folder. */
#ifndef PNAS_TESTS_OPEN_RUN_H
#define PNAS_TESTS_OPEN_RUN_H

#include "io/run/run_file.h"
#include "tests/io/run/fake_run.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <string.h>

static inline pnas_run_file *open_run(const char *name, bool expected)
{
    pnas_run_file *file = NULL;
    bool existed = !expected;
    cr_assert_eq(pnas_run_file_open(test_path(name), &file, &existed), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(existed, expected);
    return file;
}

/* run.h5 */
static inline void expect_refused(pnas_status expected, const char *sentence)
{
    pnas_run_file *file = (pnas_run_file *)1;
    bool existed;
    cr_expect_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), expected);
    cr_expect_null(file);
    cr_expect_not_null(strstr(pnas_message(), sentence), "%s", pnas_message());
    cr_expect_not_null(strstr(pnas_message(), "run.h5"), "%s", pnas_message());
}

static inline void write_again(pnas_run_file *file, const pnas_search *search)
{
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK, "%s", pnas_message());
}

#endif
