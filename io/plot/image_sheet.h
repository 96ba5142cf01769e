/* Images side by side on one picture, each with what it is and what it was taken for, drawn by gnuplot. Local. */
#ifndef PNAS_IO_IMAGE_SHEET_H
#define PNAS_IO_IMAGE_SHEET_H

#include "io/plot/gnuplot.h"

#include <stddef.h>
#include <stdint.h>

#define PNAS_SHEET_IMAGES_MAX 100

typedef struct {           /* borrowed */
    const uint8_t *pixels; /* [H, W, C] */
    const char *is;        /* name of its class */
    const char *taken_for; /* of the predicted one */
    double probability;    /* of that, 0 .. 1 */
    bool right;            /* the two are one */
} pnas_sheet_image;

typedef struct {
    const char *title;
    int height, width, channels; /* of each image; three channels are colours, else the first is grey */
    size_t count;                /* 1 .. PNAS_SHEET_IMAGES_MAX */
    const pnas_sheet_image *image;
} pnas_image_sheet;

/* As io/plot/gnuplot.h. */
pnas_status pnas_image_sheet_draw(const pnas_image_sheet *sheet, const pnas_gnuplot_options *options);

#endif
