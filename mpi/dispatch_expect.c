/* What tickets are expected to take, by what is known so far, and their order. */
#include "mpi/dispatch_state.h"

#include <math.h>
#include <stdlib.h>

double pnas_dispatch_expect(const pnas_dispatch *dispatch, int kind, const dispatch_ticket *ticket)
{
    if (dispatch->pieces)
        return 1;
    const pnas_duration_model *model = &dispatch->model[kind];
    double seconds = pnas_duration_expect(model->count ? model : &dispatch->all_kinds, &ticket->job);
    return seconds > 0 ? seconds : 1;
}

int pnas_dispatch_main_kind(const pnas_dispatch *dispatch)
{
    int main_kind = 0;
    for (int kind = 1; kind < PNAS_DEVICE_KINDS_MAX; kind++)
        if (dispatch->lanes_of[kind] > dispatch->lanes_of[main_kind])
            main_kind = kind;
    return main_kind;
}

static int as_they_came(const void *a, const void *b)
{
    const dispatch_ticket *left = *(dispatch_ticket *const *)a, *right = *(dispatch_ticket *const *)b;
    return left->spare != right->spare ? left->spare - right->spare : (left > right) - (left < right);
}

static int longest_first(const void *a, const void *b)
{
    const dispatch_ticket *left = *(dispatch_ticket *const *)a, *right = *(dispatch_ticket *const *)b;
    if (left->spare || right->spare)
        return as_they_came(a, b);
    if (left->expected != right->expected)
        return left->expected > right->expected ? -1 : 1;
    if (left->job.cost != right->job.cost)
        return left->job.cost > right->job.cost ? -1 : 1;
    return (left > right) - (left < right);
}

void pnas_dispatch_sort(pnas_dispatch *dispatch)
{
    int kind = pnas_dispatch_main_kind(dispatch);
    dispatch->waiting_seconds = 0;
    for (size_t i = 0; i < dispatch->count; i++) {
        dispatch_ticket *ticket = &dispatch->ticket[i];
        ticket->expected = pnas_dispatch_expect(dispatch, kind, ticket);
        dispatch->waiting_seconds += ticket->state == TICKET_WAITING ? ticket->expected : 0;
    }
    qsort(dispatch->order, dispatch->count, sizeof *dispatch->order,
          dispatch->more ? as_they_came : longest_first);
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
void pnas_dispatch_sort_if_learned(pnas_dispatch *dispatch)
{
    size_t known = dispatch->sorted_at, enough = known == 0 ? 1 : known + known / 2 + 4;
    if (dispatch->waiting && dispatch->all_kinds.count >= enough)
        pnas_dispatch_sort(dispatch);
}

double pnas_dispatch_remaining(const pnas_dispatch *dispatch, const dispatch_rank *rank,
                               const held_ticket *held, double now)
{
    double expected = pnas_dispatch_expect(dispatch, rank->kind, &dispatch->ticket[held->ticket]);
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
