/* Pictures of a list, decoded by as many threads as there are cores, as rows of one size. Not for callers. Local. */
#ifndef PNAS_IO_PICTURES_READ_H
#define PNAS_IO_PICTURES_READ_H

#include "io/data/picture.h"
#include "io/data/picture_list.h"

typedef struct {
    size_t side;          /* 0: nothing is scaled, and all have the size of the first one */
    pnas_picture_fit fit; /* with `side` */
    int channels;         /* 1 or 3 */
    int quality;          /* images are encoded with it (io/data/encoded_image.h); 0: they are not */
} pnas_pictures_wish;

typedef struct {
    pnas_status
        status; /* PNAS_ERROR_DATA: it is a bad picture; PNAS_ERROR_FILE: the system does not let it be read */
    char *error;      /* why; the caller's (free); NULL: it was read */
    unsigned changes; /* pnas_picture_change */
    uint8_t *
        encoded; /* with a quality: the image as JPEG, the caller's (free); its row is what that decodes to */
    size_t encoded_size;
} pnas_picture_outcome;

typedef struct {                           /* what is read at once */
    const pnas_picture_entry *const *file; /* [count] */
    size_t count;
    const pnas_pictures_wish *wish;
    size_t height, width;          /* of an image */
    double seconds;                /* after so many no picture is begun */
    uint8_t *rows;                 /* [count, height, width, channels]; of bad ones anything */
    pnas_picture_outcome *outcome; /* [count] */
    size_t done;                   /* out: so many, the first ones, are read; at least 1 */
} pnas_pictures_batch;

/* The height and the width of images: of `side`, or those of the first picture of the list that can be read.
 * PNAS_ERROR_DATA if none can be. */
pnas_status pnas_pictures_size(const pnas_picture_list *list, const pnas_pictures_wish *wish, size_t *height,
                               size_t *width);

/* PNAS_ERROR_MEMORY; what is wrong with a picture is its outcome. The same, whatever the threads. */
pnas_status pnas_pictures_read(pnas_pictures_batch *batch);

/* Frees what an outcome holds. */
void pnas_picture_outcome_free(pnas_picture_outcome *outcome);

/* Why a picture is bad; PNAS_OK if it is not. */
pnas_status pnas_pictures_look(const pnas_picture_entry *file, const pnas_pictures_wish *wish, size_t height,
                               size_t width);

#endif
