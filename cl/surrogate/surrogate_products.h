/* Private to cl: the matrix products that fitting a surrogate is made of, before anything is built.
 * Local. */
#ifndef PNAS_CL_SURROGATE_PRODUCTS_H
#define PNAS_CL_SURROGATE_PRODUCTS_H

#include "cl/ops/routed_op.h"
#include "src/search/space.h"
#include "src/search/surrogate_options.h"

/* Calls `visit` for each product of a training step, forward and back, on cells of each length of the space.
 * Ends at the first status other than PNAS_OK and returns it. */
pnas_status pnas_surrogate_products(pnas_cl *cl, const pnas_surrogate_options *options,
                                    const pnas_space *space,
                                    pnas_status (*visit)(void *payload, const pnas_routed_op *op),
                                    void *payload);

#endif
