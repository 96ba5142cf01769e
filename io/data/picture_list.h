/* Pictures to read, each with its class: made from a folder of folders (folder_list.h) or a text (text_list.h). Not for
 * callers. Local. */
#ifndef PNAS_IO_PICTURE_LIST_H
#define PNAS_IO_PICTURE_LIST_H

#include "src/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

typedef struct {
    char *path;
    uint16_t label;
    char *refused;          /* why it is not to be read; NULL: it is */
    uint64_t bytes;         /* of the file; */
    int64_t changed;        /* when, in nanoseconds since 1970; */
    uint64_t device, inode; /* which it is, whatever its names; all 0 if that was not asked */
} pnas_picture_entry;

typedef struct { /* all of it the list's; all zero: an empty one */
    char *root;  /* the folder's real path, or the text's path */
    size_t classes, files;
    char **class_name;        /* [classes] */
    pnas_picture_entry *file; /* [files], by class */
    size_t others;            /* files that are no pictures by their names, and pictures outside of classes */
    char *first_other;
    size_t class_room, file_room;
    bool once; /* a file that is in it twice, by whatever names, is a slip */
} pnas_picture_list;

/* Copies the name; the class's label is its place. PNAS_ERROR_DATA, with `list_name`, if there would be more than
 * PNAS_DATASET_CLASSES_MAX. */
pnas_status pnas_picture_list_add_class(pnas_picture_list *list, const char *list_name, const char *name);

/* Copies the texts. info: of the file; refused: why it is not to be read; either may be NULL. */
pnas_status pnas_picture_list_add_file(pnas_picture_list *list, const char *path, size_t label,
                                       const struct stat *info, const char *refused);

void pnas_picture_list_free(pnas_picture_list *list);

/* Whether a file is a PNG or a JPEG by its name: .png, .jpg or .jpeg, in upper or lower case. */
bool pnas_picture_name_is(const char *name);

#endif
