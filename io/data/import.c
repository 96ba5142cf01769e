#include "io/data/import.h"

#include "io/data/import_parts.h"
#include "io/data/row_store.h"
#include "src/base/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- The list ------------------------------------------------------------------------------------------ */

#define LISTED(name) &pnas_import_##name,
const pnas_import_format *const pnas_import_formats[] = {PNAS_IMPORT_FORMATS(LISTED)};
const size_t pnas_import_format_count = sizeof pnas_import_formats / sizeof pnas_import_formats[0];

const pnas_import_format *pnas_import_find(const char *name)
{
    for (size_t i = 0; i < pnas_import_format_count; ++i)
        if (strcmp(pnas_import_formats[i]->name, name) == 0)
            return pnas_import_formats[i];
    return NULL;
}

const pnas_import_format *pnas_import_recognise(const char *path)
{
    for (size_t i = 0; i < pnas_import_format_count; ++i)
        if (pnas_import_formats[i]->recognises(path))
            return pnas_import_formats[i];
    return NULL;
}

const char *pnas_import_names(char *out, size_t size)
{
    size_t length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < pnas_import_format_count && length < size; ++i)
        length += (size_t)snprintf(out + length, size - length, "%s%s",
                                   i == 0                              ? ""
                                   : i + 1 == pnas_import_format_count ? " or "
                                                                       : ", ",
                                   pnas_import_formats[i]->name);
    return out;
}

/* --- Options ------------------------------------------------------------------------------------------- */

void pnas_import_defaults(const pnas_import_format *format, pnas_import_options *out)
{
    *out = (pnas_import_options){.format = format, .maximum = 255.0, .test_share = 0.2};
}

const char *pnas_import_path(const pnas_import_options *options)
{
    return options->path ? options->path : options->train_images;
}

/* --- Names --------------------------------------------------------------------------------------------- */

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
    const pnas_import_format *format = options->format;
    char name[256];
    name_from_path(pnas_import_path(options), name, sizeof name);
    if (format->title)
        snprintf(name, sizeof name, "%s", format->title);
    name[sizeof dataset->name - 1] = '\0';
    PNAS_TRY(take_text("--name", options->name ? options->name : name, dataset->name, sizeof dataset->name));
    const char *source = options->source ? options->source : format->source ? format->source : "unknown";
    PNAS_TRY(take_text("--source", source, dataset->source, sizeof dataset->source));
    return take_text("--licence", options->licence ? options->licence : "unknown", dataset->licence,
                     sizeof dataset->licence);
}

/* --- Importing ----------------------------------------------------------------------------------------- */

static pnas_status check_options(const pnas_import_options *options)
{
    PNAS_CHECK(
        options->classes == 0 || (options->classes >= 2 && options->classes <= PNAS_DATASET_CLASSES_MAX),
        PNAS_ERROR_USAGE, "--classes: is %d, expected 2 to %d", options->classes, PNAS_DATASET_CLASSES_MAX);
    return PNAS_OK;
}

/* Files of another format are the likeliest mistake; then say so. */
static pnas_status check_format(const pnas_import_options *options)
{
    const char *path = pnas_import_path(options);
    if (!path || options->format->recognises(path))
        return PNAS_OK;
    const pnas_import_format *other = pnas_import_recognise(path);
    PNAS_CHECK(!other, PNAS_ERROR_DATA, "%s: looks like %s, not %s; expected --format %s for it", path,
               other->name, options->format->name, other->name);
    return PNAS_OK;
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

static pnas_status check_output(const pnas_import_options *options)
{
    PNAS_CHECK(options->output || !options->format->goes_on, PNAS_ERROR_USAGE,
               "--format %s needs a file to write", options->format->name);
    PNAS_CHECK(!options->output || options->replace || access(options->output, F_OK) != 0, PNAS_ERROR_FILE,
               "%s: is there already; give another name or --force", options->output);
    return options->output && options->format->goes_on ? pnas_dataset_check_target(options->output) : PNAS_OK;
}

static pnas_status read_files(const pnas_import_options *options, pnas_dataset *dataset)
{
    if (pnas_import_path(options)) /* a name that is too long is told before hours of reading */
        PNAS_TRY(describe(options, dataset));
    PNAS_TRY(options->format->read(options, dataset));
    PNAS_TRY(check_sizes(options, dataset));
    if (options->class_names && !dataset->class_names)
        PNAS_TRY(pnas_import_take_names(options->class_names, dataset));
    return dataset->store ? PNAS_OK : pnas_dataset_complete(dataset);
}

/* Between chunks of the output. */
static pnas_status look(void *payload, uint64_t done, uint64_t all)
{
    const pnas_import_options *options = payload;
    pnas_progress_show("%s: %.0f of %.0f MiB written", options->output, (double)done / 0x1p20,
                       (double)all / 0x1p20);
    PNAS_CHECK(!options->stop || !options->stop(), PNAS_STOPPED,
               "%s: stopped while it was written; the same command goes on", options->output);
    return PNAS_OK;
}

static pnas_status write_output(const pnas_import_options *options, pnas_dataset *dataset)
{
    const pnas_dataset_watch watch = {look, (void *)options};
    if (!options->output)
        return PNAS_OK;
    PNAS_TRY(check_output(options)); /* it may have come meanwhile */
    if (!dataset->store)
        return pnas_dataset_write(dataset, options->output);
    pnas_status status = pnas_dataset_write_stored(dataset, options->output, &watch);
    pnas_progress_end();
    if (status == PNAS_OK)
        pnas_row_store_remove(&dataset->store);
    return status;
}

pnas_status pnas_import(const pnas_import_options *options, pnas_dataset **out)
{
    pnas_status status;
    *out = NULL;
    PNAS_TRY(check_options(options));
    PNAS_TRY(check_format(options));
    PNAS_TRY(check_output(options));
    PNAS_TRY(pnas_dataset_create(out));
    PNAS_TRY_CLEANUP(read_files(options, *out));
    status = write_output(options, *out);
cleanup:
    if (status != PNAS_OK)
        pnas_dataset_destroy(out);
    return status;
}
