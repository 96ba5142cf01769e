/* One image of an encoded data set (docs/formats.md): pixels as a baseline JPEG, and back. Local; any thread.
 *
 * Decoding gives the same pixels everywhere: the whole-number inverse transform alone (libjpeg's "islow"), and colours
 * of a coarser grid repeated, not smoothed. What is encoded here has its colours on the grid of the pixels. */
#ifndef PNAS_IO_ENCODED_IMAGE_H
#define PNAS_IO_ENCODED_IMAGE_H

#include "io/data/image_file.h"
#include "src/base/status.h"

#include <stddef.h>
#include <stdint.h>

#define PNAS_ENCODED_QUALITY 95 /* libjpeg's scale, 1 to 100 */

/* pixels [H, W, C] of `shape`, C 1 or 3. *out [*size] is the caller's (free), NULL after a failure. PNAS_ERROR_DATA for
 * other numbers of channels. */
pnas_status pnas_encoded_image_make(const pnas_image_shape *shape, int quality, const uint8_t *pixels,
                                    uint8_t **out, size_t *size);

/* No image of that shape has more bytes. */
size_t pnas_encoded_image_most(const pnas_image_shape *shape);

/* Of `size` bytes, the whole of one baseline JPEG in one scan of that shape, to out [H, W, C]. Else PNAS_ERROR_DATA,
 * with a message that says what is wrong but not where; `out` is then anything. */
pnas_status pnas_encoded_image_decode(const uint8_t *bytes, size_t size, const pnas_image_shape *shape,
                                      uint8_t *out);

#endif
