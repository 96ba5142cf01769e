/* libFuzzer on tables of cells, and on run files where a table is expected: cells that are read are possible. */
#include "io/run/cell_table_file.h"
#include "src/search/cell_text.h"
#include "tests/fuzz/hdf5_edits.h"

#include <stdlib.h>
#include <string.h>

static pnas_space space(void)
{
    pnas_space paper = {.blocks = 3, .lookback = -2, .lookforward = -1};
    pnas_operator_set_paper(&paper.operators);
    return paper;
}

const bool fuzz_sealed = false;

void fuzz_make(const char *path)
{
    static const char *const cells[] = {"-2:sep5+-2:max3", "-1:sep3+-2:identity",
                                        "-1:sep3+-2:identity | -1:identity+0:identity"};
    pnas_table_entry entry[3] = {{.accuracy = 0.5, .parameters = 7}, {.accuracy = 1}, {.accuracy = 0.25}};
    pnas_space paper = space();
    pnas_cell_table *table = NULL;
    for (int i = 0; i < 3; ++i)
        if (pnas_cell_parse(cells[i], &paper.operators, &entry[i].cell) != PNAS_OK)
            abort();
    if (pnas_cell_table_create(&paper, entry, 3, &table, NULL) != PNAS_OK ||
        pnas_cell_table_write(path, table, &paper.operators,
                              &(pnas_table_provenance){"A table", "made up", "none", NULL}) != PNAS_OK)
        abort();
    pnas_cell_table_destroy(&table);
}

void fuzz_read(const char *path)
{
    pnas_space paper = space();
    pnas_cell_table *table = NULL;
    pnas_status status = pnas_cell_table_read(path, &paper, &table, NULL, NULL);
    if (status != PNAS_OK && (table || !*pnas_message()))
        abort();
    for (size_t i = 0; table && i < pnas_cell_table_count(table); ++i) {
        const pnas_table_entry *entry = &pnas_cell_table_entries(table)[i];
        if (pnas_cell_validate(&entry->cell, &paper.operators) != PNAS_OK ||
            !(entry->accuracy >= 0 && entry->accuracy <= 1))
            abort();
    }
    pnas_cell_table_destroy(&table);
}
