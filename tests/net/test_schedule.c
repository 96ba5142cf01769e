/* Learning-rate schedules: their ends and their shape. */
#include "src/net/schedule.h"

#include <criterion/criterion.h>
#include <math.h>

static const pnas_schedule cosine = {
    .kind = PNAS_SCHEDULE_COSINE, .rate = 0.1, .final_rate = 0.01, .epochs = 10, .steps_per_epoch = 5};

static void expect_rate(const pnas_schedule *schedule, int step, double rate)
{
    cr_expect_float_eq(pnas_schedule_rate(schedule, step), rate, 1e-12, "step %d: %.12g, not %.12g", step,
                       pnas_schedule_rate(schedule, step), rate);
}

Test(schedule, cosine_starts_at_the_peak_and_ends_at_the_final_rate)
{
    expect_rate(&cosine, 0, 0.1);
    expect_rate(&cosine, 49, 0.01);
    for (int step = 1; step < 50; step++)
        cr_expect_lt(pnas_schedule_rate(&cosine, step), pnas_schedule_rate(&cosine, step - 1));
}

Test(schedule, cosine_is_half_way_down_in_the_middle)
{
    pnas_schedule schedule = cosine;
    schedule.epochs = 3;
    schedule.steps_per_epoch = 7; /* 21 steps: the middle is step 10 */
    expect_rate(&schedule, 10, 0.055);
    expect_rate(&schedule, 5, 0.01 + 0.09 * (1 + sqrt(0.5)) / 2);
}

Test(schedule, cosine_of_a_single_step_is_the_peak)
{
    pnas_schedule schedule = cosine;
    schedule.epochs = schedule.steps_per_epoch = 1;
    expect_rate(&schedule, 0, 0.1);
}

Test(schedule, warm_up_climbs_in_a_line_and_then_the_schedule_begins)
{
    pnas_schedule schedule = cosine;
    schedule.warmup_epochs = 2;
    for (int step = 0; step < 10; step++)
        expect_rate(&schedule, step, 0.1 * (step + 1) / 10);
    expect_rate(&schedule, 10, 0.1);
    expect_rate(&schedule, 49, 0.01);
}

Test(schedule, a_warm_up_of_part_of_an_epoch_counts_whole_steps)
{
    pnas_schedule schedule = cosine;
    schedule.warmup_epochs = 0.5; /* 2.5 steps */
    expect_rate(&schedule, 0, 0.05);
    expect_rate(&schedule, 1, 0.1);
    expect_rate(&schedule, 2, 0.1);
    schedule.warmup_epochs = 0.29; /* 0.29 * 100 is a little less than 29 in binary */
    schedule.steps_per_epoch = 100;
    expect_rate(&schedule, 27, 0.1 * 28 / 29);
    expect_rate(&schedule, 28, 0.1);
}

Test(schedule, a_warm_up_over_all_epochs_ends_at_the_peak)
{
    pnas_schedule schedule = cosine;
    schedule.warmup_epochs = 10;
    expect_rate(&schedule, 49, 0.1);
}

Test(schedule, step_multiplies_at_every_so_many_epochs)
{
    pnas_schedule schedule = {.kind = PNAS_SCHEDULE_STEP,
                              .rate = 0.1,
                              .step_epochs = 3,
                              .step_factor = 0.5,
                              .epochs = 10,
                              .steps_per_epoch = 5};
    expect_rate(&schedule, 14, 0.1);
    expect_rate(&schedule, 15, 0.05);
    expect_rate(&schedule, 29, 0.05);
    expect_rate(&schedule, 30, 0.025);
    expect_rate(&schedule, 45, 0.0125);
}

Test(schedule, step_falls_on_the_whole_step_where_epochs_are_fractions)
{
    pnas_schedule schedule = {.kind = PNAS_SCHEDULE_STEP,
                              .rate = 1,
                              .step_epochs = 2.4,
                              .step_factor = 0.1,
                              .epochs = 10,
                              .steps_per_epoch = 10};
    for (int step = 0; step < 100; step++)
        expect_rate(&schedule, step, pow(0.1, floor(step / 24.0)));
    schedule.step_epochs = 0.7; /* 0.7 * 10 is a little more than 7 in binary */
    for (int step = 0; step < 100; step++)
        expect_rate(&schedule, step, pow(0.1, floor(step / 7.0)));
}

Test(schedule, constant_is_constant_after_warm_up)
{
    pnas_schedule schedule = {
        .kind = PNAS_SCHEDULE_CONSTANT, .rate = 0.02, .warmup_epochs = 1, .epochs = 4, .steps_per_epoch = 2};
    expect_rate(&schedule, 0, 0.01);
    for (int step = 1; step < 8; step++)
        expect_rate(&schedule, step, 0.02);
}

Test(schedule, a_path_is_kept_less_often_with_depth_and_time)
{
    cr_expect_float_eq(pnas_schedule_keep(0.6, 8, 9, 99, 100), 0.6, 1e-15);
    cr_expect_float_eq(pnas_schedule_keep(0.6, 8, 9, 49, 100), 0.8, 1e-15);
    cr_expect_float_eq(pnas_schedule_keep(0.6, 2, 9, 99, 100), 1 - 0.4 / 3, 1e-15);
    cr_expect_float_eq(pnas_schedule_keep(0.6, 0, 9, 0, 100), 1 - 0.4 / 900, 1e-15);
    cr_expect_eq(pnas_schedule_keep(1, 8, 9, 99, 100), 1);
}
