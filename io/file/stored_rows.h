/* Where the rows of an array lie in a file. Local. */
#ifndef PNAS_IO_STORED_ROWS_H
#define PNAS_IO_STORED_ROWS_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    PNAS_STORED_PLAIN,    /* the rows as they are */
    PNAS_STORED_DEFLATED, /* by zlib */
    PNAS_STORED_ENCODED   /* each as a JPEG (io/data/encoded_image.h), in a place of its own */
} pnas_stored_form;

typedef struct {       /* rows that lie together */
    uint64_t at, size; /* bytes in the file */
} pnas_stored_place;

typedef struct {
    size_t rows; /* of a place; the last one may have fewer in use */
    pnas_stored_form form;
    size_t count;             /* places */
    pnas_stored_place *place; /* [count], in the order of the rows */
} pnas_stored_rows;

/* The places; *rows is none then. */
void pnas_stored_rows_free(pnas_stored_rows *rows);

#endif
