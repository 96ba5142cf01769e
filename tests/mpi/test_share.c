/* A helper's work shared over ranks, with a helper that only sleeps; each test is run under mpirun by its own
 * CTest entries, with the numbers of ranks given in CMakeLists.txt. */
#include "mpi/scheduler.h"
#include "mpi/stop_request.h"

#include "src/base/clock.h"
#include "tests/base/leak_check.h"
#include "tests/mpi/own_signal.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define TASKS   30

#define FILLING 100000 /* bytes; too many to be sent before they are received */

typedef struct {
    int number;
    char filling[FILLING];
} question;

typedef struct { /* what perform makes of task `number` */
    int number, square, rank, updated;
    char filling[FILLING];
} answer;

typedef struct {
    pnas_layout layout;
    pnas_evaluator evaluator;
    pnas_helper helper;
    pnas_scheduler *scheduler;
    int updated;                                  /* the last update */
    int performed;                                /* tasks done here */
    pnas_status fail;                             /* what the first task here ends with; PNAS_OK: a reply */
    bool signal;                                  /* the first task here gets SIGUSR2 */
    pnas_status update_fails;                     /* what a update ends with here */
    int times[TASKS], by_rank[TASKS], saw[TASKS]; /* rank 0: what came back */
    int trained;
} test_bench;

static pnas_status perform(void *payload, const void *task, size_t size, pnas_tick tick, void *tick_payload,
                           void **reply, size_t *reply_size)
{
    test_bench *self = payload;
    answer *made = calloc(1, sizeof *made);
    const question *asked = task;
    cr_assert_eq(size, sizeof *asked);
    made->number = asked->number;
    cr_assert_eq(asked->filling[FILLING - 1], (char)asked->number);
    made->square = made->number * made->number;
    made->rank = self->layout.rank;
    made->updated = self->updated;
    memset(made->filling, made->number, sizeof made->filling);
    *reply = made;
    *reply_size = sizeof *made;
    if (self->signal && self->performed == 0)
        send_own_signal(SIGUSR2);
    for (int i = 0; i < 5; i++) {
        PNAS_TRY(tick(tick_payload));
        pnas_clock_sleep(0.002);
    }
    PNAS_TRY(tick(tick_payload));
    if (self->performed++ == 0 && self->fail != PNAS_OK)
        return pnas_fail(self->fail, "it went wrong here");
    return PNAS_OK;
}

static pnas_status update(void *payload, const void *update, size_t size)
{
    test_bench *self = payload;
    cr_assert_eq(size, sizeof self->updated);
    memcpy(&self->updated, update, size);
    return self->update_fails == PNAS_OK ? PNAS_OK : pnas_fail(self->update_fails, "the update is too long");
}

static pnas_status on_reply(void *payload, size_t index, const void *reply, size_t size)
{
    test_bench *self = payload;
    const answer *got = reply;
    cr_assert_eq(size, sizeof *got);
    cr_assert_eq(got->number, (int)index);
    cr_assert_eq(got->square, (int)(index * index));
    cr_assert_eq(got->filling[sizeof got->filling - 1], (char)index);
    self->times[index]++;
    self->by_rank[index] = got->rank;
    self->saw[index] = got->updated;
    return PNAS_OK;
}

static pnas_status evaluate(void *payload, const pnas_job *job, pnas_tick tick, void *tick_payload,
                            pnas_result *result)
{
    (void)job;
    ((test_bench *)payload)->trained++;
    *result = (pnas_result){.status = PNAS_CHILD_DONE};
    return tick(tick_payload);
}

static pnas_status on_result(void *payload, const pnas_job *job, pnas_result *result)
{
    (void)payload;
    (void)job;
    return result->status == PNAS_CHILD_DONE ? PNAS_OK : PNAS_ERROR_INTERNAL;
}

static void set_up(test_bench *bench)
{
    memset(bench, 0, sizeof *bench);
    pnas_stop_install(0);
    cr_assert_eq(pnas_mpi_start(NULL, NULL, &bench->layout), PNAS_OK, "%s", pnas_message());
    bench->evaluator = (pnas_evaluator){evaluate, bench};
    bench->helper = (pnas_helper){perform, update, bench};
}

static void create(test_bench *bench)
{
    cr_assert_eq(pnas_scheduler_create(&bench->layout, &bench->evaluator, bench->evaluator.evaluate ? 1 : 0,
                                       &bench->scheduler),
                 PNAS_OK, "%s", pnas_message());
    pnas_scheduler_set_helper(bench->scheduler, &bench->helper);
}

static void tear_down(test_bench *bench)
{
    pnas_scheduler_destroy(&bench->scheduler);
    pnas_mpi_end();
    PNAS_EXPECT_NO_LEAKS();
}

static pnas_status share(test_bench *bench)
{
    question *asked = calloc(TASKS, sizeof *asked);
    pnas_task task[TASKS];
    for (int i = 0; i < TASKS; i++) {
        asked[i].number = i;
        memset(asked[i].filling, i, FILLING);
        task[i] = (pnas_task){&asked[i], sizeof asked[i]};
    }
    pnas_status status = pnas_scheduler_share(bench->scheduler, task, TASKS, on_reply, bench);
    free(asked);
    return status;
}

/* Tasks take ten milliseconds, so whoever did some was at it for as long at least. */
static void expect_spans(const test_bench *bench)
{
    pnas_rank_span span[64];
    pnas_scheduler_take_spans(bench->scheduler, span);
    for (int rank = 0; rank < bench->layout.ranks; rank++) {
        bool any = false;
        for (int i = 0; i < TASKS; i++)
            any = any || (bench->times[i] && bench->by_rank[i] == rank);
        cr_assert_eq(any, span[rank].end > 0, "rank %d", rank);
        cr_assert(!any || (span[rank].start > 1e9 && span[rank].end - span[rank].start > 0.009));
    }
    pnas_scheduler_take_spans(bench->scheduler, span);
    cr_assert_eq(span[0].end, 0, "what was taken is taken");
}

/* Rank 0 sends `update` and shares; every rank ends with `expected`. */
static void run(test_bench *bench, int update, pnas_status expected)
{
    create(bench);
    pnas_status status;
    if (bench->layout.rank == 0) {
        cr_assert_eq(pnas_scheduler_update(bench->scheduler, &update, sizeof update), PNAS_OK);
        status = share(bench);
        if (status == PNAS_OK)
            expect_spans(bench);
        cr_assert_eq(pnas_scheduler_release(bench->scheduler, status), PNAS_OK);
    } else {
        cr_assert_eq(pnas_scheduler_serve(bench->scheduler, &status), PNAS_OK, "%s", pnas_message());
    }
    cr_assert_eq(status, expected, "rank %d: %s: %s", bench->layout.rank, pnas_status_name(status),
                 pnas_message());
    tear_down(bench);
}

static int done_by(const test_bench *bench, int rank)
{
    int done = 0;
    for (int i = 0; i < TASKS; i++)
        done += bench->by_rank[i] == rank;
    return done;
}

static void expect_each_done_once(const test_bench *bench)
{
    for (int i = 0; bench->layout.rank == 0 && i < TASKS; i++)
        cr_assert_eq(bench->times[i], 1, "task %d was replied to %d times", i, bench->times[i]);
}

Test(share, every_task_is_done_once_and_every_rank_has_its_share)
{
    test_bench bench;
    set_up(&bench);
    run(&bench, 7, PNAS_OK);
    expect_each_done_once(&bench);
    for (int rank = 0; bench.layout.rank == 0 && rank < bench.layout.ranks; rank++)
        cr_assert_geq(done_by(&bench, rank), 3, "rank %d did %d tasks", rank, done_by(&bench, rank));
}

Test(share, an_update_is_applied_everywhere_before_the_tasks_after_it)
{
    test_bench bench;
    set_up(&bench);
    run(&bench, 7, PNAS_OK);
    for (int i = 0; bench.layout.rank == 0 && i < TASKS; i++)
        cr_assert_eq(bench.saw[i], 7);
}

Test(share, rank_0_helps_even_if_it_cannot_train)
{
    test_bench bench;
    set_up(&bench);
    if (bench.layout.rank == 0)
        bench.evaluator.evaluate = NULL;
    run(&bench, 1, PNAS_OK);
    expect_each_done_once(&bench);
    if (bench.layout.rank == 0)
        cr_assert_geq(done_by(&bench, 0), 3);
}

Test(share, a_rank_whose_device_fails_leaves_its_task_to_another)
{
    test_bench bench;
    set_up(&bench);
    if (bench.layout.rank == 1)
        bench.fail = PNAS_ERROR_DEVICE;
    run(&bench, 1, PNAS_OK);
    expect_each_done_once(&bench);
    if (bench.layout.rank == 0)
        cr_assert_eq(done_by(&bench, 1), 0);
    if (bench.layout.rank == 1)
        cr_assert_eq(bench.performed, 1, "it was asked again");
}

Test(share, a_rank_that_could_not_apply_an_update_does_nothing)
{
    test_bench bench;
    set_up(&bench);
    if (bench.layout.rank == 1)
        bench.update_fails = PNAS_ERROR_MEMORY;
    run(&bench, 1, PNAS_OK);
    expect_each_done_once(&bench);
    if (bench.layout.rank == 1)
        cr_assert_eq(bench.performed, 0);
}

Test(share, any_other_failure_ends_the_run_everywhere)
{
    test_bench bench;
    set_up(&bench);
    if (bench.layout.rank == bench.layout.ranks - 1)
        bench.fail = PNAS_ERROR_DATA;
    run(&bench, 1, PNAS_ERROR_DATA);
    cr_assert_not_null(strstr(pnas_message(), "it went wrong here"), "%s", pnas_message());
}

Test(share, a_signal_stops_all)
{
    test_bench bench;
    set_up(&bench);
    bench.signal = bench.layout.rank == bench.layout.ranks - 1;
    run(&bench, 1, PNAS_STOPPED);
    cr_assert_not_null(strstr(pnas_message(), "SIGUSR2"), "%s", pnas_message());
}

Test(share, children_and_tasks_take_turns)
{
    test_bench bench;
    set_up(&bench);
    create(&bench);
    pnas_status status = PNAS_OK;
    if (bench.layout.rank == 0) {
        const pnas_job job[3] = {{.index = 0}, {.index = 1}, {.index = 2}};
        const pnas_scheduler_listener listener = {.on_result = on_result};
        for (int round = 0; round < 3; round++) {
            cr_assert_eq(pnas_scheduler_run(bench.scheduler, job, 3, &listener), PNAS_OK);
            cr_assert_eq(pnas_scheduler_update(bench.scheduler, &round, sizeof round), PNAS_OK);
            cr_assert_eq(share(&bench), PNAS_OK);
            for (int i = 0; i < TASKS; i++)
                cr_assert(bench.times[i] == round + 1 && bench.saw[i] == round);
        }
        cr_assert_eq(pnas_scheduler_release(bench.scheduler, status), PNAS_OK);
    } else {
        cr_assert_eq(pnas_scheduler_serve(bench.scheduler, &status), PNAS_OK);
    }
    cr_assert_eq(status, PNAS_OK);
    tear_down(&bench);
}
