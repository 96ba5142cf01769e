/* Messages between rank 0 and the others, sent and received; mpi/packing.h has what is in them. Private to
 * this room. No call spins: what has to be waited for is looked at about every millisecond, so that an idle
 * rank leaves its core to those that train. Errors of MPI are PNAS_ERROR_INTERNAL. Local, but each message
 * that is sent must be received. */
#ifndef PNAS_MPI_MESSENGER_H
#define PNAS_MPI_MESSENGER_H

#include "mpi/communicator.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    /* to rank 0 */
    PNAS_MESSAGE_READY = 1,    /* this rank is free; empty */
    PNAS_MESSAGE_ABSENT,       /* this rank cannot train; empty */
    PNAS_MESSAGE_RESULT,       /* pnas_job_result: what became of a job; its lane is free again */
    PNAS_MESSAGE_REPLY,        /* pnas_task_message: what became of a task; the rank is free again */
    PNAS_MESSAGE_STOP_REQUEST, /* pnas_status_message: this rank was asked to stop */
    /* from rank 0 */
    PNAS_MESSAGE_JOB,     /* pnas_job_message: train a child */
    PNAS_MESSAGE_TASK,    /* pnas_task_message: a helper's work */
    PNAS_MESSAGE_UPDATE,  /* what a helper must know; its own message */
    PNAS_MESSAGE_STOP,    /* give up the running work; empty */
    PNAS_MESSAGE_SHUTDOWN /* pnas_status_message: the run is over */
} pnas_message_kind;

typedef struct {
    int kind, from;
    size_t size;
    unsigned char *data; /* owned; NULL if empty */
} pnas_mpi_message;

/* Sends; returns when `data` may be used again, which may be when the receiver takes the message. */
pnas_status pnas_mpi_send(MPI_Comm comm, int to, pnas_message_kind kind, const void *data, size_t size);

/* Sends an empty message without waiting, for a receiver that may be sending to us. */
pnas_status pnas_mpi_send_empty(MPI_Comm comm, int to, pnas_message_kind kind);

typedef struct {                       /* messages under way; zero to start with */
    struct pnas_pending_send *pending; /* [room], of which `count` are used */
    size_t count, room;
} pnas_outbox;

/* Sends without waiting, for a receiver that may be at work, or be sending to us: a message that is too large
 * for MPI to keep would otherwise wait for it. `data` (of malloc) is the outbox's from now on, also after a
 * failure. */
pnas_status pnas_outbox_post(pnas_outbox *outbox, MPI_Comm comm, int to, pnas_message_kind kind, void *data,
                             size_t size);

/* Waits for all messages, napping, and frees everything. */
pnas_status pnas_outbox_finish(pnas_outbox *outbox);

/* Receives one message if one is there (*got); `kind` 0: any. *out is the caller's (pnas_mpi_message_clear). */
pnas_status pnas_mpi_receive(MPI_Comm comm, int kind, pnas_mpi_message *out, bool *got);
void pnas_mpi_message_clear(pnas_mpi_message *message);

#endif
