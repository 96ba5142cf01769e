/* Private to cl: launches of the LSTM surrogate, backward. Local. */
#ifndef PNAS_CL_LSTM_BACKWARD_H
#define PNAS_CL_LSTM_BACKWARD_H

#include "cl/surrogate/lstm_model.h"

/* Appends, after a forward with history and a loss that left its logit_gradient: the gradient by every
 * parameter, into gradients [count]. */
pnas_status pnas_lstm_backward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_lstm_layout *layout,
                                      cl_mem parameters, cl_mem gradients, const pnas_lstm_work *work,
                                      int tokens);

#endif
