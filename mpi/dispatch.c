#include "mpi/dispatch.h"

#include "mpi/dispatch_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- begin and end --- */

pnas_status pnas_dispatch_create(int ranks, pnas_dispatch **out)
{
    pnas_dispatch *dispatch = calloc(1, sizeof *dispatch);
    *out = NULL;
    PNAS_CHECK(dispatch, PNAS_ERROR_MEMORY, "no memory for the scheduler's decisions");
    dispatch->rank = calloc((size_t)ranks, sizeof *dispatch->rank);
    if (!dispatch->rank) {
        free(dispatch);
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for %d ranks", ranks);
    }
    dispatch->ranks = dispatch->awaited = ranks;
    *out = dispatch;
    return PNAS_OK;
}

void pnas_dispatch_destroy(pnas_dispatch **dispatch)
{
    if (!*dispatch)
        return;
    pnas_dispatch_end(*dispatch);
    for (int i = 0; i < (*dispatch)->ranks; i++)
        free((*dispatch)->rank[i].held);
    free((*dispatch)->rank);
    free(*dispatch);
    *dispatch = NULL;
}

/* --- tickets --- */

static void wait_again(pnas_dispatch *dispatch, size_t number)
{
    dispatch_ticket *ticket = &dispatch->ticket[number];
    ticket->state = TICKET_WAITING;
    dispatch->waiting++;
    dispatch->waiting_seconds += ticket->expected;
    if (ticket->place < dispatch->first)
        dispatch->first = ticket->place;
}

static void hold(pnas_dispatch *dispatch, dispatch_rank *rank, size_t number, double now)
{
    dispatch_ticket *ticket = &dispatch->ticket[number];
    bool starts = rank->held_count < pnas_dispatch_lanes_at(dispatch, rank);
    ticket->state = TICKET_HELD;
    ticket->attempts += starts;
    dispatch->waiting--;
    dispatch->waiting_seconds -= ticket->expected;
    rank->held[rank->held_count++] = (held_ticket){number, now, now, starts};
}

static int find_held(const dispatch_rank *rank, size_t ticket)
{
    for (int i = 0; i < rank->held_count; i++)
        if (rank->held[i].ticket == ticket)
            return i;
    return -1;
}

/* Takes a ticket from a rank; the one that waited there starts. */
static size_t let_go(pnas_dispatch *dispatch, int number, size_t ticket, double now)
{
    dispatch_rank *rank = &dispatch->rank[number];
    int at = find_held(rank, ticket);
    dispatch->changes++;
    rank->held_count--;
    memmove(&rank->held[at], &rank->held[at + 1], (size_t)(rank->held_count - at) * sizeof *rank->held);
    for (int i = 0; i < rank->held_count && rank->state == RANK_IN; i++) {
        if (rank->held[i].runs)
            continue;
        rank->held[i].runs = true;
        rank->held[i].since = now;
        dispatch->ticket[rank->held[i].ticket].attempts++;
        return rank->held[i].ticket;
    }
    return PNAS_NO_TICKET;
}

/* Of what a ticket took, what it took of this run: a child may have been trained before. Not since it is
 * known to run, of which one hears late. */
static double seconds_here(const pnas_dispatch *dispatch, const held_ticket *held, double seconds, double now)
{
    return fmin(seconds, now - fmax(held->given, dispatch->began));
}

static size_t finish(pnas_dispatch *dispatch, int rank, size_t number, double seconds, double now)
{
    const held_ticket *held = &dispatch->rank[rank].held[find_held(&dispatch->rank[rank], number)];
    dispatch_ticket *ticket = &dispatch->ticket[number];
    ticket->attempts += ticket->attempts == 0; /* its rank began it before it said that it could */
    ticket->state = TICKET_DONE;
    ticket->seconds = seconds_here(dispatch, held, seconds, now);
    ticket->kind = dispatch->rank[rank].kind;
    dispatch->left -= !ticket->spare;
    dispatch->last = now;
    pnas_dispatch_sort_if_learned(dispatch);
    return let_go(dispatch, rank, number, now);
}

size_t pnas_dispatch_done(pnas_dispatch *dispatch, int rank, size_t number, double seconds, double now)
{
    if (!dispatch->pieces)
        pnas_dispatch_learn(dispatch, dispatch->rank[rank].kind, &dispatch->ticket[number].job, seconds);
    return finish(dispatch, rank, number, seconds, now);
}

size_t pnas_dispatch_failed(pnas_dispatch *dispatch, int rank, size_t number, double seconds, double now)
{
    return finish(dispatch, rank, number, seconds, now);
}

/* What a rank that leaves has begun was work of this run, too: at a stop, of all ranks. */
static void count_cut(pnas_dispatch *dispatch, int number, dispatch_ticket *ticket, double now)
{
    const dispatch_rank *rank = &dispatch->rank[number];
    const held_ticket *held = &rank->held[find_held(rank, pnas_dispatch_number(dispatch, ticket))];
    if (rank->state == RANK_IN || !held->runs)
        return;
    ticket->cut_seconds += fmax(now - fmax(held->since, dispatch->began), 0);
    ticket->cut_kind = rank->kind;
    dispatch->last = now;
}

size_t pnas_dispatch_give_back(pnas_dispatch *dispatch, int rank, size_t number, double now)
{
    dispatch_ticket *ticket = &dispatch->ticket[number];
    ticket->given_back_by = rank;
    count_cut(dispatch, rank, ticket, now);
    wait_again(dispatch, number);
    return let_go(dispatch, rank, number, now);
}

bool pnas_dispatch_holds(const pnas_dispatch *dispatch, int rank, size_t ticket)
{
    return find_held(&dispatch->rank[rank], ticket) >= 0;
}

int pnas_dispatch_attempts(const pnas_dispatch *dispatch, size_t ticket)
{
    return dispatch->ticket[ticket].attempts;
}

bool pnas_dispatch_all_done(const pnas_dispatch *dispatch)
{
    return dispatch->left == 0;
}

/* --- ranks --- */

static void count_most(pnas_dispatch *dispatch)
{
    if (dispatch->lanes < dispatch->most_lanes)
        return;
    dispatch->most_lanes = dispatch->lanes;
    memcpy(dispatch->most_lanes_of, dispatch->lanes_of, sizeof dispatch->lanes_of);
}

void pnas_dispatch_set_kind(pnas_dispatch *dispatch, int rank, int kind)
{
    dispatch_rank *changed = &dispatch->rank[rank];
    if (changed->state == RANK_IN) {
        dispatch->lanes_of[changed->kind] -= changed->lanes;
        dispatch->lanes_of[kind] += changed->lanes;
        count_most(dispatch);
    }
    changed->kind = kind;
    dispatch->changes++;
}

pnas_status pnas_dispatch_join(pnas_dispatch *dispatch, int number, int lanes)
{
    dispatch_rank *rank = &dispatch->rank[number];
    held_ticket *held = realloc(rank->held, ((size_t)lanes + 1) * sizeof *held);
    PNAS_CHECK(held, PNAS_ERROR_MEMORY, "no memory for %d lanes of rank %d", lanes, number);
    if (rank->state == RANK_UNKNOWN)
        dispatch->awaited--;
    rank->state = RANK_IN;
    rank->held = held;
    rank->lanes = lanes;
    dispatch->in++;
    dispatch->lanes += lanes;
    dispatch->lanes_of[rank->kind] += lanes;
    count_most(dispatch);
    dispatch->changes++;
    return PNAS_OK;
}

/* From now on it is not counted with. */
static void strike_off(pnas_dispatch *dispatch, dispatch_rank *rank)
{
    if (rank->state == RANK_UNKNOWN)
        dispatch->awaited--;
    if (rank->state == RANK_IN) {
        dispatch->in--;
        dispatch->lanes -= rank->lanes;
        dispatch->lanes_of[rank->kind] -= rank->lanes;
    }
    rank->state = RANK_GONE;
    dispatch->changes++;
}

void pnas_dispatch_leave(pnas_dispatch *dispatch, int rank)
{
    strike_off(dispatch, &dispatch->rank[rank]);
}

void pnas_dispatch_lose(pnas_dispatch *dispatch, int number)
{
    dispatch_rank *rank = &dispatch->rank[number];
    strike_off(dispatch, rank);
    for (int i = 0; i < rank->held_count; i++)
        wait_again(dispatch, rank->held[i].ticket);
    rank->held_count = 0;
}

bool pnas_dispatch_is_in(const pnas_dispatch *dispatch, int rank)
{
    return dispatch->rank[rank].state == RANK_IN;
}

bool pnas_dispatch_anyone_left(const pnas_dispatch *dispatch)
{
    return dispatch->in + dispatch->awaited > 0;
}

bool pnas_dispatch_others_left(const pnas_dispatch *dispatch, int rank)
{
    int mine = dispatch->rank[rank].state != RANK_GONE;
    return dispatch->in + dispatch->awaited > mine;
}

int pnas_dispatch_held(const pnas_dispatch *dispatch, int rank)
{
    return dispatch->rank[rank].held_count;
}

size_t pnas_dispatch_held_ticket(const pnas_dispatch *dispatch, int rank, int i)
{
    return dispatch->rank[rank].held[i].ticket;
}

bool pnas_dispatch_is_free(const pnas_dispatch *dispatch, int rank)
{
    const dispatch_rank *asked = &dispatch->rank[rank];
    return asked->state == RANK_IN && asked->held_count < pnas_dispatch_lanes_at(dispatch, asked);
}

bool pnas_dispatch_idle(const pnas_dispatch *dispatch)
{
    for (int rank = 0; dispatch->waiting == 0 && rank < dispatch->ranks; rank++)
        if (pnas_dispatch_is_free(dispatch, rank))
            return true;
    return false;
}

size_t pnas_dispatch_next(pnas_dispatch *dispatch, int number, double now, bool *starts)
{
    dispatch_rank *rank = &dispatch->rank[number];
    if (starts)
        *starts = false;
    bool full = rank->state != RANK_IN || rank->held_count > pnas_dispatch_lanes_at(dispatch, rank);
    if (full || dispatch->waiting == 0 || dispatch->left == 0 || rank->refused_at == dispatch->changes)
        return PNAS_NO_TICKET;
    size_t ticket = pnas_dispatch_choose(dispatch, number, now);
    if (ticket == PNAS_NO_TICKET) {
        rank->refused_at = dispatch->changes; /* nothing changes the answer before something happens */
        return ticket;
    }
    hold(dispatch, rank, ticket, now);
    if (starts)
        *starts = rank->held[rank->held_count - 1].runs;
    return ticket;
}

/* --- a run --- */

const pnas_job *pnas_dispatch_job(const pnas_dispatch *dispatch, size_t ticket)
{
    return &dispatch->ticket[ticket].job;
}

/* The ticket of the same child as one of another run, or NULL. */
static dispatch_ticket *find_again(const pnas_dispatch *dispatch, const dispatch_ticket *before)
{
    for (size_t i = 0; i < dispatch->count; i++) {
        dispatch_ticket *ticket = &dispatch->ticket[i];
        if (ticket->job.level == before->job.level && ticket->job.index == before->job.index)
            return ticket;
    }
    return NULL;
}

static void carry_over(pnas_dispatch *dispatch, dispatch_rank *rank, const dispatch_ticket *before)
{
    int kept = 0;
    for (int i = 0; i < rank->held_count; i++) {
        held_ticket held = rank->held[i];
        dispatch_ticket *ticket = find_again(dispatch, &before[held.ticket]);
        if (!ticket)
            continue;
        ticket->state = TICKET_HELD;
        ticket->attempts = before[held.ticket].attempts;
        dispatch->waiting--;
        held.ticket = pnas_dispatch_number(dispatch, ticket);
        rank->held[kept++] = held;
    }
    rank->held_count = kept;
}

/* What was tried before and waits for another rank. */
static void remember_attempts(pnas_dispatch *dispatch, const dispatch_ticket *before)
{
    dispatch_ticket *ticket = find_again(dispatch, before);
    if (!ticket)
        return;
    ticket->attempts = before->attempts;
    ticket->given_back_by = before->given_back_by;
}

static void take_over(pnas_dispatch *dispatch, const dispatch_ticket *before, size_t count)
{
    for (int i = 0; i < dispatch->ranks; i++)
        carry_over(dispatch, &dispatch->rank[i], before);
    for (size_t i = 0; i < count; i++)
        if (before[i].state == TICKET_WAITING && before[i].attempts > 0)
            remember_attempts(dispatch, &before[i]);
}

static void fill(pnas_dispatch *dispatch, const pnas_job *jobs, size_t from, bool spare)
{
    for (size_t i = 0; i < dispatch->count; i++) {
        dispatch_ticket *ticket = &dispatch->ticket[i];
        if (i >= from)
            *ticket = (dispatch_ticket){
                .job = jobs ? jobs[i - from] : (pnas_job){0}, .spare = spare, .given_back_by = -1};
        dispatch->order[i] = ticket;
    }
}

pnas_status pnas_dispatch_begin(pnas_dispatch *dispatch, const pnas_job *jobs, size_t count, double now)
{
    dispatch_ticket *before = dispatch->ticket, *ticket = calloc(count + 1, sizeof *ticket);
    dispatch_ticket **order = calloc(count + 1, sizeof *order);
    size_t before_count = dispatch->count;
    if (!ticket || !order) {
        free(ticket);
        free(order);
        pnas_dispatch_end(dispatch);
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for a list of %zu children", count);
    }
    free(dispatch->order);
    dispatch->ticket = ticket;
    dispatch->order = order;
    dispatch->count = dispatch->waiting = dispatch->left = count;
    dispatch->began = dispatch->last = now;
    dispatch->most_lanes = 0;
    count_most(dispatch);
    dispatch->pieces = !jobs;
    dispatch->more = false;
    dispatch->changes++;
    fill(dispatch, jobs, 0, false);
    take_over(dispatch, before, before_count);
    free(before);
    pnas_dispatch_sort(dispatch);
    return PNAS_OK;
}

pnas_status pnas_dispatch_add(pnas_dispatch *dispatch, const pnas_job *jobs, size_t count, bool spare)
{
    size_t from = dispatch->count, all = from + count;
    dispatch_ticket **order = realloc(dispatch->order, (all + 1) * sizeof *order);
    PNAS_CHECK(order, PNAS_ERROR_MEMORY, "no memory for a list of %zu children", all);
    dispatch->order = order;
    dispatch_ticket *ticket = realloc(dispatch->ticket, (all + 1) * sizeof *ticket);
    PNAS_CHECK(ticket, PNAS_ERROR_MEMORY, "no memory for a list of %zu children", all);
    dispatch->ticket = ticket;
    dispatch->count = all;
    dispatch->waiting += count;
    dispatch->left += spare ? 0 : count;
    dispatch->changes++;
    fill(dispatch, jobs, from, spare);
    pnas_dispatch_sort(dispatch);
    return PNAS_OK;
}

void pnas_dispatch_expect_more(pnas_dispatch *dispatch, bool more)
{
    dispatch->more = more;
    dispatch->changes++;
    pnas_dispatch_sort(dispatch);
}

void pnas_dispatch_end(pnas_dispatch *dispatch)
{
    free(dispatch->ticket);
    free(dispatch->order);
    dispatch->ticket = NULL;
    dispatch->order = NULL;
    dispatch->count = dispatch->waiting = dispatch->left = dispatch->first = 0;
    dispatch->pieces = false;
    for (int i = 0; i < dispatch->ranks; i++)
        dispatch->rank[i].held_count = 0;
}
