#include "src/run/running_children.h"

#include "io/config/configuration.h"
#include "io/file/sha256.h"
#include "io/run/checkpoint_file.h"
#include "pnas_version.h"
#include "src/base/log.h"
#include "src/search/canonical.h"
#include "src/search/cell_text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_DIGITS 16

struct pnas_running_children {
    char *folder;
    char fingerprint[PNAS_SHA256_TEXT];
    const pnas_operator_set *operators;
    pthread_mutex_t lock; /* of what follows, and of the files */
    bool warned;
    pnas_checkpoint_store store;
};

/* --- what a checkpoint belongs to --- */

static pnas_status hash_text(const char *text, const char *sha256, char out[PNAS_SHA256_TEXT])
{
    pnas_sha256 *sha = NULL;
    PNAS_TRY(pnas_sha256_create(&sha));
    pnas_status status = pnas_sha256_add(sha, text, strlen(text));
    if (status == PNAS_OK)
        status = pnas_sha256_add(sha, sha256, strlen(sha256));
    if (status == PNAS_OK)
        status = pnas_sha256_add(sha, PNAS_VERSION, strlen(PNAS_VERSION));
    if (status == PNAS_OK)
        status = pnas_sha256_finish(sha, out);
    pnas_sha256_destroy(&sha);
    return status;
}

/* Only what decides how a child is trained counts: a search that is extended keeps its checkpoints. */
static pnas_status make_fingerprint(const pnas_configuration *from, const char *sha256,
                                    char out[PNAS_SHA256_TEXT])
{
    char *text = NULL;
    pnas_configuration *kept = malloc(sizeof *kept);
    PNAS_CHECK(kept, PNAS_ERROR_MEMORY, "no memory for a configuration");
    pnas_configuration_defaults(kept);
    kept->seed = from->seed;
    kept->validation = from->validation;
    kept->training_images = from->training_images;
    kept->search.space.operators = from->search.space.operators;
    kept->network = from->network;
    kept->training = from->training;
    kept->training.child_seconds = 0; /* decides whether it ends, not how it is trained */
    pnas_status status = pnas_configuration_print(kept, &text);
    if (status == PNAS_OK)
        status = hash_text(text, sha256, out);
    free(text);
    free(kept);
    return status;
}

/* --- the store --- */

static char *path_of(const pnas_running_children *children, const pnas_cell *cell)
{
    char *path = NULL;
    int size = asprintf(&path, "%s/%0*" PRIx64 ".h5", children->folder, HASH_DIGITS, pnas_cell_hash(cell));
    return size < 0 ? NULL : path;
}

static pnas_status write_checkpoint(const pnas_running_children *children, const pnas_cell *cell,
                                    const pnas_checkpoint *checkpoint)
{
    char text[PNAS_CELL_TEXT_MAX], *path = path_of(children, cell);
    PNAS_CHECK(path, PNAS_ERROR_MEMORY, "%s: out of memory", children->folder);
    pnas_cell_format(cell, children->operators, text);
    const pnas_checkpoint_owner owner = {children->fingerprint, text};
    pnas_status status = PNAS_OK;
    if (mkdir(children->folder, 0777) != 0 && errno != EEXIST)
        status = pnas_fail(PNAS_ERROR_FILE, "%s: cannot be made: %s", children->folder, strerror(errno));
    if (status == PNAS_OK)
        status = pnas_checkpoint_write(path, &owner, checkpoint);
    free(path);
    return status;
}

static void save(void *payload, const pnas_cell *cell, const pnas_checkpoint *checkpoint)
{
    pnas_running_children *children = payload;
    pthread_mutex_lock(&children->lock);
    if (write_checkpoint(children, cell, checkpoint) != PNAS_OK && !children->warned) {
        children->warned = true;
        pnas_warning("%s; a child that is stopped now goes on from its last checkpoint or starts anew",
                     pnas_message());
    }
    pthread_mutex_unlock(&children->lock);
}

static bool load(void *payload, const pnas_cell *cell, pnas_checkpoint *out)
{
    pnas_running_children *children = payload;
    char text[PNAS_CELL_TEXT_MAX], *path = path_of(children, cell);
    if (!path || (access(path, F_OK) != 0 && errno == ENOENT)) {
        free(path);
        return false;
    }
    pnas_cell_format(cell, children->operators, text);
    const pnas_checkpoint_owner owner = {children->fingerprint, text};
    pthread_mutex_lock(&children->lock);
    pnas_status status = pnas_checkpoint_read(path, &owner, out);
    pthread_mutex_unlock(&children->lock);
    if (status != PNAS_OK)
        pnas_warning("%s; the child starts from its beginning", pnas_message());
    free(path);
    return status == PNAS_OK;
}

/* --- life --- */

pnas_status pnas_running_children_create(const char *run_path, const pnas_configuration *configuration,
                                         const char *dataset_sha256, pnas_running_children **out)
{
    pnas_running_children *children = calloc(1, sizeof *children);
    PNAS_CHECK(children, PNAS_ERROR_MEMORY, "no memory for the running children");
    pthread_mutex_init(&children->lock, NULL);
    children->operators = &configuration->search.space.operators;
    children->store = (pnas_checkpoint_store){save, load, configuration->checkpoint_seconds, children};
    if (asprintf(&children->folder, "%s.children", run_path) < 0)
        children->folder = NULL;
    pnas_status status = children->folder
                             ? make_fingerprint(configuration, dataset_sha256, children->fingerprint)
                             : pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory", run_path);
    if (status != PNAS_OK)
        pnas_running_children_destroy(&children);
    *out = children;
    return status;
}

void pnas_running_children_destroy(pnas_running_children **children)
{
    if (!*children)
        return;
    pthread_mutex_destroy(&(*children)->lock);
    free((*children)->folder);
    free(*children);
    *children = NULL;
}

const pnas_checkpoint_store *pnas_running_children_store(const pnas_running_children *children)
{
    return &children->store;
}

/* --- removal --- */

void pnas_running_children_forget(pnas_running_children *children, const pnas_cell *cell)
{
    char *path = children ? path_of(children, cell) : NULL;
    if (path)
        unlink(path); /* one that is left is removed with the folder */
    free(path);
}

/* "0123456789abcdef.h5", or what a killed rank left of one. */
static bool is_ours(const char *name)
{
    for (int i = 0; i < HASH_DIGITS; i++)
        if (!isxdigit((unsigned char)name[i]))
            return false;
    return strcmp(name + HASH_DIGITS, ".h5") == 0 || strcmp(name + HASH_DIGITS, ".h5.partial") == 0;
}

void pnas_running_children_clear(pnas_running_children *children)
{
    DIR *folder = children ? opendir(children->folder) : NULL;
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (is_ours(entry->d_name))
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(children->folder); /* stays where somebody else's file is in it */
}
