#include "src/programs/pnas_train/train_options.h"

#include "io/config/configuration_keys.h"
#include "src/net/run_settings.h"
#include "src/programs/common/installed_file.h"
#include "src/programs/common/option_table.h"
#include "src/programs/common/program.h"
#include "src/programs/common/time_limit.h"

enum {
    KEY_SET = 256,
    KEY_CHECK,
    KEY_DEVICE,
    KEY_THREADS,
    KEY_RANKS_PER_DEVICE,
    KEY_TIME_LIMIT,
    KEY_RUN,
    KEY_CHILD,
    KEY_CELL,
    KEY_STATUS
};

#define CHILD_MAX 1000000

static const struct argp_option option_list[] = {
    {"output", 'o', "NET.h5", 0, "The network file to write; one that is there is continued", 1},
    {"run", KEY_RUN, "RUN.h5", 0, "Train a cell of this search, or of a table of cells", 1},
    {"child", KEY_CHILD, "N", 0, "Which of its cells, by measured accuracy (1, the best)", 1},
    {"cell", KEY_CELL, "TEXT", 0, "Train this cell, as in '-2:sep5+-2:max3 | -1:sep7+-1:max3'", 1},
    {"set", KEY_SET, "a.b=c", 0, "Set a key of the configuration, as in training.epochs=5; may be repeated",
     1},
    {"check", KEY_CHECK, NULL, 0,
     "Check configuration, cell, data set, devices, memory and with -o the network file, and train nothing",
     1},
    {"status", KEY_STATUS, "NET.h5", 0,
     "Say how far the training of this file is, and nothing else; exits with 0 or 75", 1},
    {"device", KEY_DEVICE, "auto|cpu|gpu|D", 0,
     "auto, or cpu, gpu, an index, part of a device's name, several with commas between; ranks of one "
     "machine take the matching devices in turn",
     1},
    {"ranks-per-device", KEY_RANKS_PER_DEVICE, "N", 0,
     "Ranks that may share a GPU (1). A CPU takes any number", 1},
    {"threads", KEY_THREADS, "auto|N", 0,
     "CPU cores that a rank uses on a CPU device; auto: the ranks of a machine divide those of the job", 1},
    {"time-limit", KEY_TIME_LIMIT, "T", 0,
     "Stop in good order after so long (90s, 30m, 2h or H:MM:SS) and exit with 75; the same command "
     "continues. In a SLURM job the default is a minute before its end, if SLURM_JOB_END_TIME tells it",
     1},
    {0},
};

static const char documentation[] =
    "Trains the network of one cell to its end.\vRun it alone or under mpirun. A batch is cut into "
    "training.shards pieces, which the ranks share; any number of ranks gives the same network, to the bit. "
    "SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2 to a rank stop it in good order. Under mpirun send SIGUSR2 "
    "to mpirun: at "
    "Ctrl-C (SIGINT) and SIGTERM mpirun kills the ranks a second later and exits with 1; the same command "
    "continues then, too.\n\n"
    "Exit codes: 0 done; 75 stopped, the same command continues; 64 wrong use or configuration; 65 bad input "
    "data, or a loss that is not finite; 69 no usable device; 74 file trouble; 70 a fault of the program.";

/* For completion: every key, as it begins. */
static char *complete_set(int key, const char *text, void *input)
{
    return key == (PNAS_HELP_WORDS | KEY_SET) ? pnas_configuration_words() : (char *)text;
}

typedef struct {
    pnas_train_arguments *arguments;
    pnas_rank_answers answers;
} parse_target;

static error_t parse_argument(struct argp_state *state, pnas_train_arguments *arguments, const char *argument)
{
    if (arguments->configuration)
        return pnas_program_complain_argument(state, arguments->configuration, argument);
    arguments->configuration = argument;
    return 0;
}

static error_t complain_empty(struct argp_state *state)
{
    char digits[PNAS_INSTALLED_PATH_MAX];
    return pnas_program_complain(
        state,
        "give a configuration, a cell and a network file to write, as in: pnas_train "
        "%s --run run.h5 -o net.h5",
        pnas_installed_configuration("train_digits.yaml", digits));
}

static error_t check_complete(struct argp_state *state, pnas_train_arguments *arguments)
{
    bool has_output = arguments->output && *arguments->output;
    if (arguments->answered || arguments->status)
        return 0;
    if (!arguments->configuration)
        return complain_empty(state);
    if (arguments->run && arguments->cell)
        return pnas_program_complain(state,
                                     "--run RUN.h5 and --cell TEXT both give a cell; leave one of them out");
    if (!arguments->run && !arguments->cell)
        return pnas_program_complain(state, "give the cell to train, with --run RUN.h5 or with --cell TEXT");
    if (arguments->child && !arguments->run)
        return pnas_program_complain(state, "--child chooses a cell of --run RUN.h5");
    if (!has_output && !arguments->check)
        return pnas_program_complain(state, "give the network file to write with -o NET.h5, or only --check");
    if (!arguments->child)
        arguments->child = 1;
    return 0;
}

static error_t parse_number(struct argp_state *state, const char *option, const char *text, int most,
                            int *out)
{
    int64_t number = 0;
    error_t error = pnas_program_parse_integer(state, option, text, 1, most, &number);
    *out = error ? 0 : (int)number;
    return error;
}

static error_t add_override(struct argp_state *state, pnas_train_arguments *arguments, const char *text)
{
    if (arguments->override_count == PNAS_TRAIN_OVERRIDES_MAX)
        return pnas_program_complain(state, "--set: more than %d of them; write them into the configuration",
                                     PNAS_TRAIN_OVERRIDES_MAX);
    arguments->overrides[arguments->override_count++] = text;
    return 0;
}

static error_t parse_device(int key, char *argument, struct argp_state *state,
                            pnas_train_arguments *arguments)
{
    int count;
    switch (key) {
    case KEY_DEVICE:
        arguments->device = argument;
        return 0;
    case KEY_THREADS:
        if (!pnas_count_parse(argument, PNAS_THREADS_MAX, &count))
            return pnas_program_complain(state,
                                         "--threads wants auto or a whole number from 1 to %d, not '%s'",
                                         PNAS_THREADS_MAX, argument);
        arguments->threads = argument;
        return 0;
    case KEY_RANKS_PER_DEVICE:
        return parse_number(state, "ranks-per-device", argument, PNAS_RANKS_PER_DEVICE_MAX,
                            &arguments->ranks_per_device);
    case KEY_TIME_LIMIT:
        if (pnas_time_limit_parse(argument, &arguments->time_limit) != PNAS_OK)
            return pnas_program_complain(state, "%s", pnas_message());
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    parse_target *target = state->input;
    pnas_train_arguments *arguments = target->arguments;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &target->answers;
        return 0;
    case 'o':
        arguments->output = argument;
        return 0;
    case KEY_RUN:
        arguments->run = argument;
        return 0;
    case KEY_CHILD:
        return parse_number(state, "child", argument, CHILD_MAX, &arguments->child);
    case KEY_CELL:
        arguments->cell = argument;
        return 0;
    case KEY_SET:
        return add_override(state, arguments, argument);
    case KEY_CHECK:
        arguments->check = true;
        return 0;
    case KEY_STATUS:
        arguments->status = argument;
        return 0;
    case ARGP_KEY_ARG:
        return parse_argument(state, arguments, argument);
    case ARGP_KEY_END:
        return check_complete(state, arguments);
    default:
        return parse_device(key, argument, state, arguments);
    }
}

pnas_status pnas_train_arguments_parse(int argc, char **argv, bool speak, pnas_train_arguments *out)
{
    static const struct argp_child children[] = {{&pnas_program_rank_argp, 0, NULL, 0}, {0}};
    static const struct argp parser = {
        .options = option_list,
        .parser = parse_option,
        .args_doc = "CONFIG.yaml --run=RUN.h5 [--child=N] -o NET.h5\n"
                    "CONFIG.yaml --cell=TEXT -o NET.h5\n--status=NET.h5",
        .doc = documentation,
        .children = children,
        .help_filter = complete_set,
    };
    *out = (pnas_train_arguments){.level = PNAS_LOG_INFO};
    parse_target target = {out, {&out->level, &out->answered, speak}};
    return pnas_program_parse_rank(&parser, argc, argv, speak, &target);
}
