#include "mpi/stop_signal.h"

#include "src/base/clock.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static const struct {
    int number;
    const char *name;
    int flags;
} stop_signals[] = {
    {SIGTERM, "SIGTERM", SA_RESTART},
    {SIGINT, "SIGINT", SA_RESTART | SA_RESETHAND}, /* a second Ctrl-C ends the process at once */
    {SIGHUP, "SIGHUP", SA_RESTART},
    {SIGUSR1, "SIGUSR1", SA_RESTART},
    {SIGUSR2, "SIGUSR2", SA_RESTART},
};

static atomic_int caught; /* any thread of the process may get the signal */
static bool installed;
static double stop_deadline;

static void remember(int number)
{
    int none = 0;
    atomic_compare_exchange_strong(&caught, &none, number);
}

static void install(void)
{
    for (size_t i = 0; i < sizeof stop_signals / sizeof *stop_signals; i++) {
        struct sigaction action = {.sa_handler = remember, .sa_flags = stop_signals[i].flags}, there;
        sigemptyset(&action.sa_mask);
        bool known = sigaction(stop_signals[i].number, NULL, &there) == 0;
        if (known && stop_signals[i].number == SIGHUP && there.sa_handler == SIG_IGN)
            continue; /* as nohup wants it */
        if (!known || there.sa_handler != remember)
            sigaction(stop_signals[i].number, &action, NULL);
    }
}

void pnas_stop_signal_install(double deadline)
{
    caught = 0;
    stop_deadline = deadline;
    installed = true;
    install();
}

static bool out_of_time(void)
{
    return stop_deadline > 0 && pnas_clock_seconds() >= stop_deadline;
}

/* An OpenCL driver that compiles may put handlers of its own in the place of ours: LLVM does, and drops SIGUSR1. So
 * they are looked after at each call, until a signal has come. */
bool pnas_stop_signal_came(void)
{
    if (installed && caught == 0)
        install();
    return caught != 0 || out_of_time();
}

const char *pnas_stop_signal_name(void)
{
    for (size_t i = 0; i < sizeof stop_signals / sizeof *stop_signals; i++)
        if (caught == stop_signals[i].number)
            return stop_signals[i].name;
    return out_of_time() ? "the time limit" : "";
}
