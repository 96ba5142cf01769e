#include "src/search/rungs/rungs.h"

#include <math.h>
#include <stdlib.h>

int pnas_rung_after(const pnas_search_options *options, int epochs)
{
    for (int i = 0; i < options->rungs; ++i)
        if (options->rung[i] > epochs)
            return options->rung[i];
    return 0;
}

bool pnas_is_rung(const pnas_search_options *options, int epochs)
{
    return epochs > 0 && pnas_rung_after(options, epochs - 1) == epochs;
}

/* How many of `count` children at a rung go on. */
static size_t count_kept(const pnas_search_options *options, size_t count)
{
    /* 0.1 of 30 are 3, although the product is a little more */
    size_t kept = (size_t)ceil(options->rung_share * (double)count - 1e-9);
    return kept < count ? (kept > 0 ? kept : 1) : count;
}

double pnas_rung_expected_share(const pnas_search_options *options, int from, int epochs)
{
    double sum = 0, reach = 1;
    for (int at = from, next; at < epochs; at = next) {
        int rung = pnas_rung_after(options, at);
        next = rung > 0 && rung < epochs ? rung : epochs;
        sum += reach * (next - at) / epochs;
        reach *= options->rung_share;
    }
    return sum;
}

pnas_status pnas_rungs_check(const pnas_search_options *options)
{
    PNAS_CHECK(options->rungs >= 0 && options->rungs <= PNAS_RUNGS_MAX, PNAS_ERROR_USAGE,
               "%d rungs; there may be at most %d", options->rungs, PNAS_RUNGS_MAX);
    for (int i = 0; i < options->rungs; ++i)
        PNAS_CHECK(options->rung[i] > (i > 0 ? options->rung[i - 1] : 0), PNAS_ERROR_USAGE,
                   "rung %d is after epoch %d; rungs are after epoch 1 at the earliest, and ascend", i + 1,
                   options->rung[i]);
    PNAS_CHECK(options->rungs == 0 || (options->rung_share > 0 && options->rung_share <= 1), PNAS_ERROR_USAGE,
               "a share of %g of the children at a rung; it must be above 0, and at most 1",
               options->rung_share);
    PNAS_CHECK(
        options->rungs == 0 || !options->overlap, PNAS_ERROR_USAGE,
        "levels that overlap and rungs were asked for; at a rung a whole level is awaited, so take one of "
        "them");
    return PNAS_OK;
}

/* --- the choice --- */

typedef struct {
    pnas_child *child;
    double accuracy;
    int level;
    size_t index;
} candidate;

static int best_first(const void *a, const void *b)
{
    const candidate *left = a, *right = b;
    if (left->accuracy != right->accuracy)
        return left->accuracy > right->accuracy ? -1 : 1;
    if (left->child->order != right->child->order)
        return left->child->order - right->child->order;
    if (left->level != right->level)
        return left->level - right->level;
    return (left->index > right->index) - (left->index < right->index);
}

static int lowest_rung(const pnas_level *level, int levels)
{
    int lowest = 0;
    for (int l = 0; l < levels; ++l)
        for (size_t i = 0; i < level[l].count; ++i) {
            const pnas_result *result = &level[l].child[i].result;
            if (result->status == PNAS_CHILD_PAUSED && (lowest == 0 || result->epochs < lowest))
                lowest = result->epochs;
        }
    return lowest;
}

/* The children that wait at this rung, in `out`; returns how many. */
static size_t collect(pnas_level *level, int levels, int epoch, candidate *out)
{
    size_t count = 0;
    for (int l = 0; l < levels; ++l)
        for (size_t i = 0; i < level[l].count; ++i) {
            pnas_child *child = &level[l].child[i];
            if (child->result.status == PNAS_CHILD_PAUSED && child->result.epochs == epoch)
                out[count++] = (candidate){child, pnas_result_accuracy_after(&child->result, epoch), l, i};
        }
    return count;
}

pnas_status pnas_rungs_choose(const pnas_search_options *options, pnas_level *level, int levels,
                              pnas_rung_choice *out)
{
    size_t paused = 0;
    for (int l = 0; l < levels; ++l)
        paused += pnas_level_count(&level[l], PNAS_CHILD_PAUSED);
    PNAS_CHECK(paused > 0, PNAS_ERROR_INTERNAL, "no child is at a rung, but some were to be chosen there");
    candidate *waiting = malloc(paused * sizeof *waiting);
    PNAS_CHECK(waiting, PNAS_ERROR_MEMORY, "out of memory for %zu children at a rung", paused);
    *out = (pnas_rung_choice){.epoch = lowest_rung(level, levels)};
    size_t count = collect(level, levels, out->epoch, waiting);
    qsort(waiting, count, sizeof *waiting, best_first);
    out->kept = count_kept(options, count);
    out->stopped = count - out->kept;
    for (size_t i = 0; i < count; ++i)
        waiting[i].child->result.status = i < out->kept ? PNAS_CHILD_PENDING : PNAS_CHILD_STOPPED;
    free(waiting);
    return PNAS_OK;
}
