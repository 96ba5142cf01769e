/* pnas_data import. */
#include "io/data/import.h"
#include "io/file/file_kind.h"
#include "io/file/same_file.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_data/data_commands.h"
#include "src/programs/pnas_data/import_arguments.h"

#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#define FOLDERS_OPEN 16

/* A class that no image of a part has, from `first` on, is either rare or a slip in the labels; a person can tell. */
static pnas_status warn_of_missing_classes(const pnas_dataset *dataset, const pnas_dataset_part *part,
                                           size_t first, const char *kind)
{
    enum { TOLD = 10 };
    size_t *count;
    int missing = 0;
    PNAS_TRY(pnas_data_count_classes(part, first, dataset->classes, &count));
    for (int c = 0; c < dataset->classes && part->count > first; ++c)
        if (count[c] == 0 && missing++ < TOLD)
            pnas_warning("class %d (%s) has no %s image", c, dataset->class_names[c], kind);
    if (missing > TOLD)
        pnas_warning("nor have %d other classes", missing - TOLD);
    free(count);
    return PNAS_OK;
}

static pnas_status report_import(const pnas_dataset *dataset, const char *path)
{
    PNAS_TRY(warn_of_missing_classes(dataset, &dataset->test, 0, "test"));
    PNAS_TRY(warn_of_missing_classes(dataset, &dataset->train, dataset->train.count - dataset->validation,
                                     "validation"));
    char validation[64] = "";
    if (dataset->validation > 0)
        snprintf(validation, sizeof validation, ", %zu validation", dataset->validation);
    pnas_info("%s: %s, %zu training%s and %zu test images of %dx%dx%d in %d classes", path, dataset->name,
              dataset->train.count - dataset->validation, validation, dataset->test.count, dataset->height,
              dataset->width, dataset->channels, dataset->classes);
    return PNAS_OK;
}

static struct {
    const char *output;
    bool found;
} sought; /* nftw passes nothing on */

static int seek_output(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    sought.found = kind == FTW_F && pnas_same_file(path, sought.output);
    return sought.found;
}

/* Whether the output is a file of the folder, also through links. A data set that was written there before is none
 * of those that are read. */
static bool folder_holds_output(const char *folder, const char *output)
{
    struct stat of_output;
    if (stat(output, &of_output) != 0 || pnas_file_kind_of(output) == PNAS_FILE_HDF5)
        return false;
    sought.output = output;
    sought.found = false;
    nftw(folder, seek_output, FOLDERS_OPEN, 0);
    return sought.found;
}

/* --force is for data sets that are there, and not for what one is made of. */
static pnas_status check_output(const pnas_import_arguments *arguments)
{
    const pnas_import_options *import = &arguments->import;
    const char *const input[] = {import->path,        import->train_images,   import->train_labels,
                                 import->test_images, import->test_labels,    import->test,
                                 import->test_from,   import->validation_from};
    for (size_t i = 0; i < sizeof input / sizeof *input; i++)
        PNAS_CHECK(!input[i] || !(pnas_same_file(input[i], arguments->output) ||
                                  folder_holds_output(input[i], arguments->output)),
                   PNAS_ERROR_USAGE, "%s: is both read and to be written; give the data set another name",
                   arguments->output);
    return PNAS_OK;
}

static volatile sig_atomic_t stop_wanted;

static void note_stop(int number)
{
    (void)number;
    stop_wanted = 1;
}

static bool is_stop_wanted(void)
{
    return stop_wanted;
}

/* Signals that end what takes long in good order; a second Ctrl-C ends it at once. SIGHUP stays as nohup wants it. */
static void listen(pnas_import_options *options)
{
    static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction action = {.sa_handler = note_stop, .sa_flags = SA_RESTART}, there;
        if (ends[i] == SIGINT)
            action.sa_flags |= SA_RESETHAND;
        sigemptyset(&action.sa_mask);
        if (sigaction(ends[i], NULL, &there) == 0 && there.sa_handler != SIG_IGN)
            sigaction(ends[i], &action, NULL);
    }
    options->stop = is_stop_wanted;
}

pnas_status pnas_data_import(int argc, char **argv)
{
    pnas_import_arguments arguments;
    pnas_import_arguments_parse(argc, argv, &arguments);
    pnas_log_setup(pnas_log_program(), arguments.level, 0, 1);
    PNAS_TRY(check_output(&arguments));
    pnas_dataset *dataset;
    arguments.import.output = arguments.output;
    arguments.import.replace = arguments.force;
    if (arguments.import.format->goes_on)
        listen(&arguments.import);
    PNAS_TRY(pnas_import(&arguments.import, &dataset));
    pnas_status status = report_import(dataset, arguments.output);
    pnas_dataset_destroy(&dataset);
    return status;
}
