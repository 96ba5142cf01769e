/* pnas_data encode. */
#include "io/data/encoded_image.h"
#include "io/file/same_file.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_data/data_commands.h"

#include <unistd.h>

enum { KEY_QUALITY = 0x100, KEY_FORCE };

typedef struct {
    const char *path, *output;
    int64_t quality;
    bool force;
    pnas_log_level level;
} encode_arguments;

static error_t parse(int key, char *argument, struct argp_state *state)
{
    encode_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        return 0;
    case 'o':
        arguments->output = argument;
        return 0;
    case KEY_FORCE:
        arguments->force = true;
        return 0;
    case KEY_QUALITY:
        return pnas_program_parse_integer(state, "quality", argument, 1, 100, &arguments->quality);
    case ARGP_KEY_ARG:
        return pnas_program_take_argument(state, argument, &arguments->path);
    case ARGP_KEY_END:
        if (!arguments->path || !arguments->output)
            pnas_program_complain(state, "%s",
                                  arguments->path ? "give --output OUT.h5, the data set to make"
                                                  : "name the data set to encode");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --force is for data sets that are there, and not for the one that is read. */
static pnas_status check_output(const encode_arguments *arguments, const char *path)
{
    PNAS_CHECK(arguments->force || access(arguments->output, F_OK) != 0, PNAS_ERROR_FILE,
               "%s: is there already; give another name or --force", arguments->output);
    PNAS_CHECK(!pnas_same_file(path, arguments->output), PNAS_ERROR_USAGE,
               "%s: is both read and to be written; give the data set another name", arguments->output);
    return PNAS_OK;
}

static pnas_status encode(const encode_arguments *arguments, const char *path, pnas_dataset *dataset)
{
    PNAS_CHECK(dataset->quality == 0, PNAS_ERROR_USAGE,
               "%s: is encoded already, with quality %d; encode the data set that it was made of", path,
               dataset->quality);
    pnas_status status = pnas_dataset_encode(dataset, (int)arguments->quality);
    if (status != PNAS_OK)
        return pnas_fail_at(status, "%s", path);
    PNAS_TRY(pnas_dataset_complete(dataset));
    PNAS_TRY(pnas_dataset_write(dataset, arguments->output));
    size_t images = dataset->train.count + dataset->test.count;
    double bytes = (double)pnas_dataset_encoded_bytes(dataset);
    double pixels = (double)images * dataset->height * dataset->width * dataset->channels;
    pnas_info("%s: %zu images in %.4g MiB, %.0f bytes an image, instead of %.4g MiB", arguments->output,
              images, bytes / 0x1p20, bytes / (double)images, pixels / 0x1p20);
    return PNAS_OK;
}

pnas_status pnas_data_encode(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"output", 'o', "OUT.h5", 0, "The data set to make", 0},
        {"quality", KEY_QUALITY, "N", 0, "Quality of the JPEGs, 1 to 100 (default 95)", 0},
        {"force", KEY_FORCE, NULL, 0, "Replace OUT.h5 if it is there", 0},
        {0}};
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse,
        "SET.h5",
        "Makes a data set of another one that keeps its images as JPEG, and is decoded as it is read. From "
        "about 32 x 32 pixels on it is smaller. Pixels change a little, so its SHA-256 is another.",
        children,
        NULL,
        NULL};
    encode_arguments arguments = {.quality = PNAS_ENCODED_QUALITY, .level = PNAS_LOG_INFO};
    char path[4096];
    pnas_dataset *dataset;
    pnas_program_parse(&argp, argc, argv, 0, &arguments);
    pnas_log_setup(pnas_log_program(), arguments.level, 0, 1);
    PNAS_TRY(pnas_dataset_find(arguments.path, path, sizeof path));
    PNAS_TRY(check_output(&arguments, path));
    PNAS_TRY(pnas_dataset_open(path, &dataset));
    pnas_status status = encode(&arguments, path, dataset);
    pnas_dataset_destroy(&dataset);
    return status;
}
