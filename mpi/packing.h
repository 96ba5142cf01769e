/* What the messages between ranks hold, written and read by mpi/wire.h. Reading checks every range:
 * PNAS_ERROR_INTERNAL. Writing replaces what `out` holds: PNAS_ERROR_MEMORY. Local. */
#ifndef PNAS_MPI_PACKING_H
#define PNAS_MPI_PACKING_H

#include "mpi/wire.h"
#include "src/search/evaluator.h"

#define PNAS_REASON_MAX PNAS_MESSAGE_MAX /* of the sentence that says why something failed, with its zero */

typedef struct {    /* rank 0 to a rank: train this child */
    int64_t job_id; /* which of the run's jobs; comes back with the result */
    pnas_job job;
} pnas_job_message;

typedef struct { /* a rank to rank 0: what became of it */
    int64_t job_id;
    pnas_status status;           /* of evaluate */
    pnas_result result;           /* where status is PNAS_OK; the history is the reader's */
    char reason[PNAS_REASON_MAX]; /* where it is not */
} pnas_job_result;

typedef struct { /* a share of other work for a helper: the task, or the reply */
    int64_t ticket;
    pnas_status status;    /* of a reply: that of perform; of a task: PNAS_OK */
    double start, seconds; /* of a reply: when it was begun (seconds since 1970), and how long it took */
    const void *data; /* borrowed, and of a message read a part of it; of a failed reply the reason as text */
    size_t size;
} pnas_task_message;

typedef struct { /* rank 0 to a rank: how the run ended; a rank to rank 0: it was asked to stop */
    pnas_status status;
    char reason[PNAS_REASON_MAX];
} pnas_status_message;

pnas_status pnas_pack_job(const pnas_job_message *message, pnas_wire_writer *out);
pnas_status pnas_pack_job_result(const pnas_job_result *message, pnas_wire_writer *out);
pnas_status pnas_pack_task(const pnas_task_message *message, pnas_wire_writer *out);
pnas_status pnas_pack_status(const pnas_status_message *message, pnas_wire_writer *out);

pnas_status pnas_unpack_job(const void *data, size_t size, pnas_job_message *out);
pnas_status pnas_unpack_job_result(const void *data, size_t size, pnas_job_result *out);
pnas_status pnas_unpack_task(const void *data, size_t size, pnas_task_message *out);
pnas_status pnas_unpack_status(const void *data, size_t size, pnas_status_message *out);

#endif
