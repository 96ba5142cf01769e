/* Looking ahead to the end of a run. Longest first is a good rule where many tickets are left for each lane;
 * where they do not come out even, say three a lane and one more, it leaves the one more for last. */
#include "mpi/dispatch_state.h"
#include "mpi/division.h"

#include <assert.h>
#include <stdlib.h>

#define LANES_DEEP  16   /* tickets a lane from which on looking ahead gives nothing yet */
#define PLAN_MAX    4096 /* tickets and lanes that are looked at for one decision */
#define WORTH_WHILE 0.03 /* of the span: less is lost to durations that come out otherwise */

typedef struct {
    size_t count, lanes;
    size_t *ticket; /* [count], in the order */
    double *work;   /* [count], expected */
    double *busy;   /* [lanes] */
    int *rank;      /* [lanes] */
    pnas_division division;
} plan;

/* What a rank gave back is in no plan, since it goes to another one at once, nor what nothing waits for. */
static void plan_tickets(const pnas_dispatch *dispatch, plan *self)
{
    int kind = pnas_dispatch_main_kind(dispatch);
    for (size_t i = dispatch->first; i < dispatch->count; i++) {
        const dispatch_ticket *ticket = dispatch->order[i];
        if (ticket->state != TICKET_WAITING || ticket->spare || ticket->given_back_by >= 0)
            continue;
        self->ticket[self->count] = pnas_dispatch_number(dispatch, ticket);
        self->work[self->count] = pnas_dispatch_expect(dispatch, kind, ticket);
        self->count++;
    }
}

static void plan_lanes_of(const pnas_dispatch *dispatch, int number, double now, plan *self)
{
    const dispatch_rank *rank = &dispatch->rank[number];
    double *busy = &self->busy[self->lanes];
    assert(rank->lanes > 0); /* or it would not be in */
    for (int i = 0; i < rank->lanes; i++) {
        self->rank[self->lanes++] = number;
        busy[i] = i < rank->held_count ? pnas_dispatch_remaining(dispatch, rank, &rank->held[i], now) : 0;
    }
    for (int i = rank->lanes; i < rank->held_count; i++) { /* waits for the lane that is free first */
        int first = 0;
        for (int k = 1; k < rank->lanes; k++)
            first = busy[k] < busy[first] ? k : first;
        busy[first] += pnas_dispatch_remaining(dispatch, rank, &rank->held[i], now);
    }
}

static bool make_plan(const pnas_dispatch *dispatch, double now, plan *self)
{
    size_t tickets = dispatch->waiting, lanes = (size_t)dispatch->lanes;
    self->ticket = malloc(tickets * sizeof *self->ticket);
    self->work = malloc(tickets * sizeof *self->work);
    self->busy = malloc(lanes * sizeof *self->busy);
    self->rank = malloc(lanes * sizeof *self->rank);
    self->division.lane = malloc(tickets * sizeof *self->division.lane);
    if (!self->ticket || !self->work || !self->busy || !self->rank || !self->division.lane)
        return false;
    plan_tickets(dispatch, self);
    for (int rank = 0; rank < dispatch->ranks; rank++)
        if (dispatch->rank[rank].state == RANK_IN)
            plan_lanes_of(dispatch, rank, now, self);
    /* forget_plan frees it all. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    return self->count > 0 && pnas_divide(self->work, self->count, self->busy, self->lanes, WORTH_WHILE,
                                          &self->division) == PNAS_OK;
}

static void forget_plan(plan *self)
{
    free(self->ticket);
    free(self->work);
    free(self->busy);
    free(self->rank);
    free(self->division.lane);
}

/* The longest of the rank's share. A rank that is free never idles: without a share it gets what is done
 * before the others are, or else the shortest. */
static size_t first_of(const plan *self, int rank, bool free_now)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->rank[self->division.lane[i]] == rank)
            return self->ticket[i];
    if (!free_now)
        return PNAS_NO_TICKET;
    for (size_t i = 0; i < self->count; i++)
        if (self->work[i] <= self->division.span)
            return self->ticket[i];
    return self->ticket[self->count - 1];
}

size_t pnas_dispatch_planned(const pnas_dispatch *dispatch, int rank, size_t longest, double now)
{
    size_t lanes = (size_t)dispatch->lanes, found = longest;
    plan ahead = {0};
    if (dispatch->more || dispatch->waiting < 2 || dispatch->waiting > lanes * LANES_DEEP ||
        dispatch->waiting + lanes > PLAN_MAX || dispatch->ticket[longest].given_back_by >= 0)
        return longest;
    bool better = make_plan(dispatch, now, &ahead) && ahead.division.span < ahead.division.longest_first;
    const dispatch_rank *asked = &dispatch->rank[rank];
    if (better)
        found = first_of(&ahead, rank, asked->held_count < pnas_dispatch_lanes_at(dispatch, asked));
    forget_plan(&ahead);
    return found;
}
