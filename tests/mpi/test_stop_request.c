#include "mpi/stop_request.h"

#include "src/base/clock.h"
#include "tests/mpi/own_signal.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_stop_by(int number, const char *name)
{
    pnas_stop_install(0);
    cr_assert_not(pnas_stop_requested());
    cr_assert_str_eq(pnas_stop_reason(), "");
    send_own_signal(number);
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
    kill(getpid(), SIGHUP);
    pnas_clock_sleep(0.1);
    cr_assert_not(pnas_stop_requested());
}

Test(stop_request, the_first_signal_is_the_reason)
{
    pnas_stop_install(0);
    send_own_signal(SIGUSR1);
    send_own_signal(SIGTERM);
    cr_assert_str_eq(pnas_stop_reason(), "SIGUSR1");
}

Test(stop_request, a_library_that_takes_the_signals_over_does_not_keep_them)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        pnas_stop_install(0);
        signal(numbers[i], SIG_IGN);
        cr_assert_not(pnas_stop_requested());
        send_own_signal(numbers[i]);
        cr_assert(pnas_stop_requested(), "signal %d was lost", numbers[i]);
    }
}

/* The thread that took the first one may not have made way yet. */
static void expect_end_by_interrupt(void)
{
    for (int i = 0; i < 100; i++) {
        kill(getpid(), SIGINT);
        pnas_clock_sleep(0.1);
    }
}

Test(stop_request, a_look_after_the_first_interrupt_leaves_the_second_its_way, .signal = SIGINT)
{
    pnas_stop_install(0);
    send_own_signal(SIGINT);
    cr_assert(pnas_stop_requested());
    expect_end_by_interrupt();
}

Test(stop_request, a_second_interrupt_ends_the_process, .signal = SIGINT)
{
    pnas_stop_install(0);
    send_own_signal(SIGINT);
    expect_end_by_interrupt();
}

Test(stop_request, a_program_that_a_thread_starts_outlives_a_signal_to_the_whole_group)
{
    char sleeper[] = "sleep", seconds[] = "0.5", *words[] = {sleeper, seconds, NULL};
    pid_t child;
    int end;
    setpgid(0, 0);
    pnas_stop_install(0);
    cr_assert_eq(posix_spawnp(&child, words[0], NULL, NULL, words, environ), 0);
    kill(0, SIGUSR1);
    kill(0, SIGUSR2);
    kill(0, SIGTERM);
    kill(0, SIGHUP);
    kill(0, SIGINT);
    cr_assert_eq(waitpid(child, &end, 0), child);
    cr_assert_eq(end, 0, "the program was ended half-way");
    cr_assert(pnas_stop_requested());
}

Test(stop_request, the_time_limit_asks_for_a_stop_when_it_is_over)
{
    pnas_stop_install(pnas_clock_seconds() + 1);
    cr_assert_not(pnas_stop_requested());
    pnas_clock_sleep(1.01);
    cr_assert(pnas_stop_requested());
    cr_assert_str_eq(pnas_stop_reason(), "the time limit");
}
