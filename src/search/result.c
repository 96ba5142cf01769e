#include "src/search/result.h"

#include <stdlib.h>
#include <string.h>

#define ROW(kind, name, long_name, units) {#name, PNAS_FIELD_##kind, offsetof(pnas_result, name)},

const pnas_result_field pnas_result_fields[PNAS_RESULT_FIELD_COUNT] = {PNAS_RESULT_FIELDS(ROW)};

size_t pnas_result_rows(const pnas_result *result)
{
    return result->history && result->epochs > 0 ? (size_t)result->epochs : 0;
}

void pnas_result_clear(pnas_result *result)
{
    free(result->history);
    memset(result, 0, sizeof *result);
}
