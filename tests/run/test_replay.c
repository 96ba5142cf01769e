/* Children that are looked up, and sleep if they are told to. */
#include "src/run/replay.h"

#include "src/base/clock.h"

#include <criterion/criterion.h>

static pnas_status tick(void *payload)
{
    ++*(int *)payload;
    return PNAS_OK;
}

static pnas_status stop(void *payload)
{
    (void)payload;
    return pnas_fail(PNAS_STOPPED, "stopped by a test");
}

static pnas_replay make_replay(double pace)
{
    pnas_space space = {.blocks = 1, .lookback = -2, .lookforward = -1};
    pnas_operator_set_paper(&space.operators);
    const pnas_table_entry entry = {
        .cell = {.blocks = 1, .block = {{-2, 0, -1, 1}}}, .accuracy = 0.5, .train_seconds = 0.2};
    pnas_replay replay = {.path = "a table", .pace = pace};
    cr_assert_eq(pnas_cell_table_create(&space, &entry, 1, &replay.table, NULL), PNAS_OK, "%s",
                 pnas_message());
    return replay;
}

static const pnas_job job = {.level = 1, .cell = {.blocks = 1, .block = {{-2, 0, -1, 1}}}};

Test(replay, a_child_is_looked_up_at_once)
{
    pnas_replay replay = make_replay(0);
    pnas_result result;
    int ticks = 0;
    cr_assert_eq(pnas_replay_evaluate(&replay, &job, tick, &ticks, &result), PNAS_OK);
    cr_expect_eq(result.accuracy, 0.5);
    cr_expect_eq(result.train_seconds, 0.2);
    cr_expect_eq(ticks, 1, "it slept");
    pnas_replay_close(&replay);
}

Test(replay, at_a_pace_it_takes_a_share_of_its_time_and_ticks)
{
    pnas_replay replay = make_replay(0.5);
    pnas_result result;
    int ticks = 0;
    double start = pnas_clock_seconds();
    cr_assert_eq(pnas_replay_evaluate(&replay, &job, tick, &ticks, &result), PNAS_OK);
    double taken = pnas_clock_seconds() - start;
    cr_expect_geq(taken, 0.1);
    cr_expect(result.train_seconds >= 0.1 && result.train_seconds <= taken);
    cr_expect_geq(ticks, 2);
    pnas_replay_close(&replay);
}

Test(replay, a_sleeping_child_can_be_stopped)
{
    pnas_replay replay = make_replay(1000);
    pnas_result result;
    cr_expect_eq(pnas_replay_evaluate(&replay, &job, stop, NULL, &result), PNAS_STOPPED);
    pnas_replay_close(&replay);
}
