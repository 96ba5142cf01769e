#include "io/hdf5/hdf5_content_sum.h"

#include "io/file/sha256.h"
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char sum_name[] = "content_sha256", names_name[] = "content_attributes";

typedef struct {
    pnas_sha256 *sha;
    char **name; /* [names], sorted: the attributes that count */
    size_t names, room;
    const char *const *optional; /* as pnas_content_sum_check is given them */
    bool added;                  /* one of them, which did not count when the sum was written */
    bool older;                  /* as older versions summed: nothing of enumerations */
    pnas_status status;
} content_walk;

/* ---- the names of attributes ---- */

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool counts(const content_walk *walk, const char *name)
{
    return walk->names > 0 && bsearch(&name, walk->name, walk->names, sizeof *walk->name, by_text);
}

static bool is_optional(const content_walk *walk, const char *name)
{
    const char *const *known = walk->optional;
    while (known && *known && strcmp(*known, name) != 0)
        known++;
    return known && *known;
}

static pnas_status add_name(content_walk *walk, const char *name)
{
    if (walk->names == walk->room) {
        walk->room = 2 * walk->room + 32;
        char **more = realloc(walk->name, walk->room * sizeof *more);
        PNAS_CHECK(more, PNAS_ERROR_MEMORY, "no memory for the names of attributes");
        walk->name = more;
    }
    walk->name[walk->names] = strdup(name);
    PNAS_CHECK(walk->name[walk->names], PNAS_ERROR_MEMORY, "no memory for the names of attributes");
    walk->names++;
    return PNAS_OK;
}

/* Numbers and texts. Those of dimension scales name objects by where they lie in the file. */
static bool is_summed(hid_t type)
{
    H5T_class_t class = H5Tget_class(type);
    return class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_STRING;
}

static herr_t note_attribute(hid_t object, const char *name, const H5A_info_t *info, void *payload)
{
    content_walk *walk = payload;
    (void)info;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(attribute);
    hid_t space = H5Aget_space(attribute);
    bool own = !strcmp(name, sum_name) || !strcmp(name, names_name);
    bool one = H5Sget_simple_extent_type(space) == H5S_SCALAR; /* not the names of dimensions */
    walk->status = own || !one || !is_summed(type) ? PNAS_OK : add_name(walk, name);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return walk->status == PNAS_OK ? 0 : -1;
}

static herr_t note_attributes(hid_t file, const char *path, const pnas_h5_object_info *info, void *payload)
{
    (void)info;
    hid_t object = H5Oopen(file, path, H5P_DEFAULT);
    herr_t noted = H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, note_attribute, payload);
    H5Oclose(object);
    return noted;
}

/* Each name once, sorted, with a line each. *out is the caller's. */
static pnas_status join_names(content_walk *walk, char **out)
{
    size_t size = 1, kept = 0;
    qsort(walk->name, walk->names, sizeof *walk->name, by_text);
    for (size_t i = 0; i < walk->names; i++) {
        if (kept > 0 && strcmp(walk->name[kept - 1], walk->name[i]) == 0) {
            free(walk->name[i]);
            continue;
        }
        size += strlen(walk->name[i]) + 1;
        walk->name[kept++] = walk->name[i];
    }
    walk->names = kept;
    *out = calloc(1, size);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for the names of attributes");
    char *end = *out;
    for (size_t i = 0; i < walk->names; i++)
        end += sprintf(end, "%s%s", i > 0 ? "\n" : "", walk->name[i]);
    return PNAS_OK;
}

static pnas_status split_names(content_walk *walk, char *names)
{
    for (char *name; (name = strsep(&names, "\n"));)
        PNAS_TRY(add_name(walk, name));
    if (walk->names > 0)
        qsort(walk->name, walk->names, sizeof *walk->name, by_text);
    return PNAS_OK;
}

/* ---- values ---- */

static pnas_status add_text(content_walk *walk, const char *text)
{
    return pnas_sha256_add(walk->sha, text, strlen(text) + 1);
}

static pnas_status add_numbers(content_walk *walk, const char *kind, hid_t type, const void *values,
                               size_t count)
{
    char head[64];
    snprintf(head, sizeof head, "%s %d %zu %zu", kind, (int)H5Tget_class(type), H5Tget_size(type), count);
    PNAS_TRY(add_text(walk, head));
    return pnas_sha256_add(walk->sha, values, count * H5Tget_size(type));
}

static pnas_status add_attribute_number(content_walk *walk, hid_t attribute, hid_t type)
{
    unsigned char value[16] = {0};
    hid_t native = H5Tget_native_type(type, H5T_DIR_ASCEND), space = H5Aget_space(attribute);
    bool one = native >= 0 && H5Tget_size(native) <= sizeof value && H5Sget_simple_extent_npoints(space) == 1;
    bool read = one && H5Aread(attribute, native, value) >= 0;
    pnas_status status = read ? add_numbers(walk, "number", native, value, 1) : add_text(walk, "no number");
    H5Sclose(space);
    H5Tclose(native);
    return status;
}

static herr_t add_attribute(hid_t object, const char *name, const H5A_info_t *info, void *payload)
{
    content_walk *walk = payload;
    char *text = NULL;
    (void)info;
    if (!counts(walk, name)) {
        walk->added = walk->added || is_optional(walk, name);
        return 0;
    }
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(attribute);
    walk->status = add_text(walk, name);
    if (walk->status == PNAS_OK && H5Tget_class(type) == H5T_STRING)
        walk->status = pnas_h5_read_text(object, name, &text);
    if (walk->status == PNAS_OK)
        walk->status = text ? add_text(walk, text) : add_attribute_number(walk, attribute, type);
    free(text);
    H5Tclose(type);
    H5Aclose(attribute);
    return walk->status == PNAS_OK ? 0 : -1;
}

static pnas_status add_texts(content_walk *walk, hid_t file, const char *path)
{
    char **text;
    size_t count;
    PNAS_TRY(pnas_h5_read_strings(file, path, &text, &count));
    pnas_status status = add_text(walk, "texts");
    for (size_t i = 0; i < count && status == PNAS_OK; i++)
        status = add_text(walk, text[i]);
    pnas_h5_free_strings(&text, count);
    return status;
}

/* An enumeration by the names of its values, as it is read. */
static pnas_status add_value_names(content_walk *walk, hid_t type, const char *values, size_t count)
{
    char name[64];
    PNAS_TRY(add_text(walk, "names"));
    for (size_t i = 0; i < count; i++) {
        if (H5Tenum_nameof(type, values + i * H5Tget_size(type), name, sizeof name) < 0)
            name[0] = '\0'; /* none of them */
        PNAS_TRY(add_text(walk, name));
    }
    return PNAS_OK;
}

static pnas_status add_array(content_walk *walk, hid_t file, const char *path, hid_t native)
{
    hsize_t shape[PNAS_H5_RANK_MAX];
    int rank;
    void *values;
    size_t count = 1;
    PNAS_TRY(pnas_h5_load_array(file, path, native, &rank, shape, &values));
    for (int i = 0; i < rank; i++)
        count *= shape[i];
    pnas_status status = pnas_sha256_add(walk->sha, shape, (size_t)rank * sizeof *shape);
    if (status == PNAS_OK)
        status = H5Tget_class(native) == H5T_ENUM ? add_value_names(walk, native, values, count)
                                                  : add_numbers(walk, "array", native, values, count);
    free(values);
    return status;
}

static pnas_status add_dataset(content_walk *walk, hid_t file, const char *path, hid_t dataset)
{
    hid_t type = H5Dget_type(dataset);
    bool summed = is_summed(type) || (H5Tget_class(type) == H5T_ENUM && !walk->older);
    hid_t native = summed ? H5Tget_native_type(type, H5T_DIR_ASCEND) : -1;
    pnas_status status = native < 0                         ? add_text(walk, "another type")
                         : H5Tget_class(type) == H5T_STRING ? add_texts(walk, file, path)
                                                            : add_array(walk, file, path, native);
    if (native >= 0)
        H5Tclose(native);
    H5Tclose(type);
    return status;
}

static herr_t add_object(hid_t file, const char *path, const pnas_h5_object_info *info, void *payload)
{
    content_walk *walk = payload;
    hid_t object = H5Oopen(file, path, H5P_DEFAULT);
    walk->status = add_text(walk, path);
    if (walk->status == PNAS_OK && info->type == H5O_TYPE_DATASET)
        walk->status = add_dataset(walk, file, path, object);
    if (walk->status == PNAS_OK &&
        H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, add_attribute, walk) < 0 &&
        walk->status == PNAS_OK)
        walk->status = pnas_h5_fail(PNAS_ERROR_DATA, object, NULL, "its attributes cannot be read");
    H5Oclose(object);
    return walk->status == PNAS_OK ? 0 : -1;
}

/* ---- the whole ---- */

static pnas_status visit(content_walk *walk, hid_t file,
                         herr_t (*take)(hid_t, const char *, const pnas_h5_object_info *, void *))
{
    herr_t visited = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, take, walk, H5O_INFO_BASIC);
    if (visited < 0 && walk->status == PNAS_OK)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, NULL, "is damaged and cannot be read");
    return walk->status;
}

static pnas_status sum(content_walk *walk, hid_t file, char out[PNAS_SHA256_TEXT])
{
    PNAS_TRY(pnas_sha256_create(&walk->sha));
    pnas_status status = visit(walk, file, add_object);
    if (status == PNAS_OK)
        status = pnas_sha256_finish(walk->sha, out);
    pnas_sha256_destroy(&walk->sha);
    return status;
}

static void clear(content_walk *walk, char *names)
{
    for (size_t i = 0; i < walk->names; i++)
        free(walk->name[i]);
    free(walk->name);
    free(names);
}

pnas_status pnas_content_sum_write(hid_t file)
{
    content_walk walk = {0};
    char text[PNAS_SHA256_TEXT], *names = NULL;
    pnas_status status = visit(&walk, file, note_attributes);
    if (status == PNAS_OK)
        status = join_names(&walk, &names);
    if (status == PNAS_OK)
        status = sum(&walk, file, text);
    if (status == PNAS_OK)
        status = pnas_h5_write_text(file, names_name, names);
    if (status == PNAS_OK)
        status = pnas_h5_write_text(file, sum_name, text);
    clear(&walk, names);
    return status;
}

pnas_status pnas_content_sum_check(hid_t file, const char *const *optional)
{
    content_walk walk = {.optional = optional};
    char expected[PNAS_SHA256_TEXT], found[PNAS_SHA256_TEXT], *names = NULL;
    if (!pnas_h5_has_attribute(file, sum_name))
        return PNAS_OK;
    PNAS_TRY(pnas_h5_copy_text(file, sum_name, expected, sizeof expected));
    pnas_status status = pnas_h5_read_text(file, names_name, &names);
    if (status == PNAS_OK)
        status = split_names(&walk, names);
    if (status == PNAS_OK)
        status = sum(&walk, file, found);
    if (status == PNAS_OK && strcmp(expected, found) != 0) {
        walk.older = true;
        status = sum(&walk, file, found);
    }
    if (status == PNAS_OK && (walk.added || strcmp(expected, found) != 0))
        status = pnas_h5_fail(PNAS_ERROR_DATA, file, NULL, "%s", PNAS_CONTENT_CHANGED);
    clear(&walk, names);
    return status;
}
