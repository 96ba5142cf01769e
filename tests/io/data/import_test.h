/* What the importers' tests share: bad input must fail as bad data and say where. */
#ifndef PNAS_TESTS_IMPORT_TEST_H
#define PNAS_TESTS_IMPORT_TEST_H

#include "io/data/import.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <string.h>

/* Formats that go on after a stop make a file, which is read here. */
static inline pnas_status import_or_make(const pnas_import_options *options, pnas_dataset **out)
{
    pnas_import_options making = *options;
    *out = NULL;
    if (!options->format->goes_on)
        return pnas_import(options, out);
    making.output = test_path("made.h5");
    making.replace = true;
    pnas_status status = pnas_import(&making, out);
    pnas_dataset_destroy(out);
    return status == PNAS_OK ? pnas_dataset_open(making.output, out) : status;
}

/* The import fails with `code` and its message has `file` and `text` in it. */
static inline void expect_failure(const pnas_import_options *options, pnas_status code, const char *file,
                                  const char *text)
{
    pnas_dataset *dataset = NULL;
    pnas_status status = import_or_make(options, &dataset);
    cr_expect_eq(status, code, "%s instead of %s: %s", pnas_status_name(status), pnas_status_name(code),
                 pnas_message());
    cr_expect_null(dataset);
    cr_expect_not_null(strstr(pnas_message(), file), "expected \"%s\" in \"%s\"", file, pnas_message());
    cr_expect_not_null(strstr(pnas_message(), text), "expected \"%s\" in \"%s\"", text, pnas_message());
}

static inline pnas_dataset *expect_import(const pnas_import_options *options)
{
    pnas_dataset *dataset = NULL;
    cr_assert_eq(import_or_make(options, &dataset), PNAS_OK, "%s", pnas_message());
    return dataset;
}

#endif
