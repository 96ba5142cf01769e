#include "io/hdf5/hdf5_util.h"

#include "io/file/file_kind.h"
#include "io/file/file_version.h"
#include "io/file/leftover.h"
#include "io/file/name_end.h"
#include "io/file/output_file.h"
#include "io/file/regular_file.h"
#include "io/hdf5/file_seal.h"
#include "io/hdf5/hdf5_partial.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5_hl.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Messages ------------------------------------------------------------------------------------------ */

#define STORED_TIMES  16.0       /* arrays have two names at most, and are looked at before they are read */
#define UNSTORED_MAX  67108864.0 /* bytes */
#define OPEN_ATTEMPTS 10         /* where another file takes the name again and again */

static pthread_mutex_t one_thread = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
/* What is open for reading; under one_thread. */
typedef struct open_file {
    hid_t id;
    struct stat version; /* before it was read */
    struct open_file *next;
} open_file;

static open_file *all_open;
/* How many files are open for reading, and what may still be read of them together, in bytes; under
 * one_thread. */
static int open_files;
static double stored_left = INFINITY, unstored_left = INFINITY;
/* The system's code for a read of an open file that it refused, or 0. HDF5 takes what it could not read for an
 * attribute or a link that is not there. Under one_thread. */
static int refused_read;

static herr_t note_refusal(unsigned depth, const H5E_error2_t *error, void *payload)
{
    static const char word[] = "errno = ";
    (void)depth;
    (void)payload;
    const char *code = error->min_num == H5E_READERROR && error->desc ? strstr(error->desc, word) : NULL;
    if (code)
        refused_read = atoi(code + sizeof word - 1);
    return 0;
}

/* HDF5 calls this wherever a call of ours fails. */
static herr_t take_failure(hid_t stack, void *payload)
{
    return H5Ewalk2(stack, H5E_WALK_UPWARD, note_refusal, payload);
}

/* HDF5 prints nothing by itself, and follows no link to another file. At exit it has nothing to do, as all files are
 * closed; but it would crash there after a write that failed. */
static void set_up_library(void)
{
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, take_failure, NULL);
    if (H5Lis_registered(H5L_TYPE_EXTERNAL) > 0)
        H5Lunregister(H5L_TYPE_EXTERNAL);
}

typedef struct {
    char text[512]; /* " (HDF5: ...)" or nothing */
    bool of_disk, of_memory;
} hdf5_reason;

static herr_t take_innermost(unsigned depth, const H5E_error2_t *error, void *payload)
{
    hdf5_reason *reason = payload;
    if (depth == 0 && error->desc) {
        snprintf(reason->text, sizeof reason->text, " (HDF5: %s)", error->desc);
        reason->of_disk = error->min_num == H5E_READERROR && strstr(error->desc, "errno = ");
        reason->of_memory = error->maj_num == H5E_RESOURCE && error->min_num == H5E_NOSPACE;
    }
    return 0;
}

/* What HDF5 could not do for want of memory, or by the disk's fault, says nothing of the file's content. */
static pnas_status blame(pnas_status status, const hdf5_reason *reason)
{
    if (status != PNAS_ERROR_DATA)
        return status;
    return reason->of_disk ? PNAS_ERROR_FILE : reason->of_memory ? PNAS_ERROR_MEMORY : status;
}

/* "FILE: /path/name: ", or nothing for an object that is not open. */
static void name_place(hid_t object, const char *name, char *out, size_t size)
{
    char file[1024] = "", path[512] = "";
    *out = '\0';
    if (H5Iis_valid(object) <= 0)
        return;
    H5Fget_name(object, file, sizeof file);
    if (H5Iget_type(object) != H5I_FILE)
        H5Iget_name(object, path, sizeof path);
    if (pnas_name_ends_in(file, ".partial"))
        file[strlen(file) - strlen(".partial")] = '\0';
    if (strcmp(path, "/") == 0)
        path[0] = '\0';
    bool whole = !name && !path[0]; /* it is the file that is meant */
    snprintf(out, size, "%s: %s%s%s%s", file, path, name ? "/" : "", name ? name : "", whole ? "" : ": ");
}

pnas_status pnas_h5_fail(pnas_status status, hid_t object, const char *name, const char *format, ...)
{
    hdf5_reason reason = {0};
    char place[1600], text[1024];
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_innermost, &reason); /* before other calls clear it */
    name_place(object, name, place, sizeof place);
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start is the line above */
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    H5Eclear2(H5E_DEFAULT);
    pnas_status blamed = blame(status, &reason);
    return pnas_fail(blamed, "%s%s%s", place, blamed == status || !*place ? text : "cannot be read",
                     reason.text);
}

/* --- Files --------------------------------------------------------------------------------------------- */

/* Files change only by rename, so HDF5's own locks would add nothing but failures on file systems without
 * them; closing a file closes all its objects. */
static hid_t file_access(void)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    return access;
}

/* The file is made in memory and then written by ourselves: HDF5 1.10 crashes at exit after a write that
 * failed, and its message for a full disk is not one for people. */
static pnas_status create_image(const char *path, pnas_h5_output *output)
{
    hid_t access = file_access();
    H5Pset_fapl_core(access, 1 << 20, 0);
    output->id = H5Fcreate(output->partial, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    pnas_status status =
        output->id >= 0 ? PNAS_OK : pnas_h5_fail(PNAS_ERROR_FILE, -1, NULL, "%s: cannot be created", path);
    H5Pclose(access);
    return status;
}

/* What HDF5 opens by its name must be what we hold. */
static bool is_held(const pnas_h5_output *output)
{
    int *file = NULL;
    struct stat held, opened;
    return H5Fget_vfd_handle(output->id, H5P_DEFAULT, (void **)&file) >= 0 && file &&
           fstat(output->lock, &held) == 0 && fstat(*file, &opened) == 0 && held.st_ino == opened.st_ino &&
           held.st_dev == opened.st_dev;
}

static pnas_status create_on_disk(uint64_t bytes, pnas_h5_output *output)
{
    hid_t access = file_access();
    output->id = H5Fcreate(output->partial, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    pnas_status status = output->id >= 0
                             ? PNAS_OK
                             : pnas_h5_fail(PNAS_ERROR_FILE, -1, NULL, "%s: cannot be created", output->path);
    H5Pclose(access);
    PNAS_TRY(status);
    PNAS_CHECK(is_held(output), PNAS_ERROR_FILE, "%s: another program changes this file", output->partial);
    bool kept = fallocate(output->lock, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes) == 0;
    PNAS_CHECK(kept || (errno != ENOSPC && errno != EDQUOT && errno != EFBIG), PNAS_ERROR_FILE,
               "%s: cannot be written: %s; %.0f MiB are needed", output->path, pnas_system_reason(errno),
               (double)bytes / 0x1p20);
    return PNAS_OK;
}

static pnas_status create_output(const char *path, bool on_disk, uint64_t bytes, pnas_h5_output *out)
{
    pnas_status status;
    pnas_h5_output output = PNAS_H5_NO_OUTPUT;
    output.on_disk = on_disk;
    pthread_mutex_lock(&one_thread);
    output.taken = true;
    set_up_library();
    PNAS_CHECK_CLEANUP(*path, PNAS_ERROR_USAGE, "the name of the file to write is empty");
    PNAS_TRY_CLEANUP(pnas_h5_partial_take(path, &output));
    PNAS_TRY_CLEANUP(on_disk ? create_on_disk(bytes, &output) : create_image(path, &output));
cleanup:
    if (status != PNAS_OK)
        pnas_h5_output_discard(&output);
    *out = output;
    return status;
}

pnas_status pnas_h5_output_create(const char *path, pnas_h5_output *out)
{
    return create_output(path, false, 0, out);
}

pnas_status pnas_h5_output_create_on_disk(const char *path, uint64_t bytes, pnas_h5_output *out)
{
    return create_output(path, true, bytes, out);
}

/* The bytes of the file as HDF5 would have written them; *out is the caller's (free). */
static pnas_status take_image(const pnas_h5_output *output, void **out, size_t *size)
{
    *out = NULL;
    ssize_t wanted =
        H5Fflush(output->id, H5F_SCOPE_GLOBAL) >= 0 ? H5Fget_file_image(output->id, NULL, 0) : -1;
    if (wanted < 0)
        return pnas_h5_fail(PNAS_ERROR_INTERNAL, output->id, NULL, "cannot be put together");
    *size = (size_t)wanted;
    *out = malloc(*size);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "%s: out of memory for %zu bytes", output->path, *size);
    if (H5Fget_file_image(output->id, *out, *size) < 0)
        return pnas_h5_fail(PNAS_ERROR_INTERNAL, output->id, NULL, "cannot be put together");
    return PNAS_OK;
}

static pnas_status write_image(const pnas_h5_output *output, const char *image, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t written = write(output->lock, image + done, size - done);
        PNAS_CHECK(written > 0 || (written < 0 && errno == EINTR), PNAS_ERROR_FILE,
                   "%s: cannot be written: %s", output->path, pnas_system_reason(errno));
        done += written > 0 ? (size_t)written : 0;
    }
    return PNAS_OK;
}

/* What was kept behind its end is given back. */
static pnas_status close_file(pnas_h5_output *output)
{
    struct stat info;
    if (H5Fflush(output->id, H5F_SCOPE_GLOBAL) < 0)
        return pnas_h5_fail(PNAS_ERROR_FILE, -1, NULL, "%s: cannot be written", output->path);
    bool closed = H5Fclose(output->id) >= 0;
    output->id = -1;
    if (!closed)
        return pnas_h5_fail(PNAS_ERROR_FILE, -1, NULL, "%s: cannot be written", output->path);
    PNAS_CHECK(fstat(output->lock, &info) == 0 && ftruncate(output->lock, info.st_size) == 0, PNAS_ERROR_FILE,
               "%s: cannot be written: %s", output->path, pnas_system_reason(errno));
    return PNAS_OK;
}

static pnas_status write_file(pnas_h5_output *output)
{
    void *image = NULL;
    size_t size = 0;
    if (output->on_disk)
        return close_file(output);
    pnas_status status = take_image(output, &image, &size);
    if (status == PNAS_OK)
        status = write_image(output, image, size);
    free(image);
    return status;
}

static pnas_status seal_and_sync(const pnas_h5_output *output)
{
    PNAS_TRY(pnas_file_seal(output->lock, output->path));
    PNAS_CHECK(fsync(output->lock) == 0, PNAS_ERROR_FILE, "%s: cannot be synced: %s", output->path,
               pnas_system_reason(errno));
    return PNAS_OK;
}

/* Who may read and write a file does not change with what is in it. Some file systems know no rights. */
static void keep_rights(const pnas_h5_output *output)
{
    struct stat info;
    if (stat(output->path, &info) == 0 && fchmod(output->lock, info.st_mode & 0777) != 0)
        errno = 0;
}

pnas_status pnas_h5_output_commit(pnas_h5_output *output)
{
    pnas_status status;
    PNAS_TRY_CLEANUP(write_file(output));
    PNAS_TRY_CLEANUP(seal_and_sync(output));
    keep_rights(output);
    PNAS_CHECK_CLEANUP(rename(output->partial, output->path) == 0, PNAS_ERROR_FILE,
                       "%s: cannot be put in place: %s", output->path, pnas_system_reason(errno));
    pnas_leftover_forget(output->leftover);
    output->leftover = -1;
    free(output->partial);
    output->partial = NULL; /* nothing is left to remove */
    status = pnas_folder_sync(output->path);
cleanup:
    pnas_h5_output_discard(output);
    return status;
}

void pnas_h5_output_discard(pnas_h5_output *output)
{
    if (output->id >= 0)
        H5Fclose(output->id);
    if (output->lock >= 0 && output->partial)
        unlink(output->partial);
    pnas_leftover_forget(output->leftover);
    if (output->lock >= 0)
        close(output->lock);
    free(output->path);
    free(output->partial);
    if (output->taken)
        pthread_mutex_unlock(&one_thread);
    *output = PNAS_H5_NO_OUTPUT;
}

pnas_status pnas_h5_is_meant(const char *path, bool *out)
{
    char start[8];
    char trouble[PNAS_FILE_TROUBLE];
    FILE *file = pnas_file_open_stream(path, trouble);
    PNAS_CHECK(file, PNAS_ERROR_FILE, "%s: %s", path, trouble);
    size_t got = fread(start, 1, sizeof start, file);
    int error = ferror(file) ? errno : 0;
    fclose(file);
    PNAS_CHECK(error == 0, PNAS_ERROR_FILE, "%s: cannot be read: %s", path, pnas_system_reason(error));
    *out = (got == sizeof start && memcmp(start, PNAS_HDF5_MAGIC, sizeof start) == 0) ||
           pnas_name_ends_in(path, ".h5");
    return PNAS_OK;
}

static void take_budget(double bytes)
{
    bool first = open_files++ == 0;
    stored_left = (first ? 0 : stored_left) + STORED_TIMES * bytes;
    unstored_left = (first ? 0 : unstored_left) + UNSTORED_MAX;
}

static void end_budget(void)
{
    if (--open_files == 0)
        stored_left = unstored_left = INFINITY;
}

static pnas_status fail_as_changed(const char *path)
{
    return pnas_fail(PNAS_ERROR_FILE,
                     "%s: was changed by another program while it was read; try again when that has ended",
                     path);
}

static pnas_status fail_as_refused(const char *path)
{
    return pnas_fail(PNAS_ERROR_FILE, "%s: cannot be read: %s", path, pnas_system_reason(refused_read));
}

/* HDF5 opens the file by its name, behind which another file may have come meanwhile: then *out stays
 * negative. */
static pnas_status open_same(const char *path, const struct stat *version, hid_t *out)
{
    hid_t access = file_access();
    int *file = NULL;
    struct stat now;
    H5Pset_sieve_buf_size(access, 0); /* of no use, as arrays are read whole */
    *out = H5Fopen(path, H5F_ACC_RDONLY, access);
    pnas_status status =
        *out >= 0 ? PNAS_OK : pnas_h5_fail(PNAS_ERROR_DATA, -1, NULL, "%s: is a damaged HDF5 file", path);
    H5Pclose(access);
    PNAS_TRY(status);
    if (H5Fget_vfd_handle(*out, H5P_DEFAULT, (void **)&file) >= 0 && pnas_file_version_holds(*file, version))
        return PNAS_OK;
    bool other = file && fstat(*file, &now) == 0 && now.st_ino != version->st_ino;
    H5Fclose(*out);
    *out = -1;
    return other ? PNAS_OK : fail_as_changed(path);
}

static pnas_status open_checked(const char *path, int file, bool own, open_file *opened, bool *sealed)
{
    const struct stat *version = &opened->version;
    PNAS_CHECK(pnas_file_version_take(file, &opened->version) && S_ISREG(version->st_mode), PNAS_ERROR_FILE,
               "%s: is not a regular file", path);
    PNAS_CHECK(version->st_size > 0, PNAS_ERROR_DATA, "%s: is empty; expected an HDF5 file", path);
    pnas_status status = pnas_file_check_seal(file, path, sealed); /* HDF5 itself can crash on damage */
    if (status != PNAS_OK && !pnas_file_version_holds(file, version))
        status = fail_as_changed(path);
    PNAS_TRY(status);
    htri_t is_hdf5 = H5Fis_hdf5(path);
    if (is_hdf5 < 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, -1, NULL, "%s: cannot be read as an HDF5 file", path);
    PNAS_CHECK(is_hdf5 > 0, PNAS_ERROR_DATA, "%s: is not an HDF5 file", path);
    PNAS_CHECK(*sealed || !own, PNAS_ERROR_DATA,
               "%s: is cut short, or was changed by another program: it has no seal", path);
    return open_same(path, version, &opened->id);
}

static pnas_status open_alone(const char *path, bool own, hid_t *out, bool *sealed)
{
    char trouble[PNAS_FILE_TROUBLE];
    pnas_status status = PNAS_OK;
    set_up_library();
    *out = -1;
    refused_read = all_open ? refused_read : 0;
    open_file *opened = calloc(1, sizeof *opened);
    PNAS_CHECK(opened, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    opened->id = -1;
    for (int i = 0; i < OPEN_ATTEMPTS && status == PNAS_OK && opened->id < 0; ++i) {
        int file = pnas_file_open(path, trouble);
        status = file >= 0 ? open_checked(path, file, own, opened, sealed)
                           : pnas_fail(PNAS_ERROR_FILE, "%s: %s", path, trouble);
        if (file >= 0)
            close(file);
    }
    if (status == PNAS_OK && opened->id < 0)
        status = fail_as_changed(path);
    if (status != PNAS_OK && refused_read != 0)
        status = fail_as_refused(path);
    if (status != PNAS_OK) {
        free(opened);
        return status;
    }
    *out = opened->id;
    opened->next = all_open;
    all_open = opened;
    take_budget((double)opened->version.st_size);
    return PNAS_OK;
}

static pnas_status open_locked(const char *path, bool own, hid_t *out, bool *sealed)
{
    pthread_mutex_lock(&one_thread);
    pnas_status status = open_alone(path, own, out, sealed);
    if (status != PNAS_OK)
        pthread_mutex_unlock(&one_thread);
    return status;
}

pnas_status pnas_h5_open_sealed(const char *path, hid_t *out, bool *sealed)
{
    return open_locked(path, false, out, sealed);
}

pnas_status pnas_h5_open(const char *path, hid_t *out)
{
    bool sealed;
    return open_locked(path, false, out, &sealed);
}

pnas_status pnas_h5_open_own(const char *path, hid_t *out)
{
    bool sealed;
    return open_locked(path, true, out, &sealed);
}

static open_file *take_out(hid_t id)
{
    open_file **at = &all_open, *found;
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    found = *at;
    if (found)
        *at = found->next;
    return found;
}

void pnas_h5_close(hid_t *file)
{
    if (*file < 0)
        return;
    free(take_out(*file));
    H5Fclose(*file);
    *file = -1;
    end_budget();
    pthread_mutex_unlock(&one_thread);
}

pnas_status pnas_h5_finish(hid_t *file, pnas_status status)
{
    char path[1024] = "";
    int *handle = NULL;
    const open_file *opened = all_open;
    while (opened && opened->id != *file)
        opened = opened->next;
    if (*file >= 0 && opened && H5Fget_vfd_handle(*file, H5P_DEFAULT, (void **)&handle) >= 0) {
        bool changed = !pnas_file_version_holds(*handle, &opened->version);
        H5Fget_name(*file, path, sizeof path);
        if (changed || refused_read != 0)
            status = changed ? fail_as_changed(path) : fail_as_refused(path);
    }
    pnas_h5_close(file);
    return status;
}

/* --- Groups and checks --------------------------------------------------------------------------------- */

pnas_status pnas_h5_create_group(hid_t parent, const char *name, hid_t *out)
{
    *out = H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    return *out >= 0 ? PNAS_OK : pnas_h5_fail(PNAS_ERROR_FILE, parent, name, "cannot be created");
}

bool pnas_h5_exists(hid_t parent, const char *path)
{
    bool exists = H5LTpath_valid(parent, path, 1) > 0;
    H5Eclear2(H5E_DEFAULT);
    return exists;
}

bool pnas_h5_charge(double stored, double unstored)
{
    stored_left -= stored;
    unstored_left -= unstored;
    return stored_left >= 0 && unstored_left >= 0;
}

pnas_status pnas_h5_open_group(hid_t parent, const char *name, hid_t *out)
{
    *out = -1;
    if (!pnas_h5_exists(parent, name))
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "expected a group, found nothing");
    *out = H5Gopen2(parent, name, H5P_DEFAULT);
    return *out >= 0 ? PNAS_OK : pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "expected a group");
}

void pnas_h5_close_group(hid_t *group)
{
    if (*group >= 0)
        H5Gclose(*group);
    *group = -1;
}

pnas_status pnas_h5_check_accuracy(hid_t object, const char *name, long row, double value, bool known)
{
    if ((value >= 0 && value <= 1) || (!known && isnan(value)))
        return PNAS_OK;
    if (row < 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, object, name, "is %g, which is no accuracy", value);
    return pnas_h5_fail(PNAS_ERROR_DATA, object, name, "value %ld is %g, which is no accuracy", row, value);
}
