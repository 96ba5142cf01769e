/* What reaches rank 0: who is there, what became of children and tasks, and why a run ends; private to
 * this room. Local. */
#ifndef PNAS_MPI_SCHEDULER_INBOX_H
#define PNAS_MPI_SCHEDULER_INBOX_H

#include "mpi/scheduler_state.h"

/* A rank takes part, or does not. */
pnas_status pnas_scheduler_join(pnas_scheduler *scheduler, int rank, int lanes);
void pnas_scheduler_leave(pnas_scheduler *scheduler, int rank);
/* It leaves, and what it holds waits for another. */
void pnas_scheduler_lose(pnas_scheduler *scheduler, int rank);

/* Nothing more is handed out. The first reason counts; its message is this thread's. */
void pnas_scheduler_end(pnas_scheduler *scheduler, pnas_status status);
/* Ends the run unless `status` is PNAS_OK. */
void pnas_scheduler_check(pnas_scheduler *scheduler, pnas_status status);
/* The same for failures of MPI: no result can be expected any more. */
void pnas_scheduler_check_connection(pnas_scheduler *scheduler, pnas_status status);

/* A child on the way; told by what it is, since its ticket's number changes from run to run. */
int64_t pnas_job_id(const pnas_job *job);
const pnas_job *pnas_scheduler_job(const pnas_scheduler *scheduler, size_t ticket);
/* Tells the listener, if there is a ticket, that `rank` begins it. */
void pnas_scheduler_show_start(pnas_scheduler *scheduler, int rank, size_t ticket);

/* Of a task that was done here or elsewhere. */
void pnas_scheduler_take_reply(pnas_scheduler *scheduler, int rank, const pnas_task_message *reply);
/* Children of this rank's own lanes that have ended. */
void pnas_scheduler_take_own_results(pnas_scheduler *scheduler);
/* All messages that have come. */
void pnas_scheduler_read_messages(pnas_scheduler *scheduler);
void pnas_scheduler_count_message(pnas_scheduler *scheduler, size_t bytes);

#endif
