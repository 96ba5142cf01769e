/* Pictures that a text names, with their labels. */
#include "io/data/import_pictures.h"
#include "io/data/text_list.h"

static pnas_status list_text(const pnas_import_options *options, const char *path, pnas_picture_list *out)
{
    return pnas_text_list_read(path, options->root, out);
}

static pnas_status read_list(const pnas_import_options *options, pnas_dataset *dataset)
{
    PNAS_CHECK(options->path, PNAS_ERROR_USAGE, "name the text that has a path and a label in each line");
    return pnas_import_pictures(options, list_text, dataset);
}

static bool looks_like_list(const char *path)
{
    return pnas_text_list_is(path, NULL);
}

static const pnas_import_option list_options[] = {
    {"root", "DIR", "Where relative paths begin (the folder of the list)", PNAS_IMPORT_TEXT,
     offsetof(pnas_import_options, root), false},
    PNAS_IMPORT_PICTURE_OPTIONS};

const pnas_import_format pnas_import_list = {
    .name = "list",
    .help = "PNG and JPEG pictures, a path and a label a line",
    .usage =
        "[--root DIR] [--size N] [--resize HOW] [--encoded] [--test-from LIST] [--validation-from LIST] LIST",
    .takes = "a file",
    .option = list_options,
    .options = sizeof list_options / sizeof *list_options,
    .goes_on = true,
    .recognises = looks_like_list,
    .read = read_list};
