/* A folder of pictures with a folder for each class: what there is to read. Not for callers. Local. */
#ifndef PNAS_IO_FOLDER_LIST_H
#define PNAS_IO_FOLDER_LIST_H

#include "io/data/picture_list.h"

/* Pictures are files named .png, .jpg or .jpeg, in upper or lower case, at any depth below a class. What begins with a
 * dot is hidden and left out. Links that lead out of the folder, and links to folders, are refused. PNAS_ERROR_DATA if
 * `path` is no folder or has no folder with a picture. */
pnas_status pnas_folder_list_read(const char *path, pnas_picture_list *out);

/* Whether some folder in it holds a picture, by its name; looks no further than it must. */
bool pnas_folder_list_is(const char *path);

#endif
