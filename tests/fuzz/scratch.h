/* Files of one fuzzing process, in memory where there is /dev/shm; gone when it ends in good order. */
#ifndef PNAS_TESTS_SCRATCH_H
#define PNAS_TESTS_SCRATCH_H

#include <stddef.h>

/* The path of this process's file `name`; borrowed, good for the next seven calls. */
const char *scratch_path(const char *name);

/* All three end the process where the file system fails. */
void scratch_write(const char *path, const void *bytes, size_t size);
void scratch_stretch(const char *path);                      /* to 200 GiB, by holes */
unsigned char *scratch_read(const char *path, size_t *size); /* the caller's (free) */

/* To be called first: warnings of the readers are not printed, and the files go at the process's end. */
void scratch_begin(void);

#endif
