/* Files that have several names: links, and other ways through the folders. Local. */
#ifndef PNAS_IO_SAME_FILE_H
#define PNAS_IO_SAME_FILE_H

#include <stdbool.h>

/* Whether both are there and are one file or folder. */
bool pnas_same_file(const char *a, const char *b);

#endif
