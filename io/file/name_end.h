/* What the end of a file's name says about its kind. Local. */
#ifndef PNAS_IO_NAME_END_H
#define PNAS_IO_NAME_END_H

#include <stdbool.h>

/* Whether `path` ends in `end` (".svg"), in capitals or small letters, with something before it. False for NULL. */
bool pnas_name_ends_in(const char *path, const char *end);

#endif
