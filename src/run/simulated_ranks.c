#include "src/run/simulated_ranks.h"

#include "mpi/dispatch.h"

#include <math.h>
#include <stdlib.h>

typedef enum {
    EVENT_JOB,    /* reaches its rank */
    EVENT_END,    /* of a child at its rank */
    EVENT_RESULT, /* reaches rank 0 */
    EVENT_TAKEN,  /* rank 0 has taken it in */
    EVENT_ADDED   /* jobs that need not be waited for can be handed out; of no rank */
} event_kind;

typedef struct {
    double time;
    uint64_t number; /* events of one time happen in the order in which they were made */
    event_kind kind;
    int rank;
    size_t ticket;
    double seconds; /* that the child takes; from its end on */
} event;

typedef struct {
    size_t running, waiting; /* tickets, or PNAS_NO_TICKET */
    double seconds;          /* that the running one takes */
    double idle_since;
} worker;

struct pnas_simulated_ranks {
    pnas_simulation_options options;
    pnas_dispatch *dispatch;
    worker *worker; /* [ranks] */
    event *event;   /* a heap, the earliest on top */
    size_t events, room;
    uint64_t made;
    double now;
    double rank_0_free; /* when it can take in the next result */

    size_t count, handed_out;
    pnas_job_duration duration;
    void *payload;
    bool training;                            /* otherwise nothing is handed out */
    const pnas_simulation_listener *listener; /* or NULL */
    const pnas_job *spare;                    /* [spare_count], to be added */
    size_t spare_count, done, asked_at;       /* asked_at: children done when lanes were last offered */
    bool awaited, more;                       /* those to be added are waited for; others may follow */
    double added_at;                          /* when; before any time: none are to be added */
    pnas_status status;                       /* of whoever listens */
    pnas_simulation_waits waits;
};

/* --- events --- */

static bool is_earlier(const event *a, const event *b)
{
    return a->time < b->time || (a->time == b->time && a->number < b->number);
}

/* A rank holds at most two tickets, and each is in one event at most. */
static void push(pnas_simulated_ranks *ranks, event added)
{
    size_t at = ranks->events++;
    added.number = ranks->made++;
    for (; at > 0 && is_earlier(&added, &ranks->event[(at - 1) / 2]); at = (at - 1) / 2)
        ranks->event[at] = ranks->event[(at - 1) / 2];
    ranks->event[at] = added;
}

static event pop(pnas_simulated_ranks *ranks)
{
    event first = ranks->event[0], last = ranks->event[--ranks->events];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= ranks->events)
            break;
        if (child + 1 < ranks->events && is_earlier(&ranks->event[child + 1], &ranks->event[child]))
            child++;
        if (!is_earlier(&ranks->event[child], &last))
            break;
        ranks->event[at] = ranks->event[child];
        at = child;
    }
    ranks->event[at] = last;
    return first;
}

/* --- a rank --- */

static double message_takes(const pnas_simulated_ranks *ranks, int rank)
{
    return rank == 0 ? 0 : ranks->options.latency;
}

static void start(pnas_simulated_ranks *ranks, int rank, size_t ticket)
{
    worker *self = &ranks->worker[rank];
    ranks->waits.waited_seconds += ranks->now - self->idle_since;
    self->running = ticket;
    self->seconds = ranks->duration(ranks->payload, pnas_dispatch_job(ranks->dispatch, ticket),
                                    ranks->options.kind[rank]);
    push(ranks, (event){ranks->now + self->seconds, 0, EVENT_END, rank, ticket, self->seconds});
}

static void take_job(pnas_simulated_ranks *ranks, int rank, size_t ticket)
{
    worker *self = &ranks->worker[rank];
    if (self->running == PNAS_NO_TICKET) {
        start(ranks, rank, ticket);
        return;
    }
    self->waiting = ticket;
    ranks->waits.prefetched++;
}

static void end_child(pnas_simulated_ranks *ranks, const event *end)
{
    worker *self = &ranks->worker[end->rank];
    size_t next = self->waiting;
    int rank = end->rank;
    self->running = self->waiting = PNAS_NO_TICKET;
    self->idle_since = ranks->now;
    push(ranks,
         (event){ranks->now + message_takes(ranks, rank), 0, EVENT_RESULT, rank, end->ticket, end->seconds});
    if (next != PNAS_NO_TICKET)
        start(ranks, rank, next);
}

/* --- rank 0 --- */

static void hand_out(pnas_simulated_ranks *ranks, int rank)
{
    size_t ticket;
    while ((ticket = pnas_dispatch_next(ranks->dispatch, rank, ranks->now, NULL)) != PNAS_NO_TICKET) {
        ranks->handed_out++;
        if (ranks->listener && ranks->listener->on_start)
            ranks->listener->on_start(ranks->listener->payload, pnas_dispatch_job(ranks->dispatch, ticket));
        push(ranks, (event){ranks->now + message_takes(ranks, rank), 0, EVENT_JOB, rank, ticket, 0});
    }
}

/* An answer may be worth waiting for where kinds differ, so everybody who is free is asked again. */
static void hand_out_to_all(pnas_simulated_ranks *ranks)
{
    for (int pass = 0; pass < 2; pass++)
        for (int rank = 0; rank < ranks->options.ranks && ranks->handed_out < ranks->count; rank++)
            if (pass == 1 || pnas_dispatch_is_free(ranks->dispatch, rank))
                hand_out(ranks, rank);
}

static void queue_result(pnas_simulated_ranks *ranks, const event *result)
{
    ranks->rank_0_free = fmax(ranks->rank_0_free, ranks->now) + ranks->options.result_seconds;
    ranks->waits.rank_0_seconds += ranks->options.result_seconds;
    push(ranks, (event){ranks->rank_0_free, 0, EVENT_TAKEN, result->rank, result->ticket, result->seconds});
}

/* Whoever listens may have jobs for lanes that are free; nothing new is known before the next child. */
static void offer_lanes(pnas_simulated_ranks *ranks)
{
    const pnas_simulation_listener *listener = ranks->listener;
    double seconds = 0;
    if (!listener || !listener->on_idle || ranks->spare_count > 0 || ranks->asked_at == ranks->done ||
        !pnas_dispatch_idle(ranks->dispatch))
        return;
    ranks->asked_at = ranks->done;
    ranks->status =
        listener->on_idle(listener->payload, pnas_dispatch_seconds_left(ranks->dispatch, ranks->now),
                          &ranks->spare, &ranks->spare_count, &seconds);
    ranks->added_at = ranks->now + seconds;
    if (ranks->spare_count > 0)
        push(ranks, (event){ranks->added_at, 0, EVENT_ADDED, 0, PNAS_NO_TICKET, 0});
}

/* Whoever listens may know more jobs by what is done. */
static void offer_results(pnas_simulated_ranks *ranks)
{
    const pnas_simulation_listener *listener = ranks->listener;
    double seconds = 0;
    if (!listener || !listener->on_change || ranks->spare_count > 0 || ranks->status != PNAS_OK)
        return;
    ranks->status =
        listener->on_change(listener->payload, &ranks->spare, &ranks->spare_count, &seconds, &ranks->more);
    ranks->awaited = ranks->spare_count > 0;
    ranks->added_at = ranks->now + seconds;
    if (ranks->awaited)
        push(ranks, (event){ranks->added_at, 0, EVENT_ADDED, 0, PNAS_NO_TICKET, 0});
    else
        pnas_dispatch_expect_more(ranks->dispatch, ranks->more);
}

static void add_spare(pnas_simulated_ranks *ranks)
{
    ranks->status = pnas_dispatch_add(ranks->dispatch, ranks->spare, ranks->spare_count, !ranks->awaited);
    ranks->count += ranks->spare_count;
    ranks->spare_count = 0;
    if (ranks->awaited)
        pnas_dispatch_expect_more(ranks->dispatch, ranks->more);
    ranks->awaited = false;
    hand_out_to_all(ranks);
    offer_results(ranks);
}

static void take_result(pnas_simulated_ranks *ranks, const event *taken, bool mixed)
{
    const pnas_simulation_listener *listener = ranks->listener;
    pnas_dispatch_done(ranks->dispatch, taken->rank, taken->ticket, taken->seconds, ranks->now);
    ranks->done++;
    if (listener && listener->on_done)
        ranks->status =
            listener->on_done(listener->payload, pnas_dispatch_job(ranks->dispatch, taken->ticket));
    if (!ranks->training || ranks->status != PNAS_OK)
        return;
    hand_out(ranks, taken->rank);
    if (mixed)
        hand_out_to_all(ranks);
    offer_results(ranks);
    if (ranks->status == PNAS_OK && !pnas_dispatch_all_done(ranks->dispatch))
        offer_lanes(ranks);
}

static bool is_mixed(const pnas_simulation_options *options)
{
    for (int rank = 1; rank < options->ranks; rank++)
        if (options->kind[rank] != options->kind[0])
            return true;
    return false;
}

static void happen(pnas_simulated_ranks *ranks, const event *next, bool mixed)
{
    ranks->now = next->time;
    switch (next->kind) {
    case EVENT_JOB:
        take_job(ranks, next->rank, next->ticket);
        return;
    case EVENT_END:
        end_child(ranks, next);
        return;
    case EVENT_RESULT:
        queue_result(ranks, next);
        return;
    case EVENT_TAKEN:
        take_result(ranks, next, mixed);
        return;
    case EVENT_ADDED:
        if (ranks->training && next->time == ranks->added_at) /* or its training is over */
            add_spare(ranks);
        return;
    }
}

/* --- the whole --- */

pnas_status pnas_simulated_ranks_create(const pnas_simulation_options *options, pnas_simulated_ranks **out)
{
    pnas_simulated_ranks *ranks = calloc(1, sizeof *ranks);
    size_t count = (size_t)options->ranks;
    pnas_status status = PNAS_OK;
    PNAS_CHECK(ranks, PNAS_ERROR_MEMORY, "no memory for a simulation");
    ranks->options = *options;
    ranks->worker = calloc(count, sizeof *ranks->worker);
    ranks->event = calloc(2 * count + 3, sizeof *ranks->event);
    PNAS_CHECK_CLEANUP(ranks->worker && ranks->event, PNAS_ERROR_MEMORY, "no memory to simulate %d ranks",
                       options->ranks);
    PNAS_TRY_CLEANUP(pnas_dispatch_create(options->ranks, &ranks->dispatch));
    for (int rank = 0; rank < options->ranks; rank++) {
        pnas_dispatch_set_kind(ranks->dispatch, rank, options->kind[rank]);
        PNAS_TRY_CLEANUP(pnas_dispatch_join(ranks->dispatch, rank, 1));
    }
cleanup:
    if (status != PNAS_OK)
        pnas_simulated_ranks_destroy(&ranks);
    *out = ranks;
    return status;
}

void pnas_simulated_ranks_destroy(pnas_simulated_ranks **ranks)
{
    if (!*ranks)
        return;
    pnas_dispatch_destroy(&(*ranks)->dispatch);
    free((*ranks)->worker);
    free((*ranks)->event);
    free(*ranks);
    *ranks = NULL;
}

void pnas_simulated_ranks_listen(pnas_simulated_ranks *ranks, const pnas_simulation_listener *listener)
{
    ranks->listener = listener;
}

pnas_status pnas_simulated_ranks_pass(pnas_simulated_ranks *ranks, double seconds)
{
    double end = ranks->now + seconds;
    while (ranks->status == PNAS_OK && ranks->events > 0 && ranks->event[0].time <= end) {
        event next = pop(ranks);
        happen(ranks, &next, false);
    }
    ranks->now = end;
    return ranks->status;
}

/* The ticket of a rank's carried child has another number now. */
static void renumber(pnas_simulated_ranks *ranks)
{
    for (size_t i = 0; i < ranks->events; i++) {
        event *other = &ranks->event[i];
        if (other->kind == EVENT_ADDED)
            continue;
        other->ticket = pnas_dispatch_held_ticket(ranks->dispatch, other->rank, 0);
        if (other->kind == EVENT_END)
            ranks->worker[other->rank].running = other->ticket;
    }
}

/* A rank that goes on with a child from before holds no other. */
static void begin(pnas_simulated_ranks *ranks)
{
    ranks->waits = (pnas_simulation_waits){0};
    ranks->handed_out = 0;
    ranks->asked_at = SIZE_MAX;
    ranks->spare_count = 0;
    ranks->awaited = ranks->more = false;
    ranks->added_at = -1;
    ranks->rank_0_free = fmax(ranks->rank_0_free, ranks->now);
    for (int rank = 0; rank < ranks->options.ranks; rank++) {
        ranks->worker[rank] =
            (worker){PNAS_NO_TICKET, PNAS_NO_TICKET, ranks->worker[rank].seconds, ranks->now};
        ranks->handed_out += (size_t)pnas_dispatch_held(ranks->dispatch, rank);
    }
    renumber(ranks);
}

pnas_status pnas_simulated_ranks_train(pnas_simulated_ranks *ranks, const pnas_job *jobs, size_t count,
                                       pnas_job_duration duration, void *payload, pnas_level_usage *usage,
                                       pnas_simulation_waits *waits)
{
    bool mixed = is_mixed(&ranks->options);
    ranks->count = count;
    ranks->duration = duration;
    ranks->payload = payload;
    PNAS_TRY(pnas_dispatch_begin(ranks->dispatch, jobs, count, ranks->now));
    begin(ranks);
    ranks->training = true;
    offer_results(ranks);
    hand_out_to_all(ranks);
    while (ranks->status == PNAS_OK && ranks->events > 0 &&
           (ranks->awaited || !pnas_dispatch_all_done(ranks->dispatch))) {
        event next = pop(ranks);
        happen(ranks, &next, mixed);
    }
    ranks->training = false;
    if (ranks->status == PNAS_OK && !pnas_dispatch_all_done(ranks->dispatch))
        ranks->status =
            pnas_fail(PNAS_ERROR_INTERNAL, "a simulated level makes no progress with children left to train");
    pnas_dispatch_usage(ranks->dispatch, usage);
    usage->messages = 2 * (int64_t)ranks->count;
    *waits = ranks->waits;
    return ranks->status;
}
