/* The folder of kernel sources: where it is, and what is in it. Local. */
#ifndef PNAS_CL_KERNEL_FOLDER_H
#define PNAS_CL_KERNEL_FOLDER_H

#include "src/base/status.h"

#define PNAS_KERNEL_HASH_TEXT 17 /* 16 hexadecimal digits and the end */

/* `wanted`, if that is not NULL; else $PNAS_KERNELS, the installed folder, or the source tree's, whichever
 * comes first. *out is the caller's. PNAS_ERROR_FILE if there are no kernels. */
pnas_status pnas_kernel_folder_find(const char *wanted, char **out);

/* Of the names and contents of all kernel sources in `folder`: other kernels have another hash. Not against
 * somebody who wants two to be equal. PNAS_ERROR_FILE if one cannot be read. */
pnas_status pnas_kernel_folder_hash(const char *folder, char out[PNAS_KERNEL_HASH_TEXT]);

/* Of the folder that this process uses unless it is told another one, and of the environment's variables that tell
 * compilers how to compile (PoCL's, CLBlast's), if some are set. */
pnas_status pnas_kernels_hash(char out[PNAS_KERNEL_HASH_TEXT]);

#endif
