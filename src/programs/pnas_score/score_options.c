#include "src/programs/pnas_score/score_options.h"

#include "io/config/configuration_keys.h"
#include "src/programs/common/option_table.h"
#include "src/programs/common/program.h"
#include "src/search/cell.h"

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
    KEY_EVALUATE,
    KEY_CELLS,
    KEY_TRIALS,
    KEY_HELD_OUT,
    KEY_SET
};

#define CELLS_MAX  10000000
#define TRIALS_MAX 10000

static const struct argp_option option_list[] = {
    {"output", 'o', "SCORES.h5", 0, "The score file to write; what is there of it is continued", 1},
    {"blocks", 'b', "B", 0,
     "Blocks of the cells to score (as many as the run's cells have at most); may be more than the surrogate "
     "has seen",
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
    {NULL, 0, NULL, 0, "Judging instead of scoring:", 2},
    {"evaluate", KEY_EVALUATE, "TABLE", 0,
     "How well surrogates of the run's configuration rank the trained cells of TABLE "
     "(made by "
     "pnas_table, a RUN.h5 or CSV), on those they were fit on and on those of one block more; without "
     "RUN.h5, the default surrogate",
     2},
    {"cells", KEY_CELLS, "K", 0, "Fit on K cells of each level (256; 0: all of them)", 2},
    {"held-out", KEY_HELD_OUT, NULL, 0,
     "Fit on K cells of one size alone and rank the others of that size instead; with Kendall's tau", 2},
    {"trials", KEY_TRIALS, "T", 0, "Draw the cells, and fit, so many times (20)", 2},
    {"set", KEY_SET, "a.b=c", 0, "Set a key of the configuration, as in surrogate.model=mlp; may be repeated",
     2},
    {"device", KEY_DEVICE, "auto|cpu|gpu|D", 0,
     "auto, cpu, gpu, an index, or part of a device's name; ranks of one machine take the matching devices "
     "in turn",
     1},
    {0},
};

static const char documentation[] =
    "Scores every cell of a search space with the surrogate that a search has trained, or judges surrogates "
    "on cells that were trained already."
    "\vUnder mpirun each rank takes its share. Finished parts are kept in SCORES.h5.parts: after a kill the "
    "same command continues from them. With --all they stay, as SCORES.h5 is a view of them. Messages go to "
    "stderr. Stdout has the best cells and, in its last line, the score file, for scripts. --csv replaces no "
    "file that holds anything else.\n\n"
    "Exit codes: 0 done; 75 stopped, the same command continues; 64 wrong use; 65 bad input data; 69 no "
    "usable device; 74 file trouble; 70 a fault of the program.";

/* For completion: every key, as it begins. */
static char *complete_set(int key, const char *text, void *input)
{
    return key == (PNAS_HELP_WORDS | KEY_SET) ? pnas_configuration_words() : (char *)text;
}

typedef struct {
    pnas_score_options *options;
    pnas_rank_answers answers;
    const char *scoring, *judging; /* the last options that belong to one of the two alone */
} parse_target;

/* By the groups of the list above; --evaluate chooses between them, and both need a device. */
static void note_purpose(parse_target *target, int key)
{
    for (const struct argp_option *option = option_list; option->name || option->doc; ++option) {
        if (!option->name || option->key != key || key == KEY_EVALUATE || key == KEY_DEVICE)
            continue;
        if (option->group == 1)
            target->scoring = option->name;
        else
            target->judging = option->name;
        return;
    }
}

static error_t parse_figure(int key, char *argument, struct argp_state *state, pnas_score_options *options)
{
    int64_t value = 0;
    error_t error = 0;
    switch (key) {
    case 'b':
        error = pnas_program_parse_integer(state, "blocks", argument, 1, PNAS_BLOCKS_MAX, &value);
        options->blocks = (int)value;
        return error;
    case KEY_LEVEL:
        error = pnas_program_parse_integer(state, "level", argument, 1, PNAS_BLOCKS_MAX, &value);
        options->level = (int)value;
        return error;
    case KEY_TOP:
        error = pnas_program_parse_integer(state, "top", argument, 1, PNAS_TOP_MAX, &value);
        options->top = (size_t)value;
        return error;
    case KEY_MEMORY:
        error = pnas_program_parse_integer(state, "memory", argument, 1, 1 << 20, &value);
        options->memory = (size_t)value << 20;
        return error;
    case KEY_CELLS:
        error = pnas_program_parse_integer(state, "cells", argument, 0, CELLS_MAX, &value);
        options->cells = (size_t)value;
        return error;
    case KEY_TRIALS:
        error = pnas_program_parse_integer(state, "trials", argument, 1, TRIALS_MAX, &value);
        options->trials = (int)value;
        return error;
    case KEY_PARAMETERS:
        return pnas_program_parse_integer(state, "limit-parameters", argument, 1, INT64_MAX / 2,
                                          &options->limit_parameters);
    case KEY_MULTIPLY_ADDS:
        return pnas_program_parse_integer(state, "limit-multiply-adds", argument, 1, INT64_MAX / 2,
                                          &options->limit_multiply_adds);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t add_override(struct argp_state *state, const char *argument, pnas_score_options *options)
{
    if (options->override_count == PNAS_SCORE_OVERRIDES_MAX)
        return pnas_program_complain(state, "--set: more than %d of them; write them into a configuration",
                                     PNAS_SCORE_OVERRIDES_MAX);
    options->overrides[options->override_count++] = argument;
    return 0;
}

/* What must stand in a command, and what must not. */
static error_t check_whole(struct argp_state *state, const parse_target *target)
{
    const pnas_score_options *options = target->options;
    if (options->answered)
        return 0;
    if (options->evaluate && target->scoring)
        return pnas_program_complain(state, "--evaluate only prints how surrogates rank: leave out --%s",
                                     target->scoring);
    if (options->evaluate)
        return 0;
    if (target->judging)
        return pnas_program_complain(
            state, "--%s goes with --evaluate: a run's own surrogate is as it was trained", target->judging);
    if (!options->run)
        return pnas_program_complain(state, "name the run file whose surrogate is to score");
    if (!options->output)
        return pnas_program_complain(state, "name the score file to write with -o SCORES.h5");
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    parse_target *target = state->input;
    pnas_score_options *options = target->options;
    note_purpose(target, key);
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &target->answers;
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
    case KEY_EVALUATE:
        options->evaluate = argument;
        return 0;
    case KEY_HELD_OUT:
        options->held_out = true;
        return 0;
    case KEY_SET:
        return add_override(state, argument, options);
    case ARGP_KEY_ARG:
        if (options->run)
            return pnas_program_complain(state, "one run file at a time");
        options->run = argument;
        return 0;
    case ARGP_KEY_END:
        return check_whole(state, target);
    default:
        return parse_figure(key, argument, state, options);
    }
}

pnas_status pnas_score_options_parse(int argc, char **argv, bool speak, pnas_score_options *out)
{
    static const struct argp_child children[] = {{&pnas_program_rank_argp, 0, NULL, 0}, {0}};
    static const struct argp parser = {
        .options = option_list,
        .parser = parse_option,
        .args_doc = "[RUN.h5]",
        .doc = documentation,
        .children = children,
        .help_filter = complete_set,
    };
    *out = (pnas_score_options){.log = PNAS_LOG_INFO, .top = 1000, .cells = 256, .trials = 20};
    parse_target target = {.options = out, .answers = {&out->log, &out->answered, speak}};
    return pnas_program_parse_rank(&parser, argc, argv, speak, &target);
}
