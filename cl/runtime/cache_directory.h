/* Private to cl: where built kernels are kept between runs. Local.
 *
 * What lies there is run by this process, so a folder is used only if this user or root owns it, nobody else
 * may write it, and it has room. Whatever stands in the way is told once, with what is used instead. */
#ifndef PNAS_CL_CACHE_DIRECTORY_H
#define PNAS_CL_CACHE_DIRECTORY_H

#include "src/base/status.h"

#include <stdbool.h>

/* The directory `wanted`, else $PNAS_CACHE, $XDG_CACHE_HOME/pnas, ~/.cache/pnas; made if it is not there, its
 * links followed once. Inside a folder that all may write and that is sticky, it is a folder of this user's.
 * Where it cannot be used, a private one under $TMPDIR or /tmp; where that cannot either, one in memory or
 * another of these places that is removed at the end of the process; *out is NULL if that fails too. *out is
 * the caller's.
 *
 * PoCL keeps its own cache and refuses to work where it cannot: it is put here too (POCL_CACHE_DIR), unless
 * the user has placed it well, so this must run before the first OpenCL call. What is damaged there is removed
 * (sealed_folder.h). Of the ranks of a machine the first one warns. */
pnas_status pnas_cache_directory_prepare(const char *wanted, char **out);

/* Where PoCL was put ("": nowhere), and whether no program lay there then. Borrowed. */
const char *pnas_cache_directory_of_pocl(bool *was_empty);

/* Seals what PoCL has built since, so that the next start can tell whether it is still the same. Never fails. */
void pnas_cache_directory_seal(void);

/* PNAS_ERROR_FILE with the reason unless PoCL's cache has room for a further kernel. */
pnas_status pnas_cache_directory_check_room(void);

/* The same for a handler of signals, which has only this: whether there is room. */
bool pnas_cache_directory_has_room(void);

#endif
