/* What scheduler.c, scheduler_answers.c (rank 0) and worker.c (the others) share; private to this room. */
#ifndef PNAS_MPI_SCHEDULER_STATE_H
#define PNAS_MPI_SCHEDULER_STATE_H

#include "mpi/dispatch.h"
#include "mpi/lanes.h"
#include "mpi/messenger.h"
#include "mpi/packing.h"
#include "mpi/scheduler.h"

struct pnas_scheduler {
    MPI_Comm comm;
    const pnas_layout *layout;
    pnas_lanes *lanes;         /* NULL: this rank cannot train */
    const pnas_helper *helper; /* NULL: none here */
    pnas_packet outgoing;

    /* the others' side */
    bool stop_wanted; /* rank 0 has been told of this rank's stop request */
    bool has_waiting; /* an order waits for a lane */
    pnas_order waiting;
    pnas_status refusal; /* PNAS_OK, or why no more orders and requests are taken */
    char refusal_message[PNAS_ANSWER_MESSAGE_MAX];
    pnas_status unheeded; /* why the last notice was not understood; PNAS_OK: it was */
    char unheeded_message[PNAS_ANSWER_MESSAGE_MAX];

    /* rank 0's side */
    pnas_dispatch *children, *sharing; /* of jobs and of requests, which may go on side by side */
    pnas_outbox outbox;                /* orders and requests: whoever gets one may be sending an answer */
    int *lanes_of;                     /* [ranks], that a rank has once it is ready */
    pnas_rank_span *span;              /* [ranks], of requests */
    bool running;                      /* jobs are handed out */
    size_t results, asked_at;          /* asked_at: results when lanes were last offered */
    pnas_scheduler_listener listener;  /* of jobs; also of those that go on after their run */
    const pnas_request *requests;      /* NULL: none are handed out */
    pnas_on_reply on_reply;            /* of requests */
    void *on_reply_payload;
    int64_t messages, bytes; /* of the run */
    pnas_level_usage usage;  /* of the last one */
    pnas_status ending;      /* why no more is handed out; PNAS_OK: the run goes on */
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
