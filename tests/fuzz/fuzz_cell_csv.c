/* libFuzzer on the CSV reader: any bytes give cells that are possible, or a message and no cells. */
#include "io/run/cell_csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pnas_operator_set operators;
    pnas_cell_csv csv;
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    pnas_operator_set_built_in(&operators);
    pnas_status status = pnas_cell_csv_parse("fuzzed", text, size, NULL, &csv);
    if (status != PNAS_OK && (status != PNAS_ERROR_DATA || csv.count != 0 || csv.row || !*pnas_message()))
        abort();
    for (size_t i = 0; i < csv.count; i++)
        if (pnas_cell_validate(&csv.row[i].cell, &operators) != PNAS_OK ||
            !(isfinite(csv.row[i].score) || (isnan(csv.row[i].score) && isfinite(csv.row[i].predicted))))
            abort();
    pnas_cell_csv_free(&csv);
    free(text);
    return 0;
}
