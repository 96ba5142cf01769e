/* Opening what should be a regular file without waiting for anybody: a pipe with nobody at its other end would
 * hold a program for ever. Local. */
#ifndef PNAS_IO_REGULAR_FILE_H
#define PNAS_IO_REGULAR_FILE_H

#include <stdio.h>

#define PNAS_FILE_TROUBLE 160

/* For reading. Returns the descriptor, or -1 with what is wrong in words ("cannot be opened: ...", "is a pipe, which
 * is not a regular file") and errno, which is EINVAL for what is there and is no regular file. A pipe is taken as
 * /dev/stdin or /dev/fd/N, where it is one that the program was started with. */
int pnas_file_open(const char *path, char trouble[PNAS_FILE_TROUBLE]);

/* The same as a stream, or NULL. */
FILE *pnas_file_open_stream(const char *path, char trouble[PNAS_FILE_TROUBLE]);

#endif
