#include "cl/runtime/sealed_folder.h"

#include "cl/runtime/fnv_hash.h"
#include "cl/runtime/program_cache.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_FILE    "/pnas.lock"
#define SEAL         ".seal"
#define LOCK_SECONDS 10
enum { SEAL_MAX = 80, PATH_OF_SEAL_MAX = PATH_MAX + sizeof SEAL };

/* Ends every seal; older ones do not say which file they are of. */
#define OF_ITS_PLACE " of its place\n"

typedef enum { UNSEALED, WHOLE, DAMAGED, WORTHLESS } file_state;

static int held = -1; /* the lock file of the folder in use; closed by the end of the process */

/* --- a file and its seal --- */

static void path_of_seal(const char *path, char out[PATH_OF_SEAL_MAX])
{
    snprintf(out, PATH_OF_SEAL_MAX, "%s" SEAL, path);
}

/* The seal that a file should have now, which is of its place in the folder, too: kernels that have changed places with
 * their seals are not themselves. `place` is the part of `path` behind the folder. False where it cannot be read. */
static bool make_seal(const char *path, const char *place, char out[SEAL_MAX])
{
    unsigned char bytes[1 << 14];
    uint64_t hash = pnas_fnv_hash(PNAS_FNV_START, place, strlen(place) + 1);
    size_t size = 0, count;
    FILE *file = pnas_program_cache_open(path);
    if (!file)
        return false;
    while ((count = fread(bytes, 1, sizeof bytes, file)) > 0) {
        hash = pnas_fnv_hash(hash, bytes, count);
        size += count;
    }
    bool whole = !ferror(file);
    fclose(file);
    snprintf(out, SEAL_MAX, "%zu bytes, %016llx" OF_ITS_PLACE, size, (unsigned long long)hash);
    return whole;
}

/* "8 bytes, 0123456789abcdef" and no more */
static bool is_old(const char *seal)
{
    const char *hash = strstr(seal, " bytes, ");
    return hash && strcmp(hash + strlen(" bytes, ") + strspn(hash + strlen(" bytes, "), "0123456789abcdef"),
                          "\n") == 0;
}

/* A seal without an end is half-written, and none. */
static file_state look_at(const char *path, const char *place)
{
    char at[PATH_OF_SEAL_MAX], found[SEAL_MAX] = "", now[SEAL_MAX];
    path_of_seal(path, at);
    FILE *file = pnas_program_cache_open(at);
    bool sealed = file && fgets(found, sizeof found, file) && strchr(found, '\n');
    if (file)
        fclose(file);
    if (!sealed)
        return UNSEALED;
    if (is_old(found))
        return WORTHLESS;
    return make_seal(path, place, now) && strcmp(found, now) == 0 ? WHOLE : DAMAGED;
}

static void seal(const char *path, const char *place)
{
    char at[PATH_OF_SEAL_MAX], text[SEAL_MAX];
    path_of_seal(path, at);
    if (access(at, F_OK) == 0 || !make_seal(path, place, text))
        return;
    int file = open(at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0)
        return;
    bool written = write(file, text, strlen(text)) == (ssize_t)strlen(text);
    written = close(file) == 0 && written;
    if (!written)
        unlink(at);
}

/* The seal goes first: a file that has lost it is not believed either. */
static bool remove_sealed(const char *path)
{
    char place[PATH_OF_SEAL_MAX];
    path_of_seal(path, place);
    unlink(place);
    return unlink(path) == 0;
}

/* --- all files --- */

static bool ends_with(const FTSENT *entry, const char *ending)
{
    size_t length = strlen(ending);
    return entry->fts_namelen > length && strcmp(entry->fts_name + entry->fts_namelen - length, ending) == 0;
}

static bool is_directory(const FTSENT *entry)
{
    return entry->fts_info == FTS_D || entry->fts_info == FTS_DP;
}

/* What PoCL runs or compiles further. */
static bool is_kept(const FTSENT *entry)
{
    return !is_directory(entry) && entry->fts_level > 1 &&
           (ends_with(entry, ".so") || ends_with(entry, ".bc"));
}

static bool is_half_made(const FTSENT *entry)
{
    return !is_directory(entry) && entry->fts_level == 1 && strncmp(entry->fts_name, "tempfile", 8) == 0;
}

static const char *place_of(const char *folder, const FTSENT *entry)
{
    const char *place = entry->fts_path + strlen(folder);
    return place + strspn(place, "/");
}

/* PoCL gives a file its name when all of it is written: one without a byte has lost them, and PoCL would end. */
static file_state state_of(const char *folder, const FTSENT *entry)
{
    if (is_half_made(entry))
        return UNSEALED;
    if (!is_kept(entry))
        return WHOLE;
    file_state state = look_at(entry->fts_path, place_of(folder, entry));
    return state == UNSEALED && entry->fts_statp->st_size == 0 ? WORTHLESS : state;
}

static FTS *open_tree(const char *folder)
{
    char *const roots[] = {(char *)folder, NULL};
    return fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
}

void pnas_sealed_folder_seal(const char *folder)
{
    FTS *tree = held >= 0 ? open_tree(folder) : NULL;
    for (FTSENT *entry; tree && (entry = fts_read(tree)) != NULL;)
        if (is_kept(entry))
            seal(entry->fts_path, place_of(folder, entry));
    if (tree)
        fts_close(tree);
}

static void warn(const char *first, int count)
{
    char all[32] = "";
    if (count > 1)
        snprintf(all, sizeof all, " (%d files are not)", count);
    pnas_warning(
        "%s is not what was written there%s: what is damaged is removed and built again; if this comes "
        "back, do not trust this disk: set PNAS_CACHE to a folder on another one",
        first, all);
}

/* Who is `alone` also removes what nobody will seal any more. False: a damaged file cannot be removed. */
static bool clean(const char *folder, bool alone, char *why, size_t size)
{
    char first[PATH_MAX] = "";
    int damaged = 0;
    bool done = true;
    FTS *tree = open_tree(folder);
    for (FTSENT *entry; tree && (entry = fts_read(tree)) != NULL;) {
        file_state state = state_of(folder, entry);
        if (state == WHOLE || (state == UNSEALED && !alone))
            continue;
        bool removed = remove_sealed(entry->fts_path);
        if (removed && state == DAMAGED && damaged++ == 0)
            snprintf(first, sizeof first, "%s", entry->fts_path);
        if (!removed && errno != ENOENT) { /* another process may have been faster */
            snprintf(why, size, "%s (%s cannot be removed: %s)", folder, entry->fts_path + strlen(folder) + 1,
                     pnas_system_reason(errno));
            done = false;
        }
    }
    if (tree)
        fts_close(tree);
    if (damaged > 0)
        warn(first, damaged);
    return done;
}

/* --- the lock --- */

/* Whoever has it alone has it for the time of a look at the folder; a file system without locks is one
 * where others may be at work at any time. */
static void share(int lock)
{
    double start = pnas_clock_seconds();
    while (flock(lock, LOCK_SH | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR) &&
           pnas_clock_seconds() - start < LOCK_SECONDS)
        pnas_clock_sleep(0.01);
}

bool pnas_sealed_folder_open(const char *folder, bool own, char *why, size_t size)
{
    char path[PATH_MAX + sizeof LOCK_FILE];
    snprintf(path, sizeof path, "%s" LOCK_FILE, folder);
    int lock = open(path, O_RDWR | (own ? O_CREAT : 0) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
    if (lock < 0 && errno == ENOENT && !own)
        return true;
    if (lock < 0) {
        snprintf(why, size, "%s (%s)", path, pnas_system_reason(errno));
        return false;
    }
    bool alone = flock(lock, LOCK_EX | LOCK_NB) == 0;
    if (!alone)
        share(lock);
    bool cleaned = clean(folder, alone, why, size);
    if (alone)
        share(lock);
    if (cleaned)
        held = lock;
    else
        close(lock);
    return cleaned;
}
