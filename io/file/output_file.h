/* A text or other small file that takes its place when it is complete. Local. */
#ifndef PNAS_IO_OUTPUT_FILE_H
#define PNAS_IO_OUTPUT_FILE_H

#include "src/base/status.h"

#include <stdbool.h>
#include <stdio.h>

/* Made beside its target under a name that nobody can foresee (.pnas-HEX.partial), never through a link. Of two
 * that are made at once for one target the later one stays, whole. */
typedef struct {
    FILE *stream; /* borrowed; NULL when there is none */
    char *path, *temporary;
    int leftover;
} pnas_output_file;

#define PNAS_NO_OUTPUT_FILE ((pnas_output_file){.leftover = -1})

/* PNAS_ERROR_FILE if the folder is missing or not writable, or if what is at `path` is no regular file, or HDF5 or
 * a journal, which are never replaced by something else. The new file gets the rights of the one it replaces. A
 * symbolic link is replaced, and what it leads to stays. */
pnas_status pnas_output_file_create(const char *path, pnas_output_file *out);

/* Puts the file in its place; `lasting`: once it and its folder are safe on the disk. On failure what was at the
 * path is still there. */
pnas_status pnas_output_file_commit(pnas_output_file *output, bool lasting);

/* Removes what was not committed; takes PNAS_NO_OUTPUT_FILE and what was committed, too. */
void pnas_output_file_discard(pnas_output_file *output);

/* So that a rename in the folder of `path` lasts. */
pnas_status pnas_folder_sync(const char *path);

#endif
