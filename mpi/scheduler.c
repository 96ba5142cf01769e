#include "mpi/scheduler_state.h"
#include "mpi/stop_request.h"

#include "src/base/clock.h"
#include "src/base/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rank 0: what the ranks bring. One that cannot train has a worker, too, which is never free. */
static pnas_status make_workers(pnas_scheduler *scheduler, const int *lanes)
{
    int ranks = scheduler->layout->ranks, most = 1;
    size_t count = 0;
    for (int rank = 0; rank < ranks; rank++) {
        count += lanes[rank] > 1 ? (size_t)lanes[rank] : 1;
        most = lanes[rank] > most ? lanes[rank] : most;
    }
    scheduler->worker = calloc(count, sizeof *scheduler->worker);
    PNAS_CHECK(scheduler->worker, PNAS_ERROR_MEMORY, "no memory for %zu lanes of %d ranks", count, ranks);
    for (int lane = 0; lane < most; lane++)
        for (int i = 1; i <= ranks; i++)
            if (lane == 0 || lane < lanes[i % ranks])
                scheduler->worker[scheduler->workers++] = (pnas_worker){.rank = i % ranks, .lane = lane};
    scheduler->own = &scheduler->worker[ranks - 1];
    return PNAS_OK;
}

static void set_state(pnas_scheduler *scheduler, int rank, pnas_worker_state state)
{
    for (size_t i = 0; i < scheduler->workers; i++)
        if (scheduler->worker[i].rank == rank)
            scheduler->worker[i].state = state;
}

/* Collective. */
static pnas_status gather_workers(pnas_scheduler *scheduler, int lanes)
{
    const pnas_layout *layout = scheduler->layout;
    int *all = calloc((size_t)layout->ranks, sizeof *all);
    PNAS_CHECK(all, PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->ranks);
    pnas_status status = pnas_mpi_gather(&lanes, sizeof lanes, layout->rank == 0 ? all : NULL);
    if (status == PNAS_OK && layout->rank == 0)
        status = make_workers(scheduler, all);
    free(all);
    if (status == PNAS_OK && layout->rank == 0)
        set_state(scheduler, 0, lanes > 0 ? PNAS_WORKER_FREE : PNAS_WORKER_GONE);
    return status;
}

pnas_status pnas_scheduler_create(const pnas_layout *layout, const pnas_evaluator *evaluators, int lanes,
                                  pnas_scheduler **out)
{
    pnas_scheduler *scheduler = calloc(1, sizeof *scheduler);
    PNAS_CHECK(scheduler, PNAS_ERROR_MEMORY, "no memory for the scheduler");
    scheduler->comm = MPI_COMM_NULL;
    scheduler->layout = layout;
    pnas_status status = PNAS_OK;
    PNAS_TRY_CLEANUP(gather_workers(scheduler, lanes));
    PNAS_TRY_CLEANUP(pnas_mpi_status(MPI_Comm_dup(MPI_COMM_WORLD, &scheduler->comm), "MPI_Comm_dup"));
    if (lanes > 0)
        PNAS_TRY_CLEANUP(pnas_lanes_create(evaluators, lanes, &scheduler->lanes));
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
    pnas_lanes_destroy(&(*scheduler)->lanes);
    if ((*scheduler)->comm != MPI_COMM_NULL)
        MPI_Comm_free(&(*scheduler)->comm);
    pnas_packet_clear(&(*scheduler)->outgoing);
    free((*scheduler)->worker);
    free(*scheduler);
    *scheduler = NULL;
}

/* While children are trained here the cores are theirs, and nobody waits so long for an answer that a longer
 * sleep would matter. */
#define NAP_BESIDE_CHILDREN 4e-3

void pnas_scheduler_rest(pnas_scheduler *scheduler)
{
    if (!scheduler->lanes)
        pnas_clock_sleep(PNAS_MPI_NAP);
    else
        pnas_lanes_wait(scheduler->lanes,
                        pnas_lanes_busy(scheduler->lanes) ? NAP_BESIDE_CHILDREN : PNAS_MPI_NAP);
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

/* A rank with several children gets as many letters; the first one stops them all. */
static void stop_children(pnas_scheduler *scheduler)
{
    if (scheduler->stops_sent)
        return;
    scheduler->stops_sent = true;
    if (scheduler->lanes)
        pnas_lanes_stop(scheduler->lanes, scheduler->ending_message);
    for (size_t i = 0; i < scheduler->workers; i++) {
        const pnas_worker *worker = &scheduler->worker[i];
        if (worker->state == PNAS_WORKER_BUSY && worker->rank != 0)
            check_connection(scheduler,
                             pnas_letter_send_empty(scheduler->comm, worker->rank, PNAS_LETTER_STOP));
    }
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

static void give(pnas_scheduler *scheduler, pnas_worker *worker, size_t number)
{
    pnas_ticket *ticket = &scheduler->ticket[number];
    ticket->state = PNAS_TICKET_RUNNING;
    ticket->worker = (size_t)(worker - scheduler->worker);
    ticket->attempts++;
    worker->state = PNAS_WORKER_BUSY;
    worker->ticket = number;
    if (ticket->job && scheduler->listener->on_start)
        scheduler->listener->on_start(scheduler->listener->payload, ticket->job, worker->rank);
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
    for (size_t i = 0; i < scheduler->workers; i++)
        if (scheduler->worker[i].state != PNAS_WORKER_GONE)
            return true;
    return false;
}

/* Nothing more is given to a rank that failed; what its other lanes train may end. */
static void retire(pnas_scheduler *scheduler, int rank)
{
    for (size_t i = 0; i < scheduler->workers; i++) {
        pnas_worker *worker = &scheduler->worker[i];
        if (worker->rank != rank)
            continue;
        worker->leaving = true;
        if (worker->state != PNAS_WORKER_BUSY)
            worker->state = PNAS_WORKER_GONE;
    }
}

/* --- answers --- */

/* Only a child may fail on one rank for any reason; a helper's request says more about itself. */
static bool only_there(const pnas_ticket *ticket, pnas_status status)
{
    return ticket->job || status == PNAS_ERROR_DEVICE || status == PNAS_ERROR_MEMORY;
}

/* `worker` could not finish its ticket. */
static void take_failure(pnas_scheduler *scheduler, const pnas_worker *worker, pnas_status status,
                         const char *message)
{
    size_t number = worker->ticket;
    bool known = worker->leaving;
    put_back(scheduler, number);
    if (status == PNAS_STOPPED || scheduler->ending != PNAS_OK) { /* asked for by us, or by a signal there */
        end_run(scheduler, pnas_fail(PNAS_STOPPED, "%s", message));
        return;
    }
    if (!only_there(&scheduler->ticket[number], status)) {
        end_run(scheduler, pnas_fail(status, "%s", message));
        return;
    }
    retire(scheduler, worker->rank);
    if (!known)
        pnas_warning("rank %d cannot go on (%s: %s); its %s waits for another rank", worker->rank,
                     pnas_status_name(status), message,
                     scheduler->ticket[number].job ? "child" : "share of the work");
    snprintf(scheduler->last_loss, sizeof scheduler->last_loss, "the last, rank %d, failed: %s", worker->rank,
             message);
}

static void set_free(pnas_worker *worker)
{
    worker->state = worker->leaving ? PNAS_WORKER_GONE : PNAS_WORKER_FREE;
}

/* What became of a worker's child. */
static void take_answer(pnas_scheduler *scheduler, pnas_worker *worker, pnas_answer *answer)
{
    set_free(worker);
    if (answer->status == PNAS_OK)
        record(scheduler, worker->rank, worker->ticket, &answer->result);
    else
        take_failure(scheduler, worker, answer->status, answer->message);
}

/* What became of a worker's request. */
static void take_reply(pnas_scheduler *scheduler, pnas_worker *worker, const pnas_errand *reply)
{
    size_t number = worker->ticket;
    set_free(worker);
    if (reply->status != PNAS_OK) {
        char message[PNAS_ANSWER_MESSAGE_MAX];
        snprintf(message, sizeof message, "%.*s", (int)reply->size, (const char *)reply->data);
        take_failure(scheduler, worker, reply->status, message);
        return;
    }
    scheduler->ticket[number].state = PNAS_TICKET_DONE;
    scheduler->done++;
    check(scheduler, scheduler->on_reply(scheduler->on_reply_payload, number, reply->data, reply->size));
}

/* Who on `rank` has the ticket, or NULL. */
static pnas_worker *find_worker(pnas_scheduler *scheduler, int rank, int64_t ticket)
{
    if (ticket < 0 || (uint64_t)ticket >= scheduler->count ||
        scheduler->ticket[ticket].state != PNAS_TICKET_RUNNING)
        return NULL;
    pnas_worker *worker = &scheduler->worker[scheduler->ticket[ticket].worker];
    return worker->rank == rank ? worker : NULL;
}

static pnas_status read_reply(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    pnas_errand reply;
    pnas_status status = pnas_unpack_errand(letter->data, letter->size, &reply);
    pnas_worker *worker = status == PNAS_OK ? find_worker(scheduler, letter->from, reply.ticket) : NULL;
    if (worker)
        take_reply(scheduler, worker, &reply);
    else
        set_state(scheduler, letter->from, PNAS_WORKER_GONE); /* or it would be waited for */
    if (status == PNAS_OK && !worker)
        return pnas_fail(PNAS_ERROR_INTERNAL, "rank %d replied to a request it was not given", letter->from);
    return status;
}

static pnas_status read_answer(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    pnas_answer answer = {0};
    pnas_status status = pnas_unpack_answer(letter->data, letter->size, &answer);
    pnas_worker *worker = status == PNAS_OK ? find_worker(scheduler, letter->from, answer.ticket) : NULL;
    if (worker)
        take_answer(scheduler, worker, &answer);
    else
        set_state(scheduler, letter->from, PNAS_WORKER_GONE); /* or it would be waited for */
    pnas_result_clear(&answer.result);
    if (status == PNAS_OK && !worker)
        return pnas_fail(PNAS_ERROR_INTERNAL, "rank %d answered an order it was not given", letter->from);
    return status;
}

/* Children of this rank's own lanes that have ended. */
static void take_own_answers(pnas_scheduler *scheduler)
{
    pnas_answer answer;
    while (scheduler->lanes && pnas_lanes_take(scheduler->lanes, &answer)) {
        pnas_worker *worker = find_worker(scheduler, 0, answer.ticket);
        assert(worker);
        take_answer(scheduler, worker, &answer);
        pnas_result_clear(&answer.result);
    }
}

static pnas_status read_letter(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    switch (letter->kind) {
    case PNAS_LETTER_READY:
        set_state(scheduler, letter->from, PNAS_WORKER_FREE);
        return PNAS_OK;
    case PNAS_LETTER_ABSENT:
        set_state(scheduler, letter->from, PNAS_WORKER_GONE);
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

static void send_out(pnas_scheduler *scheduler, const pnas_worker *worker, size_t number)
{
    if (worker->rank != 0) {
        check_connection(scheduler, send_order(scheduler, worker->rank, number));
        return;
    }
    bool started = pnas_lanes_start(scheduler->lanes, (int64_t)number, scheduler->ticket[number].job);
    assert(started);
    (void)started;
}

/* Requests are for a rank's first lane, and on rank 0 for whoever calls this (perform_one_here). */
static void hand_out(pnas_scheduler *scheduler)
{
    for (size_t i = 0; i < scheduler->workers; i++) {
        pnas_worker *worker = &scheduler->worker[i];
        if (worker->state != PNAS_WORKER_FREE)
            continue;
        size_t number = next_ticket(scheduler);
        if (number == scheduler->count)
            return;
        if (scheduler->ticket[number].request && (worker->rank == 0 || worker->lane > 0))
            continue;
        give(scheduler, worker, number);
        send_out(scheduler, worker, number);
    }
}

/* Everything rank 0 owes the others and its own lanes. */
static pnas_status attend(void *payload)
{
    pnas_scheduler *scheduler = payload;
    read_letters(scheduler);
    take_own_answers(scheduler);
    if (pnas_stop_requested())
        end_run(scheduler, pnas_fail(PNAS_STOPPED, "stopped by %s", pnas_stop_reason()));
    if (scheduler->ending == PNAS_OK)
        hand_out(scheduler);
    if (scheduler->ending != PNAS_OK)
        stop_children(scheduler);
    if (scheduler->listener && scheduler->listener->on_tick)
        scheduler->listener->on_tick(scheduler->listener->payload);
    return scheduler->ending;
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
    give(scheduler, scheduler->own, number);
    pnas_errand reply = {.ticket = (int64_t)number};
    reply.status =
        pnas_scheduler_perform(scheduler, request->data, request->size, attend, &data, &reply.size);
    char message[PNAS_ANSWER_MESSAGE_MAX] = "";
    if (reply.status != PNAS_OK) {
        snprintf(message, sizeof message, "%s", pnas_message());
        reply.size = strlen(message);
    }
    reply.data = reply.status == PNAS_OK ? data : message;
    take_reply(scheduler, scheduler->own, &reply);
    free(data);
}

static bool anyone_busy(const pnas_scheduler *scheduler)
{
    for (size_t i = 0; i < scheduler->workers; i++)
        if (scheduler->worker[i].state == PNAS_WORKER_BUSY)
            return true;
    return false;
}

static bool finished(const pnas_scheduler *scheduler)
{
    if (scheduler->ending == PNAS_OK)
        return scheduler->done == scheduler->count;
    return scheduler->cut_off || !anyone_busy(scheduler);
}

/* A request that is for rank 0 to do, or count. */
static size_t own_request(pnas_scheduler *scheduler)
{
    if (scheduler->ending != PNAS_OK || scheduler->own->state != PNAS_WORKER_FREE)
        return scheduler->count;
    size_t number = next_ticket(scheduler);
    return number < scheduler->count && scheduler->ticket[number].request ? number : scheduler->count;
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
        size_t number = own_request(scheduler);
        if (number < scheduler->count)
            perform_one_here(scheduler, number);
        else
            pnas_scheduler_rest(scheduler);
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
    bool trains = scheduler->own->state != PNAS_WORKER_GONE;
    scheduler->own->state = PNAS_WORKER_FREE;
    scheduler->own->leaving = false;
    pnas_status status = run_tickets(scheduler, tickets, count);
    if (!trains)
        scheduler->own->state = PNAS_WORKER_GONE;
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
