#include "cl/runtime/cache_directory.h"

#include "cl/runtime/cache_place.h"
#include "cl/runtime/sealed_folder.h"
#include "src/base/log.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_MAX = 2 * PATH_MAX };

static char private_folder[PATH_MAX]; /* of this process; empty: none */
static char pocl_folder[PATH_MAX];    /* where PoCL was put; empty: nowhere yet */
static bool pocl_was_empty;           /* then */

static bool find(const char *wanted, char *out, size_t size)
{
    const char *own = getenv("PNAS_CACHE"), *user = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = 0;
    if (wanted || (own && own[0]))
        length = snprintf(out, size, "%s", wanted ? wanted : own);
    else if (user && user[0])
        length = snprintf(out, size, "%s/pnas", user);
    else if (home && home[0])
        length = snprintf(out, size, "%s/.cache/pnas", home);
    else
        out[0] = 0;
    return out[0] && (size_t)length < size;
}

static void remove_private_folder(void)
{
    pnas_cache_place_remove(private_folder);
}

/* A folder that ends with this process, wherever there is room for one; /dev/shm is memory. */
static bool make_private_folder(char *out)
{
    const char *own = getenv("TMPDIR");
    const char *const bases[] = {"/dev/shm", own && own[0] ? own : "/tmp", "/tmp"};
    for (size_t i = 0; !private_folder[0] && i < sizeof bases / sizeof *bases; ++i)
        if (pnas_cache_place_make_temporary(bases[i], private_folder))
            atexit(remove_private_folder);
    snprintf(out, PATH_MAX, "%s", private_folder);
    return out[0] != 0;
}

/* A folder of this user's own in the system's temporary one. */
static bool find_temporary(char *out)
{
    char path[PATH_MAX], why[2 * PATH_MAX];
    const char *own = getenv("TMPDIR");
    int length =
        snprintf(path, sizeof path, "%s/pnas-%ld", own && own[0] ? own : "/tmp", pnas_cache_place_user());
    return length < (int)sizeof path && pnas_cache_place_open(path, true, out, why, sizeof why);
}

/* What to use in the place of a folder that cannot be used; NULL: nothing. */
static const char *find_other(char *out)
{
    return find_temporary(out) || make_private_folder(out) ? out : NULL;
}

/* Launchers number the processes of a machine; the first one speaks for all. */
static bool is_first_of_machine(void)
{
    static const char *const numbers[] = {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
        const char *number = getenv(numbers[i]);
        if (number && number[0])
            return strcmp(number, "0") == 0;
    }
    return true;
}

static void warn_once(const char *why, const char *instead)
{
    static bool warned;
    if (!warned && is_first_of_machine())
        pnas_warning("kernels cannot be kept in %s: they are kept in %s for now; set PNAS_CACHE to a folder "
                     "of your own "
                     "that can be written, or starts will be slow",
                     why, instead ? instead : "memory only");
    warned = true;
}

/* PoCL keeps a program in FOLDER/XX/HASH. */
static bool has_programs(const char *folder)
{
    DIR *directory = opendir(folder);
    bool found = false;
    for (struct dirent *entry; directory && !found && (entry = readdir(directory));)
        found = strlen(entry->d_name) == 2 && entry->d_name[0] != '.';
    if (directory)
        closedir(directory);
    return found;
}

/* PoCL reads the variable once, before its first work. One that the user has set stays if it can be used. */
static void place_pocl(const char *directory)
{
    char inside[PATH_MAX + 8], path[PATH_MAX], why[REASON_MAX];
    const char *set = getenv("POCL_CACHE_DIR");
    if (pocl_folder[0] && set && strcmp(set, pocl_folder) == 0)
        return;
    bool chosen = set && set[0];
    snprintf(inside, sizeof inside, "%s%s", chosen ? set : directory, chosen ? "" : "/pocl");
    bool serves = pnas_cache_place_open(inside, false, path, why, sizeof why) &&
                  pnas_sealed_folder_open(path, !chosen, why, sizeof why);
    if (!serves && make_private_folder(path))
        warn_once(why, path);
    snprintf(pocl_folder, sizeof pocl_folder, "%s", path);
    pocl_was_empty = !has_programs(path);
    setenv("POCL_CACHE_DIR", pocl_folder, 1);
}

/* The folder that serves, in `place`; what is wrong with the first choice is told. False: there is none. */
static bool find_place(const char *wanted, char *place)
{
    char path[PATH_MAX], why[REASON_MAX];
    if (!find(wanted, path, sizeof path))
        snprintf(why, sizeof why, "%s",
                 path[0] ? "the folder that was asked for (its name is too long for this system)"
                         : "any home directory (HOME is not set)");
    else if (pnas_cache_place_open(path, true, place, why, sizeof why))
        return true;
    const char *other = find_other(place);
    warn_once(why, other);
    return other != NULL;
}

pnas_status pnas_cache_directory_prepare(const char *wanted, char **out)
{
    char place[PATH_MAX];
    *out = NULL;
    if (!find_place(wanted, place))
        return PNAS_OK;
    *out = strdup(place);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for a path");
    place_pocl(place);
    return PNAS_OK;
}

const char *pnas_cache_directory_of_pocl(bool *was_empty)
{
    *was_empty = pocl_was_empty;
    return pocl_folder;
}

void pnas_cache_directory_seal(void)
{
    if (pocl_folder[0])
        pnas_sealed_folder_seal(pocl_folder);
}

bool pnas_cache_directory_has_room(void)
{
    return !pocl_folder[0] || pnas_cache_place_has_room(pocl_folder);
}

pnas_status pnas_cache_directory_check_room(void)
{
    PNAS_CHECK(!pocl_folder[0] || pnas_cache_place_takes_long_files(), PNAS_ERROR_FILE,
               "compiled kernels need files of up to 1 MiB, which a limit does not allow here: raise it "
               "(ulimit -f)");
    PNAS_CHECK(
        pnas_cache_directory_has_room(), PNAS_ERROR_FILE,
        "%s has no room for another compiled kernel: make room (space and inodes), or set PNAS_CACHE to "
        "a folder on another disk",
        pocl_folder);
    return PNAS_OK;
}
