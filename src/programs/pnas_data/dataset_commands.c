/* pnas_data info and verify. */
#include "src/base/plain_text.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_data/data_commands.h"

#include <stdio.h>
#include <stdlib.h>

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
        return pnas_program_take_argument(state, argument, &arguments->path);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *parse_file_command(int argc, char **argv, const char *doc)
{
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    const struct argp argp = {NULL, parse_file, "[DATASET.h5]", doc, children, NULL, NULL};
    file_arguments arguments = {"digits", PNAS_LOG_INFO};
    pnas_program_parse(&argp, argc, argv, 0, &arguments);
    pnas_log_setup(pnas_log_program(), arguments.level, 0, 1);
    return arguments.path;
}

pnas_status pnas_data_count_classes(const pnas_dataset_part *part, size_t first, int classes, size_t **out)
{
    *out = calloc((size_t)classes, sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "out of memory for %d classes", classes);
    for (size_t i = first; i < part->count; ++i)
        ++(*out)[part->labels[i]];
    return PNAS_OK;
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
    size_t *train = NULL, *validation = NULL, *test = NULL,
           chosen = dataset->train.count - dataset->validation;
    pnas_status status;
    char third[16] = "";
    int width = pnas_text_column("name", dataset->class_names, dataset->classes);
    PNAS_TRY_CLEANUP(pnas_data_count_classes(&dataset->train, 0, dataset->classes, &train));
    PNAS_TRY_CLEANUP(pnas_data_count_classes(&dataset->train, chosen, dataset->classes, &validation));
    PNAS_TRY_CLEANUP(pnas_data_count_classes(&dataset->test, 0, dataset->classes, &test));
    printf("\n%5s  %-*s  %8s%s  %8s\n", "class", width, "name", "train",
           dataset->validation > 0 ? "  validation" : "", "test");
    for (int c = 0; c < dataset->classes; ++c) {
        if (dataset->validation > 0)
            snprintf(third, sizeof third, "  %10zu", validation[c]);
        pnas_text_line(stdout, "%5d  %-*s  %8zu%s  %8zu", c, width, dataset->class_names[c],
                       train[c] - validation[c], third, test[c]);
    }
cleanup:
    free(train);
    free(validation);
    free(test);
    return status;
}

pnas_status pnas_data_info(int argc, char **argv)
{
    const char *name = parse_file_command(
        argc, argv,
        "Describes a data set, or the embedded one if none is named; see verify for a full check.");
    char path[4096];
    pnas_dataset *dataset;
    PNAS_TRY(pnas_dataset_find(name, path, sizeof path));
    PNAS_TRY(pnas_dataset_describe(path, &dataset));
    pnas_text_line(stdout, "%-10s %s", "file", path);
    pnas_text_line(stdout, "%-10s %s", "name", dataset->name);
    pnas_text_line(stdout, "%-10s %s", "source", dataset->source);
    pnas_text_line(stdout, "%-10s %s", "licence", dataset->licence);
    printf("%-10s %d x %d x %d (height x width x channels)\n", "images", dataset->height, dataset->width,
           dataset->channels);
    if (dataset->quality)
        printf("%-10s JPEG of quality %d, %.0f bytes an image\n", "encoded", dataset->quality,
               (double)pnas_dataset_encoded_bytes(dataset) /
                   (double)(dataset->train.count + dataset->test.count));
    printf("%-10s %zu", "train", dataset->train.count);
    if (dataset->validation > 0)
        printf(", the last %zu of which validate", dataset->validation);
    printf("\n%-10s %zu\n", "test", dataset->test.count);
    print_figures("mean", dataset->mean, dataset->channels);
    print_figures("deviation", dataset->deviation, dataset->channels);
    pnas_text_line(stdout, "%-10s %s", "sha256", dataset->sha256);
    pnas_status status = print_classes(dataset);
    pnas_dataset_destroy(&dataset);
    return status;
}

pnas_status pnas_data_verify(int argc, char **argv)
{
    const char *name = parse_file_command(
        argc, argv,
        "Reads a data set (the embedded one if none is named) wholly, computes its SHA-256 and its "
        "normalisation figures again and compares them with those in the file.");
    char path[4096];
    PNAS_TRY(pnas_dataset_find(name, path, sizeof path));
    PNAS_TRY(pnas_dataset_verify(path, 0));
    pnas_text_line(stdout, "%s: verified", path);
    return PNAS_OK;
}
