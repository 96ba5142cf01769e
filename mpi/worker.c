#include "mpi/scheduler_state.h"
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
    const char *reason = pnas_stop_reason();
    return pnas_letter_send(scheduler->comm, 0, PNAS_LETTER_STOP_WANTED, reason, strlen(reason));
}

/* From now on orders and requests are answered with this; the first reason counts. */
static void refuse_from_now_on(pnas_scheduler *scheduler, pnas_status status, const char *message)
{
    if (scheduler->refusal != PNAS_OK)
        return;
    scheduler->refusal = status;
    snprintf(scheduler->refusal_message, sizeof scheduler->refusal_message, "%s", message);
}

static void stop_children(pnas_scheduler *scheduler, const char *message)
{
    refuse_from_now_on(scheduler, PNAS_STOPPED, message);
    if (scheduler->lanes)
        pnas_lanes_stop(scheduler->lanes, message);
}

/* A request's tick. */
static pnas_status worker_tick(void *payload)
{
    pnas_scheduler *scheduler = payload;
    pnas_letter letter;
    bool told_to_stop = false;
    PNAS_TRY(pnas_letter_take(scheduler->comm, PNAS_LETTER_STOP, &letter, &told_to_stop));
    pnas_letter_clear(&letter);
    if (told_to_stop)
        return pnas_fail(PNAS_STOPPED, "rank 0 asked for a stop");
    if (!pnas_stop_requested())
        return PNAS_OK;
    PNAS_TRY(want_stop(scheduler));
    return pnas_fail(PNAS_STOPPED, "stopped by %s", pnas_stop_reason());
}

static pnas_status perform(pnas_scheduler *scheduler, const pnas_errand *request, void **data, size_t *size)
{
    *data = NULL;
    if (scheduler->refusal != PNAS_OK)
        return pnas_fail(scheduler->refusal, "%s", scheduler->refusal_message);
    pnas_status status =
        pnas_scheduler_perform(scheduler, request->data, request->size, worker_tick, data, size);
    if (status == PNAS_STOPPED) /* its tick took what is for the lanes, too */
        stop_children(scheduler, pnas_message());
    else if (status != PNAS_OK)
        refuse_from_now_on(scheduler, status, pnas_message());
    return status;
}

static pnas_status send_answer(pnas_scheduler *scheduler, const pnas_answer *answer)
{
    PNAS_TRY(pnas_pack_answer(answer, &scheduler->outgoing));
    return pnas_letter_send(scheduler->comm, 0, PNAS_LETTER_ANSWER, scheduler->outgoing.data,
                            scheduler->outgoing.size);
}

/* Every order is answered, so that rank 0 knows what to wait for. */
static pnas_status refuse(pnas_scheduler *scheduler, int64_t ticket)
{
    pnas_answer answer = {.ticket = ticket, .status = scheduler->refusal};
    snprintf(answer.message, sizeof answer.message, "%s", scheduler->refusal_message);
    return send_answer(scheduler, &answer);
}

/* The order that waits here goes to a lane that is free. */
static pnas_status start_waiting(pnas_scheduler *scheduler)
{
    if (!scheduler->has_waiting)
        return PNAS_OK;
    if (scheduler->refusal != PNAS_OK) {
        scheduler->has_waiting = false;
        return refuse(scheduler, scheduler->waiting.ticket);
    }
    scheduler->has_waiting =
        !pnas_lanes_start(scheduler->lanes, scheduler->waiting.ticket, &scheduler->waiting.job);
    return PNAS_OK;
}

/* Of the lanes' children that have ended; a rank of which one has failed trains no more. */
static pnas_status send_answers(pnas_scheduler *scheduler)
{
    pnas_answer answer;
    while (scheduler->lanes && pnas_lanes_take(scheduler->lanes, &answer)) {
        if (answer.status != PNAS_OK)
            refuse_from_now_on(scheduler, answer.status, answer.message);
        else
            PNAS_TRY(start_waiting(scheduler));
        pnas_status status = send_answer(scheduler, &answer);
        pnas_result_clear(&answer.result);
        PNAS_TRY(status);
    }
    return start_waiting(scheduler);
}

static pnas_status train(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    pnas_order order;
    PNAS_TRY(pnas_unpack_order(letter->data, letter->size, &order));
    PNAS_CHECK(scheduler->lanes && !scheduler->has_waiting, PNAS_ERROR_INTERNAL,
               "rank %d was given more children than it has lanes", scheduler->layout->rank);
    scheduler->waiting = order;
    scheduler->has_waiting = true;
    return start_waiting(scheduler);
}

static pnas_status help(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    pnas_errand request, reply = {0};
    void *data = NULL;
    PNAS_TRY(pnas_unpack_errand(letter->data, letter->size, &request));
    double start = pnas_clock_seconds();
    reply.ticket = request.ticket;
    reply.start = pnas_clock_unix();
    reply.status = perform(scheduler, &request, &data, &reply.size);
    reply.seconds = pnas_clock_seconds() - start;
    reply.data = data;
    if (reply.status != PNAS_OK) {
        reply.data = pnas_message();
        reply.size = strlen(pnas_message());
    }
    pnas_status status = pnas_pack_errand(&reply, &scheduler->outgoing);
    free(data);
    PNAS_TRY(status);
    return pnas_letter_send(scheduler->comm, 0, PNAS_LETTER_REPLY, scheduler->outgoing.data,
                            scheduler->outgoing.size);
}

/* A notice has no answer: what goes wrong with it is told at the next request. */
static void heed(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    const pnas_helper *helper = scheduler->helper;
    scheduler->unheeded = helper ? helper->heed(helper->payload, letter->data, letter->size) : PNAS_OK;
    if (scheduler->unheeded != PNAS_OK)
        snprintf(scheduler->unheeded_message, sizeof scheduler->unheeded_message, "%s", pnas_message());
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

static pnas_status read_verdict(const pnas_letter *letter, pnas_status *out)
{
    pnas_verdict verdict;
    PNAS_TRY(pnas_unpack_verdict(letter->data, letter->size, &verdict));
    *out = verdict.status;
    pnas_fail(verdict.status, "%s", verdict.message);
    return PNAS_OK;
}

static pnas_status read_letter(pnas_scheduler *scheduler, const pnas_letter *letter, pnas_status *verdict)
{
    switch (letter->kind) {
    case PNAS_LETTER_ORDER:
        return train(scheduler, letter);
    case PNAS_LETTER_REQUEST:
        return help(scheduler, letter);
    case PNAS_LETTER_NOTICE:
        heed(scheduler, letter);
        return PNAS_OK;
    case PNAS_LETTER_STOP: /* one that crossed the last answer has nothing left to stop */
        stop_children(scheduler, "rank 0 asked for a stop");
        return PNAS_OK;
    case PNAS_LETTER_VERDICT:
        return read_verdict(letter, verdict);
    default:
        return pnas_fail(PNAS_ERROR_INTERNAL, "rank 0 sent a message of unknown kind %d", letter->kind);
    }
}

pnas_status pnas_scheduler_serve(pnas_scheduler *scheduler, pnas_status *verdict)
{
    PNAS_TRY(pnas_letter_send_empty(scheduler->comm, 0,
                                    scheduler->lanes ? PNAS_LETTER_READY : PNAS_LETTER_ABSENT));
    for (bool released = false; !released;) {
        pnas_letter letter;
        bool got;
        PNAS_TRY(look_for_a_stop(scheduler));
        PNAS_TRY(send_answers(scheduler));
        PNAS_TRY(pnas_letter_take(scheduler->comm, 0, &letter, &got));
        if (!got) {
            pnas_scheduler_rest(scheduler);
            continue;
        }
        pnas_status status = read_letter(scheduler, &letter, verdict);
        released = letter.kind == PNAS_LETTER_VERDICT;
        pnas_letter_clear(&letter);
        PNAS_TRY(status);
    }
    return PNAS_OK;
}
