#include "io/data/import_pictures.h"

#include "io/data/pictures_read.h"
#include "io/file/same_file.h"
#include "src/base/log.h"

#include <stdlib.h>
#include <string.h>

static const char *const fits[] = {
    [PNAS_RESIZE_SHORTER] = "shorter", [PNAS_RESIZE_STRETCH] = "stretch", [PNAS_RESIZE_CROP] = "crop"};
#define FITS (sizeof fits / sizeof *fits)

static pnas_status check_other(const pnas_import_options *options, const char *option, const char *path)
{
    PNAS_CHECK(!path || !pnas_same_file(options->path, path), PNAS_ERROR_USAGE,
               "%s: %s is the training part, too; without it a share of the pictures is drawn", option, path);
    return PNAS_OK;
}

static pnas_status make_wish(const pnas_import_options *options, pnas_pictures_wish *out)
{
    size_t fit = 0;
    while (options->fit && fit < FITS && strcmp(fits[fit], options->fit) != 0)
        fit++;
    *out = (pnas_pictures_wish){.side = (size_t)options->side,
                                .fit = (pnas_picture_fit)fit,
                                .channels = options->picture_channels > 0 ? options->picture_channels : 3,
                                .bad_most = (size_t)options->allow_bad};
    PNAS_CHECK(fit < FITS, PNAS_ERROR_USAGE, "--resize: is \"%s\", expected shorter, stretch or crop",
               options->fit);
    PNAS_CHECK(!options->fit || options->side > 0, PNAS_ERROR_USAGE, "--resize goes with --size N");
    PNAS_CHECK(out->channels == 1 || out->channels == 3, PNAS_ERROR_USAGE,
               "--channels: is %d, expected 1 (grey) or 3 (colour)", out->channels);
    PNAS_CHECK(options->side <= PNAS_DATASET_SIDE_MAX, PNAS_ERROR_USAGE, "--size: is %d, expected at most %d",
               options->side, PNAS_DATASET_SIDE_MAX);
    PNAS_TRY(check_other(options, "--test-from", options->test_from));
    PNAS_TRY(check_other(options, "--validation-from", options->validation_from));
    PNAS_CHECK(!options->test_from || !options->validation_from ||
                   !pnas_same_file(options->test_from, options->validation_from),
               PNAS_ERROR_USAGE, "--validation-from: %s is the test part, too, which is never used to choose",
               options->validation_from);
    return pnas_import_check_test_share(options);
}

static void tell(const char *path, const pnas_picture_list *list, const pnas_pictures *images)
{
    static const char *const words[PNAS_PICTURE_CHANGES] = {
        "grey, given three equal channels", "coloured, made grey",
        "with transparency, put on black",  "in a printer's colours (CMYK), made RGB",
        "of 16 bits a value, made 8",       "turned upright"};
    for (int c = 0; c < PNAS_PICTURE_CHANGES; c++)
        if (images->changed[c] > 0)
            pnas_info("%s: %zu of %zu pictures were %s", path, images->changed[c], images->count, words[c]);
    if (images->bad > 0)
        pnas_warning("%s: %zu of %zu pictures are left out", path, images->bad, list->files);
    if (list->others > 0)
        pnas_info(
            "%s: %zu files are no .png, .jpg or .jpeg in the folder of a class and are left out; the first "
            "is %s",
            path, list->others, list->first_other);
}

/* The images of a list become a part of the data set, which has their size from now on. */
static pnas_status take_images(const char *path, const pnas_picture_list *list,
                               const pnas_pictures_wish *wish, pnas_dataset *dataset, pnas_dataset_part *part)
{
    pnas_pictures images;
    PNAS_TRY(pnas_pictures_read(list, wish, (size_t)dataset->height, (size_t)dataset->width, &images));
    tell(path, list, &images);
    *part = (pnas_dataset_part){.count = images.count, .images = images.images, .labels = images.labels};
    PNAS_CHECK(
        images.height <= PNAS_DATASET_SIDE_MAX && images.width <= PNAS_DATASET_SIDE_MAX, PNAS_ERROR_DATA,
        "%s: its pictures are %zu pixels high and %zu wide, at most %d are allowed; --size N scales them",
        path, images.height, images.width, PNAS_DATASET_SIDE_MAX);
    dataset->height = (int)images.height;
    dataset->width = (int)images.width;
    dataset->channels = wish->channels;
    return PNAS_OK;
}

/* label: [classes of test], those of the training folder's classes of the same name. */
static pnas_status match_classes(const char *path, const pnas_picture_list *train,
                                 const pnas_picture_list *test, uint16_t *label)
{
    for (size_t i = 0; i < test->classes; i++) {
        size_t found = 0;
        while (found < train->classes && strcmp(train->class_name[found], test->class_name[i]) != 0)
            found++;
        PNAS_CHECK(found < train->classes, PNAS_ERROR_DATA,
                   "%s: class \"%s\": the training part has no class of that name", path,
                   test->class_name[i]);
        label[i] = (uint16_t)found;
    }
    return PNAS_OK;
}

/* The pictures at `path`, of classes that the training part has. */
static pnas_status read_other(const pnas_import_options *options, const char *path,
                              pnas_picture_lister *lister, const pnas_picture_list *train,
                              const pnas_pictures_wish *wish, pnas_dataset *dataset, pnas_dataset_part *part)
{
    pnas_picture_list list;
    pnas_status status;
    PNAS_TRY(lister(options, path, &list));
    uint16_t *label = calloc(list.classes, sizeof *label);
    PNAS_CHECK_CLEANUP(label, PNAS_ERROR_MEMORY, "no memory for %zu classes", list.classes);
    PNAS_TRY_CLEANUP(match_classes(path, train, &list, label));
    PNAS_TRY_CLEANUP(take_images(path, &list, wish, dataset, part));
    for (size_t i = 0; i < part->count; i++)
        part->labels[i] = label[part->labels[i]];
cleanup:
    free(label);
    pnas_picture_list_free(&list);
    return status;
}

/* Behind the images that are trained on. */
static pnas_status read_validation(const pnas_import_options *options, pnas_picture_lister *lister,
                                   const pnas_picture_list *train, const pnas_pictures_wish *wish,
                                   pnas_dataset *dataset)
{
    pnas_dataset_part part = {0};
    pnas_status status = read_other(options, options->validation_from, lister, train, wish, dataset, &part);
    if (status == PNAS_OK)
        status = pnas_dataset_append(dataset, &part, &dataset->train);
    if (status == PNAS_OK)
        dataset->validation = part.count;
    free(part.images);
    free(part.labels);
    return status;
}

static pnas_status read_parts(const pnas_import_options *options, pnas_picture_lister *lister,
                              const pnas_picture_list *list, const pnas_pictures_wish *wish,
                              pnas_dataset *dataset)
{
    PNAS_CHECK(list->classes > 1, PNAS_ERROR_DATA, "%s: has one class alone, \"%s\"; expected two or more",
               options->path, list->class_name[0]);
    PNAS_TRY(take_images(options->path, list, wish, dataset, &dataset->train));
    dataset->classes = (int)list->classes;
    if (!options->class_names)
        PNAS_TRY(
            pnas_import_name_classes(dataset, (const char *const *)list->class_name, (int)list->classes));
    if (options->test_from)
        PNAS_TRY(read_other(options, options->test_from, lister, list, wish, dataset, &dataset->test));
    else
        PNAS_TRY(pnas_import_draw_test(options, dataset));
    return options->validation_from ? read_validation(options, lister, list, wish, dataset) : PNAS_OK;
}

pnas_status pnas_import_pictures(const pnas_import_options *options, pnas_picture_lister *lister,
                                 pnas_dataset *dataset)
{
    pnas_pictures_wish wish;
    pnas_picture_list list;
    PNAS_TRY(make_wish(options, &wish));
    PNAS_TRY(lister(options, options->path, &list));
    pnas_status status = read_parts(options, lister, &list, &wish, dataset);
    pnas_picture_list_free(&list);
    return status;
}
