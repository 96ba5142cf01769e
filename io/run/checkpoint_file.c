#include "io/run/checkpoint_file.h"

#include "io/file/file_kind.h"
#include "io/file/name_end.h"
#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/tensor_group.h"
#include "pnas_version.h"
#include "src/search/cell_text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONVENTIONS "PNAS-checkpoint-1"
#define MAGIC_SIZE  8

/* ---- writing ---- */

static pnas_status write_int(hid_t file, const char *name, int value)
{
    return pnas_h5_write_number(file, name, H5T_STD_I32LE, H5T_NATIVE_INT, &value);
}

static pnas_status write_real(hid_t file, const char *name, double value)
{
    return pnas_h5_write_number(file, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

static pnas_status write_root(hid_t file, const pnas_checkpoint_owner *owner,
                              const pnas_checkpoint *checkpoint)
{
    PNAS_TRY(pnas_h5_write_text(file, "title", "A child in the middle of its training"));
    PNAS_TRY(pnas_h5_write_text(file, "conventions", CONVENTIONS));
    PNAS_TRY(pnas_h5_write_text(file, "program_version", PNAS_VERSION));
    PNAS_TRY(pnas_h5_write_text(file, "fingerprint", owner->fingerprint));
    PNAS_TRY(pnas_h5_write_text(file, "cell", owner->cell));
    PNAS_TRY(write_int(file, "epoch", checkpoint->epoch));
    PNAS_TRY(write_int(file, "batch", checkpoint->batch));
    PNAS_TRY(write_real(file, "best", checkpoint->best));
    PNAS_TRY(write_real(file, "last", checkpoint->last));
    return write_real(file, "seconds", checkpoint->seconds);
}

pnas_status pnas_checkpoint_write(const char *path, const pnas_checkpoint_owner *owner,
                                  const pnas_checkpoint *checkpoint)
{
    pnas_h5_output output;
    PNAS_TRY(pnas_h5_output_create(path, &output));
    pnas_status status;
    PNAS_TRY_CLEANUP(write_root(output.id, owner, checkpoint));
    PNAS_TRY_CLEANUP(pnas_tensor_group_write(output.id, checkpoint->tensor, checkpoint->count));
    status = pnas_h5_output_commit(&output);
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}

/* ---- reading ---- */

static pnas_status check_text(hid_t file, const char *name, const char *expected, const char *complaint)
{
    char found[PNAS_CELL_TEXT_MAX] = "";
    if (pnas_h5_copy_text(file, name, found, sizeof found) != PNAS_OK || strcmp(found, expected) != 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, NULL, "%s", complaint);
    return PNAS_OK;
}

static pnas_status read_accuracy(hid_t file, const char *name, double *out)
{
    PNAS_TRY(pnas_h5_read_number(file, name, H5T_NATIVE_DOUBLE, out));
    return pnas_h5_check_accuracy(file, name, -1, *out, true);
}

static pnas_status read_root(hid_t file, const pnas_checkpoint_owner *owner, pnas_checkpoint *out)
{
    PNAS_TRY(check_text(file, "conventions", CONVENTIONS, "is no checkpoint that this program can read"));
    PNAS_TRY(check_text(file, "fingerprint", owner->fingerprint,
                        "belongs to another configuration, data set or version of the program"));
    PNAS_TRY(check_text(file, "cell", owner->cell, "belongs to another cell"));
    PNAS_TRY(pnas_h5_read_number(file, "epoch", H5T_NATIVE_INT, &out->epoch));
    PNAS_TRY(pnas_h5_read_number(file, "batch", H5T_NATIVE_INT, &out->batch));
    PNAS_TRY(read_accuracy(file, "best", &out->best));
    PNAS_TRY(read_accuracy(file, "last", &out->last));
    PNAS_TRY(pnas_h5_read_number(file, "seconds", H5T_NATIVE_DOUBLE, &out->seconds));
    if (!(out->seconds >= 0) || !isfinite(out->seconds))
        return pnas_h5_fail(PNAS_ERROR_DATA, file, "seconds", "is %g, which is no time", out->seconds);
    return PNAS_OK;
}

pnas_status pnas_checkpoint_read(const char *path, const pnas_checkpoint_owner *owner, pnas_checkpoint *out)
{
    *out = (pnas_checkpoint){0};
    hid_t file;
    PNAS_TRY(pnas_h5_open_own(path, &file));
    pnas_status status = read_root(file, owner, out);
    if (status == PNAS_OK)
        status = pnas_tensor_group_read(file, &out->tensor, &out->count);
    status = pnas_h5_finish(&file, status);
    if (status != PNAS_OK)
        pnas_checkpoint_clear(out);
    return status;
}

/* --- what may be removed --- */

/* HDF5 writes the first bytes of a file last. */
static bool is_begun(int folder, const char *name)
{
    static const char nothing[MAGIC_SIZE];
    char start[MAGIC_SIZE];
    size_t size = pnas_file_start(folder, name, start, MAGIC_SIZE);
    return size != SIZE_MAX &&
           (memcmp(start, nothing, size) == 0 || memcmp(start, PNAS_HDF5_MAGIC, size) == 0);
}

bool pnas_checkpoint_is_ours(int folder, const char *name)
{
    return pnas_name_ends_in(name, ".partial") ? is_begun(folder, name)
                                               : pnas_file_names_conventions(folder, name, CONVENTIONS);
}
