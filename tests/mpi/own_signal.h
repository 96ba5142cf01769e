/* A signal to the process of a test, as kill(1) sends it: which thread takes it is not the caller's affair. */
#ifndef PNAS_TESTS_OWN_SIGNAL_H
#define PNAS_TESTS_OWN_SIGNAL_H

#include "mpi/stop_request.h"
#include "src/base/clock.h"

#include <signal.h>
#include <unistd.h>

/* Returns when a stop by it, or by an earlier one, is known; after 10 s anyway. */
static inline void send_own_signal(int number)
{
    kill(getpid(), number);
    for (int i = 0; i < 10000 && !*pnas_stop_reason(); i++)
        pnas_clock_sleep(0.001);
}

#endif
