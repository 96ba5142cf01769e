#include "src/net/augmentation.h"

#include <math.h>

#define PI 3.14159265358979323846

/* --- where a pixel comes from --- */

typedef struct { /* x = a w + b h + c, y = d w + e h + f */
    double a, b, c, d, e, f;
} affine;

/* Inner first. */
static affine composed(const affine *outer, const affine *inner)
{
    return (affine){.a = outer->a * inner->a + outer->b * inner->d,
                    .b = outer->a * inner->b + outer->b * inner->e,
                    .c = outer->a * inner->c + outer->b * inner->f + outer->c,
                    .d = outer->d * inner->a + outer->e * inner->d,
                    .e = outer->d * inner->b + outer->e * inner->e,
                    .f = outer->d * inner->c + outer->e * inner->f + outer->f};
}

/* The linear map [a b; d e] around the centre of the image. */
static affine around_centre(double a, double b, double d, double e, int height, int width)
{
    double x = (width - 1) / 2.0, y = (height - 1) / 2.0;
    return (affine){a, b, x - a * x - b * y, d, e, y - d * x - e * y};
}

static int32_t fixed(double value)
{
    double scaled = rint(value * PNAS_AUGMENTATION_ONE);
    return scaled > INT32_MAX ? INT32_MAX : scaled < INT32_MIN ? INT32_MIN : (int32_t)scaled;
}

/* --- the crop --- */

typedef struct {
    int top, left, height, width;
} box;

/* A part of the area from crop_area on, its logarithm of width by height even between the bounds; the first of ten that
 * lies in the image (Szegedy et al. 2015), else the largest in the middle whose sides are within the bounds. */
static box draw_box(const pnas_training_options *training, int height, int width, pnas_stream *stream)
{
    double ratio = training->crop_aspect > 1 ? training->crop_aspect : 1, bound = log(ratio);
    for (int i = 0; i < 10; ++i) {
        double share = training->crop_area + (1 - training->crop_area) * pnas_stream_uniform(stream);
        double aspect = exp(bound * (2 * pnas_stream_uniform(stream) - 1)), area = share * height * width;
        int w = (int)lrint(sqrt(area * aspect)), h = (int)lrint(sqrt(area / aspect));
        if (w < 1 || h < 1 || w > width || h > height)
            continue;
        int top = (int)pnas_stream_below(stream, (uint32_t)(height - h + 1));
        return (box){top, (int)pnas_stream_below(stream, (uint32_t)(width - w + 1)), h, w};
    }
    int w = (int)fmin(width, fmax(1, rint(height * ratio)));
    int h = (int)fmin(height, fmax(1, rint(width * ratio)));
    return (box){(height - h) / 2, (width - w) / 2, h, w};
}

static affine crop(const pnas_training_options *training, int height, int width, pnas_stream *stream)
{
    if (!pnas_augmentation_crops(training))
        return (affine){.a = 1, .e = 1};
    box part = draw_box(training, height, width, stream);
    double x = (double)part.width / width, y = (double)part.height / height;
    return (affine){.a = x, .c = part.left + x / 2 - 0.5, .e = y, .f = part.top + y / 2 - 0.5};
}

/* --- RandAugment (Cubuk et al. 2019): training->rand_ops of these, each as likely as any other --- */

enum {
    RAND_IDENTITY,
    RAND_SHEAR_X,
    RAND_SHEAR_Y,
    RAND_TRANSLATE_X,
    RAND_TRANSLATE_Y,
    RAND_ROTATE,
    RAND_BRIGHTNESS,
    RAND_COLOUR,
    RAND_CONTRAST,
    RAND_POSTERIZE,
    RAND_SOLARIZE,
    RAND_AUTOCONTRAST,
    RAND_EQUALIZE,
    RAND_KINDS
};

static void append(pnas_augmentation *out, pnas_pixel_op kind, int32_t value)
{
    out->op[out->ops].kind = (int32_t)kind;
    out->op[out->ops++].value = value;
}

/* `share`: of the strongest effect, with either sign where it has one. */
static void apply(int kind, double share, int height, int width, affine *map, pnas_augmentation *out)
{
    double angle = share * PI / 6, positive = fabs(share);
    affine inner = {.a = 1, .e = 1};
    switch (kind) {
    case RAND_SHEAR_X:
        inner = around_centre(1, 0.3 * share, 0, 1, height, width);
        break;
    case RAND_SHEAR_Y:
        inner = around_centre(1, 0, 0.3 * share, 1, height, width);
        break;
    case RAND_TRANSLATE_X:
        inner.c = PNAS_RAND_TRANSLATION * share * width;
        break;
    case RAND_TRANSLATE_Y:
        inner.f = PNAS_RAND_TRANSLATION * share * height;
        break;
    case RAND_ROTATE:
        inner = around_centre(cos(angle), sin(angle), -sin(angle), cos(angle), height, width);
        break;
    case RAND_BRIGHTNESS:
        append(out, PNAS_PIXEL_BRIGHTNESS, fixed(1 + 0.9 * share));
        return;
    case RAND_COLOUR:
        append(out, PNAS_PIXEL_SATURATION, fixed(1 + 0.9 * share));
        return;
    case RAND_CONTRAST:
        append(out, PNAS_PIXEL_CONTRAST, fixed(1 + 0.9 * share));
        return;
    case RAND_POSTERIZE:
        append(out, PNAS_PIXEL_POSTERIZE, 8 - (int32_t)lrint(4 * positive));
        return;
    case RAND_SOLARIZE:
        append(out, PNAS_PIXEL_SOLARIZE, (int32_t)lrint(256 * (1 - positive)));
        return;
    case RAND_AUTOCONTRAST:
        append(out, PNAS_PIXEL_AUTOCONTRAST, 0);
        return;
    case RAND_EQUALIZE:
        append(out, PNAS_PIXEL_EQUALIZE, 0);
        return;
    default:
        return;
    }
    *map = composed(map, &inner);
}

static void draw_ops(const pnas_training_options *training, int height, int width, pnas_stream *stream,
                     affine *map, pnas_augmentation *out)
{
    double share = training->rand_magnitude / PNAS_RAND_MAGNITUDE_MAX;
    for (int i = 0; i < training->rand_ops && i < PNAS_RAND_OPS_MAX; ++i) {
        int kind = (int)pnas_stream_below(stream, RAND_KINDS);
        apply(kind, pnas_stream_below(stream, 2) ? -share : share, height, width, map, out);
    }
}

/* --- colours --- */

/* Even between 1 - strength, at least 0, and 1 + strength. */
static int32_t draw_factor(double strength, pnas_stream *stream)
{
    double low = strength < 1 ? 1 - strength : 0;
    return fixed(low + (1 + strength - low) * pnas_stream_uniform(stream));
}

static int32_t draw_turn(double strength, pnas_stream *stream)
{
    double angle = 2 * PI * strength * (2 * pnas_stream_uniform(stream) - 1);
    return (int32_t)lrint(4096 * cos(angle)) * 65536 + (int32_t)lrint(4096 * sin(angle));
}

/* In an order that is drawn, too. */
static void draw_colours(const pnas_training_options *training, pnas_stream *stream, pnas_augmentation *out)
{
    const double strength[] = {[PNAS_PIXEL_BRIGHTNESS] = training->brightness,
                               [PNAS_PIXEL_CONTRAST] = training->contrast,
                               [PNAS_PIXEL_SATURATION] = training->saturation,
                               [PNAS_PIXEL_HUE] = training->hue};
    uint32_t order[] = {PNAS_PIXEL_BRIGHTNESS, PNAS_PIXEL_CONTRAST, PNAS_PIXEL_SATURATION, PNAS_PIXEL_HUE};
    if (!pnas_augmentation_jitters(training))
        return;
    pnas_stream_shuffle(stream, order, 4);
    for (int i = 0; i < 4; ++i) {
        double s = strength[order[i]];
        if (s > 0)
            append(out, (pnas_pixel_op)order[i],
                   order[i] == PNAS_PIXEL_HUE ? draw_turn(s, stream) : draw_factor(s, stream));
    }
}

void pnas_augmentation_draw(const pnas_training_options *training, int height, int width, pnas_stream *stream,
                            pnas_augmentation *out)
{
    *out = (pnas_augmentation){0};
    affine map = crop(training, height, width, stream);
    draw_ops(training, height, width, stream, &map, out);
    draw_colours(training, stream, out);
    const double values[] = {map.a, map.b, map.c, map.d, map.e, map.f};
    for (int i = 0; i < 6; ++i)
        out->affine[i] = fixed(values[i]);
}
