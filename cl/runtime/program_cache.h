/* Private to cl: built programs on disk, safe for many processes at once.
 *
 * An entry is one file named by a hash of its key; it holds the whole key (device, driver, options and source
 * text), so two keys are never mistaken for each other, and a checksum. Written to a temporary file and
 * renamed. Nothing here fails: a cache that does not work costs time only. `directory` may be NULL: nothing
 * is kept. Local. */
#ifndef PNAS_CL_PROGRAM_CACHE_H
#define PNAS_CL_PROGRAM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The entry's binary (the caller's), or false if there is none that is whole. */
bool pnas_program_cache_load(const char *directory, const char *key, unsigned char **binary, size_t *size);

void pnas_program_cache_store(const char *directory, const char *key, const unsigned char *binary,
                              size_t size);

/* Waits until no other process builds this key, for a limited time: then both build. Returns what to unlock. */
int pnas_program_cache_lock(const char *directory, const char *key);
/* Without waiting: false where another process builds it, else *lock is what to unlock. */
bool pnas_program_cache_try_lock(const char *directory, const char *key, int *lock);
void pnas_program_cache_unlock(int lock);

/* A new file for writing, in *temporary (PATH_MAX bytes), with the mode that the user's files have; -1 where
 * none can be made. */
int pnas_program_cache_create(const char *directory, const char *key, char *temporary);

/* A file of the cache for reading; NULL and errno. A pipe there is refused (EINVAL), not waited for. */
FILE *pnas_program_cache_open(const char *path);

/* "<directory>/<hash of key><suffix>" */
void pnas_program_cache_path(const char *directory, const char *key, const char *suffix, char *out,
                             size_t size);

#endif
