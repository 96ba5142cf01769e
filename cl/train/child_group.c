#include "cl/train/child_group.h"

#include "cl/runtime/cl_error.h"
#include "cl/runtime/launch_join.h"
#include "cl/train/child_pieces.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long a round waits for a member: less than the two batches that are in flight take where it matters, and long
 * enough for the host's work between two epochs. */
#define PATIENCE 0.05

/* Joined lists that are kept: members change between training and evaluation each for itself. */
enum { KEPT_LISTS = 8 };

typedef struct {
    bool expected; /* it took part in the last round that it could */
    bool waiting;  /* it has come for the next round */
    const pnas_recorded_list *recorded;
    pnas_launch_list *own;
    cl_event event; /* of its last round, to be taken */
    pnas_status status;
    char message[512];
} member;

typedef struct {                         /* the launches of some members joined */
    const pnas_recorded_list **recorded; /* [members] NULL: not in it; itself NULL: unused */
    pnas_launch_list list;
    uint64_t used; /* the round */
} kept_list;

struct pnas_child_group {
    pnas_cl *cl;
    int members;
    pthread_mutex_t lock;
    pthread_cond_t round_over;
    member *member; /* [members]; as all below under the lock */
    kept_list kept[KEPT_LISTS];
    uint64_t round;
    cl_mem *buffer; /* [members] of rooms; NULL where there is none or it is that of the member before */
    pnas_child_room *room;
};

/* --- rooms --- */

/* In as few buffers as the device gives. */
static void make_rooms(pnas_child_group *group, uint64_t bytes)
{
    uint64_t floats = pnas_child_piece_aligned(bytes / sizeof(cl_float) + 1);
    int together = group->members;
    for (int i = 0; i < group->members && together > 0;) {
        int count = group->members - i < together ? group->members - i : together;
        if (pnas_buffer_create(group->cl, (size_t)(floats * sizeof(cl_float)) * (size_t)count,
                               &group->buffer[i]) != PNAS_OK) {
            group->buffer[i] = NULL;
            together = count / 2;
            continue;
        }
        for (int k = 0; k < count; ++k)
            group->room[i + k] = (pnas_child_room){{group->buffer[i], (size_t)floats * (size_t)k}, floats};
        i += count;
    }
}

pnas_child_room pnas_child_group_room(const pnas_child_group *group, int number)
{
    return group->room[number];
}

/* --- life --- */

static void initialize_condition(pnas_child_group *group)
{
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&group->round_over, &steady);
    pthread_condattr_destroy(&steady);
    pthread_mutex_init(&group->lock, NULL);
}

pnas_status pnas_child_group_create(pnas_cl *cl, int members, uint64_t bytes, pnas_child_group **out)
{
    pnas_child_group *group = calloc(1, sizeof *group);
    pnas_status status = PNAS_OK;
    *out = NULL;
    PNAS_CHECK(group, PNAS_ERROR_MEMORY, "no memory for a group of %d children", members);
    group->cl = cl;
    group->members = members;
    initialize_condition(group);
    group->member = calloc((size_t)members, sizeof *group->member);
    group->buffer = calloc((size_t)members, sizeof(cl_mem));
    group->room = calloc((size_t)members, sizeof *group->room);
    PNAS_CHECK_CLEANUP(group->member && group->buffer && group->room, PNAS_ERROR_MEMORY,
                       "no memory for a group of %d children", members);
    make_rooms(group, bytes);
    *out = group;
    return PNAS_OK;
cleanup:
    pnas_child_group_destroy(&group);
    return status;
}

static void drop_list(kept_list *kept)
{
    pnas_launch_clear(&kept->list);
    free(kept->recorded);
    *kept = (kept_list){0};
}

void pnas_child_group_destroy(pnas_child_group **group_pointer)
{
    pnas_child_group *group = *group_pointer;
    if (!group)
        return;
    pnas_cl_finish(group->cl);
    for (int i = 0; i < KEPT_LISTS; ++i)
        drop_list(&group->kept[i]);
    for (int i = 0; i < group->members && group->buffer; ++i)
        pnas_buffer_release(&group->buffer[i]);
    pthread_cond_destroy(&group->round_over);
    pthread_mutex_destroy(&group->lock);
    free(group->member);
    free(group->buffer);
    free(group->room);
    free(group);
    *group_pointer = NULL;
}

/* --- a round; all under the lock --- */

static bool is_of_round(const pnas_child_group *group, const kept_list *kept)
{
    if (!kept->recorded)
        return false;
    for (int i = 0; i < group->members; ++i)
        if (kept->recorded[i] != (group->member[i].waiting ? group->member[i].recorded : NULL))
            return false;
    return true;
}

/* The one that was not used for longest, emptied. */
static kept_list *oldest(pnas_child_group *group)
{
    kept_list *kept = &group->kept[0];
    for (int i = 1; i < KEPT_LISTS; ++i)
        if (group->kept[i].used < kept->used)
            kept = &group->kept[i];
    drop_list(kept);
    return kept;
}

static pnas_status join_members(pnas_child_group *group, kept_list *kept)
{
    pnas_join_part *part = calloc((size_t)group->members, sizeof *part);
    size_t parts = 0;
    kept->recorded = calloc((size_t)group->members, sizeof *kept->recorded);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(part && kept->recorded, PNAS_ERROR_MEMORY, "no memory for a round of %d children",
                       group->members);
    for (int i = 0; i < group->members; ++i)
        if (group->member[i].waiting) {
            kept->recorded[i] = group->member[i].recorded;
            part[parts++] = (pnas_join_part){&kept->recorded[i]->list, &kept->recorded[i]->order};
        }
    PNAS_TRY_CLEANUP(pnas_launch_join(part, parts, &kept->list));
    status = pnas_launch_build(group->cl, &(pnas_launch_list *){&kept->list}, 1, NULL);
cleanup:
    free(part);
    return status;
}

static pnas_status find_list(pnas_child_group *group, pnas_launch_list **out)
{
    kept_list *found = NULL;
    for (int i = 0; i < KEPT_LISTS; ++i)
        if (is_of_round(group, &group->kept[i]))
            found = &group->kept[i];
    if (!found) {
        found = oldest(group);
        pnas_status status = join_members(group, found);
        if (status != PNAS_OK) {
            drop_list(found);
            return status;
        }
    }
    found->used = group->round;
    *out = &found->list;
    return PNAS_OK;
}

/* One after the other, where memory does not allow more. */
static pnas_status run_separately(pnas_child_group *group, cl_event *event)
{
    int last = 0;
    for (int i = 0; i < group->members; ++i)
        last = group->member[i].waiting ? i : last;
    for (int i = 0; i < group->members; ++i)
        if (group->member[i].waiting)
            PNAS_TRY(pnas_launch_run(group->cl, group->member[i].own, i == last ? event : NULL));
    return PNAS_OK;
}

static pnas_status enqueue(pnas_child_group *group, cl_event *event)
{
    pnas_launch_list *list;
    pnas_status status = find_list(group, &list);
    if (status == PNAS_ERROR_MEMORY || status == PNAS_ERROR_TOO_LARGE)
        return run_separately(group, event);
    PNAS_TRY(status);
    return pnas_launch_run(group->cl, list, event);
}

static bool is_lonely(const pnas_child_group *group)
{
    int waiting = 0;
    for (int i = 0; i < group->members; ++i)
        waiting += group->member[i].waiting;
    return waiting == 1;
}

static bool is_complete(const pnas_child_group *group)
{
    for (int i = 0; i < group->members; ++i)
        if (group->member[i].expected && !group->member[i].waiting)
            return false;
    return true;
}

/* Enqueues what those who wait have brought, and tells them. Who has not come is not waited for again before
 * it comes. */
static void run_round(pnas_child_group *group)
{
    cl_event event = NULL;
    ++group->round;
    pnas_status status = is_lonely(group) ? run_separately(group, &event) : enqueue(group, &event);
    if (status == PNAS_OK)
        status = pnas_cl_status(clFlush(group->cl->queue), "clFlush");
    for (int i = 0; i < group->members; ++i) {
        member *m = &group->member[i];
        m->expected = m->waiting;
        if (!m->waiting)
            continue;
        m->waiting = false;
        m->status = status;
        if (status != PNAS_OK)
            snprintf(m->message, sizeof m->message, "%s", pnas_message());
        if (event)
            clRetainEvent(event);
        m->event = event;
    }
    if (event)
        clReleaseEvent(event);
    pthread_cond_broadcast(&group->round_over);
}

static struct timespec patience_from_now(void)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += (long)(1e9 * PATIENCE);
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    return end;
}

pnas_status pnas_child_group_run(pnas_child_group *group, int number, const pnas_recorded_list *recorded,
                                 pnas_launch_list *own, cl_event *event)
{
    member *m = &group->member[number];
    struct timespec end = patience_from_now();
    pthread_mutex_lock(&group->lock);
    m->recorded = recorded;
    m->own = own;
    m->waiting = m->expected = true;
    if (is_complete(group))
        run_round(group);
    while (m->waiting)
        if (pthread_cond_timedwait(&group->round_over, &group->lock, &end) != 0 && m->waiting)
            run_round(group);
    pnas_status status = m->status;
    char message[sizeof m->message];
    memcpy(message, m->message, sizeof message);
    *event = m->event;
    m->event = NULL;
    pthread_mutex_unlock(&group->lock);
    return status == PNAS_OK ? PNAS_OK : pnas_fail(status, "%s", message);
}

void pnas_child_group_leave(pnas_child_group *group, int number)
{
    pthread_mutex_lock(&group->lock);
    group->member[number].expected = false;
    bool waited_for = false;
    for (int i = 0; i < group->members; ++i)
        waited_for |= group->member[i].waiting;
    if (waited_for && is_complete(group))
        run_round(group);
    pthread_mutex_unlock(&group->lock);
}

static bool has_member(const kept_list *kept, int number)
{
    return kept->recorded && kept->recorded[number];
}

void pnas_child_group_forget(pnas_child_group *group, int number)
{
    pnas_child_group_leave(group, number);
    pthread_mutex_lock(&group->lock);
    for (int i = 0; i < KEPT_LISTS; ++i)
        if (has_member(&group->kept[i], number))
            drop_list(&group->kept[i]);
    pthread_mutex_unlock(&group->lock);
}
