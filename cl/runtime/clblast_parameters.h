/* Private to cl: CLBlast's own tuning parameters of its two product kernels, one set a device for all
 * shapes (its override call knows no shapes). Direct serves small products, indirect large ones. Local. */
#ifndef PNAS_CL_CLBLAST_PARAMETERS_H
#define PNAS_CL_CLBLAST_PARAMETERS_H

#include "cl/runtime/context_fields.h"

typedef enum { PNAS_CLBLAST_DIRECT, PNAS_CLBLAST_INDIRECT, PNAS_CLBLAST_KERNELS } pnas_clblast_kernel;

enum { PNAS_CLBLAST_VALUES = 16 };

typedef struct {
    /* By the kernel's names, in their order; of a kernel whose first value is 0: CLBlast's own. */
    int value[PNAS_CLBLAST_KERNELS][PNAS_CLBLAST_VALUES];
} pnas_clblast_parameters;

/* How many sets are worth a try for a kernel, and the index-th of them; static. */
int pnas_clblast_candidates(pnas_clblast_kernel kernel);
const int *pnas_clblast_candidate(pnas_clblast_kernel kernel, int index);

/* Puts a kernel's values in force for this process and device, for the products to come. There is no way back
 * to CLBlast's own, so those (a first value of 0) change nothing. PNAS_ERROR_BUILD if it does
 * not take them. */
pnas_status pnas_clblast_override(pnas_cl *cl, pnas_clblast_kernel kernel, const int *values);

/* "XgemmDirect WGD=32 ..." or "XgemmDirect own", and back; false for anything else. */
void pnas_clblast_write(pnas_clblast_kernel kernel, const int *values, char *out, size_t size);
bool pnas_clblast_read(pnas_clblast_kernel kernel, const char *text, int *values);

#endif
