/* Private to cl: whether a folder may hold what this process runs. Paths are buffers of PATH_MAX bytes.
 * Local. */
#ifndef PNAS_CL_CACHE_PLACE_H
#define PNAS_CL_CACHE_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* The user whose folders are trusted, beside root's. */
long pnas_cache_place_user(void);

/* Makes the folder `path` and those above it where they are not there, and puts the place without links into
 * `out`: of a sticky folder that others may write, the folder of this user inside, if `shared` allows that.
 * False with the reason, which names the folder, unless this user or root owns it, nobody else may write or
 * exchange it, and it has room. */
bool pnas_cache_place_open(const char *path, bool shared, char *out, char *why, size_t size);

/* A new folder for this user alone in `base`; false where there is no room for one, and `out` is empty. */
bool pnas_cache_place_make_temporary(const char *base, char *out);

/* Removes the folder with all that it holds. */
void pnas_cache_place_remove(const char *path);

/* Whether files may become as long as those of a kernel (ulimit -f). May be called in a handler of signals. */
bool pnas_cache_place_takes_long_files(void);

/* Whether one more kernel fits; tries to write a file. May be called in a handler of signals. */
bool pnas_cache_place_has_room(const char *path);

#endif
