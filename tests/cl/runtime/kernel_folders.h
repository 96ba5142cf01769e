/* Folders of a test for kernels and for the cache of their programs, with one kernel that writes VALUE = 41. */
#ifndef PNAS_TESTS_CL_KERNEL_FOLDERS_H
#define PNAS_TESTS_CL_KERNEL_FOLDERS_H

#include "cl/runtime/context.h"

#include <stdbool.h>

typedef struct {
    char root[64], cache[80], kernels[80]; /* the cache's is not there yet */
} kernel_folders;

kernel_folders kernel_folders_make(void);
void kernel_folders_remove(kernel_folders *folders);

/* A whole folder with all that it holds. */
void kernel_folder_empty(const char *folder);

void kernel_folder_write(const char *folder, const char *name, const char *text);

/* How many files of a folder end like this; the path of the last one into `path` (PATH_MAX bytes, or NULL). */
int kernel_folder_count(const char *folder, const char *ending, char *path);

/* A context on these folders; the caller's. */
pnas_cl *kernel_folders_open(const kernel_folders *folders, bool keep_binaries);

/* What the kernel writes; -1 if it cannot be made. */
int kernel_folders_run(pnas_cl *cl);

#endif
