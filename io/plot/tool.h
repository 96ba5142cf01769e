/* Other programs that draw for us (gnuplot, dot): a temporary folder for them to work in, and running one
 * without a shell. Local. */
#ifndef PNAS_IO_TOOL_H
#define PNAS_IO_TOOL_H

#include "src/base/status.h"

#include <stdbool.h>
#include <stdio.h>

#define PNAS_TOOL_PATH_MAX 1024

typedef struct { /* a plain value */
    char folder[PNAS_TOOL_PATH_MAX];
    bool kept; /* it is somebody's own folder, or is kept for a person: not removed */
} pnas_tool_folder;

/* `keep` names a folder to work in and to leave there (made if it is not there); NULL: a new one under
 * TMPDIR or /tmp, for pnas_tool_folder_remove to remove with all files in it. PNAS_ERROR_FILE. */
pnas_status pnas_tool_folder_make(const char *keep, pnas_tool_folder *out);
void pnas_tool_folder_remove(pnas_tool_folder *folder);

/* Opens a file of that folder for reading; close it with fclose. */
pnas_status pnas_tool_file_open(const pnas_tool_folder *folder, const char *name, FILE **out);

/* Creates a file of that folder for writing; close it with pnas_tool_file_close, which says whether all of it
 * arrived (takes NULL, sets it to NULL). */
pnas_status pnas_tool_file_create(const pnas_tool_folder *folder, const char *name, FILE **out);
/* Makes room for a file that the tool itself writes, so that it goes through no link. */
void pnas_tool_file_clear(const pnas_tool_folder *folder, const char *name);
pnas_status pnas_tool_file_close(const pnas_tool_folder *folder, const char *name, FILE **file);

/* Runs argv[0], found by PATH, in the folder and waits for it. Its stdin is empty, its stdout is ours.
 * PNAS_ERROR_FILE if it is not installed, `package` being what Debian calls it, or with its own first line of
 * error output if it fails. */
pnas_status pnas_tool_run(const pnas_tool_folder *folder, const char *const *argv, const char *package);

/* Puts a file of the folder at `path` (written beside it, then renamed) or, with path NULL, on stdout. */
pnas_status pnas_tool_deliver(const pnas_tool_folder *folder, const char *name, const char *path);

/* The format that a picture's name ends in, one of `known` (NULL-terminated, "png", ...), or NULL with
 * PNAS_ERROR_USAGE as message. */
const char *pnas_tool_format(const char *path, const char *const *known);

#endif
