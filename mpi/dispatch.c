#include "mpi/dispatch.h"

#include "mpi/dispatch_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROJECTION_MAX 1000000 /* tickets times lanes that are looked at for one decision */

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
    dispatch->ranks = dispatch->hoped_for = ranks;
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

/* Equal pieces are a rank's, not a lane's. */
static int lanes_of(const pnas_dispatch *dispatch, const dispatch_rank *rank)
{
    return dispatch->pieces ? 1 : rank->lanes;
}

/* --- what a ticket is expected to take --- */

static double expect(const pnas_dispatch *dispatch, int kind, const dispatch_ticket *ticket)
{
    if (dispatch->pieces)
        return 1;
    const pnas_duration_model *model = &dispatch->model[kind];
    double seconds = pnas_duration_expect(model->count ? model : &dispatch->all_kinds, &ticket->job);
    return seconds > 0 ? seconds : 1;
}

double pnas_dispatch_expect(const pnas_dispatch *dispatch, int kind, size_t ticket)
{
    return expect(dispatch, kind, &dispatch->ticket[ticket]);
}

int pnas_dispatch_main_kind(const pnas_dispatch *dispatch)
{
    int main_kind = 0;
    for (int kind = 1; kind < PNAS_DEVICE_KINDS_MAX; kind++)
        if (dispatch->lanes_of[kind] > dispatch->lanes_of[main_kind])
            main_kind = kind;
    return main_kind;
}

static bool is_mixed(const pnas_dispatch *dispatch)
{
    int kinds = 0;
    for (int kind = 0; kind < PNAS_DEVICE_KINDS_MAX; kind++)
        kinds += dispatch->lanes_of[kind] > 0;
    return kinds > 1;
}

static int longest_first(const void *a, const void *b)
{
    const dispatch_ticket *left = *(dispatch_ticket *const *)a, *right = *(dispatch_ticket *const *)b;
    if (left->spare || right->spare)
        return left->spare != right->spare ? left->spare - right->spare : (left > right) - (left < right);
    if (left->expected != right->expected)
        return left->expected > right->expected ? -1 : 1;
    if (left->job.cost != right->job.cost)
        return left->job.cost > right->job.cost ? -1 : 1;
    return (left > right) - (left < right);
}

/* By what is known now. */
static void sort(pnas_dispatch *dispatch)
{
    int kind = pnas_dispatch_main_kind(dispatch);
    dispatch->waiting_seconds = 0;
    for (size_t i = 0; i < dispatch->count; i++) {
        dispatch_ticket *ticket = &dispatch->ticket[i];
        ticket->expected = expect(dispatch, kind, ticket);
        dispatch->waiting_seconds += ticket->state == TICKET_WAITING ? ticket->expected : 0;
    }
    qsort(dispatch->order, dispatch->count, sizeof *dispatch->order, longest_first);
    for (size_t i = 0; i < dispatch->count; i++)
        dispatch->order[i]->place = i;
    dispatch->first = 0;
    dispatch->sorted_at = dispatch->all_kinds.count;
}

void pnas_dispatch_learn(pnas_dispatch *dispatch, int kind, const pnas_job *job, double seconds)
{
    pnas_duration_learn(&dispatch->model[kind], job, seconds);
    pnas_duration_learn(&dispatch->all_kinds, job, seconds);
}

/* The first measurement gives all that is expected its unit; then sorting at every result would cost more
 * than it gives. */
static void sort_if_learned(pnas_dispatch *dispatch)
{
    size_t known = dispatch->sorted_at, enough = known == 0 ? 1 : known + known / 2 + 4;
    if (dispatch->waiting && dispatch->all_kinds.count >= enough)
        sort(dispatch);
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
    bool starts = rank->held_count < lanes_of(dispatch, rank);
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
    sort_if_learned(dispatch);
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

size_t pnas_dispatch_give_back(pnas_dispatch *dispatch, int rank, size_t number, double now)
{
    dispatch->ticket[number].given_back_by = rank;
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

void pnas_dispatch_set_kind(pnas_dispatch *dispatch, int rank, int kind)
{
    dispatch_rank *changed = &dispatch->rank[rank];
    if (changed->state == RANK_IN) {
        dispatch->lanes_of[changed->kind] -= changed->lanes;
        dispatch->lanes_of[kind] += changed->lanes;
    }
    changed->kind = kind;
    dispatch->changes++;
}

pnas_status pnas_dispatch_join(pnas_dispatch *dispatch, int number, int lanes)
{
    dispatch_rank *rank = &dispatch->rank[number];
    held_ticket *held = realloc(rank->held, ((size_t)lanes + 1) * sizeof *held);
    PNAS_CHECK(held, PNAS_ERROR_MEMORY, "no memory for %d lanes of rank %d", lanes, number);
    if (rank->state == RANK_UNHEARD)
        dispatch->hoped_for--;
    rank->state = RANK_IN;
    rank->held = held;
    rank->lanes = lanes;
    dispatch->in++;
    dispatch->lanes += lanes;
    dispatch->lanes_of[rank->kind] += lanes;
    if (dispatch->lanes > dispatch->most_lanes)
        dispatch->most_lanes = dispatch->lanes;
    dispatch->changes++;
    return PNAS_OK;
}

/* From now on it is not counted with. */
static void strike_off(pnas_dispatch *dispatch, dispatch_rank *rank)
{
    if (rank->state == RANK_UNHEARD)
        dispatch->hoped_for--;
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
    return dispatch->in + dispatch->hoped_for > 0;
}

bool pnas_dispatch_others_left(const pnas_dispatch *dispatch, int rank)
{
    int mine = dispatch->rank[rank].state != RANK_GONE;
    return dispatch->in + dispatch->hoped_for > mine;
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
    return asked->state == RANK_IN && asked->held_count < lanes_of(dispatch, asked);
}

bool pnas_dispatch_idle(const pnas_dispatch *dispatch)
{
    for (int rank = 0; dispatch->waiting == 0 && rank < dispatch->ranks; rank++)
        if (pnas_dispatch_is_free(dispatch, rank))
            return true;
    return false;
}

/* --- who gets what --- */

static bool may_take(const pnas_dispatch *dispatch, int rank, const dispatch_ticket *ticket)
{
    bool others = dispatch->in + dispatch->hoped_for > 1;
    return ticket->state == TICKET_WAITING && (ticket->given_back_by != rank || !others);
}

static size_t number_of(const pnas_dispatch *dispatch, const dispatch_ticket *ticket)
{
    return (size_t)(ticket - dispatch->ticket);
}

/* The first in the order that `rank` may take. */
static size_t longest_waiting(pnas_dispatch *dispatch, int rank)
{
    while (dispatch->first < dispatch->count && dispatch->order[dispatch->first]->state != TICKET_WAITING)
        dispatch->first++;
    for (size_t i = dispatch->first; i < dispatch->count; i++)
        if (may_take(dispatch, rank, dispatch->order[i]))
            return number_of(dispatch, dispatch->order[i]);
    return PNAS_NO_TICKET;
}

double pnas_dispatch_remaining(const pnas_dispatch *dispatch, const dispatch_rank *rank,
                               const held_ticket *held, double now)
{
    double expected = expect(dispatch, rank->kind, &dispatch->ticket[held->ticket]);
    bool measured = dispatch->all_kinds.count > 0;
    return held->runs && measured ? fmax(expected - (now - held->since), 0.02 * expected) : expected;
}

double pnas_dispatch_seconds_left(const pnas_dispatch *dispatch, double now)
{
    double longest = 0;
    for (int r = 0; r < dispatch->ranks; r++) {
        const dispatch_rank *rank = &dispatch->rank[r];
        for (int i = 0; i < rank->held_count; i++)
            if (!dispatch->ticket[rank->held[i].ticket].spare)
                longest = fmax(longest, pnas_dispatch_remaining(dispatch, rank, &rank->held[i], now));
    }
    return longest;
}

/* Whether `ticket`, waiting at `rank` until a lane of it is free, would be done before the level can end. */
static bool can_wait_there(const pnas_dispatch *dispatch, const dispatch_rank *rank, size_t ticket)
{
    double soonest = INFINITY;
    for (int i = 0; i < rank->held_count; i++)
        soonest = fmin(soonest, expect(dispatch, rank->kind, &dispatch->ticket[rank->held[i].ticket]));
    double there = expect(dispatch, rank->kind, &dispatch->ticket[ticket]);
    int lanes = dispatch->pieces ? dispatch->in : dispatch->lanes;
    return soonest + there <= dispatch->waiting_seconds / lanes;
}

typedef struct { /* a lane of a projected schedule */
    int rank, kind;
    double free_in; /* seconds */
} projected_lane;

static void project_lanes(const pnas_dispatch *dispatch, double now, projected_lane *lane)
{
    int count = 0;
    for (int r = 0; r < dispatch->ranks; r++) {
        const dispatch_rank *rank = &dispatch->rank[r];
        for (int i = 0; rank->state == RANK_IN && i < rank->lanes; i++)
            lane[count++] = (projected_lane){
                r, rank->kind,
                i < rank->held_count ? pnas_dispatch_remaining(dispatch, rank, &rank->held[i], now) : 0};
    }
}

/* Gives the waiting tickets, longest first, to the lane that is expected to finish each soonest, and returns
 * the first that comes to a lane of `rank` that is free now. */
static size_t projected(pnas_dispatch *dispatch, int rank, double now)
{
    projected_lane *lane = malloc((size_t)dispatch->lanes * sizeof *lane);
    size_t found = lane ? PNAS_NO_TICKET : longest_waiting(dispatch, rank);
    if (lane)
        project_lanes(dispatch, now, lane);
    for (size_t i = dispatch->first; lane && i < dispatch->count && found == PNAS_NO_TICKET; i++) {
        const dispatch_ticket *ticket = dispatch->order[i];
        double soonest = INFINITY, seconds[PNAS_DEVICE_KINDS_MAX];
        int best = -1;
        if (ticket->state != TICKET_WAITING)
            continue;
        for (int kind = 0; kind < PNAS_DEVICE_KINDS_MAX; kind++)
            seconds[kind] = dispatch->lanes_of[kind] ? expect(dispatch, kind, ticket) : 0;
        for (int l = 0; l < dispatch->lanes; l++) {
            double end = lane[l].free_in + seconds[lane[l].kind];
            if (!may_take(dispatch, lane[l].rank, ticket) || end >= soonest)
                continue;
            soonest = end;
            best = l;
        }
        if (best < 0)
            continue;
        if (lane[best].rank == rank && lane[best].free_in <= 0)
            found = number_of(dispatch, ticket);
        lane[best].free_in = soonest;
    }
    free(lane);
    return found;
}

static size_t choose(pnas_dispatch *dispatch, int number, double now)
{
    const dispatch_rank *rank = &dispatch->rank[number];
    bool free_now = rank->held_count < lanes_of(dispatch, rank);
    bool small = (double)dispatch->waiting * dispatch->lanes <= PROJECTION_MAX;
    if (!dispatch->pieces && is_mixed(dispatch) && small)
        return free_now ? projected(dispatch, number, now) : PNAS_NO_TICKET;
    size_t ticket = longest_waiting(dispatch, number);
    if (ticket == PNAS_NO_TICKET)
        return ticket;
    if (dispatch->ticket[ticket].spare)
        return free_now ? ticket : PNAS_NO_TICKET;
    if (!free_now && !can_wait_there(dispatch, rank, ticket))
        return PNAS_NO_TICKET;
    return dispatch->pieces ? ticket : pnas_dispatch_planned(dispatch, number, ticket, now);
}

size_t pnas_dispatch_next(pnas_dispatch *dispatch, int number, double now, bool *starts)
{
    dispatch_rank *rank = &dispatch->rank[number];
    if (starts)
        *starts = false;
    bool full = rank->state != RANK_IN || rank->held_count > lanes_of(dispatch, rank);
    if (full || dispatch->waiting == 0 || dispatch->left == 0 || rank->refused_at == dispatch->changes)
        return PNAS_NO_TICKET;
    size_t ticket = choose(dispatch, number, now);
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
        held.ticket = number_of(dispatch, ticket);
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
    dispatch->most_lanes = dispatch->lanes;
    dispatch->pieces = !jobs;
    dispatch->changes++;
    fill(dispatch, jobs, 0, false);
    take_over(dispatch, before, before_count);
    free(before);
    sort(dispatch);
    return PNAS_OK;
}

pnas_status pnas_dispatch_add(pnas_dispatch *dispatch, const pnas_job *jobs, size_t count)
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
    dispatch->changes++;
    fill(dispatch, jobs, from, true);
    sort(dispatch);
    return PNAS_OK;
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
