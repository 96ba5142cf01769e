/* Stands between a program and the C library: sends this process the signal $KILL_WITH (9) at its call number $KILL_AT
 * of those that change files; a write is half done then. With $KILL_WITH 0 the disk is full from that call on. */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int calls;

static int signal_to_send(void)
{
    const char *with = getenv("KILL_WITH");
    return with ? atoi(with) : SIGKILL;
}

static int is_due(void)
{
    const char *at = getenv("KILL_AT");
    return at && atomic_fetch_add(&calls, 1) + 1 == atoi(at) && signal_to_send() != 0;
}

static int is_full(void)
{
    const char *at = getenv("KILL_AT");
    return at && signal_to_send() == 0 && atomic_load(&calls) >= atoi(at);
}

static void strike(void)
{
    kill(getpid(), signal_to_send());
}

#define REAL(result, name, ...) ((result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

#define WRITER(name)                                                                                         \
    ssize_t name(int file, const void *bytes, size_t size, off_t at);                                        \
    ssize_t name(int file, const void *bytes, size_t size, off_t at)                                         \
    {                                                                                                        \
        ssize_t (*real)(int, const void *, size_t, off_t) =                                                  \
            REAL(ssize_t, name, int, const void *, size_t, off_t);                                           \
        if (is_due()) {                                                                                      \
            real(file, bytes, size / 2, at);                                                                 \
            strike();                                                                                        \
        }                                                                                                    \
        if (is_full()) {                                                                                     \
            errno = ENOSPC;                                                                                  \
            return -1;                                                                                       \
        }                                                                                                    \
        return real(file, bytes, size, at);                                                                  \
    }
WRITER(pwrite)
WRITER(pwrite64)

int fdatasync(int file)
{
    if (is_due())
        strike();
    return REAL(int, fdatasync, int)(file);
}

int fsync(int file)
{
    if (is_due())
        strike();
    return REAL(int, fsync, int)(file);
}

int ftruncate(int file, off_t size)
{
    if (is_due())
        strike();
    return REAL(int, ftruncate, int, off_t)(file, size);
}

int rename(const char *from, const char *to)
{
    if (is_due())
        strike();
    return REAL(int, rename, const char *, const char *)(from, to);
}

int unlink(const char *path)
{
    if (is_due())
        strike();
    return REAL(int, unlink, const char *)(path);
}
