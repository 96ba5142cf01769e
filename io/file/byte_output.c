#include "io/file/byte_output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

pnas_status pnas_bytes_write(const char *path, const void *data, size_t size)
{
    char partial[4096 + 16];
    struct stat info;
    PNAS_CHECK(snprintf(partial, sizeof partial, "%s.partial", path) < (int)sizeof partial, PNAS_ERROR_FILE,
               "%.60s...: the path is too long", path);
    PNAS_CHECK(stat(path, &info) != 0 || S_ISREG(info.st_mode), PNAS_ERROR_FILE,
               "%s: is not a regular file; name one that can be written", path);
    FILE *file = fopen(partial, "wbe");
    PNAS_CHECK(file, PNAS_ERROR_FILE,
               "%s: cannot be written: %s; check that the folder is there and that you may write in it", path,
               strerror(errno));
    bool good = fwrite(data, 1, size, file) == size && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int reason = errno;
    good = fclose(file) == 0 && good;
    if (good && rename(partial, path) == 0)
        return PNAS_OK;
    if (good)
        reason = errno;
    unlink(partial);
    return pnas_fail(PNAS_ERROR_FILE, "%s: cannot be written: %s", path, strerror(reason));
}
