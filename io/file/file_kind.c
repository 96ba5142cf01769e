#include "io/file/file_kind.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC_SIZE = 8, START_SIZE = 65536 /* they hold the attributes of an HDF5 file's root */ };

pnas_file_kind pnas_file_kind_of(const char *path)
{
    static const char journal[MAGIC_SIZE] = PNAS_JOURNAL_MAGIC;
    char start[MAGIC_SIZE];
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return PNAS_FILE_OTHER;
    pnas_file_kind kind = PNAS_FILE_OTHER;
    if (read(file, start, sizeof start) == (ssize_t)sizeof start) {
        if (memcmp(start, PNAS_HDF5_MAGIC, sizeof start) == 0)
            kind = PNAS_FILE_HDF5;
        else if (memcmp(start, journal, sizeof start) == 0)
            kind = PNAS_FILE_JOURNAL;
    }
    close(file);
    return kind;
}

size_t pnas_file_start(int folder, const char *name, char *out, size_t size)
{
    struct stat status;
    size_t used = 0;
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool regular = file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    ssize_t got = 1;
    while (regular && got > 0 && used < size) {
        got = read(file, out + used, size - used);
        used += got > 0 ? (size_t)got : 0;
    }
    if (file >= 0)
        close(file);
    return regular ? used : SIZE_MAX;
}

bool pnas_file_names_conventions(int folder, const char *name, const char *conventions)
{
    char *start = malloc(START_SIZE);
    size_t size = start ? pnas_file_start(folder, name, start, START_SIZE) : SIZE_MAX;
    bool named = size != SIZE_MAX && size >= MAGIC_SIZE && memcmp(start, PNAS_HDF5_MAGIC, MAGIC_SIZE) == 0 &&
                 memmem(start, size, conventions, strlen(conventions));
    free(start);
    return named;
}
