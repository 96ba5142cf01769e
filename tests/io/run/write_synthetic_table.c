/* Writes a table of cells with made-up accuracies (tests/search/synthetic_cells.h), for programs and scripts
 * that compare surrogates:
 *
 *     write_synthetic_table SEED NOISE CELLS_OF_EACH_LEVEL BLOCKS TABLE.h5 */
#include "io/run/cell_table_file.h"
#include "tests/search/synthetic_cells.h"

#include <stdio.h>
#include <stdlib.h>

static pnas_status write(char **argument)
{
    pnas_space space = synthetic_space(atoi(argument[3]));
    pnas_cell_table *table = NULL;
    const pnas_table_provenance provenance = {
        "Synthetic cells", "made up, as tests/search/synthetic_cells.h says", "write_synthetic_table", NULL};
    PNAS_TRY(synthetic_table(&space, (size_t)atol(argument[2]), (uint64_t)atol(argument[0]),
                             atof(argument[1]), &table));
    pnas_status status = pnas_cell_table_write(argument[4], table, &space.operators, &provenance);
    pnas_cell_table_destroy(&table);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "write_synthetic_table SEED NOISE CELLS_OF_EACH_LEVEL BLOCKS TABLE.h5\n");
        return 64;
    }
    if (write(argv + 1) == PNAS_OK)
        return 0;
    fprintf(stderr, "write_synthetic_table: %s\n", pnas_message());
    return 70;
}
