#include "cl/runtime/launch_order.h"

#include <stdlib.h>
#include <string.h>

/* --- overlaps --- */

typedef struct { /* pieces of `length` bytes, the first at `first`, the next `stride` on */
    size_t first, length, stride, count;
} strided;

/* Pieces that touch each other are one. */
static strided normal(const pnas_access *access)
{
    strided s = {access->first, access->length, access->stride, access->count};
    if (s.count > 1 && s.stride <= s.length) {
        s.length += (s.count - 1) * s.stride;
        s.count = 1;
    }
    return s;
}

static size_t end_of(const strided *s)
{
    return s->first + (s->count - 1) * s->stride + s->length;
}

/* Whether a piece of s and the bytes from `first` to `end` meet: of the pieces that start before `end` the last is
 * the one that reaches furthest. */
static bool meets(const strided *s, size_t first, size_t end)
{
    if (end <= s->first)
        return false;
    size_t last = s->count > 1 ? (end - 1 - s->first) / s->stride : 0;
    if (last >= s->count)
        last = s->count - 1;
    return s->first + last * s->stride + s->length > first;
}

bool pnas_access_overlap(const pnas_access *access, const pnas_access *other)
{
    if (!access->buffer || access->buffer != other->buffer || access->length == 0 || other->length == 0 ||
        access->count == 0 || other->count == 0)
        return false;
    strided a = normal(access), b = normal(other);
    if (a.first >= end_of(&b) || b.first >= end_of(&a))
        return false;
    if (a.count > b.count) {
        strided swapped = a;
        a = b;
        b = swapped;
    }
    for (size_t i = 0; i < a.count; ++i)
        if (meets(&b, a.first + i * a.stride, a.first + i * a.stride + a.length))
            return true;
    return false;
}

/* --- order --- */

static bool says_nothing(const pnas_launch *launch)
{
    return launch->call || !launch->access;
}

static bool conflict(const pnas_launch *a, const pnas_launch *b)
{
    if (says_nothing(a) || says_nothing(b))
        return true;
    for (int i = 0; i < a->accesses; ++i)
        for (int j = 0; j < b->accesses; ++j)
            if ((a->access[i].write || b->access[j].write) &&
                pnas_access_overlap(&a->access[i], &b->access[j]))
                return true;
    return false;
}

/* The later of the earlier ones first, so that most of the rest is known without a look. */
static size_t find_before(const pnas_launch_list *list, pnas_launch_order *order, size_t i, size_t *before)
{
    uint64_t *mine = order->ancestor + i * order->words;
    size_t found = 0;
    for (size_t j = i; j-- > 0;) {
        if (pnas_launch_order_waits(order, i, j) || !conflict(&list->item[i], &list->item[j]))
            continue;
        const uint64_t *its = order->ancestor + j * order->words;
        for (size_t w = 0; w < order->words; ++w)
            mine[w] |= its[w];
        mine[j / 64] |= UINT64_C(1) << j % 64;
        before[found++] = j;
    }
    return found;
}

static pnas_status fill(const pnas_launch_list *list, pnas_launch_order *order, size_t *row)
{
    size_t used = 0, room = 0;
    for (size_t i = 0; i < list->count; ++i) {
        size_t found = find_before(list, order, i, row);
        if (used + found > room) {
            room = 2 * (used + found);
            size_t *more = realloc(order->before, room * sizeof *more);
            PNAS_CHECK(more, PNAS_ERROR_MEMORY, "no memory for the order of %zu launches", list->count);
            order->before = more;
        }
        if (found)
            memcpy(order->before + used, row, found * sizeof *row);
        order->first[i] = used;
        used += found;
    }
    order->first[list->count] = used;
    return PNAS_OK;
}

pnas_status pnas_launch_order_create(const pnas_launch_list *list, pnas_launch_order *out)
{
    size_t *row = malloc((list->count + 1) * sizeof *row);
    pnas_status status;
    *out = (pnas_launch_order){.count = list->count, .words = (list->count + 63) / 64};
    out->first = calloc(list->count + 1, sizeof *out->first);
    out->ancestor = calloc(list->count * out->words + 1, sizeof *out->ancestor);
    PNAS_CHECK_CLEANUP(row && out->first && out->ancestor, PNAS_ERROR_MEMORY,
                       "no memory for the order of %zu launches", list->count);
    status = fill(list, out, row);
cleanup:
    free(row);
    if (status != PNAS_OK)
        pnas_launch_order_clear(out);
    return status;
}

void pnas_launch_order_clear(pnas_launch_order *order)
{
    free(order->first);
    free(order->before);
    free(order->ancestor);
    *order = (pnas_launch_order){0};
}

void pnas_launch_order_depths(const pnas_launch_order *order, size_t *depth)
{
    for (size_t i = 0; i < order->count; ++i) {
        depth[i] = 1;
        for (size_t k = order->first[i]; k < order->first[i + 1]; ++k)
            if (depth[order->before[k]] >= depth[i])
                depth[i] = depth[order->before[k]] + 1;
    }
}
