/* What scheduler.c (rank 0) and worker.c (the others) share; private to this room. */
#ifndef PNAS_MPI_SCHEDULER_STATE_H
#define PNAS_MPI_SCHEDULER_STATE_H

#include "mpi/lanes.h"
#include "mpi/messenger.h"
#include "mpi/packing.h"
#include "mpi/scheduler.h"

typedef enum {
    PNAS_WORKER_UNHEARD, /* its rank has not said yet that it is free */
    PNAS_WORKER_FREE,
    PNAS_WORKER_BUSY,
    PNAS_WORKER_GONE /* cannot train (any more); its rank only waits for the verdict */
} pnas_worker_state;

typedef struct { /* a lane of a rank */
    int rank, lane;
    pnas_worker_state state;
    bool leaving;  /* where BUSY: its rank has failed, so this is its last child */
    size_t ticket; /* where BUSY: the job it trains */
} pnas_worker;

typedef enum { PNAS_TICKET_WAITING, PNAS_TICKET_RUNNING, PNAS_TICKET_DONE } pnas_ticket_state;

typedef struct {         /* one job or request of a run; a ticket is its index in the order of handing out */
    const pnas_job *job; /* NULL: a request */
    const pnas_request *request; /* NULL: a job */
    pnas_ticket_state state;
    size_t worker; /* where RUNNING */
    int attempts;
} pnas_ticket;

struct pnas_scheduler {
    MPI_Comm comm;
    const pnas_layout *layout;
    pnas_lanes *lanes;         /* NULL: this rank cannot train */
    const pnas_helper *helper; /* NULL: none here */
    pnas_packet outgoing;

    /* the others' side */
    bool stop_wanted;     /* rank 0 has been told of this rank's stop request */
    pnas_status unheeded; /* why the last notice was not understood; PNAS_OK: it was */
    char unheeded_message[PNAS_ANSWER_MESSAGE_MAX];

    /* rank 0's side */
    pnas_worker *worker; /* [workers]; the first lanes of all ranks, rank 0 last, then the second ones, ... */
    size_t workers;
    pnas_worker *own;                        /* rank 0's first */
    const pnas_scheduler_listener *listener; /* of jobs */
    pnas_on_reply on_reply;                  /* of requests */
    void *on_reply_payload;
    pnas_ticket *ticket;      /* [count]; jobs longest first */
    size_t count, done, next; /* next: no ticket before it is waiting */
    pnas_status ending;       /* why no more is handed out; PNAS_OK: the run goes on */
    bool stops_sent;
    bool cut_off; /* MPI itself failed: nobody can be waited for */
    char ending_message[PNAS_ANSWER_MESSAGE_MAX];
    char last_loss[PNAS_ANSWER_MESSAGE_MAX]; /* why the rank that went last cannot train */
};

/* Does a request here; *reply (NULL if it failed) is the caller's. */
pnas_status pnas_scheduler_perform(pnas_scheduler *scheduler, const void *request, size_t size,
                                   pnas_tick tick, void **reply, size_t *reply_size);

/* Sleeps a little, until the next look for letters; a child of this rank that ends wakes it. */
void pnas_scheduler_rest(pnas_scheduler *scheduler);

#endif
