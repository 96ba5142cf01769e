#include "src/run/checkpoint_folder.h"

#include "io/config/configuration.h"
#include "io/file/sha256.h"
#include "io/run/checkpoint_file.h"
#include "src/base/log.h"
#include "src/search/canonical.h"
#include "src/search/cell_text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_DIGITS 16

struct pnas_checkpoint_folder {
    char *path;
    char fingerprint[PNAS_SHA256_TEXT];
    const pnas_operator_set *operators;
    pthread_mutex_t lock; /* of what follows, and of the files */
    bool warned;
    pnas_checkpoint_store store;
};

/* --- what a checkpoint belongs to --- */

static pnas_status hash_text(const char *text, const char *sha256, const char *kernels,
                             char out[PNAS_SHA256_TEXT])
{
    pnas_sha256 *sha = NULL;
    PNAS_TRY(pnas_sha256_create(&sha));
    pnas_status status = pnas_sha256_add(sha, text, strlen(text));
    if (status == PNAS_OK)
        status = pnas_sha256_add(sha, sha256, strlen(sha256));
    if (status == PNAS_OK)
        status = pnas_sha256_add(sha, kernels, strlen(kernels));
    if (status == PNAS_OK)
        status = pnas_sha256_finish(sha, out);
    pnas_sha256_destroy(&sha);
    return status;
}

/* Only what decides how a child is trained counts: a search that is extended keeps its checkpoints. */
static pnas_status make_fingerprint(const pnas_configuration *from, const char *sha256, const char *kernels,
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
    kept->training.shards = kept->training.accumulate = 1; /* of final training, as is the next */
    kept->training.average = 0;
    pnas_status status = pnas_configuration_print(kept, &text);
    if (status == PNAS_OK)
        status = hash_text(text, sha256, kernels, out);
    free(text);
    free(kept);
    return status;
}

/* --- the store --- */

static char *path_of(const pnas_checkpoint_folder *folder, const pnas_cell *cell)
{
    char *path = NULL;
    int size = asprintf(&path, "%s/%0*" PRIx64 ".h5", folder->path, HASH_DIGITS, pnas_cell_hash(cell));
    return size < 0 ? NULL : path;
}

static pnas_status write_checkpoint(const pnas_checkpoint_folder *folder, const pnas_cell *cell,
                                    const pnas_checkpoint *checkpoint)
{
    char text[PNAS_CELL_TEXT_MAX], *path = path_of(folder, cell);
    PNAS_CHECK(path, PNAS_ERROR_MEMORY, "%s: out of memory", folder->path);
    pnas_cell_format(cell, folder->operators, text);
    const pnas_checkpoint_owner owner = {folder->fingerprint, text};
    pnas_status status = PNAS_OK;
    if (mkdir(folder->path, 0777) != 0 && errno != EEXIST)
        status =
            pnas_fail(PNAS_ERROR_FILE, "%s: cannot be made: %s", folder->path, pnas_system_reason(errno));
    if (status == PNAS_OK)
        status = pnas_checkpoint_write(path, &owner, checkpoint);
    free(path);
    return status;
}

static void save(void *payload, const pnas_cell *cell, const pnas_checkpoint *checkpoint)
{
    pnas_checkpoint_folder *folder = payload;
    pthread_mutex_lock(&folder->lock);
    if (write_checkpoint(folder, cell, checkpoint) != PNAS_OK && !folder->warned) {
        folder->warned = true;
        pnas_warning("%s; a child that is stopped now continues from its last checkpoint or starts anew",
                     pnas_message());
    }
    pthread_mutex_unlock(&folder->lock);
}

static bool load(void *payload, const pnas_cell *cell, pnas_checkpoint *out)
{
    pnas_checkpoint_folder *folder = payload;
    char text[PNAS_CELL_TEXT_MAX], *path = path_of(folder, cell);
    if (!path || (access(path, F_OK) != 0 && errno == ENOENT)) {
        free(path);
        return false;
    }
    pnas_cell_format(cell, folder->operators, text);
    const pnas_checkpoint_owner owner = {folder->fingerprint, text};
    pthread_mutex_lock(&folder->lock);
    pnas_status status = pnas_checkpoint_read(path, &owner, out);
    pthread_mutex_unlock(&folder->lock);
    if (status != PNAS_OK)
        pnas_warning("%s; the child starts from its beginning", pnas_message());
    free(path);
    return status == PNAS_OK;
}

/* --- life --- */

pnas_status pnas_checkpoint_folder_create(const char *run_path, const pnas_configuration *configuration,
                                          const char *dataset_sha256, const char *kernels,
                                          pnas_checkpoint_folder **out)
{
    pnas_checkpoint_folder *folder = calloc(1, sizeof *folder);
    PNAS_CHECK(folder, PNAS_ERROR_MEMORY, "no memory for the running children");
    pthread_mutex_init(&folder->lock, NULL);
    folder->operators = &configuration->search.space.operators;
    folder->store = (pnas_checkpoint_store){save, load, configuration->checkpoint_seconds, folder};
    if (asprintf(&folder->path, "%s.children", run_path) < 0)
        folder->path = NULL;
    pnas_status status = folder->path
                             ? make_fingerprint(configuration, dataset_sha256, kernels, folder->fingerprint)
                             : pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory", run_path);
    if (status != PNAS_OK)
        pnas_checkpoint_folder_destroy(&folder);
    *out = folder;
    return status;
}

void pnas_checkpoint_folder_destroy(pnas_checkpoint_folder **folder)
{
    if (!*folder)
        return;
    pthread_mutex_destroy(&(*folder)->lock);
    free((*folder)->path);
    free(*folder);
    *folder = NULL;
}

const pnas_checkpoint_store *pnas_checkpoint_folder_store(const pnas_checkpoint_folder *folder)
{
    return &folder->store;
}

/* --- removal --- */

void pnas_checkpoint_folder_forget(pnas_checkpoint_folder *folder, const pnas_cell *cell)
{
    char *path = folder ? path_of(folder, cell) : NULL;
    int at = path ? open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const char *name = path ? path + strlen(folder->path) + 1 : NULL;
    if (at >= 0 && pnas_checkpoint_is_ours(at, name))
        unlinkat(at, name, 0); /* one that is left is removed with the folder */
    if (at >= 0)
        close(at);
    free(path);
}

/* "0123456789abcdef.h5", or what a killed rank left of one. */
static bool is_named_so(const char *name)
{
    for (int i = 0; i < HASH_DIGITS; i++)
        if (!isxdigit((unsigned char)name[i]))
            return false;
    return strcmp(name + HASH_DIGITS, ".h5") == 0 || strcmp(name + HASH_DIGITS, ".h5.partial") == 0;
}

void pnas_checkpoint_folder_clear(pnas_checkpoint_folder *folder)
{
    struct stat status; /* who made a link did not mean what is behind it to go */
    int at = folder ? open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    DIR *listing = at >= 0 ? fdopendir(at) : NULL;
    if (folder && !listing && lstat(folder->path, &status) == 0 && S_ISLNK(status.st_mode))
        pnas_warning("%s: is a link, so nothing behind it is removed; remove the checkpoints there yourself",
                     folder->path);
    if (!listing) {
        if (at >= 0)
            close(at);
        return;
    }
    for (struct dirent *entry; (entry = readdir(listing));)
        if (is_named_so(entry->d_name) && pnas_checkpoint_is_ours(at, entry->d_name))
            unlinkat(at, entry->d_name, 0);
    closedir(listing);
    rmdir(folder->path); /* stays where somebody else's file is in it */
}
