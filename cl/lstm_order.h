/* Inside the cl room: which cells every step of a surrogate's fit sees. On the host; no device. */
#ifndef PNAS_CL_LSTM_ORDER_H
#define PNAS_CL_LSTM_ORDER_H

#include "src/search/cell.h"
#include "src/search/surrogate_options.h"

typedef struct {
    int rows;     /* of a batch */
    size_t steps; /* of all epochs */
    int *cell;    /* [steps][rows]: index of a cell; -1 where a batch is not full */
    int *blocks;  /* [steps]: the length of all of a batch's cells */
} pnas_lstm_order;

/* Each epoch shows every cell once: shuffled among those of its length, cut into batches, and the batches of
 * all lengths shuffled; drawn from the stream (seed, shuffle, level, epoch). out is the caller's. */
pnas_status pnas_lstm_order_make(const pnas_surrogate_options *options, int level, const pnas_cell *cells,
                                 size_t count, pnas_lstm_order *out);
void pnas_lstm_order_free(pnas_lstm_order *order);

#endif
