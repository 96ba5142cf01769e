#include "mpi/scheduler_inbox.h"

#include "src/base/clock.h"
#include "src/base/log.h"

#include <assert.h>
#include <stdio.h>

#define ATTEMPTS_MAX 2 /* of a child that failed where another rank might help */

/* --- who is there --- */

pnas_status pnas_scheduler_join(pnas_scheduler *scheduler, int rank, int lanes)
{
    PNAS_TRY(pnas_dispatch_join(scheduler->children, rank, lanes));
    return pnas_dispatch_join(scheduler->sharing, rank, lanes);
}

void pnas_scheduler_leave(pnas_scheduler *scheduler, int rank)
{
    pnas_dispatch_leave(scheduler->children, rank);
    pnas_dispatch_leave(scheduler->sharing, rank);
}

void pnas_scheduler_lose(pnas_scheduler *scheduler, int rank)
{
    pnas_dispatch_lose(scheduler->children, rank);
    pnas_dispatch_lose(scheduler->sharing, rank);
}

/* --- how a run ends --- */

void pnas_scheduler_end(pnas_scheduler *scheduler, pnas_status status)
{
    if (scheduler->ending != PNAS_OK)
        return;
    scheduler->ending = status;
    snprintf(scheduler->ending_reason, sizeof scheduler->ending_reason, "%s", pnas_message());
}

void pnas_scheduler_check(pnas_scheduler *scheduler, pnas_status status)
{
    if (status != PNAS_OK)
        pnas_scheduler_end(scheduler, status);
}

void pnas_scheduler_check_connection(pnas_scheduler *scheduler, pnas_status status)
{
    pnas_scheduler_check(scheduler, status);
    scheduler->cut_off = scheduler->cut_off || status != PNAS_OK;
}

/* --- what became of children and tasks --- */

int64_t pnas_job_id(const pnas_job *job)
{
    return (int64_t)job->level << 32 | job->index;
}

const pnas_job *pnas_scheduler_job(const pnas_scheduler *scheduler, size_t ticket)
{
    return pnas_dispatch_job(scheduler->children, ticket);
}

/* The ticket of the child with that job_id that `rank` holds, or PNAS_NO_TICKET. */
static size_t find_child(const pnas_scheduler *scheduler, int rank, int64_t job_id)
{
    for (int i = 0; i < pnas_dispatch_held(scheduler->children, rank); i++) {
        size_t ticket = pnas_dispatch_held_ticket(scheduler->children, rank, i);
        if (pnas_job_id(pnas_scheduler_job(scheduler, ticket)) == job_id)
            return ticket;
    }
    return PNAS_NO_TICKET;
}

void pnas_scheduler_show_start(pnas_scheduler *scheduler, int rank, size_t ticket)
{
    const pnas_scheduler_listener *listener = &scheduler->listener;
    if (ticket != PNAS_NO_TICKET && listener->on_start)
        listener->on_start(listener->payload, pnas_scheduler_job(scheduler, ticket), rank);
}

/* `rank` could not finish its ticket. What else it holds it may end, or it refuses it. Only a child
 * may fail on one rank for any reason; a helper's task says more about itself. */
static void take_failure(pnas_scheduler *scheduler, pnas_dispatch *dispatch, int rank, size_t ticket,
                         pnas_status status, const char *message)
{
    bool child = dispatch == scheduler->children, known = !pnas_dispatch_is_in(dispatch, rank);
    pnas_scheduler_leave(scheduler, rank);
    pnas_dispatch_give_back(dispatch, rank, ticket, pnas_clock_seconds());
    if (status == PNAS_STOPPED || scheduler->ending != PNAS_OK) { /* asked for by us, or by a signal there */
        pnas_scheduler_end(scheduler, pnas_fail(PNAS_STOPPED, "%s", message));
        return;
    }
    if (!child && status != PNAS_ERROR_DEVICE && status != PNAS_ERROR_MEMORY &&
        status != PNAS_ERROR_TOO_LARGE) {
        pnas_scheduler_end(scheduler, pnas_fail(status, "%s", message));
        return;
    }
    if (!known)
        pnas_warning("rank %d cannot go on (%s: %s); its %s waits for another rank", rank,
                     pnas_status_name(status), message, child ? "child" : "share of the work");
    if (child && (status == PNAS_ERROR_FILE || status == PNAS_ERROR_DATA))
        scheduler->loss = status;
    snprintf(scheduler->last_loss, sizeof scheduler->last_loss, "the last, rank %d, failed: %s", rank,
             message);
}

static bool may_succeed_elsewhere(const pnas_scheduler *scheduler, int rank, size_t ticket,
                                  const pnas_result *result)
{
    return result->status == PNAS_CHILD_FAILED && result->retryable && scheduler->ending == PNAS_OK &&
           pnas_dispatch_attempts(scheduler->children, ticket) < ATTEMPTS_MAX &&
           pnas_dispatch_others_left(scheduler->children, rank);
}

/* What became of a child. */
static void take_result(pnas_scheduler *scheduler, int rank, size_t ticket, pnas_job_result *outcome)
{
    pnas_dispatch *children = scheduler->children;
    const pnas_job *job = pnas_scheduler_job(scheduler, ticket);
    const pnas_scheduler_listener *listener = &scheduler->listener;
    if (outcome->status != PNAS_OK) {
        take_failure(scheduler, children, rank, ticket, outcome->status, outcome->reason);
        return;
    }
    pnas_result *result = &outcome->result;
    if (may_succeed_elsewhere(scheduler, rank, ticket, result)) {
        pnas_warning("level %d, child %d failed on rank %d and is tried once more on another: %s", job->level,
                     job->index, rank, result->error);
        pnas_scheduler_show_start(scheduler, rank,
                                  pnas_dispatch_give_back(children, rank, ticket, pnas_clock_seconds()));
        return;
    }
    double seconds = result->train_seconds - job->before, now = pnas_clock_seconds();
    size_t next = result->status == PNAS_CHILD_DONE || result->status == PNAS_CHILD_PAUSED
                      ? pnas_dispatch_done(children, rank, ticket, seconds, now)
                      : pnas_dispatch_failed(children, rank, ticket, seconds, now);
    result->rank = rank;
    result->attempts = pnas_dispatch_attempts(children, ticket);
    scheduler->results++;
    pnas_scheduler_check(scheduler, listener->on_result(listener->payload, job, result));
    if (scheduler->ending == PNAS_OK)
        pnas_scheduler_show_start(scheduler, rank, next);
}

static void widen(pnas_rank_span *span, double start, double seconds)
{
    if (span->end <= 0 || start < span->start)
        span->start = start;
    if (start + seconds > span->end)
        span->end = start + seconds;
}

void pnas_scheduler_take_reply(pnas_scheduler *scheduler, int rank, const pnas_task_message *reply)
{
    size_t ticket = (size_t)reply->ticket;
    if (reply->status != PNAS_OK) {
        char message[PNAS_REASON_MAX];
        snprintf(message, sizeof message, "%.*s", (int)reply->size, (const char *)reply->data);
        take_failure(scheduler, scheduler->sharing, rank, ticket, reply->status, message);
        return;
    }
    widen(&scheduler->span[rank], reply->start, reply->seconds);
    pnas_dispatch_done(scheduler->sharing, rank, ticket, reply->seconds, pnas_clock_seconds());
    pnas_scheduler_check(scheduler,
                         scheduler->on_reply(scheduler->on_reply_payload, ticket, reply->data, reply->size));
}

static bool has_task(const pnas_scheduler *scheduler, int rank, int64_t ticket)
{
    return ticket >= 0 && pnas_dispatch_holds(scheduler->sharing, rank, (size_t)ticket);
}

static pnas_status read_reply(pnas_scheduler *scheduler, const pnas_mpi_message *message)
{
    pnas_task_message reply;
    pnas_status status = pnas_unpack_task(message->data, message->size, &reply);
    if (status == PNAS_OK && !has_task(scheduler, message->from, reply.ticket))
        status = pnas_fail(PNAS_ERROR_INTERNAL, "rank %d replied to a task it was not given", message->from);
    if (status == PNAS_OK)
        pnas_scheduler_take_reply(scheduler, message->from, &reply);
    else
        pnas_scheduler_lose(scheduler, message->from); /* or it would be waited for */
    return status;
}

static pnas_status read_result(pnas_scheduler *scheduler, const pnas_mpi_message *message)
{
    pnas_job_result result = {0};
    size_t ticket = PNAS_NO_TICKET;
    pnas_status status = pnas_unpack_job_result(message->data, message->size, &result);
    if (status == PNAS_OK)
        ticket = find_child(scheduler, message->from, result.job_id);
    if (status == PNAS_OK && ticket == PNAS_NO_TICKET)
        status = pnas_fail(PNAS_ERROR_INTERNAL, "rank %d sent the result of a job it was not given",
                           message->from);
    if (status == PNAS_OK)
        take_result(scheduler, message->from, ticket, &result);
    else
        pnas_scheduler_lose(scheduler, message->from); /* or it would be waited for */
    pnas_result_clear(&result.result);
    return status;
}

void pnas_scheduler_take_own_results(pnas_scheduler *scheduler)
{
    pnas_job_result result;
    while (scheduler->lanes && pnas_lanes_take(scheduler->lanes, &result)) {
        size_t ticket = find_child(scheduler, 0, result.job_id);
        assert(ticket != PNAS_NO_TICKET);
        take_result(scheduler, 0, ticket, &result);
        pnas_result_clear(&result.result);
    }
}

static pnas_status read_stop_request(const pnas_mpi_message *message)
{
    pnas_status_message request;
    PNAS_TRY(pnas_unpack_status(message->data, message->size, &request));
    return pnas_fail(PNAS_STOPPED, "stopped by %s on rank %d", request.reason, message->from);
}

static pnas_status read_message(pnas_scheduler *scheduler, const pnas_mpi_message *message)
{
    switch (message->kind) {
    case PNAS_MESSAGE_READY:
        return pnas_scheduler_join(scheduler, message->from, scheduler->lanes_of[message->from]);
    case PNAS_MESSAGE_ABSENT:
        pnas_scheduler_leave(scheduler, message->from);
        return PNAS_OK;
    case PNAS_MESSAGE_RESULT:
        return read_result(scheduler, message);
    case PNAS_MESSAGE_REPLY:
        return read_reply(scheduler, message);
    case PNAS_MESSAGE_STOP_REQUEST:
        return read_stop_request(message);
    default:
        return pnas_fail(PNAS_ERROR_INTERNAL, "rank %d sent a message of unknown kind %d", message->from,
                         message->kind);
    }
}

void pnas_scheduler_count_message(pnas_scheduler *scheduler, size_t bytes)
{
    scheduler->messages++;
    scheduler->bytes += (int64_t)bytes;
}

void pnas_scheduler_read_messages(pnas_scheduler *scheduler)
{
    for (bool got = true; got;) {
        pnas_mpi_message message;
        pnas_scheduler_check_connection(scheduler, pnas_mpi_receive(scheduler->comm, 0, &message, &got));
        if (got) {
            pnas_scheduler_count_message(scheduler, message.size);
            pnas_scheduler_check(scheduler, read_message(scheduler, &message));
        }
        pnas_mpi_message_clear(&message);
    }
}
