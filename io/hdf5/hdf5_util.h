/* What the HDF5 formats of this room share: whole-or-nothing files, groups and messages. Local.
 *
 * HDF5's own error printing is silenced by pnas_h5_output_create and pnas_h5_open; every failure here sets a
 * message with the file and the object's path in it. PNAS_ERROR_FILE: the file cannot be opened or written;
 * PNAS_ERROR_DATA: what is in it is not what it should be. Identifiers handed out are the caller's to close.
 *
 * Only one thread at a time uses HDF5, which many installations build without its own locks: from
 * pnas_h5_output_create to its end, and from pnas_h5_open to pnas_h5_close, other threads wait. */
#ifndef PNAS_IO_HDF5_UTIL_H
#define PNAS_IO_HDF5_UTIL_H

#include "src/base/status.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* What H5Ovisit2 says of an object. HDF5 1.12 gave the plain name to what H5Ovisit3 says. */
#if H5_VERSION_GE(1, 12, 0)
typedef H5O_info1_t pnas_h5_object_info;
#else
typedef H5O_info_t pnas_h5_object_info;
#endif

/* --- Files ------------------------------------------------------------------------------------------- */

/* A file being made: PATH.partial, locked against a second writer, which takes PATH's place when it is
 * complete and sealed (io/hdf5/file_seal.h). It is made in memory, so memory must hold it, unless
 * pnas_h5_output_create_on_disk makes it. A partial file
 * that a killed program left is written over; anything else of that name is refused. */
typedef struct {
    hid_t id;           /* the open file, borrowed; negative when there is none */
    int lock, leftover; /* io/file/leftover.h */
    bool taken;         /* other threads wait */
    bool on_disk;       /* made there, not in memory */
    char *path, *partial;
} pnas_h5_output;

#define PNAS_H5_NO_OUTPUT ((pnas_h5_output){.id = -1, .lock = -1, .leftover = -1})

/* PNAS_ERROR_FILE if the folder is missing or not writable, if PATH is there and is no regular file, or if
 * another program is writing it. */
pnas_status pnas_h5_output_create(const char *path, pnas_h5_output *out);

/* The same for a file that memory may not hold: it is made on the disk, which keeps room for `bytes` where the file
 * system can do that. PNAS_ERROR_FILE, too, where there is no such room. */
pnas_status pnas_h5_output_create_on_disk(const char *path, uint64_t bytes, pnas_h5_output *out);

/* Closes every object of the file, writes and syncs it, renames it and syncs the folder. On failure nothing
 * is left but what was at PATH before. */
pnas_status pnas_h5_output_commit(pnas_h5_output *output);

/* Removes a file that was not committed; nothing to do after pnas_h5_output_commit or on
 * PNAS_H5_NO_OUTPUT. */
void pnas_h5_output_discard(pnas_h5_output *output);

/* Whether a file is HDF5 or is called so: by its first bytes, or by the end .h5 of its name, as it may be cut
 * off within them. PNAS_ERROR_FILE if it cannot be opened. */
pnas_status pnas_h5_is_meant(const char *path, bool *out);

/* For reading. PNAS_ERROR_FILE if it cannot be opened or is being written to, PNAS_ERROR_DATA if it is not
 * HDF5, is cut short or does not fit its seal. A file without a seal, as other programs make them, is left to
 * HDF5. */
pnas_status pnas_h5_open(const char *path, hid_t *out);

/* The same; *sealed: whether the file has its seal, so that nobody but its writer has changed it. */
pnas_status pnas_h5_open_sealed(const char *path, hid_t *out, bool *sealed);

/* The same for files that no other program has reason to write, such as checkpoints: PNAS_ERROR_DATA without
 * the seal. */
pnas_status pnas_h5_open_own(const char *path, hid_t *out);

/* Closes the file and every object of it that is still open; sets *file to -1. */
void pnas_h5_close(hid_t *file);

/* The same for a reader that has come to `status`, which it returns; but PNAS_ERROR_FILE where the file was
 * written to since it was opened, as nobody knows what was read of it. Takes -1, too. */
pnas_status pnas_h5_finish(hid_t *file, pnas_status status);

/* --- Groups and checks ------------------------------------------------------------------------------- */

pnas_status pnas_h5_create_group(hid_t parent, const char *name, hid_t *out);
pnas_status pnas_h5_open_group(hid_t parent, const char *name, hid_t *out);
void pnas_h5_close_group(hid_t *group); /* takes -1; sets it to -1 */

bool pnas_h5_exists(hid_t parent, const char *path);

/* To be asked before an array is read: how many bytes of it the file stores, and how many it claims without.
 * False once these are too many together, for all files that are open for reading: an array may have many
 * names, and each may claim a little. Without such a file anything may be read. */
bool pnas_h5_charge(double stored, double unstored);

/* PNAS_ERROR_DATA unless `value` is an accuracy, 0 to 1, or without `known` NaN. row: of an array `name` the
 * place of the value, else -1. */
pnas_status pnas_h5_check_accuracy(hid_t object, const char *name, long row, double value, bool known);

/* --- Messages ---------------------------------------------------------------------------------------- */

/* pnas_fail with "FILE: /path/NAME: " before the sentence and HDF5's own innermost reason after it; `name`
 * may be NULL. Returns `status`. */
pnas_status pnas_h5_fail(pnas_status status, hid_t object, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
