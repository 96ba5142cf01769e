/* Private to cl: where built kernels are kept between runs. Local. */
#ifndef PNAS_CL_CACHE_DIRECTORY_H
#define PNAS_CL_CACHE_DIRECTORY_H

#include "src/base/status.h"

/* The directory `wanted`, else $PNAS_CACHE, $XDG_CACHE_HOME/pnas, ~/.cache/pnas; made if it is not there.
 * Where it cannot be written, a private one under $TMPDIR or /tmp with one warning; *out is NULL if that
 * fails too. *out is the caller's.
 *
 * PoCL keeps its own cache and refuses to work where it cannot: unless the user has placed it
 * (POCL_CACHE_DIR) it is put here too, so this must run before the first OpenCL call. */
pnas_status pnas_cache_directory_prepare(const char *wanted, char **out);

#endif
