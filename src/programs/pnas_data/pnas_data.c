/* pnas_data: makes, describes and checks data sets. */
#include "io/data/dataset.h"
#include "io/data/import.h"
#include "src/programs/common/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const char *name;
    pnas_status (*run)(int argc, char **argv);
} data_command;

/* --- import -------------------------------------------------------------------------------------------- */

enum { /* options without a letter */
       KEY_TRAIN_IMAGES = 0x100,
       KEY_TRAIN_LABELS,
       KEY_TEST_IMAGES,
       KEY_TEST_LABELS,
       KEY_COARSE,
       KEY_SHAPE,
       KEY_MAXIMUM,
       KEY_TEST,
       KEY_TEST_SHARE,
       KEY_SEED,
       KEY_CLASSES,
       KEY_CLASS_NAMES,
       KEY_LARGER_TEST,
       KEY_NAME,
       KEY_SOURCE,
       KEY_LICENCE,
       KEY_FORCE
};

#define FOR_IDX   1u
#define FOR_CIFAR 2u
#define FOR_CSV   4u

typedef struct {
    pnas_import_options import;
    const char *output;
    bool has_format, force;
    unsigned used; /* FOR_... of the options given that belong to some formats only */
    pnas_log_level level;
} import_arguments;

static const struct argp_option import_options[] = {
    {"format", 'f', "FORMAT", 0, "idx, cifar10, cifar100 or csv", 1},
    {"output", 'o', "OUT.h5", 0, "The data set to make", 1},
    {"force", KEY_FORCE, NULL, 0, "Replace OUT.h5 if it is there", 1},
    {NULL, 0, NULL, 0, "IDX (MNIST family), gzipped or not:", 2},
    {"train-images", KEY_TRAIN_IMAGES, "FILE", 0, "Training images", 2},
    {"train-labels", KEY_TRAIN_LABELS, "FILE", 0, "Their labels", 2},
    {"test-images", KEY_TEST_IMAGES, "FILE", 0, "Test images", 2},
    {"test-labels", KEY_TEST_LABELS, "FILE", 0, "Their labels", 2},
    {NULL, 0, NULL, 0, "CIFAR, binary versions, in the folder DIR:", 3},
    {"coarse", KEY_COARSE, NULL, 0, "CIFAR-100: the 20 coarse labels instead of the 100 fine ones", 3},
    {NULL, 0, NULL, 0, "CSV, gzipped or not; an image a line, the label last:", 4},
    {"shape", KEY_SHAPE, "HxWxC", 0, "Height, width and channels of an image", 4},
    {"maximum", KEY_MAXIMUM, "M", 0, "Values 0 to M become 0 to 255, rounded (255)", 4},
    {"test", KEY_TEST, "FILE", 0, "Test images and labels", 4},
    {"test-share", KEY_TEST_SHARE, "SHARE", 0,
     "Without --test: the share of the lines drawn as the test part, the same of each class (0.2)", 4},
    {"seed", KEY_SEED, "N", 0, "Another number draws another test part (0)", 4},
    {NULL, 0, NULL, 0, "What the data is:", 5},
    {"name", KEY_NAME, "TEXT", 0, "Name of the data set", 5},
    {"source", KEY_SOURCE, "TEXT", 0, "Who made it and where it is found", 5},
    {"licence", KEY_LICENCE, "TEXT", 0, "Under which licence", 5},
    {"classes", KEY_CLASSES, "N", 0, "IDX, CSV: number of classes (as the labels say)", 5},
    {"class-names", KEY_CLASS_NAMES, "A,B,...", 0, "Names of the classes, by label", 5},
    {"larger-test", KEY_LARGER_TEST, NULL, 0, "Take a test part larger than the training part", 5},
    {0},
};

static double parse_real(struct argp_state *state, const char *option, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end)
        argp_error(state, "%s: '%s' is not a number", option, text);
    return value;
}

static void parse_format(struct argp_state *state, const char *text, import_arguments *arguments)
{
    static const char *const names[] = {"idx", "cifar10", "cifar100", "csv"};
    for (int i = 0; i < 4; ++i)
        if (strcmp(text, names[i]) == 0) {
            arguments->import.format = (pnas_import_format)i;
            arguments->has_format = true;
            return;
        }
    argp_error(state, "--format: '%s' is not idx, cifar10, cifar100 or csv", text);
}

static void parse_shape(struct argp_state *state, const char *text, pnas_import_options *import)
{
    int length = 0;
    if (sscanf(text, "%5dx%5dx%5d%n", &import->height, &import->width, &import->channels, &length) != 3 ||
        text[length])
        argp_error(state, "--shape: '%s' is not HxWxC, such as 28x28x1", text);
}

static error_t parse_idx_option(int key, char *argument, pnas_import_options *import)
{
    switch (key) {
    case KEY_TRAIN_IMAGES:
        import->train_images = argument;
        return 0;
    case KEY_TRAIN_LABELS:
        import->train_labels = argument;
        return 0;
    case KEY_TEST_IMAGES:
        import->test_images = argument;
        return 0;
    case KEY_TEST_LABELS:
        import->test_labels = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_csv_option(int key, char *argument, struct argp_state *state,
                                pnas_import_options *import)
{
    int64_t value;
    switch (key) {
    case KEY_SHAPE:
        parse_shape(state, argument, import);
        return 0;
    case KEY_MAXIMUM:
        import->maximum = parse_real(state, "--maximum", argument);
        return 0;
    case KEY_TEST:
        import->test = argument;
        return 0;
    case KEY_TEST_SHARE:
        import->test_share = parse_real(state, "--test-share", argument);
        return 0;
    case KEY_SEED:
        if (pnas_program_parse_whole(state, "seed", argument, 0, INT64_MAX, &value) == 0)
            import->seed = (uint64_t)value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_description(int key, char *argument, struct argp_state *state,
                                 pnas_import_options *import)
{
    int64_t value;
    switch (key) {
    case KEY_CLASSES:
        if (pnas_program_parse_whole(state, "classes", argument, 0, PNAS_DATASET_CLASSES_MAX, &value) == 0)
            import->classes = (int)value;
        return 0;
    case KEY_CLASS_NAMES:
        import->class_names = argument;
        return 0;
    case KEY_LARGER_TEST:
        import->larger_test = true;
        return 0;
    case KEY_NAME:
        import->name = argument;
        return 0;
    case KEY_SOURCE:
        import->source = argument;
        return 0;
    case KEY_LICENCE:
        import->licence = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Refuses what is missing, and options that the chosen format would silently ignore. */
static void check_arguments(struct argp_state *state, const import_arguments *arguments)
{
    static const struct {
        unsigned mine;
        bool path;
        const char *what;
    } formats[] = {
        [PNAS_IMPORT_IDX] = {FOR_IDX, false,
                             "idx takes --train-images, --train-labels, --test-images, --test-labels"},
        [PNAS_IMPORT_CIFAR10] = {0, true, "cifar10 takes a folder"},
        [PNAS_IMPORT_CIFAR100] = {FOR_CIFAR, true, "cifar100 takes a folder, and --coarse"},
        [PNAS_IMPORT_CSV] = {FOR_CSV, true,
                             "csv takes a file, --shape, --maximum, and --test or --test-share and --seed"},
    };
    const pnas_import_options *import = &arguments->import;
    if (!arguments->has_format)
        argp_error(state, "--format is missing: idx, cifar10, cifar100 or csv");
    if (!arguments->output || !*arguments->output)
        argp_error(state, "the output is missing: -o OUT.h5");
    if ((arguments->used & ~formats[import->format].mine) || !import->path == formats[import->format].path)
        argp_error(state, "--format %s", formats[import->format].what);
    if (import->format == PNAS_IMPORT_CSV && import->height == 0)
        argp_error(state, "--shape is missing: height, width and channels, such as 28x28x1");
    if (import->format == PNAS_IMPORT_IDX && (!import->train_images || !import->train_labels))
        argp_error(state, "--train-images or --train-labels is missing");
}

static error_t parse_import(int key, char *argument, struct argp_state *state)
{
    import_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        return 0;
    case 'f':
        parse_format(state, argument, arguments);
        return 0;
    case 'o':
        arguments->output = argument;
        return 0;
    case KEY_FORCE:
        arguments->force = true;
        return 0;
    case KEY_COARSE:
        arguments->used |= FOR_CIFAR;
        arguments->import.coarse = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->import.path)
            argp_error(state, "'%s' is one argument too many", argument);
        arguments->import.path = argument;
        return 0;
    case ARGP_KEY_END:
        check_arguments(state, arguments);
        return 0;
    }
    if (parse_idx_option(key, argument, &arguments->import) == 0) {
        arguments->used |= FOR_IDX;
        return 0;
    }
    if (parse_csv_option(key, argument, state, &arguments->import) == 0) {
        arguments->used |= FOR_CSV;
        return 0;
    }
    return parse_description(key, argument, state, &arguments->import);
}

/* A class that no test image has is either rare or a slip in the labels; a person can tell. */
static void warn_of_untested_classes(const pnas_dataset *dataset, const size_t *tested)
{
    for (int c = 0; c < dataset->classes && dataset->test.count > 0; ++c)
        if (tested[c] == 0)
            pnas_warning("class %d (%s) has no test image", c, dataset->class_names[c]);
}

static pnas_status count_by_class(const pnas_dataset_part *part, int classes, size_t **out)
{
    *out = calloc((size_t)classes, sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "out of memory for %d classes", classes);
    for (size_t i = 0; i < part->count; ++i)
        ++(*out)[part->labels[i]];
    return PNAS_OK;
}

static pnas_status report_import(const pnas_dataset *dataset, const char *path)
{
    size_t *tested;
    PNAS_TRY(count_by_class(&dataset->test, dataset->classes, &tested));
    warn_of_untested_classes(dataset, tested);
    free(tested);
    pnas_info("%s: %s, %zu training and %zu test images of %dx%dx%d in %d classes", path, dataset->name,
              dataset->train.count, dataset->test.count, dataset->height, dataset->width, dataset->channels,
              dataset->classes);
    return PNAS_OK;
}

static pnas_status run_import(int argc, char **argv)
{
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        import_options,
        parse_import,
        "--format idx --train-images F --train-labels F --test-images F --test-labels F -o OUT.h5\n"
        "--format cifar10 DIR -o OUT.h5\n"
        "--format cifar100 [--coarse] DIR -o OUT.h5\n"
        "--format csv --shape HxWxC [--maximum M] FILE -o OUT.h5",
        "Makes a data set of published files.",
        children,
        NULL,
        NULL};
    import_arguments arguments = {.level = PNAS_LOG_INFO};
    pnas_import_defaults(PNAS_IMPORT_IDX, &arguments.import);
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    pnas_log_setup(pnas_log_program(), arguments.level, 0, 1);

    PNAS_CHECK(arguments.force || access(arguments.output, F_OK) != 0, PNAS_ERROR_FILE,
               "%s: is there already; give another name or --force", arguments.output);
    pnas_dataset *dataset;
    PNAS_TRY(pnas_import(&arguments.import, &dataset));
    pnas_status status = pnas_dataset_write(dataset, arguments.output);
    if (status == PNAS_OK)
        status = report_import(dataset, arguments.output);
    pnas_dataset_destroy(&dataset);
    return status;
}

/* --- info and verify ----------------------------------------------------------------------------------- */

typedef struct {
    const char *path; /* the embedded set if none is named */
    pnas_log_level level;
} file_arguments;

static error_t parse_file(int key, char *argument, struct argp_state *state)
{
    file_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "'%s' is one argument too many", argument);
        arguments->path = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *parse_file_command(int argc, char **argv, const char *doc)
{
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    const struct argp argp = {NULL, parse_file, "[DATASET.h5]", doc, children, NULL, NULL};
    file_arguments arguments = {"digits", PNAS_LOG_INFO};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    pnas_log_setup(pnas_log_program(), arguments.level, 0, 1);
    return arguments.path;
}

static void print_figures(const char *name, const float *values, int count)
{
    printf("%-10s", name);
    for (int i = 0; i < count; ++i)
        printf(" %.6f", values[i]);
    printf("\n");
}

static pnas_status print_classes(const pnas_dataset *dataset)
{
    size_t *train = NULL, *test = NULL;
    pnas_status status;
    int width = 4;
    for (int c = 0; c < dataset->classes; ++c)
        if ((int)strlen(dataset->class_names[c]) > width)
            width = (int)strlen(dataset->class_names[c]);
    PNAS_TRY_CLEANUP(count_by_class(&dataset->train, dataset->classes, &train));
    PNAS_TRY_CLEANUP(count_by_class(&dataset->test, dataset->classes, &test));
    printf("\n%5s  %-*s  %8s  %8s\n", "class", width, "name", "train", "test");
    for (int c = 0; c < dataset->classes; ++c)
        printf("%5d  %-*s  %8zu  %8zu\n", c, width, dataset->class_names[c], train[c], test[c]);
cleanup:
    free(train);
    free(test);
    return status;
}

static pnas_status run_info(int argc, char **argv)
{
    const char *name = parse_file_command(
        argc, argv,
        "Describes a data set, or the embedded one if none is named; see verify for a full check.");
    char path[4096];
    pnas_dataset *dataset;
    PNAS_TRY(pnas_dataset_find(name, path, sizeof path));
    PNAS_TRY(pnas_dataset_open(path, &dataset));
    printf("%-10s %s\n%-10s %s\n%-10s %s\n%-10s %s\n", "file", path, "name", dataset->name, "source",
           dataset->source, "licence", dataset->licence);
    printf("%-10s %d x %d x %d (height x width x channels)\n", "images", dataset->height, dataset->width,
           dataset->channels);
    printf("%-10s %zu\n%-10s %zu\n", "train", dataset->train.count, "test", dataset->test.count);
    print_figures("mean", dataset->mean, dataset->channels);
    print_figures("deviation", dataset->deviation, dataset->channels);
    printf("%-10s %s\n", "sha256", dataset->sha256);
    pnas_status status = print_classes(dataset);
    pnas_dataset_destroy(&dataset);
    return status;
}

static pnas_status run_verify(int argc, char **argv)
{
    const char *name = parse_file_command(
        argc, argv,
        "Reads a data set (the embedded one if none is named) wholly, computes its SHA-256 and its "
        "normalisation figures again and compares them with those in the file.");
    char path[4096];
    PNAS_TRY(pnas_dataset_find(name, path, sizeof path));
    PNAS_TRY(pnas_dataset_verify(path));
    printf("%s: verified\n", path);
    return PNAS_OK;
}

/* --- The program --------------------------------------------------------------------------------------- */

static const data_command commands[] = {{"import", run_import}, {"info", run_info}, {"verify", run_verify}};

typedef struct {
    const data_command *command;
    int first; /* index of the command's name among the arguments */
} main_arguments;

static error_t parse_main(int key, char *argument, struct argp_state *state)
{
    main_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        for (size_t i = 0; i < sizeof commands / sizeof *commands; ++i)
            if (strcmp(argument, commands[i].name) == 0)
                arguments->command = &commands[i];
        if (!arguments->command)
            argp_error(state, "'%s' is not import, info or verify", argument);
        arguments->first = state->next - 1;
        state->next = state->argc; /* the rest is the command's */
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a command is missing: import, info or verify");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {NULL,
                                     parse_main,
                                     "COMMAND [ARGUMENT...]",
                                     "Makes, describes and checks data sets.\v"
                                     "Commands (each has its own --help):\n"
                                     "  import   make a data set of IDX, CIFAR or CSV files\n"
                                     "  info     describe a data set\n"
                                     "  verify   check a data set against its SHA-256",
                                     NULL,
                                     NULL,
                                     NULL};
    main_arguments arguments = {0};
    pnas_program_setup("pnas_data");
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments);

    char name[32];
    snprintf(name, sizeof name, "pnas_data %s", arguments.command->name);
    argv[arguments.first] = name;
    return pnas_program_end(arguments.command->run(argc - arguments.first, argv + arguments.first));
}
