/* How one training image is changed before the network sees it: drawn on the host, in whole numbers, so that every
 * device makes the same pixels of it. What shifts, mirrors and cuts whole pixels is not a part of it.
 *
 * An output pixel (h, w) shows the image at x = a w + b h + c, y = d w + e h + f, all with 16 bits behind the point and
 * counted between the centres of pixels; what lies half a pixel and more outside of the image has the colour of the
 * set's mean. Then the pixels go through ops, one after the other, each rounded to 0 .. 255. Local. */
#ifndef PNAS_NET_AUGMENTATION_H
#define PNAS_NET_AUGMENTATION_H

#include "src/base/random.h"
#include "src/net/training.h"

enum { PNAS_AUGMENTATION_ONE = 1 << 16 }; /* the number 1 */

/* Ops of pixels, with their value. r, g, b: a pixel; grey: (19595 r + 38470 g + 7471 b) / 65536 of it, rounded. An image
 * of one channel has the same in all three. blend(base, f) of a pixel v: base + f (v - base). */
typedef enum {
    PNAS_PIXEL_BRIGHTNESS, /* f with 16 bits: blend(0, f) */
    PNAS_PIXEL_CONTRAST,   /* f: blend(mean grey of the image, rounded, f) */
    PNAS_PIXEL_SATURATION, /* f: blend(grey of the pixel, f) */
    PNAS_PIXEL_HUE, /* cosine and sine with 12 bits, 65536 cosine + sine: turns red and blue less luminance */
    PNAS_PIXEL_POSTERIZE,    /* bits that stay, from the highest one on */
    PNAS_PIXEL_SOLARIZE,     /* v becomes 255 - v from this level on */
    PNAS_PIXEL_AUTOCONTRAST, /* each channel's smallest value becomes 0, its largest 255 */
    PNAS_PIXEL_EQUALIZE      /* each channel's histogram becomes as even as a table of 256 levels makes it */
} pnas_pixel_op;

enum { PNAS_RAND_OPS_MAX = 4, PNAS_PIXEL_OPS_MAX = PNAS_RAND_OPS_MAX + 4 };
#define PNAS_RAND_MAGNITUDE_MAX 30.0
/* Share of the width or height that the strongest translation moves by: 150 of 331 pixels in AutoAugment. */
#define PNAS_RAND_TRANSLATION   (150.0 / 331.0)

typedef struct {
    int32_t affine[6]; /* a, b, c, d, e, f */
    int32_t ops;
    struct {
        int32_t kind, value;
    } op[PNAS_PIXEL_OPS_MAX];
} pnas_augmentation;

/* Whether images are cut out and scaled; whether pixels go through ops; whether either, or an affine map, is wanted. */
static inline bool pnas_augmentation_crops(const pnas_training_options *training)
{
    return training->crop_area > 0 && training->crop_area < 1;
}
static inline bool pnas_augmentation_jitters(const pnas_training_options *training)
{
    return training->brightness > 0 || training->contrast > 0 || training->saturation > 0 ||
           training->hue > 0;
}
static inline bool pnas_augmentation_wanted(const pnas_training_options *training)
{
    return pnas_augmentation_crops(training) || pnas_augmentation_jitters(training) || training->rand_ops > 0;
}

/* The next image's, from the stream: its crop, then training->rand_ops ops of RandAugment's set, then its colours. */
void pnas_augmentation_draw(const pnas_training_options *training, int height, int width, pnas_stream *stream,
                            pnas_augmentation *out);

#endif
