/* Inside the cl rooms: programs, built once for a file and options, shared by every kernel of the context and
 * kept on disk, where other processes of the machine find them. Local: a call may wait for a process that
 * builds the same program. */
#ifndef PNAS_CL_KERNEL_PROGRAM_H
#define PNAS_CL_KERNEL_PROGRAM_H

#include "cl/runtime/context_fields.h"

/* A new kernel object (the caller's) of `file` in the kernel directory built with `options` (may be NULL);
 * -DV=<vector> is always added, and lines #include "name" are replaced by that file of the kernel directory.
 * Built programs are shared within the context and kept on disk. */
pnas_status pnas_kernel_create(pnas_cl *cl, const char *file, const char *options, const char *name,
                               cl_kernel *out);

/* The context's built programs; lanes may ask for kernels at the same time. */
pnas_status pnas_programs_create(struct pnas_programs **out);
void pnas_programs_destroy(struct pnas_programs **programs);
/* Builds what pnas_kernel_create will want. Without `wait` nothing is done, and *busy set, where another
 * process builds it. `options`: all of them, as pnas_program_wish has them. */
pnas_status pnas_program_prepare(pnas_cl *cl, const char *file, const char *options, bool wait, bool *busy);
/* "<file> <options>" of the program that a kernel is of; borrowed. NULL if it is none of this context's. */
const char *pnas_program_name(const pnas_cl *cl, cl_program program);

#endif
