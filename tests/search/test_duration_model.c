/* What a child is expected to take, learned from others. */
#include "src/search/duration_model.h"

#include <criterion/criterion.h>
#include <math.h>

static pnas_job make_job(int i)
{
    return (pnas_job){.cost = 1000000 + 37 * i % 50 * 100000,
                      .values = 100000 + i * 29 % 31 * 20000,
                      .layers = 50 + i * 7 % 40};
}

static double true_seconds(const pnas_job *job)
{
    return 2e-6 * (double)job->cost + 5e-6 * (double)job->values + 0.03 * job->layers + 0.7;
}

Test(duration_model, without_measurements_multiply_adds_and_values_decide)
{
    pnas_duration_model model = {0};
    cr_expect_eq(pnas_duration_expect(&model, &(pnas_job){.cost = 700}), 700);
    cr_expect_eq(pnas_duration_expect(&model, &(pnas_job){.cost = 700, .values = 10}), 900);
}

Test(duration_model, one_measurement_gives_the_rate)
{
    pnas_duration_model model = {0};
    pnas_duration_learn(&model, &(pnas_job){.cost = 800000, .values = 10000, .layers = 5}, 3);
    cr_expect_float_eq(pnas_duration_expect(&model, &(pnas_job){.cost = 2000000, .layers = 50}), 6, 1e-9);
    cr_expect_float_eq(pnas_duration_expect(&model, &(pnas_job){.cost = 0, .values = 100000}), 6, 1e-9);
}

Test(duration_model, arithmetic_memory_launches_and_a_constant_are_told_apart)
{
    pnas_duration_model model = {0};
    for (int i = 0; i < 60; i++) {
        pnas_job job = make_job(i);
        pnas_duration_learn(&model, &job, true_seconds(&job));
    }
    pnas_job larger = {.cost = 90000000, .values = 900000, .layers = 300};
    cr_expect_float_eq(pnas_duration_expect(&model, &larger) / true_seconds(&larger), 1, 1e-4);
    cr_expect_lt(model.spread, 1e-4);
}

Test(duration_model, the_spread_is_that_of_the_noise)
{
    pnas_duration_model model = {0};
    for (int i = 0; i < 400; i++) {
        pnas_job job = make_job(i);
        pnas_duration_learn(&model, &job, true_seconds(&job) * (i % 2 ? 1.1 : 0.9));
    }
    cr_expect_float_eq(model.spread, 0.1, 0.02, "%g", model.spread);
}

Test(duration_model, no_expectation_is_negative)
{
    pnas_duration_model model = {0};
    for (int i = 0; i < 60; i++) { /* the more layers, the faster: no launch takes negative time */
        pnas_job job = make_job(i);
        pnas_duration_learn(&model, &job, 10.0 - 0.1 * job.layers);
    }
    cr_expect_geq(pnas_duration_expect(&model, &(pnas_job){.cost = 1, .layers = 100000}), 0);
}

Test(duration_model, what_took_no_time_teaches_nothing)
{
    pnas_duration_model model = {0};
    pnas_duration_learn(&model, &(pnas_job){.cost = 1000}, 0);
    pnas_duration_learn(&model, &(pnas_job){.cost = 1000}, NAN);
    pnas_duration_learn(&model, &(pnas_job){.cost = 0}, 1);
    cr_expect_eq(model.count, 0);
}
