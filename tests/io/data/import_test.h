/* What the importers' tests share: bad input must fail as bad data and say where. */
#ifndef PNAS_TESTS_IMPORT_TEST_H
#define PNAS_TESTS_IMPORT_TEST_H

#include "io/data/import.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <string.h>

/* The import fails with `code` and its message has `file` and `text` in it. */
static inline void expect_failure(const pnas_import_options *options, pnas_status code, const char *file,
                                  const char *text)
{
    pnas_dataset *dataset = NULL;
    pnas_status status = pnas_import(options, &dataset);
    cr_expect_eq(status, code, "%s instead of %s: %s", pnas_status_name(status), pnas_status_name(code),
                 pnas_message());
    cr_expect_null(dataset);
    cr_expect_not_null(strstr(pnas_message(), file), "expected \"%s\" in \"%s\"", file, pnas_message());
    cr_expect_not_null(strstr(pnas_message(), text), "expected \"%s\" in \"%s\"", text, pnas_message());
}

static inline pnas_dataset *expect_import(const pnas_import_options *options)
{
    pnas_dataset *dataset = NULL;
    cr_assert_eq(pnas_import(options, &dataset), PNAS_OK, "%s", pnas_message());
    return dataset;
}

#endif
