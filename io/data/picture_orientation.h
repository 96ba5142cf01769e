/* How a camera was held (EXIF 2.32, tag 0x0112), and the picture turned upright. Not for callers. Local. */
#ifndef PNAS_IO_PICTURE_ORIENTATION_H
#define PNAS_IO_PICTURE_ORIENTATION_H

#include "io/data/picture.h"

/* Of a TIFF structure, as the chunk eXIf of a PNG is one: 1 to 8, where 1 is upright and also what is said
 * for anything else. */
int pnas_picture_orientation(const unsigned char *data, size_t size);

/* Of the data of an APP1 marker of a JPEG, which holds such a structure. */
int pnas_picture_orientation_of_marker(const unsigned char *data, size_t size);

/* Whether an upright picture has this one's width as its height. */
bool pnas_picture_swaps_sides(int orientation);

/* Turns and mirrors it; PNAS_ERROR_MEMORY names `path`. */
pnas_status pnas_picture_turn(const char *path, int orientation, pnas_picture *picture);

#endif
