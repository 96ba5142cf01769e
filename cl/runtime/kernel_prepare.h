/* Inside the cl room: everything that lists of launches need is compiled before they run, and shared with the
 * other processes of the machine: where one compiles a program or kernel, the others go on with the next and
 * come back for it when it lies in the cache. */
#ifndef PNAS_CL_KERNEL_PREPARE_H
#define PNAS_CL_KERNEL_PREPARE_H

#include "cl/runtime/launch.h"

struct pnas_gemm;

/* Programs that will be wanted, each once, in the order of the first wish. */
typedef struct pnas_program_wishes { /* zero it to start */
    struct pnas_program_wish {
        char *file, *options;
        bool done;
    } * item;
    size_t count, capacity;
    pnas_status (*product)(void *payload, const struct pnas_gemm *gemm); /* is shown each matrix product */
    void *payload;
} pnas_program_wishes;

/* Notes a program; what pnas_kernel_create does while cl->wishes is set. */
pnas_status pnas_program_wish(pnas_program_wishes *wishes, const char *file, const char *options);
void pnas_program_wishes_clear(pnas_program_wishes *wishes);

/* Builds them all. */
pnas_status pnas_programs_prepare(pnas_cl *cl, pnas_program_wishes *wishes);

/* Where the driver compiles a kernel when it is first run (PoCL, for each local size): runs one work-group of
 * each kernel of the list that this context has not run yet, and sets *ran if there was one. What they write
 * means nothing; their buffers must hold valid indices. */
pnas_status pnas_kernels_prepare(pnas_cl *cl, const pnas_launch_list *list, bool *ran);
void pnas_warm_kernels_release(pnas_cl *cl);

#endif
