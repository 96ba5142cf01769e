#include "mpi/collectives.h"
#include "mpi/scheduler_inbox.h"
#include "mpi/silence.h"
#include "mpi/stop_request.h"
#include "mpi/waiting.h"

#include "src/base/clock.h"
#include "src/base/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rank 0 counts on what the ranks bring as soon as they say that they are ready. Collective. */
static pnas_status gather_lanes(pnas_scheduler *scheduler, int lanes)
{
    const pnas_layout *layout = scheduler->layout;
    int *all = calloc((size_t)layout->ranks, sizeof *all);
    PNAS_CHECK(all, PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->ranks);
    pnas_status status = pnas_mpi_gather(&lanes, sizeof lanes, layout->rank == 0 ? all : NULL);
    if (layout->rank != 0 || status != PNAS_OK) {
        free(all);
        return status;
    }
    scheduler->lanes_of = all;
    scheduler->span = calloc((size_t)layout->ranks, sizeof *scheduler->span);
    PNAS_CHECK(scheduler->span, PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->ranks);
    PNAS_TRY(pnas_dispatch_create(layout->ranks, &scheduler->children));
    PNAS_TRY(pnas_dispatch_create(layout->ranks, &scheduler->sharing));
    if (lanes > 0)
        return pnas_scheduler_join(scheduler, 0, lanes);
    pnas_scheduler_leave(scheduler, 0);
    return PNAS_OK;
}

static void stop_lanes(void *payload)
{
    pnas_lanes_stop(payload, "the run ends");
}

static bool lanes_are_busy(void *payload)
{
    return pnas_lanes_busy(payload);
}

/* Where ranks do not answer, the program ends from any wait, but not before the lanes have. */
static void watch_lanes(pnas_lanes *lanes)
{
    pnas_silence_set_work(&(pnas_silence_work){.stop = stop_lanes, .busy = lanes_are_busy, .payload = lanes});
}

pnas_status pnas_scheduler_create(const pnas_layout *layout, const pnas_evaluator *evaluators, int lanes,
                                  pnas_scheduler **out)
{
    pnas_scheduler *scheduler = calloc(1, sizeof *scheduler);
    PNAS_CHECK(scheduler, PNAS_ERROR_MEMORY, "no memory for the scheduler");
    scheduler->comm = MPI_COMM_NULL;
    scheduler->layout = layout;
    MPI_Request request = MPI_REQUEST_NULL;
    pnas_status status = PNAS_OK;
    PNAS_TRY_CLEANUP(gather_lanes(scheduler, lanes));
    PNAS_TRY_CLEANUP(
        pnas_mpi_status(MPI_Comm_idup(pnas_mpi_ranks(), &scheduler->comm, &request), "MPI_Comm_idup"));
    PNAS_TRY_CLEANUP(pnas_mpi_wait(&request, "MPI_Comm_idup"));
    if (lanes > 0)
        PNAS_TRY_CLEANUP(pnas_lanes_create(evaluators, lanes, &scheduler->lanes));
    if (scheduler->lanes)
        watch_lanes(scheduler->lanes);
    scheduler->loss = PNAS_ERROR_DEVICE;
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
    pnas_silence_set_work(NULL);
    pnas_lanes_destroy(&(*scheduler)->lanes);
    pnas_outbox_finish(&(*scheduler)->outbox);
    if ((*scheduler)->comm != MPI_COMM_NULL)
        MPI_Comm_free(&(*scheduler)->comm);
    pnas_wire_clear(&(*scheduler)->outgoing);
    pnas_dispatch_destroy(&(*scheduler)->children);
    pnas_dispatch_destroy(&(*scheduler)->sharing);
    free((*scheduler)->lanes_of);
    free((*scheduler)->span);
    free(*scheduler);
    *scheduler = NULL;
}

int pnas_scheduler_ranks(const pnas_scheduler *scheduler)
{
    return scheduler->layout->ranks;
}

/* While children are trained here the cores are theirs, and nobody waits so long for a result that a longer
 * sleep would matter. */
#define POLL_SECONDS_TRAINING 4e-3

void pnas_scheduler_sleep(pnas_scheduler *scheduler)
{
    if (!scheduler->lanes)
        pnas_clock_sleep(PNAS_MPI_POLL_SECONDS);
    else
        pnas_lanes_wait(scheduler->lanes,
                        pnas_lanes_busy(scheduler->lanes) ? POLL_SECONDS_TRAINING : PNAS_MPI_POLL_SECONDS);
}

/* --- handing out --- */

static bool is_busy(const pnas_scheduler *scheduler, int rank)
{
    return pnas_dispatch_held(scheduler->children, rank) + pnas_dispatch_held(scheduler->sharing, rank) > 0;
}

static void stop_children(pnas_scheduler *scheduler)
{
    if (scheduler->stops_sent)
        return;
    scheduler->stops_sent = true;
    if (scheduler->lanes)
        pnas_lanes_stop(scheduler->lanes, scheduler->ending_reason);
    for (int rank = 1; rank < scheduler->layout->ranks; rank++)
        if (is_busy(scheduler, rank))
            pnas_scheduler_check_connection(scheduler,
                                            pnas_mpi_send_empty(scheduler->comm, rank, PNAS_MESSAGE_STOP));
}

/* Sends what was packed. */
static pnas_status post(pnas_scheduler *scheduler, int rank, pnas_message_kind kind)
{
    pnas_wire_writer *packet = &scheduler->outgoing;
    void *data = packet->data;
    size_t size = packet->size;
    *packet = (pnas_wire_writer){0};
    pnas_scheduler_count_message(scheduler, size);
    return pnas_outbox_post(&scheduler->outbox, scheduler->comm, rank, kind, data, size);
}

static pnas_status send_task(pnas_scheduler *scheduler, int rank, size_t ticket)
{
    const pnas_task *task = &scheduler->tasks[ticket];
    const pnas_task_message message = {.ticket = (int64_t)ticket, .data = task->data, .size = task->size};
    PNAS_TRY(pnas_pack_task(&message, &scheduler->outgoing));
    return post(scheduler, rank, PNAS_MESSAGE_TASK);
}

static pnas_status send_job(pnas_scheduler *scheduler, int rank, size_t ticket)
{
    const pnas_job *job = pnas_scheduler_job(scheduler, ticket);
    const pnas_job_message message = {.job_id = pnas_job_id(job), .job = *job};
    PNAS_TRY(pnas_pack_job(&message, &scheduler->outgoing));
    return post(scheduler, rank, PNAS_MESSAGE_JOB);
}

static void start_here(pnas_scheduler *scheduler, size_t ticket)
{
    const pnas_job *job = pnas_scheduler_job(scheduler, ticket);
    bool started = pnas_lanes_start(scheduler->lanes, pnas_job_id(job), job);
    assert(started);
    (void)started;
}

/* Gives `rank` one child, if there is one for it. */
static bool give_child(pnas_scheduler *scheduler, int rank)
{
    bool starts;
    size_t ticket = pnas_dispatch_next(scheduler->children, rank, pnas_clock_seconds(), &starts);
    if (ticket == PNAS_NO_TICKET)
        return false;
    if (starts)
        pnas_scheduler_show_start(scheduler, rank, ticket);
    if (rank == 0) {
        start_here(scheduler, ticket);
        return true;
    }
    pnas_status sent = send_job(scheduler, rank, ticket);
    pnas_scheduler_check_connection(scheduler, sent);
    return true;
}

/* First to those that are free, a lane of each at a time, rank 0 last; then what may wait where others are
 * busy. Rank 0 needs nothing to wait for it. */
static void hand_out_children(pnas_scheduler *scheduler)
{
    const pnas_dispatch *children = scheduler->children;
    int ranks = scheduler->layout->ranks;
    for (bool given = true; given;) {
        given = false;
        for (int i = 1; i <= ranks; i++)
            if (pnas_dispatch_is_free(children, i % ranks))
                given = give_child(scheduler, i % ranks) || given;
    }
    for (int rank = 1; rank < ranks; rank++)
        if (pnas_dispatch_held(children, rank) > 0)
            give_child(scheduler, rank);
}

/* Whoever trains is left alone: its device is busy, and its results would wait. */
static bool may_share(const pnas_scheduler *scheduler, int rank)
{
    return pnas_dispatch_is_in(scheduler->sharing, rank) &&
           pnas_dispatch_held(scheduler->children, rank) == 0;
}

static bool give_task(pnas_scheduler *scheduler, int rank)
{
    size_t ticket = pnas_dispatch_next(scheduler->sharing, rank, pnas_clock_seconds(), NULL);
    if (ticket == PNAS_NO_TICKET)
        return false;
    pnas_status sent = send_task(scheduler, rank, ticket);
    pnas_scheduler_check_connection(scheduler, sent);
    return true;
}

/* To the others; rank 0 does its own itself (perform_one_here). First to those that are free. */
static void hand_out_tasks(pnas_scheduler *scheduler)
{
    for (int pass = 0; pass < 2; pass++)
        for (int rank = 1; rank < scheduler->layout->ranks; rank++)
            if (may_share(scheduler, rank) && (pass == 1 || pnas_dispatch_is_free(scheduler->sharing, rank)))
                give_task(scheduler, rank);
}

static void hand_out(pnas_scheduler *scheduler)
{
    if (scheduler->tasks)
        hand_out_tasks(scheduler);
    if (scheduler->running)
        hand_out_children(scheduler);
}

/* What ranks hold that do not answer while the run ends is not waited for. */
static void leave_silent_out(pnas_scheduler *scheduler)
{
    if (scheduler->ending == PNAS_OK)
        pnas_scheduler_end(scheduler, pnas_fail(PNAS_STOPPED, "stopped by another rank"));
    for (int rank = 1; rank < scheduler->layout->ranks; rank++)
        if (pnas_silence_is(rank))
            pnas_scheduler_lose(scheduler, rank);
}

/* Everything rank 0 owes the others and its own lanes. */
static pnas_status progress(void *payload)
{
    pnas_scheduler *scheduler = payload;
    pnas_scheduler_read_messages(scheduler);
    pnas_scheduler_take_own_results(scheduler);
    if (pnas_stop_requested())
        pnas_scheduler_end(scheduler, pnas_fail(PNAS_STOPPED, "stopped by %s", pnas_stop_reason()));
    if (scheduler->ending == PNAS_OK)
        hand_out(scheduler);
    if (scheduler->ending != PNAS_OK) {
        stop_children(scheduler);
        pnas_silence_expect_end();
    }
    if (pnas_silence_look())
        leave_silent_out(scheduler);
    if (scheduler->running && scheduler->listener.on_tick)
        scheduler->listener.on_tick(scheduler->listener.payload);
    return scheduler->ending;
}

pnas_status pnas_scheduler_perform(pnas_scheduler *scheduler, const void *task, size_t size, pnas_tick tick,
                                   void **reply, size_t *reply_size)
{
    const pnas_helper *helper = scheduler->helper;
    *reply = NULL;
    *reply_size = 0;
    PNAS_CHECK(helper, PNAS_ERROR_DEVICE, "there is no device here to share the work");
    if (scheduler->update_status != PNAS_OK)
        return pnas_fail(scheduler->update_status, "%s", scheduler->update_reason);
    pnas_status status = helper->perform(helper->payload, task, size, tick, scheduler, reply, reply_size);
    if (status != PNAS_OK) {
        free(*reply);
        *reply = NULL;
    }
    return status;
}

static void perform_one_here(pnas_scheduler *scheduler, size_t ticket)
{
    const pnas_task *task = &scheduler->tasks[ticket];
    void *data = NULL;
    double start = pnas_clock_seconds();
    pnas_task_message reply = {.ticket = (int64_t)ticket, .start = pnas_clock_unix()};
    reply.status = pnas_scheduler_perform(scheduler, task->data, task->size, progress, &data, &reply.size);
    reply.seconds = pnas_clock_seconds() - start;
    char message[PNAS_REASON_MAX] = "";
    if (reply.status != PNAS_OK) {
        snprintf(message, sizeof message, "%s", pnas_message());
        reply.size = strlen(message);
    }
    reply.data = reply.status == PNAS_OK ? data : message;
    pnas_scheduler_take_reply(scheduler, 0, &reply);
    free(data);
}

static bool anyone_busy(const pnas_scheduler *scheduler)
{
    for (int rank = 0; rank < scheduler->layout->ranks; rank++)
        if (is_busy(scheduler, rank))
            return true;
    return false;
}

static bool finished(const pnas_scheduler *scheduler, const pnas_dispatch *dispatch)
{
    if (scheduler->ending == PNAS_OK)
        return pnas_dispatch_all_done(dispatch);
    return scheduler->cut_off || !anyone_busy(scheduler);
}

static bool others_may_share(const pnas_scheduler *scheduler)
{
    for (int rank = 1; rank < scheduler->layout->ranks; rank++)
        if (may_share(scheduler, rank))
            return true;
    return false;
}

/* A task that is for rank 0 to do, or PNAS_NO_TICKET. While it hands out children it leaves them to
 * others: a device's compiler knows no ticks. */
static size_t own_task(pnas_scheduler *scheduler)
{
    bool may = scheduler->tasks && scheduler->ending == PNAS_OK &&
               pnas_dispatch_is_free(scheduler->sharing, 0) &&
               ((may_share(scheduler, 0) && !scheduler->running) || !others_may_share(scheduler));
    return may ? pnas_dispatch_next(scheduler->sharing, 0, pnas_clock_seconds(), NULL) : PNAS_NO_TICKET;
}

/* Whoever listens may have work for lanes that are free; nothing new is known before the next result. */
static void offer_lanes(pnas_scheduler *scheduler)
{
    const pnas_scheduler_listener *listener = &scheduler->listener;
    if (!listener->on_idle || scheduler->asked_at == scheduler->results ||
        !pnas_dispatch_idle(scheduler->children))
        return;
    scheduler->asked_at = scheduler->results;
    double left = pnas_dispatch_seconds_left(scheduler->children, pnas_clock_seconds());
    pnas_scheduler_check(scheduler, listener->on_idle(listener->payload, left));
}

/* Whoever listens may know more children now. */
static void offer_results(pnas_scheduler *scheduler)
{
    const pnas_scheduler_listener *listener = &scheduler->listener;
    if (!listener->on_change || scheduler->told_at == scheduler->results)
        return;
    scheduler->told_at = scheduler->results;
    pnas_scheduler_check(scheduler, listener->on_change(listener->payload));
}

/* Until the tickets of `dispatch` are done, or the run has ended. */
static void work(pnas_scheduler *scheduler, const pnas_dispatch *dispatch)
{
    for (;;) {
        progress(scheduler);
        if (finished(scheduler, dispatch))
            return;
        if (!pnas_dispatch_anyone_left(dispatch))
            pnas_scheduler_end(scheduler, pnas_fail(scheduler->loss, "no rank is left that can train; %s",
                                                    scheduler->last_loss));
        if (dispatch == scheduler->children && scheduler->ending == PNAS_OK)
            offer_results(scheduler);
        if (dispatch == scheduler->children && scheduler->ending == PNAS_OK)
            offer_lanes(scheduler);
        size_t ticket = own_task(scheduler);
        if (ticket != PNAS_NO_TICKET)
            perform_one_here(scheduler, ticket);
        else
            pnas_scheduler_sleep(scheduler);
    }
}

static pnas_status end_of(const pnas_scheduler *scheduler)
{
    return scheduler->ending == PNAS_OK ? PNAS_OK
                                        : pnas_fail(scheduler->ending, "%s", scheduler->ending_reason);
}

pnas_status pnas_scheduler_run(pnas_scheduler *scheduler, const pnas_job *jobs, size_t count,
                               const pnas_scheduler_listener *listener)
{
    scheduler->usage = (pnas_level_usage){0};
    if (count == 0)
        return PNAS_OK;
    PNAS_TRY(pnas_dispatch_begin(scheduler->children, jobs, count, pnas_clock_seconds()));
    scheduler->listener = *listener;
    scheduler->stops_sent = false;
    scheduler->messages = scheduler->bytes = 0;
    scheduler->asked_at = scheduler->told_at = SIZE_MAX;
    scheduler->running = true;
    work(scheduler, scheduler->children);
    scheduler->running = false;
    pnas_dispatch_usage(scheduler->children, &scheduler->usage);
    scheduler->usage.messages = scheduler->messages;
    scheduler->usage.bytes = scheduler->bytes;
    return end_of(scheduler);
}

pnas_status pnas_scheduler_add(pnas_scheduler *scheduler, const pnas_job *jobs, size_t count)
{
    return pnas_dispatch_add(scheduler->children, jobs, count, true);
}

pnas_status pnas_scheduler_extend(pnas_scheduler *scheduler, const pnas_job *jobs, size_t count, bool more)
{
    if (count > 0)
        PNAS_TRY(pnas_dispatch_add(scheduler->children, jobs, count, false));
    pnas_dispatch_expect_more(scheduler->children, more);
    return PNAS_OK;
}

const pnas_level_usage *pnas_scheduler_usage(const pnas_scheduler *scheduler)
{
    return &scheduler->usage;
}

void pnas_scheduler_set_kind(pnas_scheduler *scheduler, int rank, int kind)
{
    pnas_dispatch_set_kind(scheduler->children, rank, kind);
    pnas_dispatch_set_kind(scheduler->sharing, rank, kind);
}

void pnas_scheduler_learn(pnas_scheduler *scheduler, int kind, const pnas_job *job, double seconds)
{
    pnas_dispatch_learn(scheduler->children, kind, job, seconds);
}

/* --- a helper's work --- */

void pnas_scheduler_set_helper(pnas_scheduler *scheduler, const pnas_helper *helper)
{
    scheduler->helper = helper;
}

pnas_status pnas_scheduler_share(pnas_scheduler *scheduler, const pnas_task *tasks, size_t count,
                                 pnas_on_reply on_reply, void *payload)
{
    if (count == 0)
        return PNAS_OK;
    scheduler->tasks = tasks;
    scheduler->on_reply = on_reply;
    scheduler->on_reply_payload = payload;
    bool trains = pnas_dispatch_is_in(scheduler->sharing, 0);
    if (!trains)
        PNAS_TRY(pnas_dispatch_join(scheduler->sharing, 0, 1));
    PNAS_TRY(pnas_dispatch_begin(scheduler->sharing, NULL, count, pnas_clock_seconds()));
    work(scheduler, scheduler->sharing);
    pnas_dispatch_end(scheduler->sharing);
    if (!trains)
        pnas_dispatch_leave(scheduler->sharing, 0);
    scheduler->tasks = NULL;
    return end_of(scheduler);
}

void pnas_scheduler_take_spans(pnas_scheduler *scheduler, pnas_rank_span *out)
{
    size_t size = (size_t)scheduler->layout->ranks * sizeof *out;
    memcpy(out, scheduler->span, size);
    memset(scheduler->span, 0, size);
}

pnas_status pnas_scheduler_update(pnas_scheduler *scheduler, const void *update, size_t size)
{
    for (int rank = 1; rank < scheduler->layout->ranks; rank++)
        PNAS_TRY(pnas_mpi_send(scheduler->comm, rank, PNAS_MESSAGE_UPDATE, update, size));
    const pnas_helper *helper = scheduler->helper;
    return helper ? helper->update(helper->payload, update, size) : PNAS_OK;
}

pnas_status pnas_scheduler_poll(void *payload)
{
    pnas_scheduler *scheduler = payload;
    pnas_status status = progress(scheduler);
    return status == PNAS_OK ? PNAS_OK : pnas_fail(status, "%s", scheduler->ending_reason);
}

pnas_status pnas_scheduler_release(pnas_scheduler *scheduler, pnas_status status)
{
    pnas_status_message shutdown = {.status = status};
    snprintf(shutdown.reason, sizeof shutdown.reason, "%s", status == PNAS_OK ? "" : pnas_message());
    PNAS_TRY(pnas_pack_status(&shutdown, &scheduler->outgoing));
    for (int rank = 1; rank < scheduler->layout->ranks; rank++)
        if (!pnas_silence_is(rank))
            PNAS_TRY(pnas_mpi_send(scheduler->comm, rank, PNAS_MESSAGE_SHUTDOWN, scheduler->outgoing.data,
                                   scheduler->outgoing.size));
    if (pnas_silence_look())
        return pnas_fail(status == PNAS_OK ? PNAS_STOPPED : status, "%s", shutdown.reason);
    return pnas_outbox_finish(&scheduler->outbox);
}
