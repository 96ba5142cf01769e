/* Results by the list of their fields, for tests of what writes and reads them. */
#ifndef PNAS_TESTS_RESULT_FIELDS_H
#define PNAS_TESTS_RESULT_FIELDS_H

#include "src/search/result.h"

/* Fills every field of the list with a value of its own, and a history of `rows` epochs (the caller's). */
void result_fields_fill(pnas_result *out, int rows);

/* Fails the test where one of the first `count` fields of the list, but for the epochs, differs in any bit. */
void result_fields_expect(const pnas_result *found, const pnas_result *expected, int count);

/* Fails the test where the rows of their histories differ in any bit. */
void result_fields_expect_history(const pnas_result *found, const pnas_result *expected);

#endif
