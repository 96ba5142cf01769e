#include "mpi/scheduler_answers.h"

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

static void lose(pnas_scheduler *scheduler, int rank)
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
    snprintf(scheduler->ending_message, sizeof scheduler->ending_message, "%s", pnas_message());
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

/* --- what became of children and requests --- */

int64_t pnas_scheduler_name(const pnas_job *job)
{
    return (int64_t)job->level << 32 | job->index;
}

const pnas_job *pnas_scheduler_job(const pnas_scheduler *scheduler, size_t ticket)
{
    return pnas_dispatch_job(scheduler->children, ticket);
}

/* The ticket of the child of that name that `rank` holds, or PNAS_NO_TICKET. */
static size_t find_child(const pnas_scheduler *scheduler, int rank, int64_t name)
{
    for (int i = 0; i < pnas_dispatch_held(scheduler->children, rank); i++) {
        size_t ticket = pnas_dispatch_held_ticket(scheduler->children, rank, i);
        if (pnas_scheduler_name(pnas_scheduler_job(scheduler, ticket)) == name)
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

/* `rank` could not finish its ticket. What it holds beside that it may end, or it refuses it. Only a child
 * may fail on one rank for any reason; a helper's request says more about itself. */
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
    if (!child && status != PNAS_ERROR_DEVICE && status != PNAS_ERROR_MEMORY) {
        pnas_scheduler_end(scheduler, pnas_fail(status, "%s", message));
        return;
    }
    if (!known)
        pnas_warning("rank %d cannot go on (%s: %s); its %s waits for another rank", rank,
                     pnas_status_name(status), message, child ? "child" : "share of the work");
    snprintf(scheduler->last_loss, sizeof scheduler->last_loss, "the last, rank %d, failed: %s", rank,
             message);
}

static bool may_succeed_elsewhere(const pnas_scheduler *scheduler, int rank, size_t ticket,
                                  const pnas_result *result)
{
    return result->status == PNAS_CHILD_FAILED && result->elsewhere && scheduler->ending == PNAS_OK &&
           pnas_dispatch_attempts(scheduler->children, ticket) < ATTEMPTS_MAX &&
           pnas_dispatch_others_left(scheduler->children, rank);
}

/* What became of a child. */
static void take_answer(pnas_scheduler *scheduler, int rank, size_t ticket, pnas_answer *answer)
{
    pnas_dispatch *children = scheduler->children;
    const pnas_job *job = pnas_scheduler_job(scheduler, ticket);
    const pnas_scheduler_listener *listener = &scheduler->listener;
    if (answer->status != PNAS_OK) {
        take_failure(scheduler, children, rank, ticket, answer->status, answer->message);
        return;
    }
    pnas_result *result = &answer->result;
    if (may_succeed_elsewhere(scheduler, rank, ticket, result)) {
        pnas_warning("level %d, child %d failed on rank %d and is tried once more on another: %s", job->level,
                     job->index, rank, result->error);
        pnas_scheduler_show_start(scheduler, rank,
                                  pnas_dispatch_give_back(children, rank, ticket, pnas_clock_seconds()));
        return;
    }
    double seconds = result->train_seconds, now = pnas_clock_seconds();
    size_t next = result->status == PNAS_CHILD_DONE
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

void pnas_scheduler_take_reply(pnas_scheduler *scheduler, int rank, const pnas_errand *reply)
{
    size_t ticket = (size_t)reply->ticket;
    if (reply->status != PNAS_OK) {
        char message[PNAS_ANSWER_MESSAGE_MAX];
        snprintf(message, sizeof message, "%.*s", (int)reply->size, (const char *)reply->data);
        take_failure(scheduler, scheduler->sharing, rank, ticket, reply->status, message);
        return;
    }
    widen(&scheduler->span[rank], reply->start, reply->seconds);
    pnas_dispatch_done(scheduler->sharing, rank, ticket, reply->seconds, pnas_clock_seconds());
    pnas_scheduler_check(scheduler,
                         scheduler->on_reply(scheduler->on_reply_payload, ticket, reply->data, reply->size));
}

static bool has_request(const pnas_scheduler *scheduler, int rank, int64_t ticket)
{
    return ticket >= 0 && pnas_dispatch_holds(scheduler->sharing, rank, (size_t)ticket);
}

static pnas_status read_reply(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    pnas_errand reply;
    pnas_status status = pnas_unpack_errand(letter->data, letter->size, &reply);
    if (status == PNAS_OK && !has_request(scheduler, letter->from, reply.ticket))
        status =
            pnas_fail(PNAS_ERROR_INTERNAL, "rank %d replied to a request it was not given", letter->from);
    if (status == PNAS_OK)
        pnas_scheduler_take_reply(scheduler, letter->from, &reply);
    else
        lose(scheduler, letter->from); /* or it would be waited for */
    return status;
}

static pnas_status read_answer(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    pnas_answer answer = {0};
    size_t ticket = PNAS_NO_TICKET;
    pnas_status status = pnas_unpack_answer(letter->data, letter->size, &answer);
    if (status == PNAS_OK)
        ticket = find_child(scheduler, letter->from, answer.ticket);
    if (status == PNAS_OK && ticket == PNAS_NO_TICKET)
        status = pnas_fail(PNAS_ERROR_INTERNAL, "rank %d answered an order it was not given", letter->from);
    if (status == PNAS_OK)
        take_answer(scheduler, letter->from, ticket, &answer);
    else
        lose(scheduler, letter->from); /* or it would be waited for */
    pnas_result_clear(&answer.result);
    return status;
}

void pnas_scheduler_take_own_answers(pnas_scheduler *scheduler)
{
    pnas_answer answer;
    while (scheduler->lanes && pnas_lanes_take(scheduler->lanes, &answer)) {
        size_t ticket = find_child(scheduler, 0, answer.ticket);
        assert(ticket != PNAS_NO_TICKET);
        take_answer(scheduler, 0, ticket, &answer);
        pnas_result_clear(&answer.result);
    }
}

static pnas_status read_letter(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    switch (letter->kind) {
    case PNAS_LETTER_READY:
        return pnas_scheduler_join(scheduler, letter->from, scheduler->lanes_of[letter->from]);
    case PNAS_LETTER_ABSENT:
        pnas_scheduler_leave(scheduler, letter->from);
        return PNAS_OK;
    case PNAS_LETTER_ANSWER:
        return read_answer(scheduler, letter);
    case PNAS_LETTER_REPLY:
        return read_reply(scheduler, letter);
    case PNAS_LETTER_STOP_WANTED:
        return pnas_fail(PNAS_STOPPED, "stopped by %.*s on rank %d", (int)letter->size,
                         letter->data ? (const char *)letter->data : "", letter->from);
    default:
        return pnas_fail(PNAS_ERROR_INTERNAL, "rank %d sent a message of unknown kind %d", letter->from,
                         letter->kind);
    }
}

void pnas_scheduler_count_message(pnas_scheduler *scheduler, size_t bytes)
{
    scheduler->messages++;
    scheduler->bytes += (int64_t)bytes;
}

void pnas_scheduler_read_letters(pnas_scheduler *scheduler)
{
    for (bool got = true; got;) {
        pnas_letter letter;
        pnas_scheduler_check_connection(scheduler, pnas_letter_take(scheduler->comm, 0, &letter, &got));
        if (got) {
            pnas_scheduler_count_message(scheduler, letter.size);
            pnas_scheduler_check(scheduler, read_letter(scheduler, &letter));
        }
        pnas_letter_clear(&letter);
    }
}
