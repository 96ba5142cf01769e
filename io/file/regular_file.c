#include "io/file/regular_file.h"

#include "src/base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_given_descriptor(const char *path)
{
    static const char folder[] = "/dev/fd/";
    return strcmp(path, "/dev/stdin") == 0 || strncmp(path, folder, sizeof folder - 1) == 0;
}

/* NULL for what may be read. */
static const char *unwanted(mode_t mode, const char *path)
{
    if (S_ISREG(mode) || (S_ISFIFO(mode) && is_given_descriptor(path)))
        return NULL;
    if (S_ISDIR(mode))
        return "folder";
    if (S_ISFIFO(mode))
        return "pipe";
    return S_ISCHR(mode) || S_ISBLK(mode) ? "device" : "socket"; /* some devices never end */
}

static int refuse_kind(int file, const char *kind, char trouble[PNAS_FILE_TROUBLE])
{
    snprintf(trouble, PNAS_FILE_TROUBLE, "is a %s, which is not a regular file", kind);
    if (file >= 0)
        close(file);
    errno = EINVAL;
    return -1;
}

static int refuse(int file, char trouble[PNAS_FILE_TROUBLE])
{
    int code = errno;
    snprintf(trouble, PNAS_FILE_TROUBLE, "cannot be opened: %s", pnas_system_reason(code));
    if (file >= 0)
        close(file);
    errno = code;
    return -1;
}

int pnas_file_open(const char *path, char trouble[PNAS_FILE_TROUBLE])
{
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0 && errno == ENXIO)
        return refuse_kind(file, "socket", trouble);
    if (file < 0 || fstat(file, &info) != 0)
        return refuse(file, trouble);
    const char *kind = unwanted(info.st_mode, path);
    if (kind)
        return refuse_kind(file, kind, trouble);
    if (fcntl(file, F_SETFL, 0) != 0) /* a given pipe is waited for */
        return refuse(file, trouble);
    return file;
}

FILE *pnas_file_open_stream(const char *path, char trouble[PNAS_FILE_TROUBLE])
{
    int file = pnas_file_open(path, trouble);
    FILE *stream = file >= 0 ? fdopen(file, "rb") : NULL;
    if (file >= 0 && !stream)
        refuse(file, trouble);
    return stream;
}
