/* A text with the path of a picture and its label in each line: what there is to read. Not for callers. Local.
 *
 * Path and label are parted by a tab; in a text whose first line has none, by a comma; in one whose first line has
 * neither, by the last blanks of the line. Quotes around both are left out, as is a first
 * line that names columns: no picture, and a label that no other line has. Relative paths are below `root`; NULL: below
 * the text's own folder. */
#ifndef PNAS_IO_TEXT_LIST_H
#define PNAS_IO_TEXT_LIST_H

#include "io/data/picture_list.h"

/* Classes are the different labels: numbers by their value, then the others by their bytes. The files of a class are
 * in the order of their paths. A file that is not there, or is no file, is refused. PNAS_ERROR_DATA with the line that is
 * no path and label, or names a file for the second time; PNAS_ERROR_FILE. */
pnas_status pnas_text_list_read(const char *path, const char *root, pnas_picture_list *out);

/* Whether the first line of `path` names a picture, or a file that is there, and a label. */
bool pnas_text_list_is(const char *path, const char *root);

#endif
