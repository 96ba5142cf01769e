#include "src/train/shard_update.h"

#include "mpi/collectives.h"
#include "mpi/stop_request.h"
#include "src/base/clock.h"

#include <stdlib.h>
#include <string.h>

/* In front of the sums of each shard: whether its rank was asked to stop, or cannot go on. */
enum { FLAG_STOP, FLAG_FAILED };

/* More pieces hide little more, and below so many values for a rank a message costs more than what it carries. */
enum { PIECES_MOST = 8, PART_SMALLEST = 1 << 11 };

/* --- making ready --- */

static size_t smallest_piece(const pnas_shard_update *update)
{
    size_t share = update->counts.values / PIECES_MOST;
    size_t of_parts = (size_t)update->share.members * PART_SMALLEST;
    if (update->share.members == 1)
        return update->counts.values;
    return share > of_parts ? share : of_parts;
}

/* The flags belong to the last piece, which begins at 0. */
static pnas_status cut(pnas_shard_update *update)
{
    size_t *begin = NULL;
    if (update->share.member < 0)
        return PNAS_OK;
    PNAS_TRY(pnas_shard_trainer_cut(update->trainer, smallest_piece(update), &begin, &update->pieces));
    for (int i = 0; i < update->pieces - 1; i++)
        begin[i] += PNAS_SHARD_FLAGS;
    pnas_status status = pnas_gradient_sum_cut(update->sum, begin, update->pieces);
    free(begin);
    return status;
}

pnas_status pnas_shard_update_create(const pnas_layout *layout, pnas_shard_trainer *trainer,
                                     pnas_shard_update *out)
{
    *out = (pnas_shard_update){.trainer = trainer};
    if (trainer)
        out->counts = pnas_shard_trainer_counts(trainer);
    PNAS_TRY(pnas_gradient_sum_create(layout, trainer != NULL, out->counts.shards,
                                      out->counts.values + PNAS_SHARD_FLAGS, &out->sum));
    out->share = pnas_gradient_sum_share(out->sum);
    return pnas_mpi_agree(cut(out));
}

void pnas_shard_update_clear(pnas_shard_update *update)
{
    if (update->sum)
        pnas_gradient_sum_destroy(&update->sum);
    *update = (pnas_shard_update){0};
}

/* --- an update --- */

static pnas_status add_pieces(pnas_shard_update *update, int there)
{
    for (; update->added < there; update->added++)
        PNAS_TRY(pnas_gradient_sum_add(update->sum, update->added));
    return PNAS_OK;
}

/* The last piece waits for the flags. */
static pnas_status exchange_meanwhile(void *payload, int there, bool *again)
{
    pnas_shard_update *update = payload;
    PNAS_TRY(add_pieces(update, there < update->pieces ? there : update->pieces - 1));
    return pnas_gradient_sum_progress(update->sum, again);
}

/* A rank that fails gives zeros, so that the others learn of it in the sum and nobody waits for ever. */
static pnas_status run_shard(pnas_shard_update *update, int epoch, int index, int shard, pnas_status before)
{
    float *room = pnas_gradient_sum_room(update->sum);
    pnas_status status = before;
    PNAS_CHECK(room, PNAS_ERROR_MEMORY, "no memory for the sums of a shard");
    update->added = 0;
    if (status == PNAS_OK)
        status = pnas_shard_trainer_run(update->trainer, epoch, index, shard, room + PNAS_SHARD_FLAGS,
                                        exchange_meanwhile, update);
    if (status != PNAS_OK && update->added == 0)
        memset(room, 0, (update->counts.values + PNAS_SHARD_FLAGS) * sizeof *room);
    room[FLAG_STOP] = (float)pnas_stop_requested();
    room[FLAG_FAILED] = (float)(status != PNAS_OK);
    pnas_status added = add_pieces(update, update->pieces);
    return status != PNAS_OK ? status : added;
}

/* What the flags of all say; a failure of this rank is returned. */
static pnas_status take_flags(pnas_shard_update *update, const float *flags, pnas_status mine)
{
    update->stop = update->stop || flags[FLAG_STOP] > 0;
    update->broken = flags[FLAG_FAILED] > 0 && mine == PNAS_OK;
    return mine;
}

pnas_status pnas_shard_update_run(pnas_shard_update *update, int epoch, int index, pnas_shard_figures *out)
{
    pnas_status mine = PNAS_OK;
    float *sums = NULL;
    for (int i = 0; i < update->share.shards; i++)
        mine = run_shard(update, epoch, index, update->share.first + i, mine);
    double ready = pnas_clock_seconds();
    PNAS_TRY(pnas_gradient_sum_finish(update->sum, &sums));
    update->waited += pnas_clock_seconds() - ready;
    PNAS_TRY(take_flags(update, sums, mine));
    return update->broken ? PNAS_OK
                          : pnas_shard_trainer_update(update->trainer, sums + PNAS_SHARD_FLAGS, out);
}

pnas_status pnas_shard_update_collect(pnas_shard_update *update, float *values, size_t count,
                                      pnas_status mine)
{
    bool stopped = mine == PNAS_STOPPED;
    values[count + FLAG_STOP] = (float)stopped;
    values[count + FLAG_FAILED] = (float)(mine != PNAS_OK && !stopped);
    PNAS_TRY(pnas_gradient_sum_collect(update->sum, values, count + PNAS_SHARD_FLAGS));
    return take_flags(update, values + count, stopped ? PNAS_OK : mine);
}
