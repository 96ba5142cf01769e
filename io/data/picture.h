/* Pictures of PNG and JPEG files, of any size, as pixels: upright (EXIF orientation), with the colours that are
 * wanted. Local; any thread. */
#ifndef PNAS_IO_PICTURE_H
#define PNAS_IO_PICTURE_H

#include "io/file/byte_file.h"

#include <stdbool.h>
#include <stdint.h>

#define PNAS_PICTURE_BYTES_MAX  67108864.0  /* of a file */
#define PNAS_PICTURE_PIXELS_MAX 100000000.0 /* more are a bomb, not a picture */

/* What was done to its pixels, as bits. */
typedef enum {
    PNAS_PICTURE_WAS_GREY = 1,   /* it had no colours and was given three equal ones */
    PNAS_PICTURE_WAS_COLOUR = 2, /* its colours were made grey */
    PNAS_PICTURE_WAS_CLEAR = 4,  /* it may have been transparent, and stands on black */
    PNAS_PICTURE_WAS_INK = 8,    /* a printer's four colours (CMYK) were made three */
    PNAS_PICTURE_WAS_DEEP = 16,  /* it had 16 bits a value */
    PNAS_PICTURE_WAS_TURNED = 32 /* turned or mirrored as its orientation says */
} pnas_picture_change;
#define PNAS_PICTURE_CHANGES 6

typedef struct {
    size_t height, width;
    int channels;    /* 1: grey; 3: red, green, blue */
    uint8_t *pixels; /* [height, width, channels], the picture's */
    unsigned changes;
} pnas_picture;

/* Whether the first bytes are those of a PNG or JPEG. */
bool pnas_picture_is(const unsigned char *first, size_t size);

/* Decodes `bytes` of the file at `path`, which messages name. channels: 1 or 3. wanted: NULL, or the height and the
 * width that it must have, upright. PNAS_ERROR_DATA for what is damaged, too large, or of another size. */
pnas_status pnas_picture_decode(const char *path, const pnas_bytes *bytes, int channels,
                                const size_t wanted[2], pnas_picture *out);
void pnas_picture_free(pnas_picture *picture);

typedef enum {
    PNAS_RESIZE_SHORTER, /* scaled so that its shorter side is `side`; then the middle */
    PNAS_RESIZE_STRETCH, /* both sides become `side` */
    PNAS_RESIZE_CROP     /* the middle, not scaled */
} pnas_picture_fit;

/* out: [side, side, channels]. Scaling is linear, over as many pixels as one of the result covers, by sums in a fixed
 * order. PNAS_ERROR_DATA, naming `path`, if it is too small to be cropped. */
pnas_status pnas_picture_resize(const char *path, const pnas_picture *picture, pnas_picture_fit fit,
                                size_t side, uint8_t *out);

/* The middle, `share` of both sides (above 0, at most 1), scaled to the picture's own size: out as picture->pixels. */
pnas_status pnas_picture_zoom(const char *path, const pnas_picture *picture, double share, uint8_t *out);

#endif
