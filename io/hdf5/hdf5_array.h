/* Arrays in HDF5 files: written with names for their dimensions, read only when they are what they should be.
 * Local. Errors as in io/hdf5/hdf5_util.h. */
#ifndef PNAS_IO_HDF5_ARRAY_H
#define PNAS_IO_HDF5_ARRAY_H

#include "io/hdf5/hdf5_util.h"

#define PNAS_H5_RANK_MAX 4

typedef struct {
    const char *name;
    hid_t file_type, memory_type;
    int rank; /* 1 .. PNAS_H5_RANK_MAX */
    hsize_t shape[PNAS_H5_RANK_MAX];
    hsize_t chunk[PNAS_H5_RANK_MAX]; /* all 0: contiguous; else shuffled and deflated chunks of this shape,
                                        cut to the array's own */
    const void *data;
    const char *long_name, *units;           /* attributes; NULL: none */
    const char *dimension[PNAS_H5_RANK_MAX]; /* dimension labels; NULL: none */
    const char *scale[PNAS_H5_RANK_MAX];     /* dimension scales, by path from the parent; NULL: none */
    bool is_scale;                           /* this array is a dimension scale itself, named long_name */
} pnas_h5_array;

pnas_status pnas_h5_write_array(hid_t parent, const pnas_h5_array *array);

/* The same in two steps, for data that come chunk by chunk, packed as HDF5 packs them: of values of one byte, deflated
 * by zlib. The array has chunks of whole rows; each is written once, in its order. */
pnas_status pnas_h5_begin_array(hid_t parent, const pnas_h5_array *array, hid_t *out);
pnas_status pnas_h5_write_chunk(hid_t dataset, hsize_t first_row, const void *packed, size_t size);

/* The same for an array of one dimension in one piece: `count` of its values of uint8 from the place `first` on. */
pnas_status pnas_h5_write_piece(hid_t dataset, hsize_t first, const void *data, size_t count);
void pnas_h5_end_array(hid_t *dataset); /* takes -1; sets it to -1 */

/* Checks that `name` is an array of numbers of `rank` dimensions and of memory_type's class, size and sign,
 * and gives its shape. */
pnas_status pnas_h5_read_shape(hid_t parent, const char *name, hid_t memory_type, int rank, hsize_t *shape);

/* PNAS_ERROR_DATA, with both in the message, where the shape `found` of that array is not the one expected. */
pnas_status pnas_h5_check_shape(hid_t parent, const char *name, int rank, const hsize_t *expected,
                                const hsize_t *found);

/* The same as pnas_h5_read_shape, and that its shape is `shape`; reads all of it into `data`. */
pnas_status pnas_h5_read_array(hid_t parent, const char *name, hid_t memory_type, int rank,
                               const hsize_t *shape, void *data);

/* An array of memory_type's numbers of any shape of 1 to PNAS_H5_RANK_MAX dimensions; opened only once, as files of
 * many small arrays want it. shape [PNAS_H5_RANK_MAX]; *out [shape...] is the caller's (free), NULL on failure. */
pnas_status pnas_h5_load_array(hid_t parent, const char *name, hid_t memory_type, int *rank, hsize_t *shape,
                               void **out);

/* A vector of UTF-8 texts. *out is the caller's (pnas_h5_free_strings). */
pnas_status pnas_h5_write_strings(hid_t parent, const char *name, const char *const *values, size_t count,
                                  const char *long_name, const char *dimension);
pnas_status pnas_h5_read_strings(hid_t parent, const char *name, char ***out, size_t *count);
void pnas_h5_free_strings(char ***strings, size_t count);

#endif
