/* A folder of pictures with a folder for each class: what there is to read. Not for callers. Local. */
#ifndef PNAS_IO_FOLDER_LIST_H
#define PNAS_IO_FOLDER_LIST_H

#include "src/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    char *path;
    uint16_t label;
    char *refused; /* why it is not to be read; NULL: it is */
} pnas_folder_file;

typedef struct { /* all of it the list's */
    char *root;  /* the folder's real path */
    size_t classes, files;
    char **class_name;      /* [classes], by their bytes */
    pnas_folder_file *file; /* [files], by class and then by path */
    size_t others;          /* files that are no pictures by their names, and pictures outside of classes */
    char *first_other;
} pnas_folder_list;

/* Pictures are files named .png, .jpg or .jpeg, in upper or lower case, at any depth below a class. What begins with a
 * dot is hidden and left out. Links that lead out of the folder, and links to folders, are refused. PNAS_ERROR_DATA if
 * `path` is no folder or has no folder with a picture. */
pnas_status pnas_folder_list_read(const char *path, pnas_folder_list *out);
void pnas_folder_list_free(pnas_folder_list *list);

/* Whether some folder in it holds a picture, by its name; looks no further than it must. */
bool pnas_folder_list_is(const char *path);

#endif
