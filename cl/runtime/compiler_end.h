/* Private to cl: a driver's compiler may end the process by itself, with exit or abort. Local. */
#ifndef PNAS_CL_COMPILER_END_H
#define PNAS_CL_COMPILER_END_H

/* From now on such an end is explained in a sentence, and the exit code is 74, where the cache of kernels has no
 * room. Between the two calls the process must not end by itself otherwise; they may be nested. */
void pnas_compiler_end_watch(void);
void pnas_compiler_end_leave(void);

/* Around a call in which the driver may compile. There such an end for any other reason is explained, too, and the
 * exit code is 69. Local to the thread, and to threads that are not the main one, as drivers have their own. */
void pnas_compiler_end_begin(void);
void pnas_compiler_end_done(void);

#endif
