/* What OpenCL does not tell of the processor that this program runs on. Local. */
#ifndef PNAS_CL_PROCESSOR_H
#define PNAS_CL_PROCESSOR_H

#include <stdbool.h>

/* Whether its units make a vector of 512 bits as two of 256: then only what waits for something else than
 * arithmetic gains by such vectors. False where it is not known. */
bool pnas_processor_halves_vectors(void);

#endif
