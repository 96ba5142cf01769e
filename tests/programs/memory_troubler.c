/* Stands between a program and the C library, for tests of one copy of the images on a machine. Each opening of the
 * embedded data set adds this process to the file $OPENED. $TROUBLE: "create", there is no shared memory; "attach", this
 * process cannot look into others. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int trouble(const char *kind)
{
    const char *wanted = getenv("TROUBLE");
    return wanted && strcmp(wanted, kind) == 0;
}

static int is_of_another(const char *path)
{
    int process = 0, file = 0;
    return sscanf(path, "/proc/%d/fd/%d", &process, &file) == 2 && process != getpid();
}

static void note(const char *path)
{
    const char *list = getenv("OPENED"), *name = strrchr(path, '/');
    if (!list || !name || strcmp(name, "/digits.h5") != 0)
        return;
    FILE *out = fopen(list, "a");
    if (out) {
        fprintf(out, "%d\n", (int)getpid());
        fclose(out);
    }
}

int memfd_create(const char *name, unsigned flags)
{
    int (*real)(const char *, unsigned) = (int (*)(const char *, unsigned))dlsym(RTLD_NEXT, "memfd_create");
    if (!trouble("create"))
        return real(name, flags);
    errno = ENOSYS;
    return -1;
}

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    note(path);
    if (trouble("attach") && is_of_another(path)) {
        errno = EACCES;
        return -1;
    }
    return real(path, flags, mode);
}
