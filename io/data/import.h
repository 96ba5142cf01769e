/* Turning files as they are published into a data set. Local. */
#ifndef PNAS_IO_IMPORT_H
#define PNAS_IO_IMPORT_H

#include "io/data/import_format.h"

/* Every format, in the order of PNAS_IMPORT_FORMATS. */
extern const pnas_import_format *const pnas_import_formats[];
extern const size_t pnas_import_format_count;

/* The format of that name, or NULL. */
const pnas_import_format *pnas_import_find(const char *name);

/* The first format that the file or folder looks like, or NULL. */
const pnas_import_format *pnas_import_recognise(const char *path);

/* "idx, cifar10, cifar100, csv, folder or list", borrowed from the caller's buffer, for messages. */
const char *pnas_import_names(char *out, size_t size);

/* All zero but the format (NULL: to be chosen), maximum 255 and test_share 0.2. */
void pnas_import_defaults(const pnas_import_format *format, pnas_import_options *out);

/* What is read first: the path, or the training images. Borrowed; NULL if neither is said. */
const char *pnas_import_path(const pnas_import_options *options);

/* Makes options->output, unless that is NULL. *out is complete (pnas_dataset_complete), or without its images where the format goes on, and the caller's;
 * NULL after an error. PNAS_ERROR_USAGE for
 * options that cannot be; PNAS_ERROR_DATA for bad files, and for those that look like another format, which
 * the message names; PNAS_ERROR_FILE where the output is there and not to be replaced, or cannot be written;
 * PNAS_STOPPED. */
pnas_status pnas_import(const pnas_import_options *options, pnas_dataset **out);

#endif
