#include "io/file/file_kind.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { MAGIC_SIZE = 8 };

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
