/* What the exchange of an update's sums costs by itself (mpi/gradient_sum.h), by the number of values:
 *
 *   mpirun -n 2 gradient_exchange [SHARDS]
 *
 * All ranks begin together, as far as a barrier can say. The time is from the last shard's sums to those of all ranks,
 * naps included, as in a training. Processor time is rank 0's, which is less than the time where others keep it
 * waiting. */
#include "mpi/gradient_sum.h"
#include "src/base/clock.h"
#include "src/base/log.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 41, PIECES = 8 };

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static pnas_status exchange_once(pnas_gradient_sum *sum, size_t values, int pieces, double *seconds,
                                 double *busy)
{
    pnas_gradient_share share = pnas_gradient_sum_share(sum);
    float *total;
    *seconds = *busy = 0;
    for (int shard = 0; shard < share.shards; shard++) {
        float *room = pnas_gradient_sum_room(sum);
        PNAS_CHECK(room, PNAS_ERROR_MEMORY, "no memory for %zu values", values);
        memset(room, 0, values * sizeof *room);
        if (shard == share.shards - 1)
            MPI_Barrier(MPI_COMM_WORLD);
        *seconds = pnas_clock_seconds();
        *busy = processor_seconds();
        for (int piece = 0; piece < pieces; piece++)
            PNAS_TRY(pnas_gradient_sum_add(sum, piece));
    }
    PNAS_TRY(pnas_gradient_sum_finish(sum, &total));
    *seconds = pnas_clock_seconds() - *seconds;
    *busy = processor_seconds() - *busy;
    return PNAS_OK;
}

static pnas_status measure(const pnas_layout *layout, int shards, size_t values, int pieces)
{
    pnas_gradient_sum *sum = NULL;
    size_t cut[PIECES];
    double seconds[ROUNDS], busy[ROUNDS];
    PNAS_TRY(pnas_gradient_sum_create(layout, true, shards, values, &sum));
    for (int i = 0; i < pieces; i++)
        cut[i] = values / (size_t)pieces * (size_t)(pieces - 1 - i);
    pnas_status status = pnas_gradient_sum_cut(sum, cut, pieces);
    for (int i = 0; i < ROUNDS && status == PNAS_OK; i++)
        status = exchange_once(sum, values, pieces, &seconds[i], &busy[i]);
    if (status == PNAS_OK && layout->rank == 0) {
        qsort(seconds, ROUNDS, sizeof(double), ascending);
        qsort(busy, ROUNDS, sizeof(double), ascending);
        printf("%10zu %6d %9.3f %11.3f %11.3f %11.3f %11.3f\n", values, pieces,
               1e-6 * (double)pnas_gradient_sum_bytes(sum), 1e3 * seconds[0], 1e3 * seconds[ROUNDS / 2],
               1e3 * busy[0], 1e3 * busy[ROUNDS / 2]);
    }
    pnas_gradient_sum_destroy(&sum);
    return status;
}

int main(int argc, char **argv)
{
    pnas_layout layout;
    int shards = argc > 1 ? atoi(argv[1]) : 8;
    pnas_status status = pnas_mpi_start(&argc, &argv, &layout);
    pnas_log_setup("gradient_exchange", PNAS_LOG_INFO, layout.rank, layout.ranks);
    if (status == PNAS_OK && shards < layout.ranks)
        status = pnas_fail(PNAS_ERROR_USAGE, "SHARDS has to be at least the number of ranks");
    if (status == PNAS_OK && layout.rank == 0)
        printf("%d shards on %d ranks\n%10s %6s %9s %11s %11s %11s %11s\n", shards, layout.ranks, "values",
               "pieces", "MB sent", "time: min", "median ms", "busy: min", "median ms");
    for (size_t values = 1000; status == PNAS_OK && values <= 10000000; values *= 10)
        for (int pieces = 1; status == PNAS_OK && pieces <= PIECES; pieces *= PIECES)
            status = measure(&layout, shards, values, pieces);
    if (status != PNAS_OK)
        pnas_error("%s", pnas_message());
    pnas_mpi_end();
    return pnas_exit_code(status);
}
