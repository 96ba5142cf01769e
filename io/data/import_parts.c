#include "io/data/import_parts.h"

#include "io/data/image_split.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- Labels -------------------------------------------------------------------------------------------- */

pnas_status pnas_import_check_labels(const pnas_dataset_part *part, int classes,
                                     const pnas_label_place *place)
{
    for (size_t i = 0; i < part->count; ++i)
        PNAS_CHECK(part->labels[i] < classes, PNAS_ERROR_DATA, "%s: %s %zu: label %u, expected 0 to %d",
                   place->file, place->unit, place->first + i, part->labels[i], classes - 1);
    return PNAS_OK;
}

/* The lowest number that no label has, up to one past the highest label. */
static pnas_status lowest_missing(const pnas_dataset_part *part, int *out)
{
    bool *seen = calloc(PNAS_DATASET_CLASSES_MAX + 1, sizeof *seen);
    PNAS_CHECK(seen, PNAS_ERROR_MEMORY, "out of memory for counting classes");
    for (size_t i = 0; i < part->count; ++i)
        seen[part->labels[i]] = true;
    *out = 0;
    while (seen[*out])
        ++*out;
    free(seen);
    return PNAS_OK;
}

static pnas_status check_gaps(const pnas_dataset_part *part, const pnas_label_place *place, int *classes)
{
    int highest = 0, missing = 0;
    for (size_t i = 0; i < part->count; ++i)
        if (part->labels[i] > highest)
            highest = part->labels[i];
    PNAS_TRY(lowest_missing(part, &missing));
    for (size_t i = 0; i < part->count; ++i)
        PNAS_CHECK(
            part->labels[i] < missing, PNAS_ERROR_DATA,
            "%s: %s %zu: label %u, but no label is %d; expected labels from 0 up without gaps (if this "
            "label is right, say so with --classes %d)",
            place->file, place->unit, place->first + i, part->labels[i], missing, highest + 1);
    *classes = missing;
    return PNAS_OK;
}

pnas_status pnas_import_count_classes(const pnas_import_options *options, const pnas_dataset_part *part,
                                      const pnas_label_place *place, int *classes)
{
    if (options->classes > 0)
        *classes = options->classes;
    else
        PNAS_TRY(check_gaps(part, place, classes));
    PNAS_CHECK(*classes > 1, PNAS_ERROR_DATA, "%s: all %zu labels are 0; expected two classes or more",
               place->file, part->count);
    return pnas_import_check_labels(part, *classes, place);
}

/* --- Names --------------------------------------------------------------------------------------------- */

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* A label that a person reads in a table or a picture must mean one class. */
static pnas_status check_doubles(const char *const *names, int count)
{
    const char **sorted = malloc((size_t)count * sizeof *sorted + 1), *twice = NULL;
    PNAS_CHECK(sorted, PNAS_ERROR_MEMORY, "out of memory for class names");
    memcpy(sorted, names, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_name);
    for (int i = 1; i < count && !twice; ++i)
        twice = strcmp(sorted[i - 1], sorted[i]) == 0 ? sorted[i] : NULL;
    free(sorted);
    PNAS_CHECK(!twice, PNAS_ERROR_DATA, "two classes are called '%s'; give each its own name", twice);
    return PNAS_OK;
}

pnas_status pnas_import_name_classes(pnas_dataset *dataset, const char *const *names, int count)
{
    PNAS_TRY(check_doubles(names, count));
    dataset->classes = count;
    dataset->class_names = calloc((size_t)count + 1, sizeof *dataset->class_names);
    PNAS_CHECK(dataset->class_names, PNAS_ERROR_MEMORY, "out of memory for class names");
    for (int i = 0; i < count; ++i) {
        dataset->class_names[i] = strdup(names[i]);
        PNAS_CHECK(dataset->class_names[i], PNAS_ERROR_MEMORY, "out of memory for class names");
    }
    return PNAS_OK;
}

static int count_names(const char *list)
{
    int count = 1;
    for (; *list; ++list)
        count += *list == ',';
    return count;
}

pnas_status pnas_import_take_names(const char *list, pnas_dataset *dataset)
{
    int count = count_names(list);
    PNAS_CHECK(count == dataset->classes, PNAS_ERROR_USAGE,
               "--class-names gives %d names, but the data has %d classes", count, dataset->classes);
    char *copy = strdup(list), *rest = copy;
    const char **names = calloc((size_t)count, sizeof *names);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(copy && names, PNAS_ERROR_MEMORY, "out of memory for class names");
    for (int i = 0; i < count; ++i) {
        names[i] = strsep(&rest, ",");
        PNAS_CHECK_CLEANUP(*names[i], PNAS_ERROR_USAGE, "--class-names: name %d is empty", i);
    }
    status = pnas_import_name_classes(dataset, names, count);
    if (status == PNAS_ERROR_DATA)
        status = pnas_fail_at(PNAS_ERROR_USAGE, "--class-names");
cleanup:
    free(copy);
    free(names);
    return status;
}

/* --- The test part ------------------------------------------------------------------------------------- */

static pnas_status copy_images(const pnas_dataset *dataset, const pnas_dataset_part *all,
                               const uint32_t *images, size_t count, pnas_dataset_part *part)
{
    size_t pixels = pnas_dataset_image_bytes(dataset);
    PNAS_TRY(pnas_dataset_allocate(dataset, count, part));
    assert(part->images && part->labels);
    for (size_t i = 0; i < count; ++i) {
        memcpy(part->images + i * pixels, all->images + images[i] * pixels, pixels);
        part->labels[i] = all->labels[images[i]];
    }
    return PNAS_OK;
}

pnas_status pnas_import_check_test_share(const pnas_import_options *options)
{
    PNAS_CHECK(options->test_share >= 0.0 && options->test_share < 1.0, PNAS_ERROR_USAGE,
               "--test-share: is %g, expected a number from 0 to below 1", options->test_share);
    return PNAS_OK;
}

pnas_status pnas_import_draw_test(const pnas_import_options *options, pnas_dataset *dataset)
{
    pnas_dataset_part all = dataset->train;
    size_t wanted = (size_t)llround(options->test_share * (double)all.count);
    uint32_t *from = malloc(all.count * sizeof *from), *test = malloc(all.count * sizeof *test);
    uint32_t *train = malloc(all.count * sizeof *train);
    pnas_status status;
    dataset->train = (pnas_dataset_part){0};
    PNAS_CHECK_CLEANUP(from && test && train, PNAS_ERROR_MEMORY, "out of memory for a split of %zu images",
                       all.count);
    PNAS_CHECK_CLEANUP(wanted < all.count, PNAS_ERROR_USAGE,
                       "--test-share %g of %zu images leaves none to train on", options->test_share,
                       all.count);
    for (size_t i = 0; i < all.count; ++i)
        from[i] = (uint32_t)i;
    PNAS_TRY_CLEANUP(pnas_split_draw(all.labels, dataset->classes, from, all.count, wanted, options->seed,
                                     PNAS_DRAW_TEST, test, train));
    PNAS_TRY_CLEANUP(copy_images(dataset, &all, train, all.count - wanted, &dataset->train));
    PNAS_TRY_CLEANUP(copy_images(dataset, &all, test, wanted, &dataset->test));
cleanup:
    free(from);
    free(test);
    free(train);
    free(all.images);
    free(all.labels);
    return status;
}

pnas_status pnas_import_check_folder(const char *path, const char *expected)
{
    struct stat info;
    PNAS_CHECK(stat(path, &info) == 0, PNAS_ERROR_FILE, "%s: cannot be opened: %s; expected %s", path,
               pnas_system_reason(errno), expected);
    PNAS_CHECK(S_ISDIR(info.st_mode), PNAS_ERROR_DATA, "%s: is no folder; expected %s", path, expected);
    return PNAS_OK;
}
