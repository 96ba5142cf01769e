/* The images of a part of a data set, read from its file when they are wanted: a set that memory does not hold. Any
 * number of threads may read; none of them uses HDF5. Local. */
#ifndef PNAS_IO_IMAGE_READER_H
#define PNAS_IO_IMAGE_READER_H

#include "io/data/image_file.h"
#include "io/file/stored_rows.h"
#include "src/base/status.h"
#include "src/net/image_set.h"

#include <sys/stat.h>

typedef struct pnas_image_reader {
    char *path;
    struct stat version;   /* the file that was checked */
    pnas_stored_rows rows; /* where the images lie in it */
    pnas_image_shape shape;
    size_t count, image_bytes;
    int file;
} pnas_image_reader;

/* Takes over `rows`, of `count` images, also after a failure. PNAS_ERROR_FILE if the file at `path` cannot be opened, or
 * is not that `version` of it. *out is the caller's. */
pnas_status pnas_image_reader_open(const char *path, const struct stat *version, pnas_stored_rows *rows,
                                   size_t count, const pnas_image_shape *shape, pnas_image_reader **out);
void pnas_image_reader_close(pnas_image_reader **reader);

/* Borrows the reader. Reading fails with PNAS_ERROR_FILE where the file was changed or cannot be read, with
 * PNAS_ERROR_DATA where its content is damaged. Encoded images are decoded by as many threads as there are cores. */
pnas_image_source pnas_image_reader_source(pnas_image_reader *reader);

/* Of encoded images: how many bytes those from `first` on have, and these bytes. Errors as above. */
uint64_t pnas_image_reader_stored_bytes(const pnas_image_reader *reader, size_t first, size_t count);
pnas_status pnas_image_reader_stored(const pnas_image_reader *reader, size_t first, size_t count,
                                     uint8_t *out);

#endif
