/* What the files of the dispatch share: dispatch.c (tickets, ranks and runs) asks dispatch_choice.c, which
 * asks dispatch_plan.c, and all ask dispatch_expect.c; dispatch_usage.c says what a run took. Private to
 * them. Local. */
#ifndef PNAS_MPI_DISPATCH_STATE_H
#define PNAS_MPI_DISPATCH_STATE_H

#include "mpi/dispatch.h"
#include "src/search/duration_model.h"

typedef enum { TICKET_WAITING, TICKET_HELD, TICKET_DONE } ticket_state;

typedef struct {
    pnas_job job; /* unless it is one of equal pieces */
    bool spare;   /* nothing waits for it */
    ticket_state state;
    int attempts;
    int given_back_by; /* the last rank that could not do it, or -1 */
    double expected;   /* on the commonest kind of device */
    size_t place;      /* in the order */
    int kind;          /* DONE: of the device */
    double seconds;    /* DONE: of this run */
    int cut_kind;
    double cut_seconds; /* of this run, on ranks that left before they had finished it */
} dispatch_ticket;

typedef struct {
    size_t ticket;
    double given; /* when */
    double since; /* it was given, or runs */
    bool runs;    /* otherwise it waits there for a lane */
} held_ticket;

typedef enum { RANK_UNKNOWN, RANK_IN, RANK_GONE } rank_state;

typedef struct {
    rank_state state;
    int kind, lanes, held_count;
    held_ticket *held;   /* [lanes + 1] */
    uint64_t refused_at; /* `changes` when there was nothing for it */
} dispatch_rank;

struct pnas_dispatch {
    int ranks, in, awaited;
    dispatch_rank *rank;   /* [ranks] */
    int lanes, most_lanes; /* most: of this run, as at its end all ranks may have left */
    int lanes_of[PNAS_DEVICE_KINDS_MAX], most_lanes_of[PNAS_DEVICE_KINDS_MAX];
    pnas_duration_model model[PNAS_DEVICE_KINDS_MAX], all_kinds;
    uint64_t changes; /* counts what may change a decision */

    bool pieces;                  /* the tickets are no jobs */
    bool more;                    /* others will come once the oldest are done */
    size_t count, waiting, first; /* first: nothing before it in the order waits */
    size_t left;                  /* not done, of those that are waited for */
    dispatch_ticket *ticket;      /* [count] */
    dispatch_ticket **order;      /* [count], longest first, or as they came; spare ones last */
    double waiting_seconds;       /* expected, of all that wait */
    size_t sorted_at;             /* measurements when it was last sorted */
    double began, last;           /* last: when a ticket was last done */
};

static inline size_t pnas_dispatch_number(const pnas_dispatch *dispatch, const dispatch_ticket *ticket)
{
    return (size_t)(ticket - dispatch->ticket);
}

/* Equal pieces are a rank's, not a lane's. */
static inline int pnas_dispatch_lanes_at(const pnas_dispatch *dispatch, const dispatch_rank *rank)
{
    return dispatch->pieces ? 1 : rank->lanes;
}

/* --- dispatch_expect.c --- */

double pnas_dispatch_expect(const pnas_dispatch *dispatch, int kind, const dispatch_ticket *ticket);
double pnas_dispatch_remaining(const pnas_dispatch *dispatch, const dispatch_rank *rank,
                               const held_ticket *held, double now);
int pnas_dispatch_main_kind(const pnas_dispatch *dispatch); /* with most lanes */

/* Puts the tickets in order by what is known now; or only if enough was learned since. */
void pnas_dispatch_sort(pnas_dispatch *dispatch);
void pnas_dispatch_sort_if_learned(pnas_dispatch *dispatch);

/* --- dispatch_choice.c --- */

/* The ticket that `rank`, which is not full, is to get now, or PNAS_NO_TICKET. */
size_t pnas_dispatch_choose(pnas_dispatch *dispatch, int rank, double now);

/* --- dispatch_plan.c --- */

/* What a rank gets instead of `longest`, the longest ticket that waits, which it may take: where handing out
 * the longest first would end the level late, a ticket of its share in a division that ends earlier. One kind
 * of device. PNAS_NO_TICKET: nothing more is to wait at this rank, which is busy. */
size_t pnas_dispatch_planned(const pnas_dispatch *dispatch, int rank, size_t longest, double now);

#endif
