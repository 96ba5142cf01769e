/* The scheduler with an evaluator that only sleeps; each test is run under mpirun by its own CTest entries,
 * with the numbers of ranks given in CMakeLists.txt. */
#include "mpi/stop_request.h"
#include "src/base/clock.h"
#include "tests/mpi/own_signal.h"
#include "tests/mpi/scheduler_bench.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

Test(scheduler, every_job_is_done_once_and_its_result_is_intact)
{
    test_bench bench;
    set_up(&bench);
    run(&bench, 40, PNAS_OK, "");
    expect_each_done_once(&bench, 40);
    if (bench.layout.rank == 0)
        for (int rank = 0; rank < bench.layout.ranks; rank++)
            cr_assert_geq(done_by(&bench, rank, 40), 1, "rank %d trained nothing", rank);
}

static bool comes_before(const pnas_job *job, const pnas_job *other)
{
    return job->cost > other->cost || (job->cost == other->cost && job->index < other->index);
}

/* A job that waits at its rank while another one is trained there may begin after one that was handed out
 * later, but not by more than there are ranks. */
Test(scheduler, the_longest_job_is_begun_first_and_ties_by_index)
{
    test_bench bench;
    set_up(&bench);
    run(&bench, 100, PNAS_OK, "");
    int slack = bench.layout.ranks == 1 ? 0 : bench.layout.ranks;
    for (int i = 0; bench.layout.rank == 0 && i < 100; i++) {
        int overtaken = 0;
        for (int j = i + 1; j < 100; j++)
            overtaken +=
                comes_before(&bench.job[bench.record.started[j]], &bench.job[bench.record.started[i]]);
        cr_assert_leq(overtaken, slack, "job %d was begun before %d longer ones", bench.record.started[i],
                      overtaken);
    }
}

/* While rank 0 is busy with the first result, the others begin the child that waits with them. */
Test(scheduler, a_rank_goes_on_to_its_next_child_without_asking)
{
    test_bench bench;
    set_up(&bench);
    bench.fake.seconds = 0.4;
    bench.record.nap_at = 1;
    run(&bench, 12, PNAS_OK, "");
    expect_each_done_once(&bench, 12);
    if (bench.layout.rank > 0)
        cr_assert_lt(bench.fake.first_gap, 0.25, "rank %d waited for %.3f s", bench.layout.rank,
                     bench.fake.first_gap);
}

Test(scheduler, a_slow_child_on_rank_0_does_not_starve_the_others)
{
    test_bench bench;
    set_up(&bench);
    if (bench.layout.rank == 0)
        bench.fake.first_longer = 1.5;
    run(&bench, 60, PNAS_OK, "");
    expect_each_done_once(&bench, 60);
    if (bench.layout.rank == 0)
        cr_assert_leq(done_by(&bench, 0, 60), 10, "rank 0 had to do %d", done_by(&bench, 0, 60));
}

Test(scheduler, there_may_be_more_ranks_than_jobs)
{
    test_bench bench;
    set_up(&bench);
    run(&bench, 2, PNAS_OK, "");
    expect_each_done_once(&bench, 2);
}

Test(scheduler, no_jobs_are_done_at_once)
{
    test_bench bench;
    set_up(&bench);
    run(&bench, 0, PNAS_OK, "");
    expect_each_done_once(&bench, 0);
}

static pnas_status on_idle(void *payload, double seconds_left)
{
    rank_0_record *seen = payload;
    size_t count = seen->spare_count;
    seen->spare_count = 0;
    cr_expect_gt(seconds_left, 0);
    return count ? pnas_scheduler_add(seen->scheduler, seen->spare, count) : PNAS_OK;
}

/* Rank 0's first child takes half a second longer than the others. Meanwhile four children of the next run
 * are begun, one of which is at work when this run ends. */
Test(scheduler, free_ranks_begin_jobs_of_the_next_run_and_go_on_with_them)
{
    test_bench bench;
    set_up(&bench);
    bench.fake.first_longer = bench.layout.rank == 0 ? 0.5 : 0;
    bench.fake.long_index = 22;
    create(&bench);
    pnas_status status = PNAS_OK;
    if (bench.layout.rank == 0) {
        pnas_job left[JOBS_MAX];
        size_t count = 0;
        bench.record.scheduler = bench.scheduler;
        bench.record.spare = bench.job + 20;
        bench.record.spare_count = 4;
        bench.listener.on_idle = on_idle;
        cr_assert_eq(pnas_scheduler_run(bench.scheduler, bench.job, 20, &bench.listener), PNAS_OK);
        cr_expect_eq(bench.record.count, 23, "all but the one that is at work: %d", bench.record.count);
        cr_expect_eq(bench.record.times_done[22], 0);
        for (int i = 20; i < 40; i++)
            if (bench.record.times_done[i] == 0)
                left[count++] = bench.job[i];
        cr_assert_eq(pnas_scheduler_run(bench.scheduler, left, count, &bench.listener), PNAS_OK);
        cr_expect_eq(bench.record.attempts[22], 1);
        cr_expect_eq(bench.record.started_count, 40, "it was not handed out again");
        cr_assert_eq(pnas_scheduler_release(bench.scheduler, PNAS_OK), PNAS_OK);
    } else {
        cr_assert_eq(pnas_scheduler_serve(bench.scheduler, &status), PNAS_OK);
        cr_assert_eq(status, PNAS_OK);
    }
    expect_each_done_once(&bench, 40);
    tear_down(&bench);
}

/* Two more whenever all but the last eight are done, until there are 60. */
static pnas_status on_change(void *payload)
{
    rank_0_record *seen = payload;
    size_t count = seen->spare_count < 60 && seen->count + 8 >= (int)seen->spare_count ? 2 : 0;
    const pnas_job *next = seen->spare + seen->spare_count;
    seen->spare_count += count;
    return pnas_scheduler_extend(seen->scheduler, next, count, seen->spare_count < 60);
}

Test(scheduler, a_run_is_extended_while_it_goes_on)
{
    test_bench bench;
    set_up(&bench);
    create(&bench);
    pnas_status status = PNAS_OK;
    if (bench.layout.rank == 0) {
        bench.record.scheduler = bench.scheduler;
        bench.record.spare = bench.job;
        bench.record.spare_count = 10;
        bench.listener.on_change = on_change;
        cr_assert_eq(pnas_scheduler_run(bench.scheduler, bench.job, 10, &bench.listener), PNAS_OK);
        cr_expect_eq(bench.record.count, 60, "%d", bench.record.count);
        cr_assert_eq(pnas_scheduler_release(bench.scheduler, PNAS_OK), PNAS_OK);
    } else {
        cr_assert_eq(pnas_scheduler_serve(bench.scheduler, &status), PNAS_OK);
        cr_assert_eq(status, PNAS_OK);
    }
    expect_each_done_once(&bench, 60);
    tear_down(&bench);
}

Test(scheduler, one_scheduler_serves_level_after_level)
{
    test_bench bench;
    set_up(&bench);
    create(&bench);
    pnas_status status = PNAS_OK;
    if (bench.layout.rank == 0) {
        int by_others = 0; /* of the levels before */
        for (int level = 0; level < 3; level++) {
            cr_assert_eq(pnas_scheduler_run(bench.scheduler, bench.job + 20 * level, 20, &bench.listener),
                         PNAS_OK);
            cr_assert_eq(bench.record.count, 20 * (level + 1));
            const pnas_level_usage *usage = pnas_scheduler_usage(bench.scheduler);
            cr_assert_float_eq(usage->busy_seconds, 20 * 0.002, 1e-9);
            cr_assert_geq(usage->lane_seconds, usage->busy_seconds);
            cr_assert_geq(usage->messages, done_by(&bench, 1, 60) + done_by(&bench, 2, 60) - by_others,
                          "each child of another rank comes back as a message");
            by_others = done_by(&bench, 1, 60) + done_by(&bench, 2, 60);
            cr_assert_eq(pnas_scheduler_poll(bench.scheduler), PNAS_OK);
        }
        cr_assert_eq(pnas_scheduler_release(bench.scheduler, PNAS_OK), PNAS_OK);
    } else {
        cr_assert_eq(pnas_scheduler_serve(bench.scheduler, &status), PNAS_OK);
        cr_assert_eq(status, PNAS_OK);
    }
    expect_each_done_once(&bench, 60);
    tear_down(&bench);
}

Test(scheduler, a_worker_that_fails_leaves_and_its_child_goes_to_another)
{
    test_bench bench;
    set_up(&bench);
    if (bench.layout.rank == 1)
        bench.fake.fail_at = 2;
    run(&bench, 40, PNAS_OK, "");
    expect_each_done_once(&bench, 40);
    if (bench.layout.rank == 1)
        cr_assert_eq(bench.fake.trained, 2);
    if (bench.layout.rank != 0)
        return;
    cr_assert_eq(done_by(&bench, 1, 40), 1);
    int twice = 0;
    for (int i = 0; i < 40; i++)
        twice += bench.record.attempts[i] == 2;
    cr_assert_eq(twice, 1);
}

Test(scheduler, rank_0_goes_on_handing_out_when_its_own_device_fails)
{
    test_bench bench;
    set_up(&bench);
    if (bench.layout.rank == 0)
        bench.fake.fail_at = 1;
    run(&bench, 20, PNAS_OK, "");
    expect_each_done_once(&bench, 20);
    if (bench.layout.rank == 0)
        cr_assert_eq(done_by(&bench, 0, 20), 0);
}

Test(scheduler, ranks_without_a_device_are_left_out)
{
    test_bench bench;
    set_up(&bench);
    if (bench.layout.rank < 2)
        bench.evaluator.evaluate = NULL;
    run(&bench, 20, PNAS_OK, "");
    expect_each_done_once(&bench, 20);
    if (bench.layout.rank == 0)
        cr_assert_eq(done_by(&bench, 2, 20), 20);
}

Test(scheduler, the_run_fails_everywhere_when_no_rank_is_left)
{
    test_bench bench;
    set_up(&bench);
    bench.fake.fail_at = 3;
    run(&bench, 40, PNAS_ERROR_DEVICE, "the device is gone");
}

Test(scheduler, the_run_fails_everywhere_when_no_rank_has_a_device)
{
    test_bench bench;
    set_up(&bench);
    bench.evaluator.evaluate = NULL;
    run(&bench, 5, PNAS_ERROR_DEVICE, "none of them has a device");
}

Test(scheduler, a_result_that_cannot_be_kept_ends_the_run_everywhere)
{
    test_bench bench;
    set_up(&bench);
    bench.record.fail_at = 5;
    run(&bench, 40, PNAS_ERROR_FILE, "no space left");
    if (bench.layout.rank == 0)
        cr_assert_lt(bench.record.count, 40);
}

/* Children of a minute: only a stop that reaches a running child ends these in time. */
static void expect_stop(test_bench *bench, int rank_asked)
{
    bench->fake.first_longer = bench->layout.rank == rank_asked ? 0 : 60;
    bench->fake.signal_at = bench->layout.rank == rank_asked ? 4 : 0;
    double start = pnas_clock_seconds();
    run(bench, 40, PNAS_STOPPED, "SIGUSR2");
    cr_assert_lt(pnas_clock_seconds() - start, 20);
    if (bench->layout.rank != 0)
        return;
    cr_assert_eq(bench->record.count, 3);
    for (int i = 0; i < 40; i++)
        cr_assert_leq(bench->record.times_done[i], 1);
}

Test(scheduler, a_signal_on_rank_0_stops_all)
{
    test_bench bench;
    set_up(&bench);
    expect_stop(&bench, 0);
}

Test(scheduler, a_signal_on_another_rank_stops_all)
{
    test_bench bench;
    set_up(&bench);
    expect_stop(&bench, 1);
}

Test(scheduler, a_signal_on_an_idle_rank_stops_all)
{
    test_bench bench;
    set_up(&bench);
    bench.fake.first_longer = 60;
    if (bench.layout.rank == bench.layout.ranks - 1)
        send_own_signal(SIGUSR2);
    run(&bench, 1, PNAS_STOPPED, "SIGUSR2");
}

Test(scheduler, a_signal_between_two_runs_is_seen_by_poll)
{
    test_bench bench;
    set_up(&bench);
    create(&bench);
    pnas_status status = PNAS_OK;
    if (bench.layout.rank == 0) {
        for (int i = 0; i < 5000 && status == PNAS_OK; i++) {
            status = pnas_scheduler_poll(bench.scheduler);
            pnas_clock_sleep(0.001);
        }
        cr_assert_eq(pnas_scheduler_release(bench.scheduler, status), PNAS_OK);
    } else {
        send_own_signal(SIGUSR2);
        cr_assert_eq(pnas_scheduler_serve(bench.scheduler, &status), PNAS_OK);
    }
    cr_assert_eq(status, PNAS_STOPPED);
    cr_assert_not_null(strstr(pnas_message(), "SIGUSR2 on rank 1"), "%s", pnas_message());
    tear_down(&bench);
}

Test(scheduler, the_time_limit_stops_all)
{
    test_bench bench;
    set_up(&bench);
    bench.fake.first_longer = 60;
    pnas_stop_install(pnas_clock_seconds() + 0.3);
    run(&bench, 10, PNAS_STOPPED, "the time limit");
}

static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

Test(scheduler, idle_ranks_leave_the_processor_alone)
{
    test_bench bench;
    set_up(&bench);
    bench.fake.first_longer = 2;
    double start = processor_seconds();
    run(&bench, 1, PNAS_OK, "");
    double used = processor_seconds() - start;
    cr_assert_lt(used, 1.0, "rank %d used %.2f s of 2 s", bench.layout.rank, used);
}

/* --- several lanes a rank --- */

static void set_up_lanes(test_bench *bench, int lanes)
{
    set_up(bench);
    bench->record.lanes = lanes;
    for (int i = 0; i < lanes; i++)
        bench->more[i].seconds = bench->fake.seconds;
}

Test(scheduler, each_lane_of_a_rank_trains_a_child_at_the_same_time)
{
    test_bench bench;
    set_up_lanes(&bench, 3);
    bench.fake.first_longer = bench.more[1].first_longer = bench.more[2].first_longer = 1;
    run(&bench, 60, PNAS_OK, "");
    expect_each_done_once(&bench, 60);
    for (int rank = 0; bench.layout.rank == 0 && rank < bench.layout.ranks; rank++)
        cr_assert_eq(bench.record.most_running[rank], 3, "rank %d had only %d at once", rank,
                     bench.record.most_running[rank]);
    cr_assert(bench.fake.trained > 0 && bench.more[1].trained > 0 && bench.more[2].trained > 0);
}

Test(scheduler, children_are_spread_over_ranks_before_second_lanes)
{
    test_bench bench;
    set_up_lanes(&bench, 3);
    bench.fake.seconds = bench.more[1].seconds = bench.more[2].seconds = 0.3;
    create(&bench);
    pnas_status status = PNAS_OK;
    if (bench.layout.rank == 0) {
        for (double end = pnas_clock_seconds() + 1.5; pnas_clock_seconds() < end;) {
            cr_assert_eq(pnas_scheduler_poll(bench.scheduler), PNAS_OK); /* all say that they are free */
            pnas_clock_sleep(0.01);
        }
        status = pnas_scheduler_run(bench.scheduler, bench.job, (size_t)bench.layout.ranks, &bench.listener);
        for (int rank = 0; rank < bench.layout.ranks; rank++)
            cr_assert_eq(bench.record.most_running[rank], 1);
        cr_assert_eq(pnas_scheduler_release(bench.scheduler, status), PNAS_OK);
    } else {
        cr_assert_eq(pnas_scheduler_serve(bench.scheduler, &status), PNAS_OK, "%s", pnas_message());
    }
    cr_assert_eq(status, PNAS_OK);
    tear_down(&bench);
}

/* Only a stop that reaches the children of all lanes ends these in time. */
Test(scheduler, a_signal_stops_the_children_of_all_lanes)
{
    test_bench bench;
    set_up_lanes(&bench, 3);
    bench.fake.first_longer = bench.more[1].first_longer = bench.more[2].first_longer = 60;
    if (bench.layout.rank == bench.layout.ranks - 1)
        bench.more[2].signal_at = 1;
    double start = pnas_clock_seconds();
    run(&bench, 40, PNAS_STOPPED, "SIGUSR2");
    cr_assert_lt(pnas_clock_seconds() - start, 20);
    if (bench.layout.rank == 0)
        cr_assert_eq(bench.record.count, 0);
}

Test(scheduler, a_lane_whose_device_fails_takes_its_rank_out_but_the_others_end_their_children)
{
    test_bench bench;
    set_up_lanes(&bench, 3);
    if (bench.layout.rank == 1) {
        bench.more[1].fail_at = 1;
        bench.more[1].first_longer = 0.5; /* by then each lane has its first child */
        bench.fake.first_longer = bench.more[2].first_longer = 2;
    }
    run(&bench, 40, PNAS_OK, "");
    expect_each_done_once(&bench, 40);
    if (bench.layout.rank == 1)
        cr_assert(bench.fake.trained == 1 && bench.more[1].trained == 1 && bench.more[2].trained == 1);
    if (bench.layout.rank == 0)
        cr_assert_eq(done_by(&bench, 1, 40), 2);
}

Test(scheduler, the_run_fails_everywhere_when_all_lanes_have_failed)
{
    test_bench bench;
    set_up_lanes(&bench, 2);
    bench.fake.fail_at = bench.more[1].fail_at = 2;
    run(&bench, 40, PNAS_ERROR_DEVICE, "the device is gone");
}

/* --- children that fail --- */

Test(scheduler, a_child_that_fails_on_one_rank_is_tried_once_more_on_another)
{
    test_bench bench;
    set_up(&bench);
    bench.record.retried = true;
    bench.fake.misfit = bench.layout.rank == 1;
    run(&bench, 40, PNAS_OK, "");
    expect_each_done_once(&bench, 40);
    if (bench.layout.rank != 0)
        return;
    cr_assert_eq(bench.record.failed, 0);
    cr_assert_eq(done_by(&bench, 1, 40), 0);
    int twice = 0;
    for (int i = 0; i < 40; i++)
        twice += bench.record.attempts[i] == 2;
    cr_assert_gt(twice, 0);
}

Test(scheduler, a_child_that_fails_twice_is_recorded_as_failed)
{
    test_bench bench;
    set_up(&bench);
    bench.record.retried = true;
    bench.fake.misfit = true;
    run(&bench, 10, PNAS_OK, "");
    expect_each_done_once(&bench, 10);
    if (bench.layout.rank != 0)
        return;
    cr_assert_eq(bench.record.failed, 10);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(bench.record.attempts[i], bench.layout.ranks > 1 ? 2 : 1);
}
