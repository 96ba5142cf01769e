#include "src/programs/simulated_ranks.h"

#include "mpi/dispatch.h"

#include <math.h>
#include <stdlib.h>

typedef enum {
    EVENT_ORDER,  /* reaches its rank */
    EVENT_END,    /* of a child at its rank */
    EVENT_ANSWER, /* reaches rank 0 */
    EVENT_TAKEN   /* rank 0 has taken it in */
} event_kind;

typedef struct {
    double time;
    uint64_t number; /* events of one time happen in the order in which they were made */
    event_kind kind;
    int rank;
    size_t ticket;
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
    double rank_0_free; /* when it can take in the next answer */
    double *seconds;    /* [count], of tickets done */

    const pnas_job *jobs;
    size_t count, handed_out;
    pnas_job_duration duration;
    void *payload;
    pnas_simulation_waits waits;
};

/* --- events --- */

static bool is_earlier(const event *a, const event *b)
{
    return a->time < b->time || (a->time == b->time && a->number < b->number);
}

/* A rank holds at most two tickets, and each is in one event at most. */
static void push(pnas_simulated_ranks *ranks, double time, event_kind kind, int rank, size_t ticket)
{
    size_t at = ranks->events++;
    event added = {time, ranks->made++, kind, rank, ticket};
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

static double letter_takes(const pnas_simulated_ranks *ranks, int rank)
{
    return rank == 0 ? 0 : ranks->options.latency;
}

static void start(pnas_simulated_ranks *ranks, int rank, size_t ticket)
{
    worker *self = &ranks->worker[rank];
    ranks->waits.waited_seconds += ranks->now - self->idle_since;
    self->running = ticket;
    self->seconds = ranks->duration(ranks->payload, &ranks->jobs[ticket], ranks->options.kind[rank]);
    push(ranks, ranks->now + self->seconds, EVENT_END, rank, ticket);
}

static void take_order(pnas_simulated_ranks *ranks, int rank, size_t ticket)
{
    worker *self = &ranks->worker[rank];
    if (self->running == PNAS_NO_TICKET) {
        start(ranks, rank, ticket);
        return;
    }
    self->waiting = ticket;
    ranks->waits.prefetched++;
}

static void end_child(pnas_simulated_ranks *ranks, int rank, size_t ticket)
{
    worker *self = &ranks->worker[rank];
    size_t next = self->waiting;
    ranks->seconds[ticket] = self->seconds;
    self->running = self->waiting = PNAS_NO_TICKET;
    self->idle_since = ranks->now;
    push(ranks, ranks->now + letter_takes(ranks, rank), EVENT_ANSWER, rank, ticket);
    if (next != PNAS_NO_TICKET)
        start(ranks, rank, next);
}

/* --- rank 0 --- */

static void hand_out(pnas_simulated_ranks *ranks, int rank)
{
    size_t ticket;
    while ((ticket = pnas_dispatch_next(ranks->dispatch, rank, ranks->now, NULL)) != PNAS_NO_TICKET) {
        ranks->handed_out++;
        push(ranks, ranks->now + letter_takes(ranks, rank), EVENT_ORDER, rank, ticket);
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

static void queue_answer(pnas_simulated_ranks *ranks, int rank, size_t ticket)
{
    ranks->rank_0_free = fmax(ranks->rank_0_free, ranks->now) + ranks->options.answer_seconds;
    ranks->waits.rank_0_seconds += ranks->options.answer_seconds;
    push(ranks, ranks->rank_0_free, EVENT_TAKEN, rank, ticket);
}

static void take_answer(pnas_simulated_ranks *ranks, int rank, size_t ticket, bool mixed)
{
    pnas_dispatch_done(ranks->dispatch, rank, ticket, ranks->seconds[ticket], ranks->now);
    hand_out(ranks, rank);
    if (mixed)
        hand_out_to_all(ranks);
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
    case EVENT_ORDER:
        take_order(ranks, next->rank, next->ticket);
        return;
    case EVENT_END:
        end_child(ranks, next->rank, next->ticket);
        return;
    case EVENT_ANSWER:
        queue_answer(ranks, next->rank, next->ticket);
        return;
    case EVENT_TAKEN:
        take_answer(ranks, next->rank, next->ticket, mixed);
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
    ranks->event = calloc(2 * count + 2, sizeof *ranks->event);
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

static void begin(pnas_simulated_ranks *ranks)
{
    ranks->waits = (pnas_simulation_waits){0};
    ranks->handed_out = ranks->events = 0;
    ranks->rank_0_free = ranks->now;
    for (int rank = 0; rank < ranks->options.ranks; rank++)
        ranks->worker[rank] = (worker){PNAS_NO_TICKET, PNAS_NO_TICKET, 0, ranks->now};
}

pnas_status pnas_simulated_ranks_train(pnas_simulated_ranks *ranks, const pnas_job *jobs, size_t count,
                                       pnas_job_duration duration, void *payload, pnas_level_usage *usage,
                                       pnas_simulation_waits *waits)
{
    bool mixed = is_mixed(&ranks->options);
    ranks->jobs = jobs;
    ranks->count = count;
    ranks->duration = duration;
    ranks->payload = payload;
    begin(ranks);
    ranks->seconds = calloc(count + 1, sizeof *ranks->seconds);
    PNAS_CHECK(ranks->seconds, PNAS_ERROR_MEMORY, "no memory for %zu simulated children", count);
    pnas_status status = pnas_dispatch_begin(ranks->dispatch, jobs, count, ranks->now);
    if (status == PNAS_OK)
        hand_out_to_all(ranks);
    while (status == PNAS_OK && ranks->events > 0) {
        event next = pop(ranks);
        happen(ranks, &next, mixed);
    }
    if (status == PNAS_OK && !pnas_dispatch_all_done(ranks->dispatch))
        status = pnas_fail(PNAS_ERROR_INTERNAL, "a simulated level stands still with children left to train");
    pnas_dispatch_usage(ranks->dispatch, usage);
    pnas_dispatch_end(ranks->dispatch);
    usage->messages = 2 * (int64_t)count;
    *waits = ranks->waits;
    free(ranks->seconds);
    ranks->seconds = NULL;
    return status;
}
