#include "mpi/scheduler_state.h"
#include "mpi/silence.h"
#include "mpi/stop_request.h"

#include "src/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tells rank 0 once that this rank was asked to stop. */
static pnas_status want_stop(pnas_scheduler *scheduler)
{
    if (scheduler->stop_wanted)
        return PNAS_OK;
    scheduler->stop_wanted = true;
    pnas_status_message request = {.status = PNAS_STOPPED};
    snprintf(request.reason, sizeof request.reason, "%s", pnas_stop_reason());
    PNAS_TRY(pnas_pack_status(&request, &scheduler->outgoing));
    return pnas_mpi_send(scheduler->comm, 0, PNAS_MESSAGE_STOP_REQUEST, scheduler->outgoing.data,
                         scheduler->outgoing.size);
}

/* From now on jobs and tasks are refused with this; the first reason counts. */
static void refuse_from_now_on(pnas_scheduler *scheduler, pnas_status status, const char *message)
{
    if (scheduler->refusal != PNAS_OK)
        return;
    scheduler->refusal = status;
    snprintf(scheduler->refusal_reason, sizeof scheduler->refusal_reason, "%s", message);
}

static void stop_children(pnas_scheduler *scheduler, const char *message)
{
    refuse_from_now_on(scheduler, PNAS_STOPPED, message);
    if (scheduler->lanes)
        pnas_lanes_stop(scheduler->lanes, message);
}

/* A task's tick. */
static pnas_status worker_tick(void *payload)
{
    pnas_scheduler *scheduler = payload;
    pnas_mpi_message message;
    bool told_to_stop = false;
    PNAS_TRY(pnas_mpi_receive(scheduler->comm, PNAS_MESSAGE_STOP, &message, &told_to_stop));
    pnas_mpi_message_clear(&message);
    if (told_to_stop)
        return pnas_fail(PNAS_STOPPED, "rank 0 asked for a stop");
    if (!pnas_stop_requested())
        return PNAS_OK;
    PNAS_TRY(want_stop(scheduler));
    return pnas_fail(PNAS_STOPPED, "stopped by %s", pnas_stop_reason());
}

static pnas_status perform(pnas_scheduler *scheduler, const pnas_task_message *task, void **data,
                           size_t *size)
{
    *data = NULL;
    if (scheduler->refusal != PNAS_OK)
        return pnas_fail(scheduler->refusal, "%s", scheduler->refusal_reason);
    pnas_status status = pnas_scheduler_perform(scheduler, task->data, task->size, worker_tick, data, size);
    if (status == PNAS_STOPPED) /* its tick took what is for the lanes, too */
        stop_children(scheduler, pnas_message());
    else if (status != PNAS_OK)
        refuse_from_now_on(scheduler, status, pnas_message());
    return status;
}

static pnas_status send_result(pnas_scheduler *scheduler, const pnas_job_result *result)
{
    PNAS_TRY(pnas_pack_job_result(result, &scheduler->outgoing));
    return pnas_mpi_send(scheduler->comm, 0, PNAS_MESSAGE_RESULT, scheduler->outgoing.data,
                         scheduler->outgoing.size);
}

/* Every job has a result, so that rank 0 knows what to wait for. */
static pnas_status refuse(pnas_scheduler *scheduler, int64_t job_id)
{
    pnas_job_result result = {.job_id = job_id, .status = scheduler->refusal};
    snprintf(result.reason, sizeof result.reason, "%s", scheduler->refusal_reason);
    return send_result(scheduler, &result);
}

/* The job that waits here goes to a lane that is free. */
static pnas_status start_waiting(pnas_scheduler *scheduler)
{
    if (!scheduler->has_waiting)
        return PNAS_OK;
    if (scheduler->refusal != PNAS_OK) {
        scheduler->has_waiting = false;
        return refuse(scheduler, scheduler->waiting.job_id);
    }
    scheduler->has_waiting =
        !pnas_lanes_start(scheduler->lanes, scheduler->waiting.job_id, &scheduler->waiting.job);
    return PNAS_OK;
}

/* Of the lanes' children that have ended; a rank of which one has failed trains no more. */
static pnas_status send_results(pnas_scheduler *scheduler)
{
    pnas_job_result result;
    while (scheduler->lanes && pnas_lanes_take(scheduler->lanes, &result)) {
        if (result.status != PNAS_OK)
            refuse_from_now_on(scheduler, result.status, result.reason);
        else
            PNAS_TRY(start_waiting(scheduler));
        pnas_status status = send_result(scheduler, &result);
        pnas_result_clear(&result.result);
        PNAS_TRY(status);
    }
    return start_waiting(scheduler);
}

static pnas_status train(pnas_scheduler *scheduler, const pnas_mpi_message *message)
{
    pnas_job_message job;
    PNAS_TRY(pnas_unpack_job(message->data, message->size, &job));
    PNAS_CHECK(scheduler->lanes && !scheduler->has_waiting, PNAS_ERROR_INTERNAL,
               "rank %d was given more children than it has lanes", scheduler->layout->rank);
    scheduler->waiting = job;
    scheduler->has_waiting = true;
    return start_waiting(scheduler);
}

static pnas_status help(pnas_scheduler *scheduler, const pnas_mpi_message *message)
{
    pnas_task_message task, reply = {0};
    void *data = NULL;
    PNAS_TRY(pnas_unpack_task(message->data, message->size, &task));
    double start = pnas_clock_seconds();
    reply.ticket = task.ticket;
    reply.start = pnas_clock_unix();
    reply.status = perform(scheduler, &task, &data, &reply.size);
    reply.seconds = pnas_clock_seconds() - start;
    reply.data = data;
    if (reply.status != PNAS_OK) {
        reply.data = pnas_message();
        reply.size = strlen(pnas_message());
    }
    pnas_status status = pnas_pack_task(&reply, &scheduler->outgoing);
    free(data);
    PNAS_TRY(status);
    return pnas_mpi_send(scheduler->comm, 0, PNAS_MESSAGE_REPLY, scheduler->outgoing.data,
                         scheduler->outgoing.size);
}

/* An update has no reply: what goes wrong with it is told at the next task. */
static void apply_update(pnas_scheduler *scheduler, const pnas_mpi_message *message)
{
    const pnas_helper *helper = scheduler->helper;
    scheduler->update_status =
        helper ? helper->update(helper->payload, message->data, message->size) : PNAS_OK;
    if (scheduler->update_status != PNAS_OK)
        snprintf(scheduler->update_reason, sizeof scheduler->update_reason, "%s", pnas_message());
}

static pnas_status look_for_a_stop(pnas_scheduler *scheduler)
{
    if (!pnas_stop_requested())
        return PNAS_OK;
    char message[64];
    snprintf(message, sizeof message, "stopped by %s", pnas_stop_reason());
    stop_children(scheduler, message);
    return want_stop(scheduler);
}

static pnas_status read_shutdown(const pnas_mpi_message *message, pnas_status *out)
{
    pnas_status_message shutdown;
    PNAS_TRY(pnas_unpack_status(message->data, message->size, &shutdown));
    *out = shutdown.status;
    pnas_fail(shutdown.status, "%s", shutdown.reason);
    return PNAS_OK;
}

static pnas_status read_message(pnas_scheduler *scheduler, const pnas_mpi_message *message,
                                pnas_status *run_status)
{
    switch (message->kind) {
    case PNAS_MESSAGE_JOB:
        return train(scheduler, message);
    case PNAS_MESSAGE_TASK:
        return help(scheduler, message);
    case PNAS_MESSAGE_UPDATE:
        apply_update(scheduler, message);
        return PNAS_OK;
    case PNAS_MESSAGE_STOP: /* one that crossed the last result has nothing left to stop */
        stop_children(scheduler, "rank 0 asked for a stop");
        return PNAS_OK;
    case PNAS_MESSAGE_SHUTDOWN:
        return read_shutdown(message, run_status);
    default:
        return pnas_fail(PNAS_ERROR_INTERNAL, "rank 0 sent a message of unknown kind %d", message->kind);
    }
}

pnas_status pnas_scheduler_serve(pnas_scheduler *scheduler, pnas_status *run_status)
{
    PNAS_TRY(
        pnas_mpi_send_empty(scheduler->comm, 0, scheduler->lanes ? PNAS_MESSAGE_READY : PNAS_MESSAGE_ABSENT));
    for (bool released = false; !released;) {
        pnas_mpi_message message;
        bool got;
        PNAS_TRY(look_for_a_stop(scheduler));
        PNAS_TRY(send_results(scheduler));
        PNAS_TRY(pnas_mpi_receive(scheduler->comm, 0, &message, &got));
        if (!got) {
            if (pnas_silence_look())
                pnas_silence_leave();
            pnas_scheduler_sleep(scheduler);
            continue;
        }
        pnas_status status = read_message(scheduler, &message, run_status);
        released = message.kind == PNAS_MESSAGE_SHUTDOWN;
        pnas_mpi_message_clear(&message);
        PNAS_TRY(status);
    }
    return PNAS_OK;
}
