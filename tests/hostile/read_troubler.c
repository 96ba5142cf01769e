/* Stands between a program and the C library: read number $FAIL_AT of files whose names end in $FAIL_IN meets a bad disk
 * (EIO), once, which is told on stderr. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int reads;

static int is_meant(int file)
{
    char link[64], path[4096];
    const char *end = getenv("FAIL_IN");
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    size_t wanted = end ? strlen(end) : 0;
    return wanted > 0 && length > (ssize_t)wanted && memcmp(path + length - wanted, end, wanted) == 0;
}

static int is_bad(int file)
{
    static const char told[] = "a read met a bad disk\n";
    const char *at = getenv("FAIL_AT");
    int code = errno;
    int due = at && is_meant(file) && atomic_fetch_add(&reads, 1) + 1 == atoi(at);
    errno = code;
    if (due && write(STDERR_FILENO, told, sizeof told - 1) >= 0)
        errno = EIO;
    return due;
}

#define REAL(result, name, ...) ((result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

#define READER(name)                                                                                         \
    ssize_t name(int file, void *bytes, size_t size, off_t at)                                               \
    {                                                                                                        \
        return is_bad(file) ? -1 : REAL(ssize_t, name, int, void *, size_t, off_t)(file, bytes, size, at);   \
    }
READER(pread)
READER(pread64)

ssize_t read(int file, void *bytes, size_t size)
{
    return is_bad(file) ? -1 : REAL(ssize_t, read, int, void *, size_t)(file, bytes, size);
}
