#include "cl/runtime/cache_place.h"

#include "src/base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Of a folder to begin with, and for one more kernel: a cold cache takes about 20 MiB, and with
 * its folders and seals 350 inodes. */
enum { START_MIB = 24, START_FILES = 384, KERNEL_MIB = 4, KERNEL_FILES = 24, FILES_OF_A_FOLDER = 16 };
/* The longest files of PoCL are preprocessed sources of 0.6 MB. */
enum { FILE_BYTES = 1 << 20 };

long pnas_cache_place_user(void)
{
    return (long)geteuid();
}

/* --- room --- */

/* File systems that make inodes as they are wanted tell of none. */
static bool has_space(const char *path, unsigned long mib, unsigned long files)
{
    struct statvfs disk;
    if (statvfs(path, &disk) != 0)
        return errno == ENOSYS;
    return (unsigned long long)disk.f_bavail * disk.f_frsize >= (unsigned long long)mib << 20 &&
           (disk.f_files == 0 || disk.f_favail >= files);
}

/* A quota is not told by the file system: only writing shows it. */
static bool can_write(const char *path)
{
    static const char block[4096];
    static const char name[] = "/.room";
    char probe[PATH_MAX];
    size_t length = strlen(path);
    if (length + sizeof name + 24 > sizeof probe)
        return false;
    memcpy(probe, path, length);
    memcpy(probe + length, name, sizeof name);
    length += sizeof name - 1;
    for (unsigned long process = (unsigned long)getpid(); process > 0; process /= 10)
        probe[length++] = (char)('0' + process % 10);
    probe[length] = 0;
    unlink(probe); /* a killed process of this number may have left one */
    int file = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return errno == EEXIST; /* another lane's */
    bool written = true;
    for (int i = 0; written && i < FILES_OF_A_FOLDER; ++i)
        written = write(file, block, sizeof block) == (ssize_t)sizeof block;
    close(file);
    unlink(probe);
    return written;
}

bool pnas_cache_place_takes_long_files(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
           limit.rlim_cur >= FILE_BYTES;
}

bool pnas_cache_place_has_room(const char *path)
{
    return pnas_cache_place_takes_long_files() && has_space(path, KERNEL_MIB, KERNEL_FILES) &&
           can_write(path);
}

/* --- who may write --- */

/* Makes a directory and those above it, for others to read at most; errno says why not. */
static bool make_directories(const char *path)
{
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return mkdir(part, 0755) == 0 || errno == EEXIST;
}

static bool is_open_to_all(mode_t mode)
{
    return (mode & 022) != 0;
}

static bool is_sticky(mode_t mode)
{
    return (mode & S_ISVTX) != 0;
}

/* Whoever may write a folder above may put another one in the place of this. */
static bool check_above(const char *path, char *why, size_t size)
{
    char part[PATH_MAX];
    struct stat found;
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strrchr(part, '/'); slash; slash = strrchr(part, '/')) {
        slash[slash == part] = 0;
        if (stat(part, &found) == 0 && (found.st_mode & 02) && !is_sticky(found.st_mode)) {
            snprintf(why, size, "%s, as all users may exchange what is in %s", path, part);
            return false;
        }
        if (slash == part)
            break;
    }
    return true;
}

static bool complain(char *why, size_t size, const char *path, const char *reason)
{
    snprintf(why, size, "%s (%s)", path, reason);
    return false;
}

static bool check_owner(const char *path, const struct stat *found, char *why, size_t size)
{
    if (found->st_uid == geteuid() || found->st_uid == 0)
        return true;
    snprintf(why, size, "%s, as it belongs to user %ld, who could put programs there", path,
             (long)found->st_uid);
    return false;
}

/* A folder with its links resolved. */
static bool check(const char *path, char *why, size_t size)
{
    struct stat found;
    if (lstat(path, &found) != 0)
        return complain(why, size, path, pnas_system_reason(errno));
    if (!S_ISDIR(found.st_mode))
        return complain(why, size, path, pnas_system_reason(ENOTDIR));
    if (!check_owner(path, &found, why, size))
        return false;
    if (is_open_to_all(found.st_mode)) {
        snprintf(why, size, "%s, as other users may write it (chmod go-w)", path);
        return false;
    }
    if (access(path, R_OK | W_OK | X_OK) != 0)
        return complain(why, size, path, pnas_system_reason(errno));
    if (!check_above(path, why, size))
        return false;
    return has_space(path, START_MIB, START_FILES) && can_write(path)
               ? true
               : complain(why, size, path, "its file system is full: no space or no inodes");
}

/* The folder of this user inside a shared one; a link there may be anybody's. */
static bool open_own(const char *shared, char *out, char *why, size_t size)
{
    if (snprintf(out, PATH_MAX, "%s/pnas-%ld", shared, pnas_cache_place_user()) >= PATH_MAX)
        return complain(why, size, shared, pnas_system_reason(ENAMETOOLONG));
    if (mkdir(out, 0755) != 0 && errno != EEXIST)
        return complain(why, size, out, pnas_system_reason(errno));
    return check(out, why, size);
}

bool pnas_cache_place_open(const char *path, bool shared, char *out, char *why, size_t size)
{
    struct stat found;
    char resolved[PATH_MAX];
    if (strlen(path) >= PATH_MAX)
        return complain(why, size, "the folder that was asked for", pnas_system_reason(ENAMETOOLONG));
    if (!make_directories(path) || !realpath(path, resolved) || stat(resolved, &found) != 0)
        return complain(why, size, path, pnas_system_reason(errno));
    if (shared && S_ISDIR(found.st_mode) && is_open_to_all(found.st_mode) && is_sticky(found.st_mode))
        return check_owner(resolved, &found, why, size) && open_own(resolved, out, why, size);
    snprintf(out, PATH_MAX, "%s", resolved);
    return check(resolved, why, size);
}

/* --- for one process --- */

bool pnas_cache_place_make_temporary(const char *base, char *out)
{
    if (snprintf(out, PATH_MAX, "%s/pnas-XXXXXX", base) < PATH_MAX &&
        has_space(base, START_MIB, START_FILES) && mkdtemp(out))
        return true;
    out[0] = 0;
    return false;
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *place)
{
    (void)found;
    (void)place;
    (void)(kind == FTW_DP ? rmdir(path) : unlink(path));
    return 0;
}

void pnas_cache_place_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
