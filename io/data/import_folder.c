/* A folder of pictures, with a folder for each class in it. */
#include "io/data/folder_list.h"
#include "io/data/import_pictures.h"

static pnas_status list_folder(const pnas_import_options *options, const char *path, pnas_picture_list *out)
{
    (void)options;
    return pnas_folder_list_read(path, out);
}

static pnas_status read_folder(const pnas_import_options *options, pnas_dataset *dataset)
{
    PNAS_CHECK(options->path, PNAS_ERROR_USAGE, "name the folder that holds a folder for each class");
    return pnas_import_pictures(options, list_folder, dataset);
}

static const pnas_import_option folder_options[] = {PNAS_IMPORT_PICTURE_OPTIONS};

const pnas_import_format pnas_import_folder = {
    .name = "folder",
    .help = "PNG and JPEG pictures, a folder for each class",
    .usage = "[--size N] [--resize HOW] [--encoded] [--test-from DIR] [--validation-from DIR] DIR",
    .takes = "a folder",
    .option = folder_options,
    .options = sizeof folder_options / sizeof *folder_options,
    .goes_on = true,
    .recognises = pnas_folder_list_is,
    .read = read_folder};
