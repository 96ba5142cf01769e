/* What took time to make and is never replaced by a file of another kind, told by its first bytes. Local. */
#ifndef PNAS_IO_FILE_KIND_H
#define PNAS_IO_FILE_KIND_H

#define PNAS_HDF5_MAGIC "\x89HDF\r\n\x1a\n" /* an HDF5 file begins so; 8 bytes without the end */

/* The 8 bytes that a journal begins with: PNASJRN1. */
#define PNAS_JOURNAL_MAGIC                                                                                   \
    {                                                                                                        \
        'P', 'N', 'A', 'S', 'J', 'R', 'N', '1'                                                               \
    }

typedef enum { PNAS_FILE_OTHER, PNAS_FILE_HDF5, PNAS_FILE_JOURNAL } pnas_file_kind;

/* PNAS_FILE_OTHER, too, for what is not there or cannot be read. Waits for no pipe. */
pnas_file_kind pnas_file_kind_of(const char *path);

#endif
