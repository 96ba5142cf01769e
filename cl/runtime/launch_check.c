#include "cl/runtime/launch_check.h"

#include "cl/runtime/buffer.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/launch_join.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    cl_mem buffer; /* borrowed */
    size_t bytes;
    bool named;                                  /* a launch says that it accesses some of it */
    unsigned char *before, *after, *found, *map; /* [bytes]; map: READS, WRITES */
} memory;

typedef struct {
    pnas_cl *cl;
    memory *item;
    size_t count;
} memories;

enum { READS = 1, WRITES = 2 };

/* --- the buffers --- */

static pnas_status add_buffer(memories *all, cl_mem buffer)
{
    for (size_t i = 0; i < all->count; ++i)
        if (all->item[i].buffer == buffer)
            return PNAS_OK;
    memory *more = realloc(all->item, (all->count + 1) * sizeof *more);
    PNAS_CHECK(more, PNAS_ERROR_MEMORY, "no memory for the copies of %zu buffers", all->count + 1);
    all->item = more;
    memory *m = &all->item[all->count++];
    *m = (memory){.buffer = buffer};
    PNAS_TRY(pnas_cl_status(clGetMemObjectInfo(buffer, CL_MEM_SIZE, sizeof m->bytes, &m->bytes, NULL),
                            "clGetMemObjectInfo"));
    unsigned char **const copies[] = {&m->before, &m->after, &m->found, &m->map};
    for (size_t i = 0; i < sizeof copies / sizeof *copies; ++i) {
        *copies[i] = calloc(1, m->bytes);
        PNAS_CHECK(*copies[i], PNAS_ERROR_MEMORY, "no memory for a copy of %zu bytes", m->bytes);
    }
    return PNAS_OK;
}

static void look_for_names(const pnas_launch *launch, memories *all)
{
    for (int a = 0; a < launch->accesses; ++a)
        for (size_t i = 0; i < all->count; ++i)
            all->item[i].named |= all->item[i].buffer == launch->access[a].buffer;
}

static pnas_status gather(const pnas_launch_list *list, memories *all)
{
    for (size_t i = 0; i < list->count; ++i)
        for (int a = 0; a < list->item[i].arguments; ++a) {
            const pnas_arg *argument = &list->item[i].argument[a];
            cl_mem buffer;
            if (!argument->buffer)
                continue;
            memcpy(&buffer, argument->value, sizeof(cl_mem));
            PNAS_TRY(add_buffer(all, buffer));
        }
    for (size_t i = 0; i < list->count; ++i)
        look_for_names(&list->item[i], all);
    return PNAS_OK;
}

static void release(memories *all)
{
    for (size_t i = 0; i < all->count; ++i) {
        free(all->item[i].before);
        free(all->item[i].after);
        free(all->item[i].found);
        free(all->item[i].map);
    }
    free(all->item);
}

static unsigned char **copy_of(memory *m, size_t which)
{
    unsigned char **const copies[] = {&m->before, &m->after, &m->found};
    return copies[which];
}

enum { BEFORE, AFTER, FOUND };

static pnas_status read_all(const memories *all, size_t which)
{
    for (size_t i = 0; i < all->count; ++i)
        PNAS_TRY(pnas_buffer_read(all->cl, all->item[i].buffer, 0, all->item[i].bytes,
                                  *copy_of(&all->item[i], which)));
    return PNAS_OK;
}

static pnas_status write_all(const memories *all, size_t which)
{
    for (size_t i = 0; i < all->count; ++i)
        PNAS_TRY(pnas_buffer_write(all->cl, all->item[i].buffer, 0, all->item[i].bytes,
                                   *copy_of(&all->item[i], which)));
    return PNAS_OK;
}

/* --- accesses --- */

static pnas_status mark(const memories *all, const pnas_launch *launch)
{
    for (size_t i = 0; i < all->count; ++i)
        memset(all->item[i].map, 0, all->item[i].bytes);
    for (int a = 0; a < launch->accesses; ++a) {
        const pnas_access *access = &launch->access[a];
        memory *m = NULL;
        for (size_t i = 0; i < all->count; ++i)
            m = all->item[i].buffer == access->buffer ? &all->item[i] : m;
        for (size_t piece = 0; m && piece < access->count; ++piece) {
            size_t first = access->first + piece * access->stride;
            PNAS_CHECK(first + access->length <= m->bytes, PNAS_ERROR_INTERNAL,
                       "kernel %s says that it accesses bytes %zu to %zu of a buffer of %zu", launch->name,
                       first, first + access->length, m->bytes);
            for (size_t b = first; b < first + access->length; ++b)
                m->map[b] |= access->write ? WRITES : READS;
        }
    }
    return PNAS_OK;
}

/* Small as a float and as an index. */
static void disturb(memory *m)
{
    for (size_t b = 0; b < m->bytes; ++b)
        m->found[b] = m->map[b] || !m->named ? m->before[b] : b % 4 == 0;
}

static pnas_status check_writes(const memories *all, const pnas_launch *launch)
{
    for (size_t i = 0; i < all->count; ++i) {
        const memory *m = &all->item[i];
        for (size_t b = 0; b < m->bytes; ++b)
            PNAS_CHECK(m->before[b] == m->after[b] || m->map[b] & WRITES, PNAS_ERROR_INTERNAL,
                       "kernel %s (%s) wrote byte %zu of buffer %zu and does not say so", launch->name,
                       launch->label, b, i);
    }
    return PNAS_OK;
}

static pnas_status check_reads(const memories *all, const pnas_launch *launch)
{
    for (size_t i = 0; i < all->count; ++i) {
        const memory *m = &all->item[i];
        for (size_t b = 0; b < m->bytes; ++b)
            PNAS_CHECK(
                !(m->map[b] & WRITES) || m->found[b] == m->after[b], PNAS_ERROR_INTERNAL,
                "kernel %s (%s) read something that it does not name: byte %zu of buffer %zu depends on it",
                launch->name, launch->label, b, i);
    }
    return PNAS_OK;
}

static pnas_status check_launch(const memories *all, pnas_launch_list *list, size_t i)
{
    const pnas_launch *launch = &list->item[i];
    if (!launch->access)
        return pnas_launch_run_part(all->cl, list, i, i + 1, NULL);
    PNAS_TRY(mark(all, launch));
    PNAS_TRY(read_all(all, BEFORE));
    PNAS_TRY(pnas_launch_run_part(all->cl, list, i, i + 1, NULL));
    PNAS_TRY(read_all(all, AFTER));
    PNAS_TRY(check_writes(all, launch));
    for (size_t m = 0; m < all->count; ++m)
        disturb(&all->item[m]);
    PNAS_TRY(write_all(all, FOUND));
    PNAS_TRY(pnas_launch_run_part(all->cl, list, i, i + 1, NULL));
    PNAS_TRY(read_all(all, FOUND));
    PNAS_TRY(check_reads(all, launch));
    return write_all(all, AFTER);
}

pnas_status pnas_launch_check_accesses(pnas_cl *cl, pnas_launch_list *list)
{
    memories all = {.cl = cl};
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_launch_build(cl, &list, 1, NULL));
    PNAS_TRY_CLEANUP(gather(list, &all));
    for (size_t i = 0; i < list->count; ++i)
        PNAS_TRY_CLEANUP(check_launch(&all, list, i));
    status = pnas_cl_finish(cl);
cleanup:
    release(&all);
    return status;
}

/* --- order --- */

static bool may_run(const pnas_launch_order *order, const bool *done, size_t i)
{
    for (size_t k = order->first[i]; k < order->first[i + 1]; ++k)
        if (!done[order->before[k]])
            return false;
    return !done[i];
}

/* Always the last one that may run. */
static pnas_status run_contrary(pnas_cl *cl, pnas_launch_list *list, const pnas_launch_order *order)
{
    bool *done = calloc(list->count + 1, sizeof *done);
    PNAS_CHECK(done, PNAS_ERROR_MEMORY, "no memory for %zu launches", list->count);
    pnas_status status = PNAS_OK;
    for (size_t ran = 0; ran < list->count && status == PNAS_OK; ++ran) {
        size_t i = list->count - 1;
        while (!may_run(order, done, i))
            --i;
        done[i] = true;
        status = pnas_launch_run_part(cl, list, i, i + 1, NULL);
    }
    free(done);
    return status;
}

static pnas_status compare(const memories *all, const char *how)
{
    PNAS_TRY(read_all(all, FOUND));
    for (size_t i = 0; i < all->count; ++i) {
        const memory *m = &all->item[i];
        for (size_t b = 0; b < m->bytes; ++b)
            PNAS_CHECK(m->found[b] == m->after[b], PNAS_ERROR_INTERNAL,
                       "launches %s leave byte %zu of buffer %zu otherwise than in their own order", how, b,
                       i);
    }
    return write_all(all, BEFORE);
}

static pnas_status run_orders(const memories *all, pnas_launch_list *list, const pnas_launch_order *order,
                              pnas_launch_list *joined)
{
    PNAS_TRY(pnas_launch_join(&(pnas_join_part){list, order}, 1, joined));
    PNAS_TRY(read_all(all, BEFORE));
    PNAS_TRY(pnas_launch_run(all->cl, list, NULL));
    PNAS_TRY(read_all(all, AFTER));
    PNAS_TRY(write_all(all, BEFORE));
    PNAS_TRY(pnas_launch_run(all->cl, joined, NULL));
    PNAS_TRY(compare(all, "joined"));
    PNAS_TRY(run_contrary(all->cl, list, order));
    PNAS_TRY(compare(all, "in the contrary order"));
    return write_all(all, AFTER);
}

pnas_status pnas_launch_check_order(pnas_cl *cl, pnas_launch_list *list)
{
    memories all = {.cl = cl};
    pnas_launch_order order = {0};
    pnas_launch_list joined = {0};
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_launch_order_create(list, &order));
    PNAS_TRY_CLEANUP(pnas_launch_build(cl, &list, 1, NULL));
    PNAS_TRY_CLEANUP(gather(list, &all));
    status = run_orders(&all, list, &order, &joined);
cleanup:
    release(&all);
    pnas_launch_clear(&joined);
    pnas_launch_order_clear(&order);
    return status;
}
