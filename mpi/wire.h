/* The one format of what ranks tell each other. A message begins with the version of the format (4 bytes) and
 * its length (8 bytes, these 12 included); values follow one behind the other, little-endian: an integer in 8
 * bytes, a double in 8, a float in 4, text and bytes with their length (8) before them, a cell as its blocks
 * (8) and 4 bytes for each of them.
 *
 * Writer and reader keep the first failure: calls after it do nothing and give zeros, and the last call
 * returns it. No structure is copied into a message. Local. */
#ifndef PNAS_MPI_WIRE_H
#define PNAS_MPI_WIRE_H

#include "src/base/status.h"
#include "src/search/cell.h"

#include <stddef.h>

#define PNAS_WIRE_VERSION 1

typedef struct { /* a message that is written; zero to start with */
    unsigned char *data;
    size_t size, capacity;
    bool failed;
} pnas_wire_writer;

void pnas_wire_begin(pnas_wire_writer *to); /* in place of what it held */
void pnas_wire_put_int(pnas_wire_writer *to, int64_t value);
void pnas_wire_put_double(pnas_wire_writer *to, double value);
void pnas_wire_put_doubles(pnas_wire_writer *to, const double *values, size_t count);
void pnas_wire_put_floats(pnas_wire_writer *to, const float *values, size_t count);
void pnas_wire_put_text(pnas_wire_writer *to, const char *text);
void pnas_wire_put_bytes(pnas_wire_writer *to, const void *data, size_t size);
void pnas_wire_put_cell(pnas_wire_writer *to, const pnas_cell *cell);

/* Data and size are the message now. PNAS_ERROR_MEMORY. */
pnas_status pnas_wire_finish(pnas_wire_writer *to);
void pnas_wire_clear(pnas_wire_writer *to);

typedef struct { /* a message that is read */
    const unsigned char *at, *end;
    char failure[128]; /* what is wrong with it; "": nothing so far */
} pnas_wire_reader;

/* Checks version and length. `data` is borrowed until the message is read. */
void pnas_wire_open(pnas_wire_reader *from, const void *data, size_t size);
int64_t pnas_wire_get_int(pnas_wire_reader *from, int64_t low, int64_t high);
double pnas_wire_get_double(pnas_wire_reader *from);
void pnas_wire_get_doubles(pnas_wire_reader *from, double *out, size_t count);
void pnas_wire_get_floats(pnas_wire_reader *from, float *out, size_t count);
void pnas_wire_get_text(pnas_wire_reader *from, char *out, size_t size); /* size: of out, with its zero */
const void *pnas_wire_get_bytes(pnas_wire_reader *from, size_t *size);   /* points into the message */
void pnas_wire_get_cell(pnas_wire_reader *from, pnas_cell *out);

/* An integer that counts things of at least `each` bytes: never more than the rest of the message holds, so
 * that room for them may be asked for. */
size_t pnas_wire_get_count(pnas_wire_reader *from, size_t each);

/* PNAS_ERROR_INTERNAL, with a sentence about `what` ("a job"), after any failure or if something is left. */
pnas_status pnas_wire_close(pnas_wire_reader *from, const char *what);

#endif
