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

static pnas_status train(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    pnas_order order;
    PNAS_TRY(pnas_unpack_order(letter->data, letter->size, &order));
    pnas_answer answer = {.ticket = order.ticket};
    const pnas_evaluator *evaluator = scheduler->evaluator;
    answer.status =
        evaluator->evaluate(evaluator->payload, &order.job, worker_tick, scheduler, &answer.result);
    if (answer.status != PNAS_OK)
        snprintf(answer.message, sizeof answer.message, "%s", pnas_message());
    pnas_status status = pnas_pack_answer(&answer, &scheduler->outgoing);
    pnas_result_clear(&answer.result);
    PNAS_TRY(status);
    return pnas_letter_send(scheduler->comm, 0, PNAS_LETTER_ANSWER, scheduler->outgoing.data,
                            scheduler->outgoing.size);
}

static pnas_status help(pnas_scheduler *scheduler, const pnas_letter *letter)
{
    pnas_errand request, reply = {0};
    void *data = NULL;
    PNAS_TRY(pnas_unpack_errand(letter->data, letter->size, &request));
    reply.ticket = request.ticket;
    reply.status =
        pnas_scheduler_perform(scheduler, request.data, request.size, worker_tick, &data, &reply.size);
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

static pnas_status idle(pnas_scheduler *scheduler)
{
    if (pnas_stop_requested())
        PNAS_TRY(want_stop(scheduler));
    pnas_clock_sleep(PNAS_MPI_NAP);
    return PNAS_OK;
}

static pnas_status read_verdict(const pnas_letter *letter, pnas_status *out)
{
    pnas_verdict verdict;
    PNAS_TRY(pnas_unpack_verdict(letter->data, letter->size, &verdict));
    *out = verdict.status;
    pnas_fail(verdict.status, "%s", verdict.message);
    return PNAS_OK;
}

pnas_status pnas_scheduler_serve(pnas_scheduler *scheduler, pnas_status *verdict)
{
    PNAS_TRY(pnas_letter_send_empty(scheduler->comm, 0,
                                    scheduler->evaluator->evaluate ? PNAS_LETTER_READY : PNAS_LETTER_ABSENT));
    for (bool released = false; !released;) {
        pnas_letter letter;
        bool got;
        PNAS_TRY(pnas_letter_take(scheduler->comm, 0, &letter, &got));
        pnas_status status = PNAS_OK;
        if (!got)
            status = idle(scheduler);
        else if (letter.kind == PNAS_LETTER_ORDER)
            status = train(scheduler, &letter);
        else if (letter.kind == PNAS_LETTER_REQUEST)
            status = help(scheduler, &letter);
        else if (letter.kind == PNAS_LETTER_NOTICE)
            heed(scheduler, &letter);
        else if (letter.kind == PNAS_LETTER_VERDICT)
            status = read_verdict(&letter, verdict);
        /* A STOP that crossed this rank's last answer has nothing left to stop. */
        released = got && letter.kind == PNAS_LETTER_VERDICT;
        pnas_letter_clear(&letter);
        PNAS_TRY(status);
    }
    return PNAS_OK;
}
