/* Private to cl: the loss over cells that a member is not fit on, for early stopping. On the host.
 * Local. */
#ifndef PNAS_CL_HELD_OUT_H
#define PNAS_CL_HELD_OUT_H

#include "src/search/cell.h"
#include "src/search/surrogate_options.h"

/* The mean over cells, or for ranking over pairs of cells of one length and different accuracy; 0 for none. */
double pnas_held_out_loss(pnas_surrogate_loss kind, const pnas_cell *cells, const double *accuracy,
                          const double *predicted, size_t count);

#endif
