/* Private to cl: the text of a kernel file with the files that it includes. Local. */
#ifndef PNAS_CL_KERNEL_SOURCE_H
#define PNAS_CL_KERNEL_SOURCE_H

#include "src/base/status.h"

/* `file` of `directory` with every line #include "name" replaced by that file's text (from the same
 * directory), so that the text alone decides what is built. *out is the caller's. PNAS_ERROR_FILE names what
 * is missing. */
pnas_status pnas_kernel_source_read(const char *directory, const char *file, char **out);

#endif
