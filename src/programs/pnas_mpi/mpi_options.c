#include "src/programs/pnas_mpi/mpi_options.h"

#include "io/config/configuration_keys.h"
#include "src/net/run_settings.h"
#include "src/programs/common/installed_file.h"
#include "src/programs/common/option_table.h"
#include "src/programs/common/program.h"
#include "src/programs/common/time_limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_SET = 256,
    KEY_CHECK,
    KEY_RETRY_FAILED,
    KEY_DEVICE,
    KEY_LANES,
    KEY_THREADS,
    KEY_RANKS_PER_DEVICE,
    KEY_INJECT_FAULT,
    KEY_TIME_LIMIT,
    KEY_SIMULATE,
    KEY_DURATIONS
};

#define SIMULATED_RANKS_MAX 1000000

static const struct argp_option option_list[] = {
    {"output", 'o', "RUN.h5", 0, "The run file to write; one that is there is continued", 1},
    {"set", KEY_SET, "a.b=c", 0, "Set a key of the configuration, as in training.epochs=5; may be repeated",
     1},
    {"check", KEY_CHECK, NULL, 0,
     "Check configuration, data set, devices, the memory of the largest possible child and the surrogate, "
     "and "
     "with -o whether a run that is there would go on; train nothing",
     1},
    {"retry-failed", KEY_RETRY_FAILED, NULL, 0,
     "Of a run that is there: try every failed child once more. Cells that were chosen without them stay", 1},
    {"device", KEY_DEVICE, "auto|cpu|gpu|D", 0,
     "auto, or cpu, gpu, an index, part of a device's name, several with commas between; ranks of one "
     "machine take the matching devices in turn",
     1},
    {"ranks-per-device", KEY_RANKS_PER_DEVICE, "N", 0,
     "Ranks that may share a GPU (1). A rank too many prints a warning and does not train. A CPU takes any "
     "number",
     1},
    {"lanes", KEY_LANES, "auto|N", 0,
     "Children that a rank trains at once on its device; auto: one on a CPU, several on a large GPU", 1},
    {"threads", KEY_THREADS, "auto|N", 0,
     "CPU cores that a rank uses on a CPU device; auto: the ranks of a machine divide those of the job", 1},
    {"inject-fault", KEY_INJECT_FAULT, "KIND[:LEVEL/CHILD][@RANK]", OPTION_HIDDEN, "For tests", 1},
    {"time-limit", KEY_TIME_LIMIT, "T", 0,
     "Stop in good order after so long (90s, 30m, 2h or H:MM:SS) and exit with 75; the same command "
     "continues. "
     "In a SLURM job the default is a minute before its end, if SLURM_JOB_END_TIME tells it",
     1},
    {NULL, 0, NULL, 0, "On paper:", 2},
    {"simulate", KEY_SIMULATE, "P", 0,
     "Train nothing and tell how long P ranks (1 to 1000000) would take and how busy they would be, from "
     "durations measured before; in one process, without mpirun",
     2},
    {"durations", KEY_DURATIONS, "RUN.h5", 0,
     "Of a simulation: the run whose children tell what training takes", 2},
    {0},
};

static const char documentation[] =
    "Searches for a network progressively: trains cells of one block, then grows the best by predicted "
    "accuracy.\vRun it under mpirun with as many ranks as there are devices or cores to share; rank 0 leads "
    "and trains too. SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2 to a rank stop it in good order. Under "
    "mpirun send SIGUSR2 to mpirun: at "
    "Ctrl-C (SIGINT) and SIGTERM mpirun kills the ranks a second later and exits with 1; the same command "
    "continues then, too. With warm_start: "
    "OTHER.h5 in the configuration, or --set warm_start=OTHER.h5, it begins with the surrogate of another "
    "run.\n\n"
    "Messages go to stderr. Stdout has the best children and, in its last line, the run file, for scripts. "
    "While it runs, the children of a level are kept in RUN.h5.journal beside it.\n\n"
    "Exit codes: 0 done; 75 stopped, the same command continues; 64 wrong use or configuration; 65 bad input "
    "data; 69 no usable device; 74 file trouble; 70 a fault of the program.";

/* For completion: every key, as it begins. */
static char *complete_set(int key, const char *text, void *input)
{
    return key == (PNAS_HELP_WORDS | KEY_SET) ? pnas_configuration_words() : (char *)text;
}

typedef struct {
    pnas_mpi_options *options;
    pnas_rank_answers answers;
} parse_target;

static error_t parse_argument(struct argp_state *state, pnas_mpi_options *options, const char *argument)
{
    if (options->configuration)
        return pnas_program_complain_argument(state, options->configuration, argument);
    options->configuration = argument;
    return 0;
}

static error_t complain_empty(struct argp_state *state)
{
    char demo[PNAS_INSTALLED_PATH_MAX];
    return pnas_program_complain(state,
                                 "give a configuration and a run file to write, as in: "
                                 "mpirun -n 2 pnas_mpi %s -o run.h5",
                                 pnas_installed_configuration("demo.yaml", demo));
}

static error_t check_complete(struct argp_state *state, const pnas_mpi_options *options)
{
    if (options->answered)
        return 0;
    if (!options->configuration)
        return complain_empty(state);
    if (!options->simulated_ranks != !options->durations)
        return pnas_program_complain(state, "--simulate P and --durations RUN.h5 go together");
    if ((!options->output || !*options->output) && !options->check && !options->simulated_ranks)
        return pnas_program_complain(state, "give the run file to write with -o RUN.h5, or only --check");
    if (options->retry_failed && (options->check || options->simulated_ranks))
        return pnas_program_complain(state, "--retry-failed trains; leave out --check and --simulate");
    if (options->simulated_ranks && (options->output || options->check))
        return pnas_program_complain(
            state, "--simulate writes no run file and checks nothing; leave out -o and --check");
    return 0;
}

static bool parse_fault(const char *text, pnas_fault *out)
{
    static const struct {
        const char *name;
        pnas_fault_kind kind;
    } kinds[] = {{"memory", PNAS_FAULT_MEMORY}, {"build", PNAS_FAULT_BUILD},   {"loss", PNAS_FAULT_LOSS},
                 {"time", PNAS_FAULT_TIME},     {"device", PNAS_FAULT_DEVICE}, {"hang", PNAS_FAULT_HANG}};
    size_t length = strcspn(text, ":@");
    int read = 0;
    *out = (pnas_fault){.rank = -1};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].name) == length && strncmp(kinds[i].name, text, length) == 0)
            out->kind = kinds[i].kind;
    text += length;
    if (sscanf(text, ":%d/%d%n", &out->level, &out->index, &read) == 2)
        text += read;
    if (sscanf(text, "@%d%n", &out->rank, &read) == 1)
        text += read;
    return out->kind != PNAS_FAULT_NONE && *text == '\0';
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    parse_target *target = state->input;
    pnas_mpi_options *options = target->options;
    int64_t ranks;
    int count;
    error_t error;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &target->answers;
        return 0;
    case 'o':
        options->output = argument;
        return 0;
    case KEY_SET:
        if (options->override_count == PNAS_OVERRIDES_MAX)
            return pnas_program_complain(
                state, "--set: more than %d of them; write them into the configuration", PNAS_OVERRIDES_MAX);
        options->overrides[options->override_count++] = argument;
        return 0;
    case KEY_CHECK:
        options->check = true;
        return 0;
    case KEY_RETRY_FAILED:
        options->retry_failed = true;
        return 0;
    case KEY_DEVICE:
        options->device = argument;
        return 0;
    case KEY_LANES:
        if (!pnas_count_parse(argument, PNAS_LANES_MAX, &count))
            return pnas_program_complain(state, "--lanes wants auto or a whole number from 1 to %d, not '%s'",
                                         PNAS_LANES_MAX, argument);
        options->lanes = argument;
        return 0;
    case KEY_THREADS:
        if (!pnas_count_parse(argument, PNAS_THREADS_MAX, &count))
            return pnas_program_complain(state,
                                         "--threads wants auto or a whole number from 1 to %d, not '%s'",
                                         PNAS_THREADS_MAX, argument);
        options->threads = argument;
        return 0;
    case KEY_RANKS_PER_DEVICE:
        error = pnas_program_parse_integer(state, "ranks-per-device", argument, 1, PNAS_RANKS_PER_DEVICE_MAX,
                                           &ranks);
        options->ranks_per_device = error ? 0 : (int)ranks;
        return error;
    case KEY_INJECT_FAULT:
        if (!parse_fault(argument, &options->fault))
            return pnas_program_complain(
                state, "--inject-fault: give memory, build, loss, time, device or hang, and :LEVEL/CHILD, "
                       "@RANK or both behind it");
        return 0;
    case KEY_TIME_LIMIT:
        if (pnas_time_limit_parse(argument, &options->time_limit) != PNAS_OK)
            return pnas_program_complain(state, "%s", pnas_message());
        return 0;
    case KEY_SIMULATE:
        error = pnas_program_parse_integer(state, "simulate", argument, 1, SIMULATED_RANKS_MAX, &ranks);
        options->simulated_ranks = error ? 0 : (int)ranks;
        return error;
    case KEY_DURATIONS:
        options->durations = argument;
        return 0;
    case ARGP_KEY_ARG:
        return parse_argument(state, options, argument);
    case ARGP_KEY_END:
        return check_complete(state, options);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

pnas_status pnas_mpi_options_parse(int argc, char **argv, bool speak, pnas_mpi_options *out)
{
    static const struct argp_child children[] = {{&pnas_program_rank_argp, 0, NULL, 0}, {0}};
    static const struct argp parser = {
        .options = option_list,
        .parser = parse_option,
        .args_doc = "CONFIG.yaml",
        .doc = documentation,
        .children = children,
        .help_filter = complete_set,
    };
    *out = (pnas_mpi_options){.level = PNAS_LOG_INFO};
    parse_target target = {out, {&out->level, &out->answered, speak}};
    return pnas_program_parse_rank(&parser, argc, argv, speak, &target);
}
