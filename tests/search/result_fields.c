#include "tests/search/result_fields.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fill(pnas_result *out, const pnas_result_field *field, int number)
{
    void *value = (char *)out + field->offset;
    switch (field->kind) {
    case PNAS_FIELD_STATUS:
        *(pnas_child_status *)value = PNAS_CHILD_DONE;
        break;
    case PNAS_FIELD_REAL:
        *(double *)value = 1.0 / (3 + number);
        break;
    case PNAS_FIELD_INT:
        *(int *)value = 1000 + number;
        break;
    case PNAS_FIELD_LONG:
        *(int64_t *)value = 5000000000 + number;
        break;
    case PNAS_FIELD_FLAG:
        *(bool *)value = true;
        break;
    case PNAS_FIELD_TEXT:
        snprintf(value, PNAS_CHILD_ERROR_MAX, "text of field %d", number);
        break;
    }
}

void result_fields_fill(pnas_result *out, int rows)
{
    *out = (pnas_result){0};
    for (int i = 0; i < PNAS_RESULT_FIELD_COUNT; i++)
        fill(out, &pnas_result_fields[i], i);
    out->epochs = rows;
    out->history = malloc((size_t)rows * PNAS_METRICS * sizeof *out->history + 1);
    for (int i = 0; i < rows * PNAS_METRICS; i++)
        out->history[i] = 0.1f * (float)i - 0.3f;
    for (int i = 0; i < rows; i++)
        out->history[i * PNAS_METRICS + PNAS_METRIC_VALIDATION_ACCURACY] = (float)out->accuracy;
}

static bool same(const pnas_result *a, const pnas_result *b, const pnas_result_field *field)
{
    static const size_t bytes[] = {
        [PNAS_FIELD_STATUS] = sizeof(pnas_child_status),
        [PNAS_FIELD_REAL] = sizeof(double),
        [PNAS_FIELD_INT] = sizeof(int),
        [PNAS_FIELD_LONG] = sizeof(int64_t),
        [PNAS_FIELD_FLAG] = sizeof(bool),
    };
    const char *one = (const char *)a + field->offset, *other = (const char *)b + field->offset;
    if (field->kind == PNAS_FIELD_TEXT)
        return strcmp(one, other) == 0;
    return memcmp(one, other, bytes[field->kind]) == 0;
}

void result_fields_expect(const pnas_result *found, const pnas_result *expected, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(pnas_result_fields[i].name, "epochs") != 0)
            cr_assert(same(found, expected, &pnas_result_fields[i]), "the field '%s' differs",
                      pnas_result_fields[i].name);
}

void result_fields_expect_history(const pnas_result *found, const pnas_result *expected)
{
    size_t rows = pnas_result_rows(expected);
    cr_assert_eq(pnas_result_rows(found), rows);
    if (rows)
        cr_assert_eq(memcmp(found->history, expected->history, rows * PNAS_METRICS * sizeof(float)), 0);
}
