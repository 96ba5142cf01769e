#include "io/data/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

pnas_status pnas_import_name_classes(pnas_dataset *dataset, const char *const *names, int count)
{
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

static pnas_status take_names(const char *list, pnas_dataset *dataset)
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
cleanup:
    free(copy);
    free(names);
    return status;
}

/* The last part of a path, without what follows its first dot. */
static void name_from_path(const char *path, char *out, size_t size)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        --end;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        --begin;
    snprintf(out, size, "%.*s", (int)(end - begin), path + begin);
    char *dot = strchr(out + 1, '.');
    if (*out && dot)
        *dot = '\0';
}

static pnas_status take_text(const char *option, const char *value, char *out, size_t size)
{
    PNAS_CHECK(strlen(value) < size, PNAS_ERROR_USAGE, "%s: %zu bytes long, at most %zu are allowed", option,
               strlen(value), size - 1);
    memcpy(out, value, strlen(value) + 1);
    return PNAS_OK;
}

static pnas_status describe(const pnas_import_options *options, pnas_dataset *dataset)
{
    static const char *const cifar = "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, "
                                     "2009; https://www.cs.toronto.edu/~kriz/cifar.html";
    bool is_cifar = options->format == PNAS_IMPORT_CIFAR10 || options->format == PNAS_IMPORT_CIFAR100;
    char name[256];
    name_from_path(options->path ? options->path : options->train_images, name, sizeof name);
    if (is_cifar)
        snprintf(name, sizeof name, "%s", options->format == PNAS_IMPORT_CIFAR10 ? "CIFAR-10" : "CIFAR-100");
    name[sizeof dataset->name - 1] = '\0';
    PNAS_TRY(take_text("--name", options->name ? options->name : name, dataset->name, sizeof dataset->name));
    const char *source = options->source ? options->source : is_cifar ? cifar : "unknown";
    PNAS_TRY(take_text("--source", source, dataset->source, sizeof dataset->source));
    return take_text("--licence", options->licence ? options->licence : "unknown", dataset->licence,
                     sizeof dataset->licence);
}

/* --- Importing ----------------------------------------------------------------------------------------- */

void pnas_import_defaults(pnas_import_format format, pnas_import_options *out)
{
    *out = (pnas_import_options){.format = format, .maximum = 255.0, .test_share = 0.2};
}

static pnas_status check_options(const pnas_import_options *options)
{
    PNAS_CHECK(
        options->classes == 0 || (options->classes >= 2 && options->classes <= PNAS_DATASET_CLASSES_MAX),
        PNAS_ERROR_USAGE, "--classes: is %d, expected 2 to %d", options->classes, PNAS_DATASET_CLASSES_MAX);
    return PNAS_OK;
}

static pnas_status read_files(const pnas_import_options *options, pnas_dataset *dataset)
{
    switch (options->format) {
    case PNAS_IMPORT_IDX:
        return pnas_import_idx(options, dataset);
    case PNAS_IMPORT_CIFAR10:
    case PNAS_IMPORT_CIFAR100:
        return pnas_import_cifar(options, dataset);
    case PNAS_IMPORT_CSV:
        return pnas_import_csv(options, dataset);
    }
    return pnas_fail(PNAS_ERROR_INTERNAL, "unknown import format %d", (int)options->format);
}

static pnas_status check_sizes(const pnas_import_options *options, const pnas_dataset *dataset)
{
    const char *file = options->test_images ? options->test_images : options->test;
    PNAS_CHECK(options->larger_test || dataset->test.count <= dataset->train.count, PNAS_ERROR_DATA,
               "%s: %zu test images, expected no more than the %zu training images: are training and test "
               "files swapped? If they are meant so, add --larger-test",
               file ? file : options->path, dataset->test.count, dataset->train.count);
    return PNAS_OK;
}

pnas_status pnas_import(const pnas_import_options *options, pnas_dataset **out)
{
    pnas_status status;
    *out = NULL;
    PNAS_TRY(check_options(options));
    PNAS_TRY(pnas_dataset_create(out));
    PNAS_TRY_CLEANUP(read_files(options, *out));
    PNAS_TRY_CLEANUP(check_sizes(options, *out));
    if (options->class_names)
        PNAS_TRY_CLEANUP(take_names(options->class_names, *out));
    PNAS_TRY_CLEANUP(describe(options, *out));
    PNAS_TRY_CLEANUP(pnas_dataset_complete(*out));
cleanup:
    if (status != PNAS_OK)
        pnas_dataset_destroy(out);
    return status;
}
