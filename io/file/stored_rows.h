/* Where the rows of an array lie in a file. Local. */
#ifndef PNAS_IO_STORED_ROWS_H
#define PNAS_IO_STORED_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {       /* rows that lie together */
    uint64_t at, size; /* bytes in the file */
} pnas_stored_place;

typedef struct {
    size_t rows;              /* of a place; the last one may have fewer in use */
    bool deflated;            /* by zlib; else the rows as they are */
    size_t count;             /* places */
    pnas_stored_place *place; /* [count], in the order of the rows */
} pnas_stored_rows;

/* The places; *rows is none then. */
void pnas_stored_rows_free(pnas_stored_rows *rows);

#endif
