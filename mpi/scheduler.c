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
    if (scheduler->listener->on_start)
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

/* What became of a ticket on `rank`; `message` where evaluating failed. */
static void take_answer(pnas_scheduler *scheduler, int rank, pnas_status evaluated, pnas_result *result,
                        const char *message)
{
    size_t number = scheduler->pool[rank].ticket;
    scheduler->pool[rank].state = PNAS_RANK_FREE;
    if (evaluated == PNAS_OK) {
        record(scheduler, rank, number, result);
        return;
    }
    put_back(scheduler, number);
    if (evaluated == PNAS_STOPPED ||
        scheduler->ending != PNAS_OK) { /* asked for by us, or by a signal there */
        end_run(scheduler, pnas_fail(PNAS_STOPPED, "%s", message));
        return;
    }
    scheduler->pool[rank].state = PNAS_RANK_GONE;
    pnas_warning("rank %d cannot go on (%s: %s); its child waits for another rank", rank,
                 pnas_status_name(evaluated), message);
    snprintf(scheduler->last_loss, sizeof scheduler->last_loss, "the last, rank %d, failed: %s", rank,
             message);
}

static pnas_status read_answer(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    pnas_answer answer = {0};
    pnas_pool_rank *rank = &scheduler->pool[letter->from];
    pnas_status status = pnas_unpack_answer(letter->data, letter->size, &answer);
    if (status == PNAS_OK && (rank->state != PNAS_RANK_BUSY || (uint64_t)answer.ticket != rank->ticket))
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

static pnas_status send_order(pnas_scheduler *scheduler, int rank, size_t number)
{
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
        if (number < scheduler->count)
            train_one_here(scheduler, number);
        else
            pnas_clock_sleep(PNAS_MPI_NAP);
    }
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

    scheduler->ticket = tickets;
    scheduler->count = count;
    scheduler->done = scheduler->next = 0;
    scheduler->listener = listener;
    scheduler->stops_sent = false;
    work(scheduler);
    scheduler->ticket = NULL;
    scheduler->count = scheduler->next = 0;
    scheduler->listener = NULL;
    free(tickets);
    return scheduler->ending == PNAS_OK ? PNAS_OK
                                        : pnas_fail(scheduler->ending, "%s", scheduler->ending_message);
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
