/* The signals behind a stop request, and its deadline (mpi/stop_request.h); private to this room. Local. */
#ifndef PNAS_MPI_STOP_SIGNAL_H
#define PNAS_MPI_STOP_SIGNAL_H

#include <stdbool.h>

void pnas_stop_signal_install(double deadline);
bool pnas_stop_signal_came(void);
const char *pnas_stop_signal_name(void);

#endif
