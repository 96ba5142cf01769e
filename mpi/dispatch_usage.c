/* What a run took of the ranks, held against the best that any order could have done. */
#include "mpi/dispatch_state.h"

#include <math.h>
#include <stdlib.h>

/* How fast a kind of device is, the commonest one being 1: by what the done tickets are expected to take. */
static double speed_of(const pnas_dispatch *dispatch, int kind)
{
    int main_kind = pnas_dispatch_main_kind(dispatch);
    double there = 0, here = 0;
    bool known = kind != main_kind && dispatch->model[kind].count && dispatch->model[main_kind].count;
    for (size_t i = 0; known && i < dispatch->count; i++) {
        if (dispatch->ticket[i].state != TICKET_DONE)
            continue;
        there += pnas_dispatch_expect(dispatch, kind, &dispatch->ticket[i]);
        here += pnas_dispatch_expect(dispatch, main_kind, &dispatch->ticket[i]);
    }
    return there > 0 ? here / there : 1;
}

static int longest_first(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left < right) - (left > right);
}

/* Of the k m + 1 longest pieces some lane of m has k + 1, which take at least as long as the shortest k + 1
 * of them. `work` is in descending order. */
static double pigeonhole(const double *work, size_t count, size_t lanes)
{
    double best = 0;
    for (size_t k = 1; k * lanes < count; k++) {
        double sum = 0;
        for (size_t i = 0; i <= k; i++)
            sum += work[k * lanes - i];
        best = fmax(best, sum);
        if (k > 64) /* the mean says as much by then */
            break;
    }
    return best;
}

/* The longest of the pairs, if the `count` longest pieces lie two and two on m lanes or alone, the longest
 * with the shortest, which is the best that can be done then (Graham 1969). */
static double longest_pair(const double *work, size_t count, size_t lanes)
{
    double best = 0;
    for (size_t i = 0; i < lanes && i < count; i++) {
        size_t partner = 2 * lanes - 1 - i;
        best = fmax(best, work[i] + (partner < count ? work[partner] : 0));
    }
    return best;
}

/* Of the q longest pieces, m < q <= 2 m, some lane takes three, or else they lie in pairs: the shorter of the
 * two bounds holds. The more pieces, the longer the pairs and the shorter the three shortest; the q is sought
 * where they meet. */
static double pairs(const double *work, size_t count, size_t lanes)
{
    double best = count > 0 ? work[0] : 0;
    size_t low = lanes + 1 > 3 ? lanes + 1 : 3, high = count < 2 * lanes ? count : 2 * lanes;
    while (low <= high) {
        size_t q = low + (high - low) / 2;
        double pair = longest_pair(work, q, lanes), three = work[q - 1] + work[q - 2] + work[q - 3];
        best = fmax(best, fmin(pair, three));
        if (pair < three)
            low = q + 1;
        else
            high = q - 1;
    }
    return best;
}

/* What the spare tickets that run now have taken of this run; appended to `work`, which may be NULL. */
static void count_spare(const pnas_dispatch *dispatch, const double *speed, double *work, size_t *count,
                        pnas_level_usage *out)
{
    for (int r = 0; r < dispatch->ranks; r++) {
        const dispatch_rank *rank = &dispatch->rank[r];
        for (int i = 0; i < rank->held_count; i++) {
            double seconds = dispatch->last - fmax(rank->held[i].since, dispatch->began);
            if (!dispatch->ticket[rank->held[i].ticket].spare || !rank->held[i].runs || seconds <= 0)
                continue;
            out->busy_seconds += seconds;
            if (work)
                work[(*count)++] = seconds * speed[rank->kind];
        }
    }
}

/* `work` [count]: seconds on a device of speed 1; in any order. */
static double best_span(double *work, size_t count, size_t lanes, double fastest, double speed)
{
    double sum = 0;
    qsort(work, count, sizeof *work, longest_first);
    for (size_t i = 0; i < count; i++)
        sum += work[i];
    double bound = fmax(pairs(work, count, lanes), pigeonhole(work, count, lanes)) / fastest;
    return fmax(bound, sum / speed);
}

void pnas_dispatch_usage(const pnas_dispatch *dispatch, pnas_level_usage *out)
{
    double speed[PNAS_DEVICE_KINDS_MAX], fastest = 0, sum = 0;
    for (int kind = 0; kind < PNAS_DEVICE_KINDS_MAX; kind++) {
        speed[kind] = speed_of(dispatch, kind);
        sum += dispatch->most_lanes_of[kind] * speed[kind];
        fastest = dispatch->most_lanes_of[kind] ? fmax(fastest, speed[kind]) : fastest;
    }
    *out = (pnas_level_usage){.span_seconds = dispatch->last - dispatch->began};
    out->lane_seconds = out->span_seconds * dispatch->most_lanes;
    double *work = malloc(2 * (dispatch->count + 1) * sizeof *work);
    size_t count = 0;
    for (size_t i = 0; i < dispatch->count; i++) {
        const dispatch_ticket *ticket = &dispatch->ticket[i];
        out->busy_seconds += ticket->cut_seconds;
        if (work && ticket->cut_seconds > 0)
            work[count++] = ticket->cut_seconds * speed[ticket->cut_kind];
        if (ticket->state != TICKET_DONE)
            continue;
        out->busy_seconds += ticket->seconds;
        out->longest_seconds = fmax(out->longest_seconds, ticket->seconds);
        if (work)
            work[count++] = ticket->seconds * speed[ticket->kind];
    }
    count_spare(dispatch, speed, work, &count, out);
    if (count > 0 && fastest > 0)
        out->best_seconds = best_span(work, count, (size_t)dispatch->most_lanes, fastest, sum);
    free(work);
}
