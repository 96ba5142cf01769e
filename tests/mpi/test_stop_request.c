#include "mpi/stop_request.h"

#include "src/base/clock.h"

#include <criterion/criterion.h>
#include <signal.h>

static void expect_stop_by(int number, const char *name)
{
    pnas_stop_install(0);
    cr_assert_not(pnas_stop_requested());
    cr_assert_str_eq(pnas_stop_reason(), "");
    raise(number);
    cr_assert(pnas_stop_requested());
    cr_assert_str_eq(pnas_stop_reason(), name);
}

Test(stop_request, each_signal_asks_for_a_stop_and_is_named)
{
    expect_stop_by(SIGTERM, "SIGTERM");
    expect_stop_by(SIGHUP, "SIGHUP");
    expect_stop_by(SIGUSR1, "SIGUSR1");
    expect_stop_by(SIGUSR2, "SIGUSR2");
    expect_stop_by(SIGINT, "SIGINT");
}

Test(stop_request, a_hangup_that_nohup_has_ignored_stays_ignored)
{
    signal(SIGHUP, SIG_IGN);
    pnas_stop_install(0);
    raise(SIGHUP);
    cr_assert_not(pnas_stop_requested());
}

Test(stop_request, the_first_signal_is_the_reason)
{
    pnas_stop_install(0);
    raise(SIGUSR1);
    raise(SIGTERM);
    cr_assert_str_eq(pnas_stop_reason(), "SIGUSR1");
}

Test(stop_request, a_library_that_takes_the_signals_over_does_not_keep_them)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        pnas_stop_install(0);
        signal(numbers[i], SIG_IGN);
        cr_assert_not(pnas_stop_requested());
        raise(numbers[i]);
        cr_assert(pnas_stop_requested(), "signal %d was lost", numbers[i]);
    }
}

Test(stop_request, a_look_after_the_first_interrupt_leaves_the_second_its_way, .signal = SIGINT)
{
    pnas_stop_install(0);
    raise(SIGINT);
    cr_assert(pnas_stop_requested());
    raise(SIGINT);
}

Test(stop_request, a_second_interrupt_ends_the_process, .signal = SIGINT)
{
    pnas_stop_install(0);
    raise(SIGINT);
    raise(SIGINT);
}

Test(stop_request, the_time_limit_asks_for_a_stop_when_it_is_over)
{
    pnas_stop_install(pnas_clock_seconds() + 1);
    cr_assert_not(pnas_stop_requested());
    pnas_clock_sleep(1.01);
    cr_assert(pnas_stop_requested());
    cr_assert_str_eq(pnas_stop_reason(), "the time limit");
}
