#include "src/programs/score_options.h"

#include "src/programs/program.h"
#include "src/search/cell.h"

#include <errno.h>
#include <stdlib.h>

enum {
    KEY_TOP = 256,
    KEY_ALL,
    KEY_OPERATORS,
    KEY_PARAMETERS,
    KEY_MULTIPLY_ADDS,
    KEY_CSV,
    KEY_LEVEL,
    KEY_MEMORY,
    KEY_DEVICE,
    KEY_USAGE
};

static const struct argp_option option_list[] = {
    {"output", 'o', "SCORES.h5", 0, "The score file to write; what is there of it is continued", 1},
    {"blocks", 'b', "B", 0,
     "Blocks of the cells to score (as many as the run's cells have at most); may be more than the surrogate "
     "has "
     "seen",
     1},
    {"top", KEY_TOP, "K", 0, "Keep the best K cells (1000), at most a million", 1},
    {"all", KEY_ALL, NULL, 0, "Keep the score of every cell, too", 1},
    {"operators", KEY_OPERATORS, "LIST", 0, "Only cells of these of the run's operators, as in sep3,max3", 1},
    {"limit-parameters", KEY_PARAMETERS, "N", 0, "Only cells whose children have at most N parameters", 1},
    {"limit-multiply-adds", KEY_MULTIPLY_ADDS, "N", 0,
     "Only cells whose children take at most N multiply-adds for an image", 1},
    {"level", KEY_LEVEL, "B", 0, "Score by the surrogate that was fit after this level of the run (the last)",
     1},
    {"csv", KEY_CSV, NULL, 0,
     "Write the best cells to scores_B.csv beside the output, too: score, then the blocks", 1},
    {"memory", KEY_MEMORY, "MIB", 0, "Memory that batches may take on each rank (64)", 1},
    {"device", KEY_DEVICE, "D", 0,
     "auto, cpu, gpu, an index, or part of a device's name; ranks of one machine take the matching devices "
     "in turn",
     1},
    /* argp's own versions of these would be answered by every rank. */
    {"help", '?', NULL, 0, "Give this help list", -1},
    {"usage", KEY_USAGE, NULL, 0, "Give a short usage message", -1},
    {"version", 'V', NULL, 0, "Print program version", -1},
    {0},
};

static const char documentation[] =
    "Scores every cell of a search space with the surrogate that a search has trained."
    "\vUnder mpirun each rank takes its share. Finished parts are kept in SCORES.h5.parts: after a kill the "
    "same "
    "command goes on from them. With --all they stay, as SCORES.h5 is a view of them.\n\n"
    "Exit codes: 0 done; 75 stopped, the same command goes on; 64 wrong use; 65 bad input data; 69 no usable "
    "device; "
    "74 file trouble; 70 a fault of the program.";

typedef struct {
    pnas_score_options *options;
    bool speak;
} parse_target;

static void answer(struct argp_state *state, unsigned flags)
{
    parse_target *target = state->input;
    target->options->answered = true;
    if (!target->speak)
        return;
    if (flags)
        argp_state_help(state, stdout, flags);
    else
        argp_program_version_hook(stdout, state);
}

static error_t complain(struct argp_state *state, const char *what)
{
    argp_error(state, "%s", what);
    return EINVAL;
}

static error_t parse_number(struct argp_state *state, const char *option, const char *text, int64_t most,
                            int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || value < 1 || value > most) {
        argp_error(state, "--%s wants a whole number from 1 to %lld, not '%s'", option, (long long)most,
                   text);
        return EINVAL;
    }
    *out = value;
    return 0;
}

static error_t parse_figure(int key, char *argument, struct argp_state *state, pnas_score_options *options)
{
    int64_t value = 0;
    error_t error = 0;
    switch (key) {
    case 'b':
        error = parse_number(state, "blocks", argument, PNAS_BLOCKS_MAX, &value);
        options->blocks = (int)value;
        return error;
    case KEY_LEVEL:
        error = parse_number(state, "level", argument, PNAS_BLOCKS_MAX, &value);
        options->level = (int)value;
        return error;
    case KEY_TOP:
        error = parse_number(state, "top", argument, PNAS_TOP_MAX, &value);
        options->top = (size_t)value;
        return error;
    case KEY_MEMORY:
        error = parse_number(state, "memory", argument, 1 << 20, &value);
        options->memory = (size_t)value << 20;
        return error;
    case KEY_PARAMETERS:
        return parse_number(state, "limit-parameters", argument, INT64_MAX / 2, &options->limit_parameters);
    case KEY_MULTIPLY_ADDS:
        return parse_number(state, "limit-multiply-adds", argument, INT64_MAX / 2,
                            &options->limit_multiply_adds);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    pnas_score_options *options = ((parse_target *)state->input)->options;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->log;
        return 0;
    case 'o':
        options->output = argument;
        return 0;
    case KEY_ALL:
        options->all = true;
        return 0;
    case KEY_CSV:
        options->csv = true;
        return 0;
    case KEY_OPERATORS:
        options->operators = argument;
        return 0;
    case KEY_DEVICE:
        options->device = argument;
        return 0;
    case '?':
        answer(state, ARGP_HELP_STD_HELP & ~(unsigned)(ARGP_HELP_EXIT_OK | ARGP_HELP_EXIT_ERR));
        return 0;
    case KEY_USAGE:
        answer(state, ARGP_HELP_USAGE);
        return 0;
    case 'V':
        answer(state, 0);
        return 0;
    case ARGP_KEY_ARG:
        if (options->run)
            return complain(state, "one run file at a time");
        options->run = argument;
        return 0;
    case ARGP_KEY_END:
        if (!options->answered && !options->run)
            return complain(state, "name the run file whose surrogate is to score");
        if (!options->answered && !options->output)
            return complain(state, "name the score file to write with -o SCORES.h5");
        return 0;
    default:
        return parse_figure(key, argument, state, options);
    }
}

pnas_status pnas_score_options_parse(int argc, char **argv, bool speak, pnas_score_options *out)
{
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    static const struct argp parser = {
        .options = option_list,
        .parser = parse_option,
        .args_doc = "RUN.h5",
        .doc = documentation,
        .children = children,
    };
    *out = (pnas_score_options){.log = PNAS_LOG_INFO, .top = 1000};
    parse_target target = {out, speak};
    unsigned flags = ARGP_NO_EXIT | ARGP_NO_HELP | (speak ? 0u : ARGP_NO_ERRS);
    return argp_parse(&parser, argc, argv, flags, NULL, &target) == 0 ? PNAS_OK : PNAS_ERROR_USAGE;
}
