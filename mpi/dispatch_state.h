/* What dispatch.c (decisions), dispatch_plan.c (looking ahead) and dispatch_usage.c (what became of them)
 * share; private to them. */
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
} dispatch_ticket;

typedef struct {
    size_t ticket;
    double given; /* when */
    double since; /* it was given, or runs */
    bool runs;    /* otherwise it waits there for a lane */
} held_ticket;

typedef enum { RANK_UNHEARD, RANK_IN, RANK_GONE } rank_state;

typedef struct {
    rank_state state;
    int kind, lanes, held_count;
    held_ticket *held;   /* [lanes + 1] */
    uint64_t refused_at; /* `changes` when there was nothing for it */
} dispatch_rank;

struct pnas_dispatch {
    int ranks, in, hoped_for;
    dispatch_rank *rank; /* [ranks] */
    int lanes, most_lanes;
    int lanes_of[PNAS_DEVICE_KINDS_MAX];
    pnas_duration_model model[PNAS_DEVICE_KINDS_MAX], all_kinds;
    uint64_t changes; /* counts what may change a decision */

    bool pieces;                  /* the tickets are no jobs */
    size_t count, waiting, first; /* first: nothing before it in the order waits */
    size_t left;                  /* not done, of those that are waited for */
    dispatch_ticket *ticket;      /* [count] */
    dispatch_ticket **order;      /* [count], longest first, then the spare ones as they came */
    double waiting_seconds;       /* expected, of all that wait */
    size_t sorted_at;             /* measurements when it was last sorted */
    double began, last;           /* last: when a ticket was last done */
};

double pnas_dispatch_expect(const pnas_dispatch *dispatch, int kind, size_t ticket);
double pnas_dispatch_remaining(const pnas_dispatch *dispatch, const dispatch_rank *rank,
                               const held_ticket *held, double now);
int pnas_dispatch_main_kind(const pnas_dispatch *dispatch); /* with most lanes */

/* What a rank gets instead of `longest`, the longest ticket that waits, which it may take: where handing out
 * the longest first would end the level late, a ticket of its share in a division that ends earlier. One kind
 * of device. PNAS_NO_TICKET: nothing more is to wait at this rank, which is busy. */
size_t pnas_dispatch_planned(const pnas_dispatch *dispatch, int rank, size_t longest, double now);

#endif
