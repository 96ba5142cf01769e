#include "io/file/file_version.h"

#include "src/base/clock.h"

#include <time.h>

#define WAITS           30 /* the clock of file systems steps every 10 ms at the slowest */
#define SECONDS_TO_WAIT 0.001

static bool equal(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_past(const struct timespec *time)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0) /* the clock that changes of files are stamped by */
        return true;
    return time->tv_sec < now.tv_sec || (time->tv_sec == now.tv_sec && time->tv_nsec < now.tv_nsec);
}

/* A change within the same step of the clock as the last one would leave no trace. */
bool pnas_file_version_take(int file, struct stat *out)
{
    if (fstat(file, out) != 0)
        return false;
    for (int i = 0; i < WAITS && !is_past(&out->st_mtim); ++i)
        pnas_clock_sleep(SECONDS_TO_WAIT);
    return fstat(file, out) == 0;
}

/* ctime changes, too, where another file takes the name of this one, whose links are fewer then. */
bool pnas_file_version_holds(int file, const struct stat *before)
{
    struct stat now;
    return fstat(file, &now) == 0 && now.st_dev == before->st_dev && now.st_ino == before->st_ino &&
           now.st_size == before->st_size && equal(&now.st_mtim, &before->st_mtim) &&
           (now.st_nlink != before->st_nlink || equal(&now.st_ctim, &before->st_ctim));
}
