#include "io/file/output_file.h"

#include "io/file/file_kind.h"
#include "io/file/leftover.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100

static pnas_status cannot(const char *path, int code)
{
    return pnas_fail(PNAS_ERROR_FILE, "%s: cannot be written: %s", path, pnas_system_reason(code));
}

/* A new file beside `path`; *out, its name, is the caller's (free). Returns the descriptor, or -1 and errno. */
static int create_beside(const char *path, char **out)
{
    *out = NULL;
    for (int i = 0; i < TRIES; ++i) {
        uint64_t number;
        const char *slash = strrchr(path, '/');
        int folder = slash ? (int)(slash - path) + 1 : 0;
        if (getrandom(&number, sizeof number, 0) != sizeof number ||
            asprintf(out, "%.*s.pnas-%016llx.partial", folder, path, (unsigned long long)number) < 0)
            return -1;
        int file = open(*out, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (file >= 0)
            return file;
        int code = errno;
        free(*out);
        *out = NULL;
        errno = code;
        if (code != EEXIST)
            return -1;
    }
    return -1;
}

/* Runs, networks and data sets stand on the same command line as pictures and texts of them. */
static pnas_status check_kind(const char *path)
{
    pnas_file_kind kind = pnas_file_kind_of(path);
    PNAS_CHECK(kind == PNAS_FILE_OTHER, PNAS_ERROR_FILE, "%s: is there already and is %s; name another file",
               path, kind == PNAS_FILE_HDF5 ? "an HDF5 file" : "the journal of a run");
    return PNAS_OK;
}

pnas_status pnas_output_file_create(const char *path, pnas_output_file *out)
{
    struct stat info;
    *out = PNAS_NO_OUTPUT_FILE;
    bool there = stat(path, &info) == 0;
    PNAS_CHECK(!there || S_ISREG(info.st_mode), PNAS_ERROR_FILE,
               "%s: is not a regular file; name one that can be written", path);
    PNAS_TRY(check_kind(path));
    out->path = strdup(path);
    PNAS_CHECK(out->path, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    sigset_t before;
    pnas_leftover_pause(&before);
    int file = create_beside(path, &out->temporary);
    out->leftover = file >= 0 ? pnas_leftover_add(out->temporary) : -1;
    pnas_leftover_resume(&before);
    if (file < 0) {
        pnas_fail(PNAS_ERROR_FILE,
                  "%s: cannot be written: %s; check that the folder is there and that you may write in it",
                  path, pnas_system_reason(errno));
        pnas_output_file_discard(out);
        return PNAS_ERROR_FILE;
    }
    /* Some file systems know no rights: then those that the file has must do. */
    if (there && fchmod(file, info.st_mode & 0777) != 0)
        errno = 0;
    out->stream = fdopen(file, "wb");
    if (out->stream)
        return PNAS_OK;
    pnas_status status = cannot(path, errno);
    close(file);
    pnas_output_file_discard(out);
    return status;
}

pnas_status pnas_folder_sync(const char *path)
{
    char *copy = strdup(path);
    PNAS_CHECK(copy, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems cannot sync a folder (EINVAL): the rename is then as safe as it can be there. */
    bool synced = folder >= 0 && (fsync(folder) == 0 || errno == EINVAL);
    int code = errno;
    if (folder >= 0)
        close(folder);
    free(copy);
    PNAS_CHECK(synced, PNAS_ERROR_FILE, "%s: its folder cannot be synced: %s", path,
               pnas_system_reason(code));
    return PNAS_OK;
}

/* errno tells why not. */
static bool finish(pnas_output_file *output, bool lasting)
{
    bool good = !ferror(output->stream) && fflush(output->stream) == 0 &&
                (!lasting || fsync(fileno(output->stream)) == 0);
    int code = errno;
    if (fclose(output->stream) != 0 && good) {
        code = errno;
        good = false;
    }
    output->stream = NULL;
    errno = code;
    return good && rename(output->temporary, output->path) == 0;
}

pnas_status pnas_output_file_commit(pnas_output_file *output, bool lasting)
{
    pnas_status status = PNAS_OK;
    if (!finish(output, lasting)) {
        status = cannot(output->path, errno);
    } else {
        pnas_leftover_forget(output->leftover);
        output->leftover = -1;
        free(output->temporary);
        output->temporary = NULL;
        if (lasting)
            status = pnas_folder_sync(output->path);
    }
    pnas_output_file_discard(output);
    return status;
}

void pnas_output_file_discard(pnas_output_file *output)
{
    if (output->stream)
        fclose(output->stream);
    if (output->temporary)
        unlink(output->temporary);
    pnas_leftover_forget(output->leftover);
    free(output->temporary);
    free(output->path);
    *output = PNAS_NO_OUTPUT_FILE;
}
