/* Private to cl: launches of the MLP surrogate, forward and back. Local. */
#ifndef PNAS_CL_MLP_STEPS_H
#define PNAS_CL_MLP_STEPS_H

#include "cl/surrogate/mlp_model.h"

/* Appends: output [R] of the tokens in work->token, T <= work->tokens. */
pnas_status pnas_mlp_forward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_mlp_layout *layout,
                                    cl_mem parameters, const pnas_mlp_work *work, int tokens);

/* Appends, after a forward with history and a loss that left its logit_gradient: the gradient by every
 * parameter, into gradients [count]. */
pnas_status pnas_mlp_backward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_mlp_layout *layout,
                                     cl_mem parameters, cl_mem gradients, const pnas_mlp_work *work,
                                     int tokens);

#endif
