#include "src/search/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROW(kind, name, long_name, units) {#name, PNAS_FIELD_##kind, offsetof(pnas_result, name)},

const pnas_result_field pnas_result_fields[PNAS_RESULT_FIELD_COUNT] = {PNAS_RESULT_FIELDS(ROW)};

size_t pnas_result_rows(const pnas_result *result)
{
    return result->history && result->epochs > 0 ? (size_t)result->epochs : 0;
}

double pnas_result_accuracy_after(const pnas_result *result, int epoch)
{
    if (epoch < 1 || (size_t)epoch > pnas_result_rows(result))
        return NAN;
    return result->history[(size_t)(epoch - 1) * PNAS_METRICS + PNAS_METRIC_VALIDATION_ACCURACY];
}

void pnas_result_clear(pnas_result *result)
{
    free(result->history);
    memset(result, 0, sizeof *result);
}
