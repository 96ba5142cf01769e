/* Where a file is written whose name may be a symbolic link: a link stays a link. Local. */
#ifndef PNAS_IO_LINK_TARGET_H
#define PNAS_IO_LINK_TARGET_H

#include "src/base/status.h"

/* *out (the caller's, free) is where `path` leads: itself or, if it is a symbolic link, the end of that, there or
 * not. What belongs to a file (its partial file, journal, lock) stands beside that, so that all its names are the same
 * file. PNAS_ERROR_FILE if the links go round in a circle. */
pnas_status pnas_link_target(const char *path, char **out);

#endif
