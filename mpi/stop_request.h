/* Signals that ask for a stop in good order: SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, and an own deadline. Local:
 * who has been asked tells the others (mpi/scheduler.h). */
#ifndef PNAS_MPI_STOP_REQUEST_H
#define PNAS_MPI_STOP_REQUEST_H

#include <stdbool.h>

/* From here on the signals only set a flag. To be called before OpenCL is used: threads that begin later leave them to
 * one thread, and so do the compilers that they start, which a signal to the whole group would end half-way.
 * deadline: steady-clock seconds (pnas_clock_seconds), 0: none. */
void pnas_stop_install(double deadline);

/* To be called often by the thread that speaks MPI: other libraries' handlers are put out of the way, and ranks that
 * call the roll (mpi/silence.h) are told that this one is alive. */
bool pnas_stop_requested(void);

const char *pnas_stop_reason(void); /* "SIGUSR2", "the time limit"; "" if none */

#endif
