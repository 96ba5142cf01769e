/* Which ticket a rank gets. */
#include "mpi/dispatch_state.h"

#include <math.h>
#include <stdlib.h>

#define PROJECTION_MAX 1000000 /* tickets times lanes that are looked at for one decision */

static bool may_take(const pnas_dispatch *dispatch, int rank, const dispatch_ticket *ticket)
{
    bool others = dispatch->in + dispatch->awaited > 1;
    return ticket->state == TICKET_WAITING && (ticket->given_back_by != rank || !others);
}

/* The first in the order that `rank` may take. */
static size_t longest_waiting(pnas_dispatch *dispatch, int rank)
{
    while (dispatch->first < dispatch->count && dispatch->order[dispatch->first]->state != TICKET_WAITING)
        dispatch->first++;
    for (size_t i = dispatch->first; i < dispatch->count; i++)
        if (may_take(dispatch, rank, dispatch->order[i]))
            return pnas_dispatch_number(dispatch, dispatch->order[i]);
    return PNAS_NO_TICKET;
}

/* Whether `ticket`, waiting at `rank` until a lane of it is free, would be done before the level can end. */
static bool can_wait_there(const pnas_dispatch *dispatch, const dispatch_rank *rank, size_t ticket)
{
    double soonest = INFINITY;
    for (int i = 0; i < rank->held_count; i++)
        soonest = fmin(soonest,
                       pnas_dispatch_expect(dispatch, rank->kind, &dispatch->ticket[rank->held[i].ticket]));
    double there = pnas_dispatch_expect(dispatch, rank->kind, &dispatch->ticket[ticket]);
    int lanes = dispatch->pieces ? dispatch->in : dispatch->lanes;
    return soonest + there <= dispatch->waiting_seconds / lanes;
}

static bool is_mixed(const pnas_dispatch *dispatch)
{
    int kinds = 0;
    for (int kind = 0; kind < PNAS_DEVICE_KINDS_MAX; kind++)
        kinds += dispatch->lanes_of[kind] > 0;
    return kinds > 1;
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
            seconds[kind] = dispatch->lanes_of[kind] ? pnas_dispatch_expect(dispatch, kind, ticket) : 0;
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
            found = pnas_dispatch_number(dispatch, ticket);
        lane[best].free_in = soonest;
    }
    free(lane);
    return found;
}

size_t pnas_dispatch_choose(pnas_dispatch *dispatch, int number, double now)
{
    const dispatch_rank *rank = &dispatch->rank[number];
    bool free_now = rank->held_count < pnas_dispatch_lanes_at(dispatch, rank);
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
