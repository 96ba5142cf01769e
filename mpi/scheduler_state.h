/* What scheduler.c, scheduler_inbox.c (rank 0) and worker.c (the others) share; private to this room. Local. */
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
    pnas_wire_writer outgoing;

    /* the others' side */
    bool stop_wanted; /* rank 0 has been told of this rank's stop request */
    bool has_waiting; /* a job waits for a lane */
    pnas_job_message waiting;
    pnas_status refusal; /* PNAS_OK, or why no more jobs and tasks are taken */
    char refusal_reason[PNAS_REASON_MAX];
    pnas_status update_status; /* why the last update could not be applied; PNAS_OK: it was */
    char update_reason[PNAS_REASON_MAX];

    /* rank 0's side */
    pnas_dispatch *children, *sharing; /* of jobs and of tasks, which may go on side by side */
    pnas_outbox outbox;                /* jobs and tasks: whoever gets one may be sending a result */
    int *lanes_of;                     /* [ranks], that a rank has once it is ready */
    pnas_rank_span *span;              /* [ranks], of tasks */
    bool running;                      /* jobs are handed out */
    size_t results, asked_at, told_at; /* results when lanes were last offered; when on_change was called */
    pnas_scheduler_listener listener;  /* of jobs; also of those that go on after their run */
    const pnas_task *tasks;            /* NULL: none are handed out */
    pnas_on_reply on_reply;            /* of tasks */
    void *on_reply_payload;
    int64_t messages, bytes; /* of the run */
    pnas_level_usage usage;  /* of the last one */
    pnas_status ending;      /* why no more is handed out; PNAS_OK: the run goes on */
    bool stops_sent;
    bool cut_off; /* MPI itself failed: nobody can be waited for */
    char ending_reason[PNAS_REASON_MAX];
    pnas_status loss;                /* what the run ends with when no rank is left */
    char last_loss[PNAS_REASON_MAX]; /* why the rank that went last cannot train */
};

/* Does a task here; *reply (NULL if it failed) is the caller's. */
pnas_status pnas_scheduler_perform(pnas_scheduler *scheduler, const void *task, size_t size, pnas_tick tick,
                                   void **reply, size_t *reply_size);

/* Sleeps a little, until the next look for messages; a child of this rank that ends wakes it. */
void pnas_scheduler_sleep(pnas_scheduler *scheduler);

#endif
