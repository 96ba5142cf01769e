#include "src/base/clock.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char *duration(double seconds)
{
    static char text[32];
    pnas_clock_duration(seconds, text, sizeof text);
    return text;
}

Test(clock, durations_read_as_a_person_says_them)
{
    cr_expect_str_eq(duration(0), "0 s");
    cr_expect_str_eq(duration(41.2), "41 s");
    cr_expect_str_eq(duration(59.4), "59 s");
    cr_expect_str_eq(duration(59.6), "1 min 00 s");
    cr_expect_str_eq(duration(200), "3 min 20 s");
    cr_expect_str_eq(duration(3599.6), "1 h 00 min");
    cr_expect_str_eq(duration(7500), "2 h 05 min");
    cr_expect_str_eq(duration(100 * 3600), "100 h 00 min");
}

Test(clock, a_duration_that_nobody_knows_is_a_question_mark)
{
    cr_expect_str_eq(duration(NAN), "?");
    cr_expect_str_eq(duration(-1), "?");
    cr_expect_str_eq(duration(INFINITY), "?");
}

Test(clock, a_duration_is_cut_to_its_room)
{
    char text[4] = "";
    pnas_clock_duration(200, text, sizeof text);
    cr_expect_str_eq(text, "3 m");
}

Test(clock, stamps_are_utc)
{
    char text[32];
    pnas_clock_stamp(0, text);
    cr_expect_str_eq(text, "1970-01-01T00:00:00Z");
    pnas_clock_stamp(1000000000.9, text);
    cr_expect_str_eq(text, "2001-09-09T01:46:40Z");
}

Test(clock, the_steady_clock_runs_with_sleep)
{
    double start = pnas_clock_seconds();
    pnas_clock_sleep(0.02);
    double slept = pnas_clock_seconds() - start;
    cr_expect(slept >= 0.02 && slept < 5, "slept %g s", slept);
}

Test(clock, the_wall_clock_is_after_this_was_written)
{
    cr_expect_gt(pnas_clock_unix(), 1.7e9);
}
