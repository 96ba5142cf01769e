#include "cl/surrogate/member.h"

#include <stdlib.h>
#include <string.h>

pnas_status pnas_member_open(pnas_cl *cl, const pnas_surrogate_options *options, const pnas_space *space,
                             int number, pnas_member *out)
{
    *out = (pnas_member){.cl = cl, .options = *options, .number = number, .blocks = space->blocks};
    pnas_network_make(options, space, &out->network);
    return pnas_buffer_create(cl, out->network.count * sizeof(float), &out->parameters);
}

void pnas_member_close(pnas_member *member)
{
    pnas_buffer_release(&member->parameters);
    free(member->origin);
    member->origin = NULL;
}

pnas_status pnas_member_start_from(pnas_member *member, const float *weights)
{
    size_t bytes = member->network.count * sizeof *weights;
    if (!member->origin)
        member->origin = malloc(bytes);
    PNAS_CHECK(member->origin, PNAS_ERROR_MEMORY, "no memory for the weights that a surrogate starts from");
    memcpy(member->origin, weights, bytes);
    return PNAS_OK;
}

pnas_status pnas_member_check_cells(const pnas_member *member, const pnas_cell *cells, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        PNAS_CHECK(cells[i].blocks >= 1 && cells[i].blocks <= member->blocks, PNAS_ERROR_DATA,
                   "the surrogate was made for cells of 1 to %d blocks, not %d", member->blocks,
                   cells[i].blocks);
    return PNAS_OK;
}

pnas_status pnas_member_poll(pnas_member *member)
{
    PNAS_TRY(pnas_cl_finish(member->cl));
    return member->tick ? member->tick(member->tick_payload) : PNAS_OK;
}
