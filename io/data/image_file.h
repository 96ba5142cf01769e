/* Images without labels, from the files that people have: PNG, JPEG, or an IDX file of many. Local. */
#ifndef PNAS_IO_IMAGE_FILE_H
#define PNAS_IO_IMAGE_FILE_H

#include "src/base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct { /* what is wanted: nothing is scaled */
    int height, width, channels;
} pnas_image_shape;

static inline size_t pnas_image_shape_bytes(const pnas_image_shape *shape)
{
    return (size_t)shape->height * (size_t)shape->width * (size_t)shape->channels;
}

/* Told by the first bytes, not by the name; unpacked if gzipped. PNG and JPEG become 1 channel (grey) or 3
 * (red, green, blue), whatever they hold; what is transparent is black. PNAS_ERROR_DATA with `path` in the
 * message if the file is missing, none of these, damaged, or of another size. *out: [*count, H, W, C], the
 * caller's (free). */
pnas_status pnas_image_file_read(const char *path, const pnas_image_shape *shape, uint8_t **out,
                                 size_t *count);

#endif
