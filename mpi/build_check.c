#include "mpi/build_check.h"

#include "mpi/collectives.h"
#include "mpi/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a rank brings, as text of one length, which must never change: it is read by ranks of other builds. */
#define BUILD_BYTES 192
#define HOST_BYTES  64

typedef char rank_build[BUILD_BYTES + HOST_BYTES]; /* the build and, BUILD_BYTES behind it, the host */

static pnas_status compare(const rank_build *all, int ranks)
{
    for (int rank = 1; rank < ranks; rank++)
        PNAS_CHECK(strncmp(all[rank], all[0], BUILD_BYTES) == 0, PNAS_ERROR_USAGE,
                   "rank 0 on %.*s runs %.*s, but rank %d on %.*s runs %.*s; start the same build of the "
                   "program on every machine",
                   HOST_BYTES, all[0] + BUILD_BYTES, BUILD_BYTES, all[0], rank, HOST_BYTES,
                   all[rank] + BUILD_BYTES, BUILD_BYTES, all[rank]);
    return PNAS_OK;
}

pnas_status pnas_mpi_check_build(const pnas_layout *layout, const char *build)
{
    rank_build mine = "", *all = NULL;
    snprintf(mine, BUILD_BYTES, "%s, wire format %d", build, PNAS_WIRE_VERSION);
    snprintf(mine + BUILD_BYTES, HOST_BYTES, "%s", layout->host);
    pnas_status status = PNAS_OK;
    if (layout->rank == 0 && !(all = calloc((size_t)layout->ranks, sizeof *all)))
        status = pnas_fail(PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->ranks);
    status = pnas_mpi_agree(status);
    if (status == PNAS_OK)
        status = pnas_mpi_gather(mine, sizeof mine, all);
    if (status == PNAS_OK && all)
        status = compare(all, layout->ranks);
    free(all);
    return pnas_mpi_agree(status);
}
