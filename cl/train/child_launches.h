/* Private to cl: from layers to launches, the forward and the backward pass of a child. Local. */
#ifndef PNAS_CL_CHILD_LAUNCHES_H
#define PNAS_CL_CHILD_LAUNCHES_H

#include "cl/train/child_layout.h"

/* Appends the ops of all layers, in their order; `training`: with what the backward pass needs. */
pnas_status pnas_child_append_forward(pnas_child_plan *plan, pnas_launch_list *list, bool training);

/* Appends the ops of all layers in reverse order, after a loss that left the gradient of the logits;
 * fills in backward_end. */
pnas_status pnas_child_append_backward(pnas_child_plan *plan, pnas_launch_list *list);

#endif
