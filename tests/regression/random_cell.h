/* Cells for the tests of closed forms. */
#ifndef PNAS_TESTS_REGRESSION_RANDOM_CELL_H
#define PNAS_TESTS_REGRESSION_RANDOM_CELL_H

#include "src/base/random.h"
#include "src/search/cell.h"

/* A cell of so many blocks, with every input and operator as likely. */
pnas_cell random_cell(pnas_stream *stream, int blocks, int operators);

#endif
