/* Every block that can be made of some inputs and the space's operators, order inside the block removed.
 * Local. */
#ifndef PNAS_SEARCH_BLOCK_LIST_H
#define PNAS_SEARCH_BLOCK_LIST_H

#include "src/search/space.h"

typedef struct {
    size_t count;
    pnas_block *block; /* [count], ascending */
} pnas_block_list;

/* The blocks that read H(c-1), H(c-2) as the space allows, or any of `earlier` blocks of the cell; the limit
 * of the space on those (lookforward) is left to the caller. *out is pnas_block_list_destroy's. */
pnas_status pnas_block_list_create(const pnas_space *space, int earlier, pnas_block_list *out);
void pnas_block_list_destroy(pnas_block_list *list);

#endif
