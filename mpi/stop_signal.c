#include "mpi/stop_signal.h"

#include "src/base/clock.h"

#include <pthread.h>
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

static bool left_alone(int number) /* as nohup wants it */
{
    struct sigaction there;
    return number == SIGHUP && sigaction(number, NULL, &there) == 0 && there.sa_handler == SIG_IGN;
}

/* --- the handlers, for threads that do not block the signals: those that MPI has started --- */

static void install(void)
{
    for (size_t i = 0; i < sizeof stop_signals / sizeof *stop_signals; i++) {
        struct sigaction action = {.sa_handler = remember, .sa_flags = stop_signals[i].flags}, there;
        sigemptyset(&action.sa_mask);
        bool known = sigaction(stop_signals[i].number, NULL, &there) == 0;
        if (left_alone(stop_signals[i].number))
            continue;
        if (!known || there.sa_handler != remember)
            sigaction(stop_signals[i].number, &action, NULL);
    }
}

/* --- the thread that takes them --- */

static sigset_t waited_for; /* that thread's, once it runs */

static void *take_signals(void *payload)
{
    int number;
    while (sigwait(&waited_for, &number) == 0) {
        remember(number);
        if (number == SIGINT) {
            sigset_t interrupt;
            sigemptyset(&interrupt);
            sigaddset(&interrupt, SIGINT);
            sigdelset(&waited_for, SIGINT);
            signal(SIGINT, SIG_DFL);
            pthread_sigmask(SIG_UNBLOCK, &interrupt, NULL);
        }
    }
    return payload;
}

/* mpirun and terminals send a signal to the whole process group, and so to the compilers and linkers that an OpenCL
 * driver starts, which it would end half-way. These inherit what their thread blocks. So all threads that begin after
 * this block the signals, but for one. Without that one the handlers have to do. */
static void start_thread(void)
{
    static bool started;
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t before;
    if (started)
        return;
    sigemptyset(&waited_for);
    for (size_t i = 0; i < sizeof stop_signals / sizeof *stop_signals; i++)
        if (!left_alone(stop_signals[i].number))
            sigaddset(&waited_for, stop_signals[i].number);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_BLOCK, &waited_for, &before);
    started = pthread_create(&thread, &attributes, take_signals, NULL) == 0;
    if (!started)
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

void pnas_stop_signal_install(double deadline)
{
    caught = 0;
    stop_deadline = deadline;
    installed = true;
    install();
    start_thread();
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
