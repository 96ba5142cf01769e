/* Ranks in simulated time. */
#include "src/run/simulated_ranks.h"

#include "tests/base/leak_check.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define JOBS_MAX 20000

static pnas_job job[JOBS_MAX];
static int kind[16384];

/* 60 s at cost 1000, and up to a tenth more; a device of kind 1 takes five times as long. */
static double duration(void *payload, const pnas_job *of, int on)
{
    (void)payload;
    return 0.06 * (double)of->cost * (1 + 0.1 * (of->index * 7919 % 100) / 100.0) * (on ? 5 : 1);
}

static void make_jobs(size_t count)
{
    for (size_t i = 0; i < count; i++)
        job[i] = (pnas_job){.level = 2, .index = (int)i, .cost = 500 + (int64_t)(i * 104729 % 1500)};
}

static double sum_of_durations(size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += duration(NULL, &job[i], 0);
    return sum;
}

/* A second level of `count` jobs: the first one teaches what children take. */
static pnas_level_usage train(int ranks, size_t count, double latency, double answer,
                              pnas_simulation_waits *waits)
{
    const pnas_simulation_options options = {ranks, kind, latency, answer};
    pnas_simulated_ranks *simulated = NULL;
    pnas_level_usage usage;
    make_jobs(count);
    cr_assert_eq(pnas_simulated_ranks_create(&options, &simulated), PNAS_OK, "%s", pnas_message());
    for (int level = 0; level < 2; level++)
        cr_assert_eq(pnas_simulated_ranks_train(simulated, job, count, duration, NULL, &usage, waits),
                     PNAS_OK, "%s", pnas_message());
    pnas_simulated_ranks_destroy(&simulated);
    return usage;
}

Test(simulated_ranks, one_rank_takes_the_sum_of_the_children)
{
    pnas_simulation_waits waits;
    pnas_level_usage usage = train(1, 20, 0.004, 0, &waits);
    cr_expect_float_eq(usage.span_seconds, sum_of_durations(20), 1e-6);
    cr_expect_float_eq(usage.busy_seconds, usage.span_seconds, 1e-6);
    PNAS_EXPECT_NO_LEAKS();
}

Test(simulated_ranks, a_rank_that_must_ask_waits_for_two_messages_and_the_result)
{
    pnas_simulation_waits waits;
    pnas_level_usage usage = train(2, 3, 1, 0.5, &waits); /* too few for one to wait at its rank */
    cr_expect_eq(waits.prefetched, 0);
    cr_expect_gt(waits.waited_seconds, 1 + 0.5);
    cr_expect_lt(usage.busy_seconds, usage.lane_seconds);
}

Test(simulated_ranks, with_eight_children_a_rank_messages_cost_nothing)
{
    pnas_simulation_waits waits;
    pnas_level_usage usage = train(64, 512, 0.5, 0.001, &waits);
    cr_expect_geq(usage.best_seconds / usage.span_seconds, 0.95, "%.3f",
                  usage.best_seconds / usage.span_seconds);
    cr_expect_gt(waits.prefetched, 256);
}

Test(simulated_ranks, sixteen_thousand_of_them_are_simulated_in_seconds)
{
    pnas_simulation_waits waits;
    pnas_level_usage usage = train(16384, 20000, 0.004, 0.0001, &waits);
    cr_expect_geq(usage.best_seconds / usage.span_seconds, 0.8, "%.3f",
                  usage.best_seconds / usage.span_seconds);
    cr_expect_eq(usage.messages, 40000);
}

Test(simulated_ranks, a_rank_0_that_cannot_follow_is_seen)
{
    pnas_simulation_waits waits;
    pnas_level_usage usage = train(256, 2048, 0.004, 0.5, &waits); /* two answers a second for 256 ranks */
    cr_expect_lt(usage.busy_seconds / usage.lane_seconds, 0.7);
    cr_expect_gt(waits.rank_0_seconds, 0.9 * usage.span_seconds);
}

Test(simulated_ranks, kinds_of_devices_are_told_apart)
{
    pnas_simulation_waits waits;
    for (int rank = 0; rank < 8; rank++)
        kind[rank] = rank >= 4;
    pnas_level_usage usage = train(8, 100, 0.004, 0.001, &waits);
    cr_expect_geq(usage.best_seconds / usage.span_seconds, 0.9, "%.3f",
                  usage.best_seconds / usage.span_seconds);
}

typedef struct {
    pnas_simulated_ranks *ranks;
    pnas_job early[4];
    int asked, begun, done[2];
} overlap_record;

static void count_begun(void *payload, const pnas_job *of)
{
    ((overlap_record *)payload)->begun += of->level == 3;
}

static pnas_status count_done(void *payload, const pnas_job *of)
{
    ((overlap_record *)payload)->done[of->level - 2]++;
    return PNAS_OK;
}

static pnas_status give_early(void *payload, double left, const pnas_job **jobs, size_t *count,
                              double *seconds)
{
    overlap_record *record = payload;
    if (record->asked++ > 0)
        return PNAS_OK;
    cr_expect_gt(left, 0);
    for (int i = 0; i < 4; i++)
        record->early[i] = (pnas_job){.level = 3, .index = i, .cost = 1000};
    *jobs = record->early;
    *count = 4;
    *seconds = 1;
    return PNAS_OK;
}

/* Two ranks, one job of 600 s and one of 60 s: four jobs of 60 s or a little more find room beside the long
 * one; without them its rank is the only one that is busy. */
Test(simulated_ranks, free_ranks_begin_jobs_of_the_next_training)
{
    const pnas_simulation_options options = {2, kind, 0.004, 0.001};
    const pnas_job level[] = {{.level = 2, .index = 0, .cost = 10000},
                              {.level = 2, .index = 1, .cost = 1000}};
    overlap_record record = {0};
    const pnas_simulation_listener listener = {
        .on_start = count_begun, .on_done = count_done, .on_idle = give_early, .payload = &record};
    pnas_level_usage usage;
    pnas_simulation_waits waits;
    cr_assert_eq(pnas_simulated_ranks_create(&options, &record.ranks), PNAS_OK);
    pnas_simulated_ranks_listen(record.ranks, &listener);
    cr_assert_eq(pnas_simulated_ranks_train(record.ranks, level, 2, duration, NULL, &usage, &waits), PNAS_OK);
    cr_expect_eq(record.begun, 4);
    cr_expect_eq(record.done[1], 4);
    cr_expect_float_eq(usage.span_seconds, 600, 1, "%g", usage.span_seconds);
    cr_expect_gt(usage.busy_seconds, 600 + 60 + 4 * 60);
    pnas_simulated_ranks_destroy(&record.ranks);
    PNAS_EXPECT_NO_LEAKS();
}

/* The same with a long job of 90 s: one early job is at work at its end and goes on. */
Test(simulated_ranks, what_is_at_work_at_the_end_goes_on_in_the_next_training)
{
    const pnas_simulation_options options = {2, kind, 0.004, 0.001};
    const pnas_job level[] = {{.level = 2, .index = 0, .cost = 1500}, {.level = 2, .index = 1, .cost = 1000}};
    overlap_record record = {0};
    const pnas_simulation_listener listener = {
        .on_start = count_begun, .on_done = count_done, .on_idle = give_early, .payload = &record};
    pnas_level_usage usage, next;
    pnas_simulation_waits waits;
    cr_assert_eq(pnas_simulated_ranks_create(&options, &record.ranks), PNAS_OK);
    pnas_simulated_ranks_listen(record.ranks, &listener);
    cr_assert_eq(pnas_simulated_ranks_train(record.ranks, level, 2, duration, NULL, &usage, &waits), PNAS_OK);
    cr_expect(record.begun == 1 && record.done[1] == 0);
    cr_assert_eq(pnas_simulated_ranks_pass(record.ranks, 10), PNAS_OK);
    cr_assert_eq(pnas_simulated_ranks_train(record.ranks, record.early, 4, duration, NULL, &next, &waits),
                 PNAS_OK);
    cr_expect_eq(record.done[1], 4);
    cr_expect_eq(record.begun, 4, "none was handed out twice");
    double all = 90 + 60.5 + 4 * 60 * 1.04; /* at most */
    cr_expect_lt(usage.busy_seconds + next.busy_seconds, all - 9, "ten seconds of one passed between");
    cr_expect_gt(usage.busy_seconds + next.busy_seconds, 90 + 60 + 4 * 60 - 11);
    pnas_simulated_ranks_destroy(&record.ranks);
    PNAS_EXPECT_NO_LEAKS();
}

/* --- a training that is extended --- */

typedef struct {
    pnas_simulated_ranks *ranks;
    size_t given, done; /* of 200 */
} extended_record;

static pnas_status count_extended(void *payload, const pnas_job *of)
{
    (void)of;
    ((extended_record *)payload)->done++;
    return PNAS_OK;
}

/* Four at a time, as soon as all but the last eight that were given are done; it takes 5 s to choose them. */
static pnas_status give_more(void *payload, const pnas_job **jobs, size_t *count, double *seconds, bool *more)
{
    extended_record *record = payload;
    *count = 0;
    if (record->given < 200 && record->done + 8 >= record->given) {
        *jobs = &job[record->given];
        *count = 4;
        *seconds = 5;
        record->given += 4;
    }
    *more = record->given < 200;
    return PNAS_OK;
}

Test(simulated_ranks, a_training_that_is_extended_in_time_keeps_its_ranks_busy)
{
    const pnas_simulation_options options = {4, kind, 0.004, 0.001};
    extended_record record = {.given = 12};
    const pnas_simulation_listener listener = {
        .on_done = count_extended, .on_change = give_more, .payload = &record};
    pnas_level_usage usage;
    pnas_simulation_waits waits;
    make_jobs(200);
    cr_assert_eq(pnas_simulated_ranks_create(&options, &record.ranks), PNAS_OK);
    pnas_simulated_ranks_listen(record.ranks, &listener);
    cr_assert_eq(pnas_simulated_ranks_train(record.ranks, job, 12, duration, NULL, &usage, &waits), PNAS_OK);
    cr_expect_eq(record.done, 200);
    cr_expect_float_eq(usage.busy_seconds, sum_of_durations(200), 1);
    cr_expect_gt(usage.busy_seconds, 0.98 * usage.lane_seconds, "%g of %g", usage.busy_seconds,
                 usage.lane_seconds);
    cr_expect_eq(usage.messages, 400);
    pnas_simulated_ranks_destroy(&record.ranks);
    PNAS_EXPECT_NO_LEAKS();
}
