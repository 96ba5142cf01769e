/* pnas_evaluate: judges the configured surrogate on a table of trained cells. */
#include "io/configuration.h"
#include "src/programs/evaluate_surrogate.h"
#include "src/programs/program.h"

#include <stdio.h>
#include <stdlib.h>

#define OVERRIDES_MAX 64
#define TRIALS_MAX    10000
#define CELLS_MAX     10000000

enum { KEY_SET = 256, KEY_DEVICE };

typedef struct {
    const char *table, *configuration, *device;
    const char *overrides[OVERRIDES_MAX];
    size_t override_count;
    long trials, cells;
    pnas_log_level log;
} evaluate_arguments;

static const struct argp_option option_list[] = {
    {"configuration", 'c', "CONFIG.yaml", 0, "Take space and surrogate from here; without it, the defaults",
     0},
    {"set", KEY_SET, "a.b=c", 0, "Set a key of the configuration, as in surrogate.model=mlp; may be repeated",
     0},
    {"cells", 'k', "K", 0, "Fit on K cells of each level (256; 0: all of them)", 0},
    {"trials", 't', "T", 0, "Draw the cells, and fit, so many times (20)", 0},
    {"device", KEY_DEVICE, "D", 0, "auto, cpu, gpu, an index, or part of a device's name", 0},
    {0},
};

static long parse_count(struct argp_state *state, const char *option, const char *text, long low, long high)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < low || value > high)
        argp_error(state, "--%s wants a whole number from %ld to %ld, not '%s'", option, low, high, text);
    return value;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    evaluate_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->log;
        return 0;
    case 'c':
        arguments->configuration = argument;
        return 0;
    case KEY_SET:
        if (arguments->override_count == OVERRIDES_MAX)
            argp_error(state, "--set may be given %d times", OVERRIDES_MAX);
        arguments->overrides[arguments->override_count++] = argument;
        return 0;
    case 'k':
        arguments->cells = parse_count(state, "cells", argument, 0, CELLS_MAX);
        return 0;
    case 't':
        arguments->trials = parse_count(state, "trials", argument, 1, TRIALS_MAX);
        return 0;
    case KEY_DEVICE:
        arguments->device = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one table at a time; 'pnas_table' joins several");
        arguments->table = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no table is named");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
static const struct argp evaluate_argp = {
    .options = option_list,
    .parser = parse,
    .args_doc = "TABLE",
    .doc =
        "Fit the surrogate on some cells of a table of trained cells (RUN.h5, TABLE.h5 or CSV) and print how "
        "well it ranks them and those of the next level: Spearman's correlation, mean and standard deviation "
        "over trials."
        "\vFor each level the surrogate is fit on K cells of every level so far, as a search would, and "
        "judged on all cells of one block more. The K cells of a trial are the same for every surrogate.",
    .children = children};

static pnas_status read_configuration(const evaluate_arguments *arguments, pnas_configuration *out)
{
    if (arguments->configuration)
        return pnas_configuration_read(arguments->configuration, arguments->overrides,
                                       arguments->override_count, out);
    return pnas_configuration_parse("the defaults", "space: {blocks: 5}", arguments->overrides,
                                    arguments->override_count, out);
}

static pnas_status evaluate(const evaluate_arguments *arguments, pnas_configuration *configuration)
{
    pnas_cl *cl = NULL;
    PNAS_TRY(read_configuration(arguments, configuration));
    const pnas_cl_options device = {.device = arguments->device ? arguments->device : configuration->device};
    pnas_status status = pnas_cl_create(&device, &cl);
    const pnas_evaluate_surrogate_options options = {.cl = cl,
                                                     .configuration = configuration,
                                                     .table = arguments->table,
                                                     .trials = (int)arguments->trials,
                                                     .cells = (size_t)arguments->cells};
    if (status == PNAS_OK)
        status = pnas_evaluate_surrogate(&options);
    pnas_cl_destroy(&cl);
    return status;
}

int main(int argc, char **argv)
{
    static pnas_configuration configuration;
    evaluate_arguments arguments = {.trials = 20, .cells = 256, .log = PNAS_LOG_INFO};
    pnas_program_setup("pnas_evaluate");
    argp_parse(&evaluate_argp, argc, argv, 0, NULL, &arguments);
    pnas_log_setup("pnas_evaluate", arguments.log, 0, 1);
    return pnas_program_end(evaluate(&arguments, &configuration));
}
