/* The LSTM surrogate on OpenCL ("controller"). Paper section 4.2 and appendix; docs/algorithm.md.
 *
 * Reads 4b tokens a cell (in1, in2, op1, op2 of each block; one embedding for inputs, one for operators),
 * LSTM, last hidden state -> linear -> sigmoid; L1 loss, Adam; fit from scratch on everything so far.
 *
 * Initial values: embeddings uniform in [-0.1, 0.1], the output's bias as the options say (both the paper's).
 * The paper leaves the rest open; here other weights are uniform in +-1 / sqrt(hidden), the forget gates'
 * biases 1, other biases 0. A batch holds cells of one length. The same cells, accuracies, level and options
 * give the same weights to the bit on the same kind of device. */
#ifndef PNAS_CL_SURROGATE_LSTM_H
#define PNAS_CL_SURROGATE_LSTM_H

#include "cl/context.h"
#include "src/base/named_tensor.h"
#include "src/search/search.h"
#include "src/search/surrogate_options.h"

typedef struct pnas_lstm pnas_lstm;

/* `cl` is borrowed for its life. */
pnas_status pnas_lstm_create(pnas_cl *cl, const pnas_surrogate_options *options, const pnas_space *space,
                             pnas_lstm **out);
void pnas_lstm_destroy(pnas_lstm **lstm);

/* The callbacks of a pnas_surrogate whose payload is a pnas_lstm. */
pnas_status pnas_lstm_fit(void *lstm, int level, const pnas_cell *cells, const double *accuracy,
                          size_t count);
pnas_status pnas_lstm_predict(void *lstm, const pnas_cell *cells, size_t count, double *mean, double *spread);

/* Called now and then while fitting and predicting (at least ten times a second); NULL: none. A status other
 * than PNAS_OK ends the call and is returned by it. */
void pnas_lstm_set_tick(pnas_lstm *lstm, pnas_status (*tick)(void *payload), void *payload);

/* Its weights after a fit, named, gates in the order i, f, g, o along the last axis; the array and the data
 * are the caller's (pnas_lstm_free_weights). */
pnas_status pnas_lstm_weights(pnas_lstm *lstm, pnas_named_tensor **out, size_t *count);
void pnas_lstm_free_weights(pnas_named_tensor **tensors, size_t count);

#endif
