#include "io/data/folder_list.h"

#include "io/data/import_parts.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

typedef struct {
    pnas_picture_list *list;
    const char *path; /* as it was named */
} folder_walk;

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static pnas_status check_class(const pnas_picture_list *list, const char *root)
{
    if (list->classes == 0)
        return PNAS_OK;
    bool some = list->files > 0 && list->file[list->files - 1].label == list->classes - 1;
    PNAS_CHECK(
        some, PNAS_ERROR_DATA,
        "%s/%s: holds no picture (.png, .jpg, .jpeg); each folder is a class, so remove it or hide it with "
        "a dot",
        root, list->class_name[list->classes - 1]);
    return PNAS_OK;
}

static pnas_status begin_class(folder_walk *walk, const char *name)
{
    PNAS_TRY(check_class(walk->list, walk->path));
    return pnas_picture_list_add_class(walk->list, walk->path, name);
}

static pnas_status add_file(folder_walk *walk, const char *path, const struct stat *info, const char *refused)
{
    return pnas_picture_list_add_file(walk->list, path, walk->list->classes - 1, info, refused);
}

/* A link whose goal is a file of the folder; else it is said why not. */
static pnas_status add_link(folder_walk *walk, const char *path)
{
    struct stat info = {0};
    size_t length = strlen(walk->list->root);
    char *goal = realpath(path, NULL);
    bool inside = goal && strncmp(goal, walk->list->root, length) == 0 && goal[length] == '/';
    bool file = inside && stat(goal, &info) == 0 && S_ISREG(info.st_mode);
    const char *wrong = !goal     ? "is a link that leads nowhere"
                        : !inside ? "is a link that leads out of the folder"
                        : !file   ? "is a link to something that is no file"
                                  : NULL;
    free(goal);
    return add_file(walk, path, &info, wrong);
}

static pnas_status note_other(folder_walk *walk, const char *path)
{
    pnas_picture_list *list = walk->list;
    if (list->others++ == 0)
        list->first_other = strdup(path);
    PNAS_CHECK(list->first_other, PNAS_ERROR_MEMORY, "no memory for the name of a file");
    return PNAS_OK;
}

/* Links to folders would be walked in circles, or lead elsewhere. */
static bool leads_to_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static pnas_status take(folder_walk *walk, FTS *tree, FTSENT *entry)
{
    bool hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';
    switch (entry->fts_info) {
    case FTS_D:
        if (hidden)
            fts_set(tree, entry, FTS_SKIP);
        return !hidden && entry->fts_level == 1 ? begin_class(walk, entry->fts_name) : PNAS_OK;
    case FTS_DP:
        return PNAS_OK;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return pnas_fail(PNAS_ERROR_FILE, "%s: cannot be read: %s", entry->fts_path,
                         pnas_system_reason(entry->fts_errno));
    case FTS_SL:
    case FTS_SLNONE:
        PNAS_CHECK(
            hidden || !leads_to_folder(entry->fts_path), PNAS_ERROR_DATA,
            "%s: is a link to a folder; such links are not followed, so copy or mount the folder there",
            entry->fts_path);
        if (!hidden && entry->fts_level > 1 && pnas_picture_name_is(entry->fts_name))
            return add_link(walk, entry->fts_path);
        return PNAS_OK;
    default:
        if (hidden || entry->fts_level < 1 ||
            (entry->fts_level == 1 && !pnas_picture_name_is(entry->fts_name)))
            return PNAS_OK;
        return entry->fts_level > 1 && pnas_picture_name_is(entry->fts_name)
                   ? add_file(walk, entry->fts_path, entry->fts_statp, NULL)
                   : note_other(walk, entry->fts_path);
    }
}

/* Folders that are named like the parts of a data set are taken for classes easily. */
static pnas_status check_names(const folder_walk *walk)
{
    static const char *const parts[] = {"train", "training", "test",       "testing",
                                        "val",   "valid",    "validation", "dev"};
    const pnas_picture_list *list = walk->list;
    for (size_t i = 0; i < list->classes; i++) {
        bool part = false;
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
            part |= strcasecmp(list->class_name[i], parts[p]) == 0;
        if (!part)
            return PNAS_OK;
    }
    return pnas_fail(PNAS_ERROR_DATA,
                     "%s: its folders are named like parts, \"%s\" and others, not like classes; import the "
                     "folder of the training part, with those of the others behind --test-from and "
                     "--validation-from",
                     walk->path, list->class_name[0]);
}

static pnas_status walk_tree(folder_walk *walk)
{
    char *roots[] = {(char *)walk->path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    PNAS_CHECK(tree, PNAS_ERROR_FILE, "%s: cannot be read: %s", walk->path, pnas_system_reason(errno));
    pnas_status status = PNAS_OK;
    errno = 0;
    for (FTSENT *entry; status == PNAS_OK && (entry = fts_read(tree)); errno = 0)
        status = take(walk, tree, entry);
    if (status == PNAS_OK && errno != 0) /* the end, but not that of the tree */
        status = pnas_fail(PNAS_ERROR_FILE, "%s: cannot be read to its end: %s", walk->path,
                           pnas_system_reason(errno));
    fts_close(tree);
    if (status == PNAS_OK)
        status = check_class(walk->list, walk->path);
    return status == PNAS_OK && walk->list->classes > 1 ? check_names(walk) : status;
}

pnas_status pnas_folder_list_read(const char *path, pnas_picture_list *out)
{
    folder_walk walk = {.list = out, .path = path};
    *out = (pnas_picture_list){0};
    PNAS_TRY(pnas_import_check_folder(path, "a folder that holds a folder of pictures for each class"));
    out->root = realpath(path, NULL);
    pnas_status status =
        out->root ? walk_tree(&walk)
                  : pnas_fail(PNAS_ERROR_FILE, "%s: cannot be read: %s", path, pnas_system_reason(errno));
    if (status == PNAS_OK && out->files == 0)
        status = pnas_fail(
            PNAS_ERROR_DATA,
            "%s: has no folders with pictures (.png, .jpg, .jpeg); expected one for each class", path);
    if (status != PNAS_OK)
        pnas_picture_list_free(out);
    return status;
}

bool pnas_folder_list_is(const char *path)
{
    struct stat info;
    char *roots[] = {(char *)path, NULL};
    bool found = false;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return false;
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    for (FTSENT *entry; tree && !found && (entry = fts_read(tree));) {
        bool hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';
        if (entry->fts_info == FTS_D && hidden)
            fts_set(tree, entry, FTS_SKIP);
        found = !hidden && entry->fts_level > 1 && entry->fts_info != FTS_D &&
                pnas_picture_name_is(entry->fts_name);
    }
    if (tree)
        fts_close(tree);
    return found;
}
