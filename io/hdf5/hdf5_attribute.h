/* Attributes of the files, groups and arrays of HDF5: texts and numbers. Errors as in io/hdf5/hdf5_util.h.
 * Local. */
#ifndef PNAS_IO_HDF5_ATTRIBUTE_H
#define PNAS_IO_HDF5_ATTRIBUTE_H

#include "io/hdf5/hdf5_util.h"

bool pnas_h5_has_attribute(hid_t object, const char *name);

/* UTF-8 of variable length. Reading takes fixed length too; *out is the caller's (free). */
pnas_status pnas_h5_write_text(hid_t object, const char *name, const char *value);
pnas_status pnas_h5_read_text(hid_t object, const char *name, char **out);

/* The same into an array of `size` bytes; text that does not fit is PNAS_ERROR_DATA. */
pnas_status pnas_h5_copy_text(hid_t object, const char *name, char *out, size_t size);

/* One number; `memory_type` says what `value` points to (H5T_NATIVE_INT64 ...). Reading converts between
 * integer or between float types. */
pnas_status pnas_h5_write_number(hid_t object, const char *name, hid_t file_type, hid_t memory_type,
                                 const void *value);
pnas_status pnas_h5_read_number(hid_t object, const char *name, hid_t memory_type, void *value);

/* What a file says it is ("PNAS-run-1"); "" for one that says nothing, or that is damaged. PNAS_ERROR_FILE, and "",
 * where it cannot be read. */
pnas_status pnas_h5_read_conventions(const char *path, char *out, size_t size);

/* Only a file of this kind is replaced, whose conventions begin like that, not one that took days:
 * PNAS_ERROR_FILE, with `kind` ("table of cells") in its message, if anything else is at `path`. */
pnas_status pnas_h5_check_target(const char *path, const char *conventions, const char *kind);

#endif
