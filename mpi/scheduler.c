#include "mpi/scheduler_state.h"
#include "mpi/stop_request.h"

#include "src/base/clock.h"
#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pnas_status pnas_scheduler_create(const pnas_layout *layout, const pnas_evaluator *evaluator,
                                  pnas_scheduler **out)
{
    pnas_scheduler *scheduler = calloc(1, sizeof *scheduler);
    PNAS_CHECK(scheduler, PNAS_ERROR_MEMORY, "no memory for the scheduler");
    scheduler->comm = MPI_COMM_NULL;
    scheduler->layout = layout;
    scheduler->evaluator = evaluator;
    scheduler->pool = calloc((size_t)layout->ranks, sizeof *scheduler->pool);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(scheduler->pool, PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->ranks);
    PNAS_TRY_CLEANUP(pnas_mpi_status(MPI_Comm_dup(MPI_COMM_WORLD, &scheduler->comm), "MPI_Comm_dup"));
    scheduler->pool[0].state = evaluator->evaluate ? PNAS_RANK_FREE : PNAS_RANK_GONE;
    snprintf(scheduler->last_loss, sizeof scheduler->last_loss, "none of them has a device to train on");
cleanup:
    if (status != PNAS_OK)
        pnas_scheduler_destroy(&scheduler);
    *out = scheduler;
    return status;
}

void pnas_scheduler_destroy(pnas_scheduler **scheduler)
{
    if (!*scheduler)
        return;
    if ((*scheduler)->comm != MPI_COMM_NULL)
        MPI_Comm_free(&(*scheduler)->comm);
    pnas_packet_clear(&(*scheduler)->outgoing);
    free((*scheduler)->pool);
    free(*scheduler);
    *scheduler = NULL;
}

/* --- how a run ends --- */

/* The first reason counts; its message is this thread's. */
static void end_run(pnas_scheduler *scheduler, pnas_status status)
{
    if (scheduler->ending != PNAS_OK)
        return;
    scheduler->ending = status;
    snprintf(scheduler->ending_message, sizeof scheduler->ending_message, "%s", pnas_message());
}

static void check(pnas_scheduler *scheduler, pnas_status status)
{
    if (status != PNAS_OK)
        end_run(scheduler, status);
}

/* For failures of MPI: as check, and no answer can be expected any more. */
static void check_connection(pnas_scheduler *scheduler, pnas_status status)
{
    check(scheduler, status);
    scheduler->cut_off = scheduler->cut_off || status != PNAS_OK;
}

static void tell_busy_ranks_to_stop(pnas_scheduler *scheduler)
{
    if (scheduler->stops_sent)
        return;
    scheduler->stops_sent = true;
    for (int rank = 1; rank < scheduler->layout->ranks; rank++)
        if (scheduler->pool[rank].state == PNAS_RANK_BUSY)
            check_connection(scheduler, pnas_letter_send_empty(scheduler->comm, rank, PNAS_LETTER_STOP));
}

/* --- tickets --- */

static int longest_first(const void *a, const void *b)
{
    const pnas_job *left = ((const pnas_ticket *)a)->job, *right = ((const pnas_ticket *)b)->job;
    if (left->cost != right->cost)
        return left->cost > right->cost ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

/* The next waiting ticket, or count. */
static size_t next_ticket(pnas_scheduler *scheduler)
{
    while (scheduler->next < scheduler->count &&
           scheduler->ticket[scheduler->next].state != PNAS_TICKET_WAITING)
        scheduler->next++;
    return scheduler->next;
}

static void give(pnas_scheduler *scheduler, int rank, size_t number)
{
    pnas_ticket *ticket = &scheduler->ticket[number];
    ticket->state = PNAS_TICKET_RUNNING;
    ticket->attempts++;
    scheduler->pool[rank] = (pnas_pool_rank){PNAS_RANK_BUSY, number};
    if (ticket->job && scheduler->listener->on_start)
        scheduler->listener->on_start(scheduler->listener->payload, ticket->job, rank);
}

static void put_back(pnas_scheduler *scheduler, size_t number)
{
    scheduler->ticket[number].state = PNAS_TICKET_WAITING;
    if (number < scheduler->next)
        scheduler->next = number;
}

static void record(pnas_scheduler *scheduler, int rank, size_t number, pnas_result *result)
{
    pnas_ticket *ticket = &scheduler->ticket[number];
    ticket->state = PNAS_TICKET_DONE;
    scheduler->done++;
    result->rank = rank;
    result->attempts = ticket->attempts;
    check(scheduler, scheduler->listener->on_result(scheduler->listener->payload, ticket->job, result));
    pnas_result_clear(result);
}

static bool anyone_left(const pnas_scheduler *scheduler)
{
    for (int rank = 0; rank < scheduler->layout->ranks; rank++)
        if (scheduler->pool[rank].state != PNAS_RANK_GONE)
            return true;
    return false;
}

/* --- answers --- */

/* Only a child may fail on one rank for any reason; a helper's request says more about itself. */
static bool only_there(const pnas_ticket *ticket, pnas_status status)
{
    return ticket->job || status == PNAS_ERROR_DEVICE || status == PNAS_ERROR_MEMORY;
}

/* `rank` could not finish its ticket. */
static void take_failure(pnas_scheduler *scheduler, int rank, pnas_status status, const char *message)
{
    size_t number = scheduler->pool[rank].ticket;
    put_back(scheduler, number);
    if (status == PNAS_STOPPED || scheduler->ending != PNAS_OK) { /* asked for by us, or by a signal there */
        end_run(scheduler, pnas_fail(PNAS_STOPPED, "%s", message));
        return;
    }
    if (!only_there(&scheduler->ticket[number], status)) {
        end_run(scheduler, pnas_fail(status, "%s", message));
        return;
    }
    scheduler->pool[rank].state = PNAS_RANK_GONE;
    pnas_warning("rank %d cannot go on (%s: %s); its %s waits for another rank", rank,
                 pnas_status_name(status), message,
                 scheduler->ticket[number].job ? "child" : "share of the work");
    snprintf(scheduler->last_loss, sizeof scheduler->last_loss, "the last, rank %d, failed: %s", rank,
             message);
}

/* What became of a child on `rank`; `message` where evaluating failed. */
static void take_answer(pnas_scheduler *scheduler, int rank, pnas_status evaluated, pnas_result *result,
                        const char *message)
{
    scheduler->pool[rank].state = PNAS_RANK_FREE;
    if (evaluated == PNAS_OK)
        record(scheduler, rank, scheduler->pool[rank].ticket, result);
    else
        take_failure(scheduler, rank, evaluated, message);
}

/* What became of a request on `rank`. */
static void take_reply(pnas_scheduler *scheduler, int rank, const pnas_errand *reply)
{
    size_t number = scheduler->pool[rank].ticket;
    scheduler->pool[rank].state = PNAS_RANK_FREE;
    if (reply->status != PNAS_OK) {
        char message[PNAS_ANSWER_MESSAGE_MAX];
        snprintf(message, sizeof message, "%.*s", (int)reply->size, (const char *)reply->data);
        take_failure(scheduler, rank, reply->status, message);
        return;
    }
    scheduler->ticket[number].state = PNAS_TICKET_DONE;
    scheduler->done++;
    check(scheduler, scheduler->on_reply(scheduler->on_reply_payload, number, reply->data, reply->size));
}

static bool has_ticket(const pnas_pool_rank *rank, int64_t ticket)
{
    return rank->state == PNAS_RANK_BUSY && (uint64_t)ticket == rank->ticket;
}

static pnas_status read_reply(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    pnas_errand reply;
    pnas_pool_rank *rank = &scheduler->pool[letter->from];
    pnas_status status = pnas_unpack_errand(letter->data, letter->size, &reply);
    if (status == PNAS_OK && !has_ticket(rank, reply.ticket))
        status =
            pnas_fail(PNAS_ERROR_INTERNAL, "rank %d replied to a request it was not given", letter->from);
    if (status == PNAS_OK)
        take_reply(scheduler, letter->from, &reply);
    else
        rank->state = PNAS_RANK_GONE; /* or it would be waited for */
    return status;
}

static pnas_status read_answer(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    pnas_answer answer = {0};
    pnas_pool_rank *rank = &scheduler->pool[letter->from];
    pnas_status status = pnas_unpack_answer(letter->data, letter->size, &answer);
    if (status == PNAS_OK && !has_ticket(rank, answer.ticket))
        status = pnas_fail(PNAS_ERROR_INTERNAL, "rank %d answered an order it was not given", letter->from);
    if (status == PNAS_OK)
        take_answer(scheduler, letter->from, answer.status, &answer.result, answer.message);
    else
        rank->state = PNAS_RANK_GONE; /* or it would be waited for */
    pnas_result_clear(&answer.result);
    return status;
}

static pnas_status read_letter(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    switch (letter->kind) {
    case PNAS_LETTER_READY:
        scheduler->pool[letter->from].state = PNAS_RANK_FREE;
        return PNAS_OK;
    case PNAS_LETTER_ABSENT:
        scheduler->pool[letter->from].state = PNAS_RANK_GONE;
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

static void read_letters(pnas_scheduler *scheduler)
{
    for (bool got = true; got;) {
        pnas_letter letter;
        check_connection(scheduler, pnas_letter_take(scheduler->comm, 0, &letter, &got));
        if (got)
            check(scheduler, read_letter(scheduler, &letter));
        pnas_letter_clear(&letter);
    }
}

/* --- handing out --- */

static pnas_status send_request(pnas_scheduler *scheduler, int rank, size_t number)
{
    const pnas_request *request = scheduler->ticket[number].request;
    const pnas_errand errand = {.ticket = (int64_t)number, .data = request->data, .size = request->size};
    PNAS_TRY(pnas_pack_errand(&errand, &scheduler->outgoing));
    return pnas_letter_send(scheduler->comm, rank, PNAS_LETTER_REQUEST, scheduler->outgoing.data,
                            scheduler->outgoing.size);
}

static pnas_status send_order(pnas_scheduler *scheduler, int rank, size_t number)
{
    if (scheduler->ticket[number].request)
        return send_request(scheduler, rank, number);
    pnas_order order = {.ticket = (int64_t)number, .job = *scheduler->ticket[number].job};
    PNAS_TRY(pnas_pack_order(&order, &scheduler->outgoing));
    return pnas_letter_send(scheduler->comm, rank, PNAS_LETTER_ORDER, scheduler->outgoing.data,
                            scheduler->outgoing.size);
}

static void hand_out(pnas_scheduler *scheduler)
{
    for (int rank = 1; rank < scheduler->layout->ranks; rank++) {
        if (scheduler->pool[rank].state != PNAS_RANK_FREE)
            continue;
        size_t number = next_ticket(scheduler);
        if (number == scheduler->count)
            return;
        give(scheduler, rank, number);
        check_connection(scheduler, send_order(scheduler, rank, number));
    }
}

/* Everything rank 0 owes the others: called between two batches of its own child and while it has none. */
static pnas_status attend(void *payload)
{
    pnas_scheduler *scheduler = payload;
    read_letters(scheduler);
    if (pnas_stop_requested())
        end_run(scheduler, pnas_fail(PNAS_STOPPED, "stopped by %s", pnas_stop_reason()));
    if (scheduler->ending == PNAS_OK)
        hand_out(scheduler);
    if (scheduler->ending != PNAS_OK)
        tell_busy_ranks_to_stop(scheduler);
    if (scheduler->listener && scheduler->listener->on_tick)
        scheduler->listener->on_tick(scheduler->listener->payload);
    return scheduler->ending;
}

static void train_one_here(pnas_scheduler *scheduler, size_t number)
{
    const pnas_evaluator *evaluator = scheduler->evaluator;
    pnas_result result = {0};
    char message[PNAS_ANSWER_MESSAGE_MAX] = "";
    give(scheduler, 0, number);
    pnas_status status =
        evaluator->evaluate(evaluator->payload, scheduler->ticket[number].job, attend, scheduler, &result);
    if (status != PNAS_OK)
        snprintf(message, sizeof message, "%s", pnas_message());
    take_answer(scheduler, 0, status, &result, message);
    pnas_result_clear(&result);
}

pnas_status pnas_scheduler_perform(pnas_scheduler *scheduler, const void *request, size_t size,
                                   pnas_tick tick, void **reply, size_t *reply_size)
{
    const pnas_helper *helper = scheduler->helper;
    *reply = NULL;
    *reply_size = 0;
    PNAS_CHECK(helper, PNAS_ERROR_DEVICE, "there is no device here that could share the work");
    if (scheduler->unheeded != PNAS_OK)
        return pnas_fail(scheduler->unheeded, "%s", scheduler->unheeded_message);
    pnas_status status = helper->perform(helper->payload, request, size, tick, scheduler, reply, reply_size);
    if (status != PNAS_OK) {
        free(*reply);
        *reply = NULL;
    }
    return status;
}

static void perform_one_here(pnas_scheduler *scheduler, size_t number)
{
    const pnas_request *request = scheduler->ticket[number].request;
    void *data = NULL;
    give(scheduler, 0, number);
    pnas_errand reply = {.ticket = (int64_t)number};
    reply.status =
        pnas_scheduler_perform(scheduler, request->data, request->size, attend, &data, &reply.size);
    char message[PNAS_ANSWER_MESSAGE_MAX] = "";
    if (reply.status != PNAS_OK) {
        snprintf(message, sizeof message, "%s", pnas_message());
        reply.size = strlen(message);
    }
    reply.data = reply.status == PNAS_OK ? data : message;
    take_reply(scheduler, 0, &reply);
    free(data);
}

static bool others_busy(const pnas_scheduler *scheduler)
{
    for (int rank = 1; rank < scheduler->layout->ranks; rank++)
        if (scheduler->pool[rank].state == PNAS_RANK_BUSY)
            return true;
    return false;
}

static bool finished(const pnas_scheduler *scheduler)
{
    if (scheduler->ending == PNAS_OK)
        return scheduler->done == scheduler->count;
    return scheduler->cut_off || !others_busy(scheduler);
}

static void work(pnas_scheduler *scheduler)
{
    for (;;) {
        attend(scheduler);
        if (finished(scheduler))
            return;
        if (!anyone_left(scheduler))
            end_run(scheduler,
                    pnas_fail(PNAS_ERROR_DEVICE, "no rank is left that can train; %s", scheduler->last_loss));
        bool free_here = scheduler->ending == PNAS_OK && scheduler->pool[0].state == PNAS_RANK_FREE;
        size_t number = free_here ? next_ticket(scheduler) : scheduler->count;
        if (number == scheduler->count)
            pnas_clock_sleep(PNAS_MPI_NAP);
        else if (scheduler->ticket[number].job)
            train_one_here(scheduler, number);
        else
            perform_one_here(scheduler, number);
    }
}

/* Works off the tickets, which it frees. */
static pnas_status run_tickets(pnas_scheduler *scheduler, pnas_ticket *tickets, size_t count)
{
    scheduler->ticket = tickets;
    scheduler->count = count;
    scheduler->done = scheduler->next = 0;
    scheduler->stops_sent = false;
    work(scheduler);
    scheduler->ticket = NULL;
    scheduler->count = scheduler->next = 0;
    free(tickets);
    return scheduler->ending == PNAS_OK ? PNAS_OK
                                        : pnas_fail(scheduler->ending, "%s", scheduler->ending_message);
}

pnas_status pnas_scheduler_run(pnas_scheduler *scheduler, const pnas_job *jobs, size_t count,
                               const pnas_scheduler_listener *listener)
{
    if (count == 0)
        return PNAS_OK;
    pnas_ticket *tickets = calloc(count, sizeof *tickets);
    PNAS_CHECK(tickets, PNAS_ERROR_MEMORY, "no memory for a list of %zu children", count);
    for (size_t i = 0; i < count; i++)
        tickets[i].job = &jobs[i];
    qsort(tickets, count, sizeof *tickets, longest_first);
    scheduler->listener = listener;
    pnas_status status = run_tickets(scheduler, tickets, count);
    scheduler->listener = NULL;
    return status;
}

/* --- a helper's work --- */

void pnas_scheduler_set_helper(pnas_scheduler *scheduler, const pnas_helper *helper)
{
    scheduler->helper = helper;
}

pnas_status pnas_scheduler_share(pnas_scheduler *scheduler, const pnas_request *requests, size_t count,
                                 pnas_on_reply on_reply, void *payload)
{
    if (count == 0)
        return PNAS_OK;
    pnas_ticket *tickets = calloc(count, sizeof *tickets);
    PNAS_CHECK(tickets, PNAS_ERROR_MEMORY, "no memory for a list of %zu requests", count);
    for (size_t i = 0; i < count; i++)
        tickets[i].request = &requests[i];
    scheduler->on_reply = on_reply;
    scheduler->on_reply_payload = payload;
    pnas_pool_rank *here = &scheduler->pool[0];
    bool trains = here->state != PNAS_RANK_GONE;
    here->state = PNAS_RANK_FREE;
    pnas_status status = run_tickets(scheduler, tickets, count);
    if (!trains)
        here->state = PNAS_RANK_GONE;
    return status;
}

pnas_status pnas_scheduler_tell(pnas_scheduler *scheduler, const void *notice, size_t size)
{
    for (int rank = 1; rank < scheduler->layout->ranks; rank++)
        PNAS_TRY(pnas_letter_send(scheduler->comm, rank, PNAS_LETTER_NOTICE, notice, size));
    const pnas_helper *helper = scheduler->helper;
    return helper ? helper->heed(helper->payload, notice, size) : PNAS_OK;
}

pnas_status pnas_scheduler_poll(void *payload)
{
    pnas_scheduler *scheduler = payload;
    pnas_status status = attend(scheduler);
    return status == PNAS_OK ? PNAS_OK : pnas_fail(status, "%s", scheduler->ending_message);
}

pnas_status pnas_scheduler_release(pnas_scheduler *scheduler, pnas_status status)
{
    pnas_verdict verdict = {.status = status};
    snprintf(verdict.message, sizeof verdict.message, "%s", status == PNAS_OK ? "" : pnas_message());
    PNAS_TRY(pnas_pack_verdict(&verdict, &scheduler->outgoing));
    for (int rank = 1; rank < scheduler->layout->ranks; rank++)
        PNAS_TRY(pnas_letter_send(scheduler->comm, rank, PNAS_LETTER_VERDICT, scheduler->outgoing.data,
                                  scheduler->outgoing.size));
    return PNAS_OK;
}
