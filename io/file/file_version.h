/* Whether a file is still what it was: a reader that looks at it twice, or for long, must not mix two files.
 * Local. */
#ifndef PNAS_IO_FILE_VERSION_H
#define PNAS_IO_FILE_VERSION_H

#include <stdbool.h>
#include <sys/stat.h>

/* What an open file is now. Waits, for some milliseconds at most, until a later change has a later time.
 * False with errno if it cannot be asked. */
bool pnas_file_version_take(int file, struct stat *out);

/* Whether `file` is the same file, whoever opened it, and nothing has been written to it. */
bool pnas_file_version_holds(int file, const struct stat *before);

#endif
