#include "src/run/slurm_time.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define NOW 1790000000.0

static double left_with(const char *end)
{
    if (end)
        setenv("SLURM_JOB_END_TIME", end, 1);
    else
        unsetenv("SLURM_JOB_END_TIME");
    return pnas_slurm_time_left(NOW);
}

Test(slurm_time, a_minute_is_kept_for_the_stop)
{
    cr_expect_eq(left_with("1790003600"), 3540);
    cr_expect_eq(left_with("1790000121"), 61);
}

Test(slurm_time, a_short_job_keeps_half_of_what_is_left)
{
    cr_expect_eq(left_with("1790000120"), 60);
    cr_expect_eq(left_with("1790000010"), 5);
}

Test(slurm_time, an_end_that_is_unknown_or_past_is_none)
{
    static const char *const none[] = {NULL,         "",  "Unknown", "12x", "1790000000",
                                       "1789999999", "0", "nan",     "inf"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect_eq(left_with(none[i]), 0, "%s", none[i] ? none[i] : "unset");
}
