/* PNG: pixels that are numbers of colours. Local. */
#ifndef PNAS_IO_PICTURE_PALETTE_H
#define PNAS_IO_PICTURE_PALETTE_H

#include "io/file/byte_file.h"
#include "src/base/status.h"

/* PNAS_ERROR_DATA if a pixel of the PNG is a colour that its palette has not: what libpng shows there is nobody's
 * picture, and it says nothing. Decodes it; takes the memory of a few rows. */
pnas_status pnas_picture_check_palette(const char *path, const pnas_bytes *bytes);

#endif
