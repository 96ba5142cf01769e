/* A cell as text, which every program prints and reads: "-2:sep5+-2:max3 | -1:sep7+-1:max3". Local; nothing
 * here allocates. */
#ifndef PNAS_SEARCH_CELL_TEXT_H
#define PNAS_SEARCH_CELL_TEXT_H

#include "src/search/cell.h"

#define PNAS_CELL_TEXT_MAX 640 /* enough for PNAS_BLOCKS_MAX blocks of the longest names, with the zero */

void pnas_cell_format(const pnas_cell *cell, const pnas_operator_set *set, char out[PNAS_CELL_TEXT_MAX]);

/* Also takes the Keras implementation's spelling of operators; spaces do not matter around '|', '+' and ':'.
 * PNAS_ERROR_DATA names the block and the word that is wrong. */
pnas_status pnas_cell_parse(const char *text, const pnas_operator_set *set, pnas_cell *out);

#endif
