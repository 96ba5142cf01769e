/* Private to cl: which cells a member is fit on, and in which order. On the host; no device. Local. */
#ifndef PNAS_CL_MEMBER_ORDER_H
#define PNAS_CL_MEMBER_ORDER_H

#include "src/search/cell.h"
#include "src/search/surrogate_options.h"

#include <stdbool.h>

/* What the random streams of a member's fit are keyed by, in addition to the seed. */
uint64_t pnas_member_identity(int level, int member);

/* Which of the cells member `member` leaves out, out [count]: of the cells in the order of their lengths,
 * each length shuffled, every so many that the share options->fit_share stays, beginning at another one for
 * each member. So 1 / (1 - fit_share) members leave out each cell once, every length in proportion; the next
 * ones shuffle anew. Never all. PNAS_ERROR_MEMORY. */
pnas_status pnas_member_leave_out(const pnas_surrogate_options *options, int level, int member,
                                  const pnas_cell *cells, size_t count, bool *out);

typedef struct {
    int rows;           /* of a batch */
    size_t epoch_steps; /* batches an epoch */
    size_t steps;       /* of all epochs */
    int *cell;          /* [steps][rows]: index of a cell; -1 where a batch is not full */
    int *blocks;        /* [steps]: the length of all of a batch's cells */
} pnas_fit_order;

/* Each epoch shows every cell once: shuffled among those of its length, cut into batches, and the batches of
 * all lengths shuffled; drawn from the stream (seed, shuffle, identity, epoch). out is the caller's. */
pnas_status pnas_fit_order_make(const pnas_surrogate_options *options, uint64_t identity,
                                const pnas_cell *cells, size_t count, pnas_fit_order *out);
void pnas_fit_order_free(pnas_fit_order *order);

#endif
