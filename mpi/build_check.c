#include "mpi/build_check.h"

#include "mpi/collectives.h"
#include "mpi/wire.h"
#include "src/base/build_id.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a rank brings, as text of one length, which must never change: it is read by ranks of other builds. */
#define TEXT_BYTES 192
#define HOST_BYTES 64

typedef char rank_text[TEXT_BYTES + HOST_BYTES]; /* the text and, TEXT_BYTES behind it, the host */

static pnas_status compare(const rank_text *all, int ranks, const pnas_mpi_difference *difference)
{
    for (int rank = 1; rank < ranks; rank++)
        PNAS_CHECK(strncmp(all[rank], all[0], TEXT_BYTES) == 0, difference->status,
                   "rank 0 on %.*s %s %.*s, but rank %d on %.*s %s %.*s; %s", HOST_BYTES, all[0] + TEXT_BYTES,
                   difference->what, TEXT_BYTES, all[0], rank, HOST_BYTES, all[rank] + TEXT_BYTES,
                   difference->what, TEXT_BYTES, all[rank], difference->remedy);
    return PNAS_OK;
}

pnas_status pnas_mpi_check_alike(const pnas_layout *layout, const char *text,
                                 const pnas_mpi_difference *difference)
{
    rank_text mine = "", *all = NULL;
    snprintf(mine, TEXT_BYTES, "%s", text);
    snprintf(mine + TEXT_BYTES, HOST_BYTES, "%s", layout->host);
    pnas_status status = PNAS_OK;
    if (layout->rank == 0 && !(all = calloc((size_t)layout->ranks, sizeof *all)))
        status = pnas_fail(PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->ranks);
    status = pnas_mpi_agree(status);
    if (status == PNAS_OK)
        status = pnas_mpi_gather(mine, sizeof mine, all);
    if (status == PNAS_OK && all)
        status = compare(all, layout->ranks, difference);
    free(all);
    return pnas_mpi_agree(status);
}

pnas_status pnas_mpi_check_build(const pnas_layout *layout, const char *build)
{
    char text[TEXT_BYTES], id[PNAS_BUILD_ID_MAX];
    pnas_build_id(id);
    snprintf(text, sizeof text, "%s, wire format %d, build ID %s", build, PNAS_WIRE_VERSION, id);
    return pnas_mpi_check_alike(
        layout, text,
        &(pnas_mpi_difference){PNAS_ERROR_USAGE, "runs",
                               "start the same build of one program on every machine, or copies of it"});
}
