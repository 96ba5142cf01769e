/* Children that take their steps together have the bits of children that train alone, whoever is in the group and
 * whatever becomes of the others. */
#include "cl/ops/lane.h"
#include "cl/train/child_trainer.h"
#include "tests/cl/train/tiny_child.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { CHILDREN = 4 };

static const char *const cells[CHILDREN] = {"-1:sep3+-2:max3", "-2:identity+-1:dil3 | -1:avg3+0:sep3",
                                            "-1:max3+-1:sep3", "-1:sep5+-2:avg3"};

typedef struct {
    pnas_trainer *trainer;
    pnas_job job;
    pnas_result result;
    pnas_status status;
    char message[256];
    int ticks, stop_at; /* 0: never */
} member;

static pnas_status count(void *payload)
{
    member *m = payload;
    return ++m->ticks == m->stop_at ? pnas_fail(PNAS_STOPPED, "enough") : PNAS_OK;
}

static void *train_member(void *payload)
{
    member *m = payload;
    m->status = pnas_trainer_evaluate(m->trainer, &m->job, count, m, &m->result);
    snprintf(m->message, sizeof m->message, "%s", m->status == PNAS_OK ? "" : pnas_message());
    return NULL;
}

typedef struct {
    tiny_images tiny;
    pnas_trainer_options options;
    pnas_cl *cl, *sharing[CHILDREN];
    pnas_trainer *first, *more[CHILDREN];
    pnas_child_group *group;
} bed;

/* Bytes of memory. */
static uint64_t largest_child(const bed *b)
{
    uint64_t bytes, largest = 0;
    for (int i = 0; i < CHILDREN; ++i) {
        pnas_job job = job_of(&b->options, cells[i]);
        cr_assert_eq(pnas_trainer_memory(b->first, &job.cell, &bytes), PNAS_OK);
        largest = bytes > largest ? bytes : largest;
    }
    return largest;
}

static void form_group(bed *b, int members, uint64_t bytes)
{
    cr_assert_eq(pnas_child_group_create(b->cl, members, bytes, &b->group), PNAS_OK, "%s", pnas_message());
    pnas_trainer_join_group(b->first, b->group, 0);
    for (int i = 1; i < members; ++i) {
        cr_assert_eq(pnas_lane_create_sharing(b->cl, &b->sharing[i]), PNAS_OK);
        cr_assert_eq(pnas_trainer_create_lane(b->first, b->sharing[i], &b->more[i]), PNAS_OK);
        pnas_trainer_join_group(b->more[i], b->group, i);
    }
}

static bed open_bed(int members)
{
    bed b = {.tiny = tiny_images_make(8, 1, 48, 16), .options = tiny_options()};
    b.options.training.epochs = 2;
    b.options.training.crop_area = 0.3;
    b.options.training.contrast = 0.5;
    b.cl = test_device_open_route(4, PNAS_ROUTE_GPU);
    b.first = open_trainer(b.cl, &b.options, &b.tiny);
    if (members > 1)
        form_group(&b, members, largest_child(&b));
    return b;
}

static void close_bed(bed *b)
{
    for (int i = 1; i < CHILDREN; ++i)
        pnas_trainer_destroy(&b->more[i]);
    pnas_trainer_destroy(&b->first);
    pnas_child_group_destroy(&b->group);
    for (int i = 1; i < CHILDREN; ++i)
        pnas_cl_destroy(&b->sharing[i]);
    tiny_images_free(&b->tiny);
    test_device_close(&b->cl);
}

/* As many at once as the group has members; `m` [CHILDREN] says what is done and takes what came of it. */
static void train_all(bed *b, int members, member *m)
{
    for (int i = 0; i < CHILDREN; i += members) {
        pthread_t thread[CHILDREN];
        int count_now = CHILDREN - i < members ? CHILDREN - i : members;
        for (int k = 0; k < count_now; ++k) {
            m[i + k].trainer = k == 0 ? b->first : b->more[k];
            m[i + k].job = job_of(&b->options, cells[i + k]);
            cr_assert_eq(pthread_create(&thread[k], NULL, train_member, &m[i + k]), 0);
        }
        for (int k = 0; k < count_now; ++k)
            pthread_join(thread[k], NULL);
    }
}

static void clear(member *m)
{
    for (int i = 0; i < CHILDREN; ++i)
        pnas_result_clear(&m[i].result);
}

static void alone(member *m)
{
    bed b = open_bed(1);
    train_all(&b, 1, m);
    close_bed(&b);
}

static void compare(const member *got, const member *expected)
{
    cr_assert_eq(got->status, PNAS_OK, "%s", got->message);
    cr_assert_eq(got->result.status, PNAS_CHILD_DONE, "%s", got->result.error);
    assert_same(&got->result, &expected->result);
}

Test(child_group, gives_the_bits_of_children_alone)
{
    static const int sizes[] = {2, 3, 4};
    member expected[CHILDREN] = {{0}};
    alone(expected);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
        member got[CHILDREN] = {{0}};
        bed b = open_bed(sizes[s]);
        train_all(&b, sizes[s], got);
        for (int i = 0; i < CHILDREN; ++i)
            compare(&got[i], &expected[i]);
        clear(got);
        close_bed(&b);
    }
    clear(expected);
}

Test(child_group, a_child_that_fails_or_stops_changes_nothing_for_the_others)
{
    member expected[CHILDREN] = {{0}}, got[CHILDREN] = {{0}};
    alone(expected);
    bed b = open_bed(CHILDREN);
    got[1].stop_at = 5;
    b.options.fault = (pnas_fault){.kind = PNAS_FAULT_LOSS, .rank = -1};
    pnas_trainer *spoilt = NULL;
    cr_assert_eq(pnas_trainer_create(b.sharing[2], &b.options, &b.tiny.set, &spoilt), PNAS_OK);
    pnas_trainer_destroy(&b.more[2]);
    b.more[2] = spoilt;
    pnas_trainer_join_group(spoilt, b.group, 2);
    train_all(&b, CHILDREN, got);
    compare(&got[0], &expected[0]);
    compare(&got[3], &expected[3]);
    cr_assert_eq(got[1].status, PNAS_STOPPED);
    cr_assert_eq(got[2].result.status, PNAS_CHILD_FAILED);
    clear(got);
    clear(expected);
    close_bed(&b);
}

/* On a device that allows only smaller buffers, members lie in several, or have their own. */
Test(child_group, a_small_largest_allocation_is_no_obstacle)
{
    member expected[CHILDREN] = {{0}};
    alone(expected);
    for (int part = 1; part <= 4; part *= 4) {
        member got[CHILDREN] = {{0}};
        bed b = open_bed(1);
        uint64_t largest = largest_child(&b);
        b.cl->info.largest_allocation = part == 1 ? 2 * largest + 4096 : largest / 2;
        form_group(&b, CHILDREN, largest);
        train_all(&b, CHILDREN, got);
        for (int i = 0; i < CHILDREN; ++i)
            compare(&got[i], &expected[i]);
        clear(got);
        close_bed(&b);
    }
    clear(expected);
}
