#include "mpi/stop_request.h"

#include "mpi/silence.h"
#include "mpi/stop_signal.h"

void pnas_stop_install(double deadline)
{
    pnas_stop_signal_install(deadline);
}

bool pnas_stop_requested(void)
{
    pnas_silence_answer();
    return pnas_stop_signal_came();
}

const char *pnas_stop_reason(void)
{
    return pnas_stop_signal_name();
}
