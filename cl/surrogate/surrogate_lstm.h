/* One LSTM fit on all cells: an ensemble of one (cl/surrogate/surrogate_ensemble.h), whatever model, members,
 * fold and patience the options say. */
#ifndef PNAS_CL_SURROGATE_LSTM_H
#define PNAS_CL_SURROGATE_LSTM_H

#include "cl/surrogate/surrogate_ensemble.h"

typedef pnas_ensemble pnas_lstm;

static inline pnas_status pnas_lstm_create(pnas_cl *cl, const pnas_surrogate_options *options,
                                           const pnas_space *space, pnas_lstm **out)
{
    pnas_surrogate_options one = *options;
    one.model = PNAS_MODEL_LSTM;
    one.members = 1;
    one.fold = 1;
    one.patience = 0;
    return pnas_ensemble_create(cl, &one, space, out);
}

static inline pnas_status pnas_lstm_weights(pnas_lstm *lstm, pnas_named_tensor **out, size_t *count)
{
    return pnas_ensemble_weights(lstm, 0, out, count);
}

#define pnas_lstm_destroy      pnas_ensemble_destroy
#define pnas_lstm_fit          pnas_ensemble_fit
#define pnas_lstm_predict      pnas_ensemble_predict
#define pnas_lstm_set_tick     pnas_ensemble_set_tick
#define pnas_lstm_free_weights pnas_ensemble_free_weights

#endif
