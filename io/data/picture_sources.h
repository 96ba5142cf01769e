/* Where the pictures of a data set come from, and which of them is in which part. Not for callers. Local. */
#ifndef PNAS_IO_PICTURE_SOURCES_H
#define PNAS_IO_PICTURE_SOURCES_H

#include "io/data/import_format.h"
#include "io/data/picture_list.h"
#include "io/data/pictures_read.h"
#include "io/file/sha256.h"

#define PNAS_PICTURE_SOURCES_MAX 3

/* What pictures there are at `path`, by their class. */
typedef pnas_status pnas_picture_lister(const pnas_import_options *options, const char *path,
                                        pnas_picture_list *out);

typedef struct {
    const char *path;       /* borrowed */
    pnas_picture_list list; /* its pictures come behind those of the sources before it */
    uint16_t *label;        /* [list.classes] the data set's class of each of its own */
    bool test, validates;   /* its pictures are the test part, or the end of the training part */
    bool *drawn;            /* [list.files]: of the training part, but drawn as test part; NULL: none is */
} pnas_picture_source;

typedef struct { /* all zero: none */
    size_t count, files;
    pnas_picture_source source[PNAS_PICTURE_SOURCES_MAX];
} pnas_picture_sources;

/* The pictures of options->path, whose classes are the data set's, then those of test_from or a drawn share of the first,
 * then those of validation_from. PNAS_ERROR_DATA for one class alone, for classes that the first does not have and for a file
 * in two of them. *out is the caller's. */
pnas_status pnas_picture_sources_list(const pnas_import_options *options, pnas_picture_lister *lister,
                                      pnas_picture_sources *out);
void pnas_picture_sources_free(pnas_picture_sources *sources);

/* Whether picture i of a source is in the test part. */
bool pnas_picture_source_is_test(const pnas_picture_source *source, size_t i);

/* What the images depend on: names, sizes and times of all pictures, what becomes of them, and this program. */
pnas_status pnas_picture_sources_key(const pnas_picture_sources *sources, const pnas_pictures_wish *wish,
                                     char out[PNAS_SHA256_TEXT]);

#endif
