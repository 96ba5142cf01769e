#include "io/file/locked_file.h"

#include "src/base/clock.h"
#include "src/base/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever looks whether a file is held has it for a moment (pnas_locked_file_look). */
#define LOCK_ATTEMPTS      20
#define SECONDS_TO_ATTEMPT 0.01

static void read_owner(int file, off_t owner_at, char owner[PNAS_OWNER_SIZE + 1])
{
    ssize_t length = pread(file, owner, PNAS_OWNER_SIZE, owner_at);
    size_t printable = 0;
    while (length > 0 && printable < (size_t)length && isprint((unsigned char)owner[printable]))
        printable++;
    owner[printable] = 0;
    if (printable == 0)
        snprintf(owner, PNAS_OWNER_SIZE, "its process is not known");
}

static pnas_status refuse_second(int file, const char *shown, off_t owner_at)
{
    char owner[PNAS_OWNER_SIZE + 1];
    read_owner(file, owner_at, owner);
    return pnas_fail(PNAS_ERROR_FILE,
                     "%s: another run writes here (%s); wait for its end, or name another file", shown,
                     owner);
}

/* File systems without locks exist; there a second run goes unnoticed, which a person should know. */
static pnas_status lock(int file, const char *shown, off_t owner_at)
{
    int failed = flock(file, LOCK_EX | LOCK_NB);
    for (int i = 1; failed && errno == EWOULDBLOCK && i < LOCK_ATTEMPTS; i++) {
        pnas_clock_sleep(SECONDS_TO_ATTEMPT);
        failed = flock(file, LOCK_EX | LOCK_NB);
    }
    if (!failed)
        return PNAS_OK;
    if (errno == EWOULDBLOCK)
        return refuse_second(file, shown, owner_at);
    pnas_warning("%s: cannot be locked (%s); make sure that no second run writes to the same file", shown,
                 pnas_system_reason(errno));
    return PNAS_OK;
}

bool pnas_locked_file_is_there(int file, const char *path)
{
    struct stat held, there;
    return fstat(file, &held) == 0 && lstat(path, &there) == 0 && held.st_ino == there.st_ino &&
           held.st_dev == there.st_dev;
}

/* A run that ends between our open and our lock may remove the file we hold: then once more. */
pnas_status pnas_locked_file_open(const char *path, const char *shown, off_t owner_at, int *out)
{
    for (;;) {
        struct stat info;
        int file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
        PNAS_CHECK(file >= 0 || (errno != ELOOP && errno != EISDIR), PNAS_ERROR_FILE,
                   "%s: is a link or a folder, where a file is to be written; move it away", path);
        PNAS_CHECK(file >= 0, PNAS_ERROR_FILE,
                   "%s: cannot be written: %s; check that the folder is there and that you may write in it",
                   shown, pnas_system_reason(errno));
        pnas_status status = PNAS_OK;
        if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode))
            status = pnas_fail(PNAS_ERROR_FILE, "%s: is not a regular file", path);
        else if (info.st_nlink > 1)
            status = pnas_fail(PNAS_ERROR_FILE, "%s: is another file's second name (a hard link); remove it",
                               path);
        else
            status = lock(file, shown, owner_at);
        if (status != PNAS_OK) {
            close(file);
            return status;
        }
        if (pnas_locked_file_is_there(file, path)) {
            *out = file;
            return PNAS_OK;
        }
        close(file);
    }
}

void pnas_locked_file_owner(char out[PNAS_OWNER_SIZE])
{
    char host[64] = "";
    gethostname(host, sizeof host - 1);
    memset(out, 0, PNAS_OWNER_SIZE);
    snprintf(out, PNAS_OWNER_SIZE, "process %ld on %s", (long)getpid(), host);
}

pnas_lock_state pnas_locked_file_look(const char *path, off_t owner_at, char owner[PNAS_OWNER_SIZE + 1])
{
    struct stat info;
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    owner[0] = 0;
    if (file < 0)
        return errno == ENOENT ? PNAS_LOCK_FREE : PNAS_LOCK_UNKNOWN;
    pnas_lock_state state = PNAS_LOCK_UNKNOWN;
    if (fstat(file, &info) == 0 && S_ISREG(info.st_mode)) {
        if (flock(file, LOCK_SH | LOCK_NB) == 0)
            state = PNAS_LOCK_FREE;
        else if (errno == EWOULDBLOCK)
            state = PNAS_LOCK_HELD;
    }
    if (state == PNAS_LOCK_HELD)
        read_owner(file, owner_at, owner);
    close(file);
    return state;
}
