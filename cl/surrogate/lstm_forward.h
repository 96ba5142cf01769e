/* Private to cl: launches of the LSTM surrogate, forward. Local. */
#ifndef PNAS_CL_LSTM_FORWARD_H
#define PNAS_CL_LSTM_FORWARD_H

#include "cl/surrogate/lstm_model.h"

/* Appends: output [R] of the tokens in work->token, T <= work->tokens. */
pnas_status pnas_lstm_forward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_lstm_layout *layout,
                                     cl_mem parameters, const pnas_lstm_work *work, int tokens);

#endif
