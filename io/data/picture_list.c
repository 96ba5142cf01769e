#include "io/data/picture_list.h"

#include "io/data/dataset.h"
#include "io/file/name_end.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more of `count`. */
static pnas_status grow(void **array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return PNAS_OK;
    size_t more = *room > 0 ? 2 * *room : 256;
    void *grown = realloc(*array, more * size);
    PNAS_CHECK(grown, PNAS_ERROR_MEMORY, "no memory for the names of %zu files", more);
    *array = grown;
    *room = more;
    return PNAS_OK;
}

pnas_status pnas_picture_list_add_class(pnas_picture_list *list, const char *list_name, const char *name)
{
    PNAS_CHECK(list->classes < PNAS_DATASET_CLASSES_MAX, PNAS_ERROR_DATA, "%s: has more than %d classes",
               list_name, PNAS_DATASET_CLASSES_MAX);
    PNAS_TRY(grow((void **)&list->class_name, list->classes, &list->class_room, sizeof *list->class_name));
    char *copy = strdup(name);
    PNAS_CHECK(copy, PNAS_ERROR_MEMORY, "no memory for the name of a class");
    list->class_name[list->classes++] = copy;
    return PNAS_OK;
}

pnas_status pnas_picture_list_add_file(pnas_picture_list *list, const char *path, size_t label,
                                       const struct stat *info, const char *refused)
{
    PNAS_TRY(grow((void **)&list->file, list->files, &list->file_room, sizeof *list->file));
    pnas_picture_entry file = {
        .path = strdup(path), .label = (uint16_t)label, .refused = refused ? strdup(refused) : NULL};
    if (info) {
        file.bytes = (uint64_t)info->st_size;
        file.changed = (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
        file.device = info->st_dev;
        file.inode = info->st_ino;
    }
    list->file[list->files++] = file; /* freed with the list */
    PNAS_CHECK(file.path && (!refused || file.refused), PNAS_ERROR_MEMORY,
               "no memory for the name of a file");
    return PNAS_OK;
}

void pnas_picture_list_free(pnas_picture_list *list)
{
    for (size_t i = 0; i < list->classes; i++)
        free(list->class_name[i]);
    for (size_t i = 0; i < list->files; i++) {
        free(list->file[i].path);
        free(list->file[i].refused);
    }
    free(list->class_name);
    free(list->file);
    free(list->first_other);
    free(list->root);
    *list = (pnas_picture_list){0};
}

bool pnas_picture_name_is(const char *name)
{
    return pnas_name_ends_in(name, ".jpg") || pnas_name_ends_in(name, ".jpeg") ||
           pnas_name_ends_in(name, ".png");
}
