#include "src/run/absent_ranks.h"

#include "mpi/collectives.h"
#include "mpi/wire.h"
#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_MOST 8 /* ranks of a group */

typedef struct { /* ranks of one machine with one reason */
    char host[64], reason[PNAS_MESSAGE_MAX];
    int rank[NAMED_MOST], count;
} absent_group;

typedef struct {       /* rank 0's */
    const char *error; /* that is told afterwards */
    absent_group *group;
    size_t count;
} absent_ranks;

static pnas_status take_reason(void *payload, int rank, const void *data, size_t size)
{
    absent_ranks *all = payload;
    absent_group one = {.rank = {rank}, .count = 1};
    pnas_wire_reader from;
    pnas_wire_open(&from, data, size);
    pnas_wire_get_text(&from, one.host, sizeof one.host);
    pnas_wire_get_text(&from, one.reason, sizeof one.reason);
    PNAS_TRY(pnas_wire_close(&from, "why a rank has no device"));
    if (!*one.reason || (all->error && strcmp(one.reason, all->error) == 0))
        return PNAS_OK;
    for (size_t i = 0; i < all->count; i++) {
        absent_group *known = &all->group[i];
        if (strcmp(known->host, one.host) != 0 || strcmp(known->reason, one.reason) != 0)
            continue;
        if (known->count < NAMED_MOST)
            known->rank[known->count] = rank;
        known->count++;
        return PNAS_OK;
    }
    absent_group *more = realloc(all->group, (all->count + 1) * sizeof *more);
    PNAS_CHECK(more, PNAS_ERROR_MEMORY, "no memory for why ranks have no device");
    all->group = more;
    all->group[all->count++] = one;
    return PNAS_OK;
}

static void tell(const absent_group *group)
{
    char ranks[16 * (NAMED_MOST + 1)];
    int named = group->count < NAMED_MOST ? group->count : NAMED_MOST, rest = group->count - named;
    int length = snprintf(ranks, sizeof ranks, "rank%s %d", group->count > 1 ? "s" : "", group->rank[0]);
    for (int i = 1; i < named; i++)
        length += snprintf(ranks + length, sizeof ranks - (size_t)length, "%s%d",
                           i == named - 1 && rest == 0 ? " and " : ", ", group->rank[i]);
    if (rest > 0)
        snprintf(ranks + length, sizeof ranks - (size_t)length, " and %d more", rest);
    pnas_warning("%s on %s do%s not train: %s", ranks, group->host, group->count > 1 ? "" : "es",
                 group->reason);
}

pnas_status pnas_absent_ranks_tell(const pnas_layout *layout, const char *reason, bool fails)
{
    absent_ranks all = {.error = fails ? reason : NULL};
    pnas_wire_writer to = {0};
    pnas_wire_begin(&to);
    pnas_wire_put_text(&to, layout->host);
    pnas_wire_put_text(&to, reason ? reason : "");
    pnas_status status = pnas_mpi_agree(pnas_wire_finish(&to));
    if (status == PNAS_OK)
        status = pnas_mpi_gather_messages(layout, to.data, to.size, take_reason, &all);
    for (size_t i = 0; i < all.count; i++)
        tell(&all.group[i]);
    pnas_wire_clear(&to);
    free(all.group);
    return status;
}
