#include "cl/runtime/launch_schedule.h"

#include <stdlib.h>
#include <string.h>

/* A list scheduler. A round takes every launch of one kind that waits for nothing any more. Of the kinds that have
 * such launches it prefers one that would not gain by waiting: `missing` counts those launches of the kind that are
 * not ready, though all that they still wait for is of other kinds. */

typedef struct {
    const pnas_launch_order *order;
    size_t first; /* its launches are numbered from here on */
} part;

typedef struct {
    const size_t *kind;
    size_t launches, kinds;
    size_t *part_of; /* [launches] */
    part *part;
    size_t *first, *after; /* [launches + 1]: those that wait for a launch */
    size_t *height;        /* [launches] how many must run one after the other from it on */
    size_t *own;   /* [launches] of those that it waits for, how many are of its kind and have not run */
    size_t *waits; /* [launches] how many it waits for directly and have not run */
    size_t *ready, *missing, *tallest; /* [kinds] */
    bool *done;                        /* [launches] */
} work;

/* The kind of least cost is next, at equal cost the one with the longest chain behind it (MOST: with most launches). */
typedef enum {
    RULE_CHAIN,       /* cost: what is missing */
    RULE_MOST,        /* the same */
    RULE_CHAIN_ALONE, /* none */
    RULE_SHARE,       /* what is missing for each launch that is ready: many that are ready wait for no one */
    RULE_SHARE_ROOT,  /* between the last and what is missing */
    RULE_BALANCE,     /* what is missing against the chain */
    RULES
} schedule_rule;

enum { CHAIN_OF_MISSING = 4 }; /* as long a chain makes up for a missing launch */

static const part *part_of(const work *w, size_t launch)
{
    return &w->part[w->part_of[launch]];
}

/* --- what does not change --- */

static pnas_status find_after(work *w)
{
    size_t edges = 0;
    for (size_t i = 0; i < w->launches; ++i) {
        const part *p = part_of(w, i);
        edges += p->order->first[i - p->first + 1] - p->order->first[i - p->first];
    }
    w->first = calloc(w->launches + 2, sizeof *w->first);
    w->after = calloc(edges + 1, sizeof *w->after);
    PNAS_CHECK(w->first && w->after, PNAS_ERROR_MEMORY, "no memory for %zu launches", w->launches);
    for (size_t pass = 0; pass < 2; ++pass) {
        for (size_t i = 0; i < w->launches; ++i) {
            const part *p = part_of(w, i);
            for (size_t k = p->order->first[i - p->first]; k < p->order->first[i - p->first + 1]; ++k) {
                size_t before = p->first + p->order->before[k];
                if (pass == 0)
                    ++w->first[before + 2];
                else
                    w->after[w->first[before + 1]++] = i;
            }
        }
        for (size_t i = 2; pass == 0 && i < w->launches + 2; ++i)
            w->first[i] += w->first[i - 1];
    }
    return PNAS_OK;
}

static void find_heights(work *w)
{
    for (size_t i = w->launches; i-- > 0;) {
        w->height[i] = 1;
        for (size_t k = w->first[i]; k < w->first[i + 1]; ++k)
            if (w->height[w->after[k]] >= w->height[i])
                w->height[i] = w->height[w->after[k]] + 1;
    }
}

/* --- a run of a rule --- */

static void count_as(work *w, size_t i)
{
    if (w->waits[i] == 0)
        ++w->ready[w->kind[i]];
    else if (w->own[i] == 0)
        ++w->missing[w->kind[i]];
}

static void uncount(work *w, size_t i)
{
    if (w->waits[i] == 0)
        --w->ready[w->kind[i]];
    else if (w->own[i] == 0)
        --w->missing[w->kind[i]];
}

static void begin(work *w)
{
    memset(w->ready, 0, w->kinds * sizeof *w->ready);
    memset(w->missing, 0, w->kinds * sizeof *w->missing);
    memset(w->done, 0, w->launches * sizeof *w->done);
    for (size_t i = 0; i < w->launches; ++i) {
        const part *p = part_of(w, i);
        size_t own = i - p->first;
        w->waits[i] = p->order->first[own + 1] - p->order->first[own];
        w->own[i] = 0;
        for (size_t j = 0; j < own; ++j)
            w->own[i] += w->kind[p->first + j] == w->kind[i] && pnas_launch_order_waits(p->order, own, j);
        count_as(w, i);
    }
}

/* Of a kind that has launches that are ready. */
static double cost_of(const work *w, schedule_rule rule, size_t kind)
{
    double missing = (double)w->missing[kind], ready = (double)w->ready[kind];
    switch (rule) {
    case RULE_SHARE:
        return missing / ready;
    case RULE_SHARE_ROOT:
        return missing * missing / ready;
    case RULE_BALANCE:
        return CHAIN_OF_MISSING * missing - (double)w->tallest[kind];
    case RULE_CHAIN_ALONE:
        return 0;
    default:
        return missing;
    }
}

/* The kind of the next round. */
static size_t choose(work *w, schedule_rule rule)
{
    const size_t *key = rule == RULE_MOST ? w->ready : w->tallest;
    size_t best = w->kinds;
    double least = 0;
    memset(w->tallest, 0, w->kinds * sizeof *w->tallest);
    for (size_t i = 0; i < w->launches; ++i)
        if (!w->done[i] && w->waits[i] == 0 && w->height[i] > w->tallest[w->kind[i]])
            w->tallest[w->kind[i]] = w->height[i];
    for (size_t k = 0; k < w->kinds; ++k) {
        if (w->ready[k] == 0)
            continue;
        double cost = cost_of(w, rule, k);
        if (best == w->kinds || cost < least || (cost == least && key[k] > key[best])) {
            best = k;
            least = cost;
        }
    }
    return best;
}

static void finish(work *w, size_t i)
{
    const part *p = part_of(w, i);
    for (size_t k = w->first[i]; k < w->first[i + 1]; ++k) {
        size_t later = w->after[k];
        uncount(w, later);
        --w->waits[later];
        count_as(w, later);
    }
    for (size_t later = i + 1; later < p->first + p->order->count; ++later)
        if (w->kind[later] == w->kind[i] &&
            pnas_launch_order_waits(p->order, later - p->first, i - p->first)) {
            uncount(w, later);
            --w->own[later];
            count_as(w, later);
        }
}

static void run_rule(work *w, schedule_rule rule, pnas_launch_schedule *out)
{
    size_t ran = 0;
    begin(w);
    out->rounds = 0;
    while (ran < w->launches) {
        size_t kind = choose(w, rule), from = ran;
        out->first[out->rounds++] = from;
        for (size_t i = 0; i < w->launches; ++i)
            if (!w->done[i] && w->waits[i] == 0 && w->kind[i] == kind)
                out->at[ran++] = i;
        for (size_t r = from; r < ran; ++r) {
            w->done[out->at[r]] = true;
            uncount(w, out->at[r]);
        }
        for (size_t r = from; r < ran; ++r)
            finish(w, out->at[r]);
    }
    out->first[out->rounds] = ran;
}

/* --- all rules --- */

static pnas_status make_schedule(size_t launches, pnas_launch_schedule *out)
{
    *out = (pnas_launch_schedule){.launches = launches,
                                  .at = calloc(launches + 1, sizeof *out->at),
                                  .first = calloc(launches + 1, sizeof *out->first)};
    PNAS_CHECK(out->at && out->first, PNAS_ERROR_MEMORY, "no memory for %zu launches", launches);
    return PNAS_OK;
}

static pnas_status make_work(const pnas_join_part *parts, size_t count, work *w)
{
    w->part = calloc(count + 1, sizeof *w->part);
    PNAS_CHECK(w->part, PNAS_ERROR_MEMORY, "no memory for %zu lists of launches", count);
    for (size_t p = 0; p < count; ++p) {
        w->part[p] = (part){parts[p].order, w->launches};
        w->launches += parts[p].list->count;
    }
    size_t **const arrays[] = {&w->part_of, &w->height, &w->own, &w->waits};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; ++i) {
        *arrays[i] = calloc(w->launches + 1, sizeof **arrays[i]);
        PNAS_CHECK(*arrays[i], PNAS_ERROR_MEMORY, "no memory for %zu launches", w->launches);
    }
    size_t **const of_kinds[] = {&w->ready, &w->missing, &w->tallest};
    for (size_t i = 0; i < sizeof of_kinds / sizeof *of_kinds; ++i) {
        *of_kinds[i] = calloc(w->kinds + 1, sizeof **of_kinds[i]);
        PNAS_CHECK(*of_kinds[i], PNAS_ERROR_MEMORY, "no memory for %zu kinds of launches", w->kinds);
    }
    w->done = calloc(w->launches + 1, sizeof *w->done);
    PNAS_CHECK(w->done, PNAS_ERROR_MEMORY, "no memory for %zu launches", w->launches);
    for (size_t p = 0; p < count; ++p)
        for (size_t i = 0; i < parts[p].list->count; ++i)
            w->part_of[w->part[p].first + i] = p;
    PNAS_TRY(find_after(w));
    find_heights(w);
    return PNAS_OK;
}

static void clear_work(work *w)
{
    void *const arrays[] = {w->part_of, w->part,  w->first,   w->after,   w->height, w->own,
                            w->waits,   w->ready, w->missing, w->tallest, w->done};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; ++i)
        free(arrays[i]);
}

pnas_status pnas_launch_schedule_create(const pnas_join_part *parts, size_t count, const size_t *kind,
                                        size_t kinds, pnas_launch_schedule *out)
{
    work w = {.kind = kind, .kinds = kinds};
    pnas_launch_schedule other = {0};
    pnas_status status;
    *out = (pnas_launch_schedule){0};
    PNAS_TRY_CLEANUP(make_work(parts, count, &w));
    PNAS_TRY_CLEANUP(make_schedule(w.launches, out));
    PNAS_TRY_CLEANUP(make_schedule(w.launches, &other));
    run_rule(&w, 0, out);
    for (schedule_rule r = 1; r < RULES; ++r) {
        run_rule(&w, r, &other);
        if (other.rounds < out->rounds) {
            pnas_launch_schedule fewer = other;
            other = *out;
            *out = fewer;
        }
    }
cleanup:
    clear_work(&w);
    pnas_launch_schedule_clear(&other);
    if (status != PNAS_OK)
        pnas_launch_schedule_clear(out);
    return status;
}

void pnas_launch_schedule_clear(pnas_launch_schedule *schedule)
{
    free(schedule->at);
    free(schedule->first);
    *schedule = (pnas_launch_schedule){0};
}
