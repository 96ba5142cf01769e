/* A file that one process at a time holds, so that two do not write the same output. The lock ends with the
 * process, in whatever way that ends. Local. */
#ifndef PNAS_IO_LOCKED_FILE_H
#define PNAS_IO_LOCKED_FILE_H

#include "src/base/status.h"

#include <stdbool.h>
#include <sys/types.h>

#define PNAS_OWNER_SIZE 92 /* bytes of the text that says who holds the file */

/* Opens or creates the file at `path` and locks it until it is closed. PNAS_ERROR_FILE if it cannot be
 * written, is no regular file, or another process holds it: that is named as far as the text at byte
 * `owner_at` tells it. Messages call the file `shown`. */
pnas_status pnas_locked_file_open(const char *path, const char *shown, off_t owner_at, int *out);

/* Whether a process holds the file at `path`, and who, as text; "" unless it is held. Unknown where the file
 * cannot be opened, or its file system has no locks. */
typedef enum { PNAS_LOCK_FREE, PNAS_LOCK_HELD, PNAS_LOCK_UNKNOWN } pnas_lock_state;
pnas_lock_state pnas_locked_file_look(const char *path, off_t owner_at, char owner[PNAS_OWNER_SIZE + 1]);

/* What says that this process holds a file; zeros behind the text. */
void pnas_locked_file_owner(char out[PNAS_OWNER_SIZE]);

/* Whether what is at `path` is still the file that is held. */
bool pnas_locked_file_is_there(int file, const char *path);

#endif
