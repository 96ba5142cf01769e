/* Private to cl: programs, built once for a file and options, shared by every kernel of the context and
 * kept on disk, where other processes of the machine find them. Local: a call may wait for a process that
 * builds the same program. */
#ifndef PNAS_CL_KERNEL_PROGRAM_H
#define PNAS_CL_KERNEL_PROGRAM_H

#include "cl/runtime/context_fields.h"

typedef struct { /* zero: nothing is asked */
    /* Asked before each compilation, which may take seconds. Another status than PNAS_OK ends the call that
     * compiles and is returned by it. */
    pnas_status (*tick)(void *payload);
    void *tick_payload;
    double *seconds; /* grows by what building takes, the ticks among it; NULL: nobody asks */
} pnas_build_options;

/* Asks options->tick, if there is one; `options` may be NULL. */
pnas_status pnas_build_tick(const pnas_build_options *options);

/* What began at `begun` (pnas_clock_seconds) and ends now was building: adds it to options->seconds. Says once for a
 * context that kernels are compiled, where they are and building has taken a while. */
void pnas_build_note(pnas_cl *cl, double begun, const pnas_build_options *options);

/* The context's built programs; lanes may ask for kernels at the same time. */
pnas_status pnas_programs_create(struct pnas_programs **out);
void pnas_programs_destroy(struct pnas_programs **programs);

/* All options that a program of this context is built with: OpenCL's version, -DV=<vector>, then `options`
 * (NULL: none). *out is the caller's (free). */
pnas_status pnas_kernel_program_options(const pnas_cl *cl, const char *options, char **out);

/* Builds the program of `file` in the kernel directory, where lines #include "name" are replaced by that file
 * of the directory; `program_options` as pnas_kernel_program_options makes them. Without `wait` nothing is done, and
 * *busy set, where another process builds it. PNAS_ERROR_BUILD with the start of the log if the compiler
 * refuses it. */
pnas_status pnas_kernel_program_build(pnas_cl *cl, const char *file, const char *program_options, bool wait,
                                      const pnas_build_options *options, bool *busy);

/* A new kernel object (the caller's) of that program, which is built if need be. */
pnas_status pnas_kernel_program_kernel(pnas_cl *cl, const char *file, const char *program_options,
                                       const char *name, cl_kernel *out);

/* The same with options as pnas_kernel_program_options takes them. */
pnas_status pnas_kernel_create(pnas_cl *cl, const char *file, const char *options, const char *name,
                               cl_kernel *out);

#endif
