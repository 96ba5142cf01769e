/* All pictures of a list, decoded by as many threads as there are cores. Not for callers. Local. */
#ifndef PNAS_IO_PICTURES_READ_H
#define PNAS_IO_PICTURES_READ_H

#include "io/data/picture.h"
#include "io/data/picture_list.h"

typedef struct {
    size_t side;          /* 0: nothing is scaled, and all have the size of the first one */
    pnas_picture_fit fit; /* with `side` */
    int channels;         /* 1 or 3 */
    size_t bad_most;      /* so many may be left out as they cannot be read */
} pnas_pictures_wish;

typedef struct {
    size_t height, width, count;
    uint8_t *images;                      /* [count, height, width, channels], the caller's (free) */
    uint16_t *labels;                     /* [count], the caller's */
    size_t bad;                           /* left out, each with a warning */
    size_t changed[PNAS_PICTURE_CHANGES]; /* pictures with the bit of that change */
} pnas_pictures;

/* height, width: those of pictures that are not scaled; 0: the first one's. In the order of the list, whatever the
 * threads. PNAS_ERROR_DATA, naming files, if more are bad than may be, or a class is left without a picture;
 * PNAS_ERROR_FILE if the system does not let one be read, however many may be bad. */
pnas_status pnas_pictures_read(const pnas_picture_list *list, const pnas_pictures_wish *wish, size_t height,
                               size_t width, pnas_pictures *out);

#endif
