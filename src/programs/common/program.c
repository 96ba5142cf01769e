#include "src/programs/common/program.h"

#include "src/base/commit.h"
#include "src/base/plain_text.h"
#include "src/programs/common/launcher.h"
#include "src/programs/common/option_table.h"
#include "src/programs/common/unknown_option.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static void print_version(FILE *stream, struct argp_state *state)
{
    fprintf(stream, "%s %s\n%s", pnas_log_program(), pnas_program_build(), pnas_program_built_with());
}

static bool told_of_output; /* that it did not arrive */
static bool output_closed;  /* from the start */

/* As head(1) goes when it has its lines: with SIGPIPE ignored it does not end us, and is no trouble. */
static bool reader_has_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) && !(output.revents & POLLNVAL);
}

static bool output_arrived(void)
{
    errno = 0; /* of a write that failed long ago it tells nothing */
    if ((fflush(stdout) == 0 && !ferror(stdout)) || reader_has_gone())
        return true;
    const char *lost = errno ? pnas_system_reason(errno) : "a part of it was lost before; is its disk full?";
    pnas_error("standard output cannot be written: %s", output_closed ? "it is closed" : lost);
    told_of_output = true;
    return false;
}

/* For --help and the like, after which argp ends the program by itself. */
static void check_output_at_exit(void)
{
    if (!told_of_output && !output_arrived())
        _exit(EX_IOERR);
}

/* A closed descriptor goes to the next file that is opened, of whatever library, and our output would then go into
 * that file. What takes its place can be read where we write and written where we read, so that both fail as before. */
static void fill_standard_files(void)
{
    for (int wanted = STDIN_FILENO; wanted <= STDERR_FILENO; wanted++) {
        if (fcntl(wanted, F_GETFD) >= 0)
            continue;
        output_closed |= wanted == STDOUT_FILENO;
        if (open("/dev/null", wanted == STDIN_FILENO ? O_WRONLY : O_RDONLY) != wanted)
            _exit(EX_IOERR); /* nothing is safe to print to */
    }
}

/* A file that may not become so long (ulimit -f) is a write that fails, with our sentence. */
void pnas_program_setup(const char *name)
{
    fill_standard_files();
    signal(SIGXFSZ, SIG_IGN);
    atexit(check_output_at_exit);
    pnas_log_setup(name, PNAS_LOG_INFO, 0, 1);
    pnas_commit_set(pnas_program_commit());
    argp_program_version_hook = print_version;
    argp_err_exit_status = EX_USAGE;
}

char *pnas_program_command_line(int argc, char **argv, int ranks)
{
    size_t size = 64, used = 0;
    for (int i = 0; i < argc; ++i)
        size += strlen(argv[i]) + 1;
    char *line = calloc(1, size);
    if (line && ranks > 1)
        used = (size_t)snprintf(line, size, "mpirun -n %d ", ranks);
    for (int i = 0; line && i < argc; ++i)
        used += (size_t)snprintf(line + used, size - used, "%s%s", i ? " " : "", argv[i]);
    return line;
}

/* --- values --- */

error_t pnas_program_complain(struct argp_state *state, const char *format, ...)
{
    char text[512], shown[4 * sizeof text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pnas_text_show(text, shown, sizeof shown);
    argp_error(state, "%s", shown);
    return EINVAL;
}

static bool names_hdf5(const char *path)
{
    const char *end = strrchr(path, '.');
    return end && strcmp(end, ".h5") == 0;
}

error_t pnas_program_complain_argument(struct argp_state *state, const char *first, const char *second)
{
    const char *output = names_hdf5(second) ? second : first;
    if (names_hdf5(output))
        return pnas_program_complain(state, "%s looks like the file to write; -o stands before it: -o %s",
                                     output, output);
    return pnas_program_complain(state, "more than one configuration is given: %s and %s", first, second);
}

error_t pnas_program_take_argument(struct argp_state *state, const char *argument, const char **out)
{
    if (state->arg_num > 0)
        return pnas_program_complain(state, "'%s' is one argument too many", argument);
    *out = argument;
    return 0;
}

error_t pnas_program_parse_integer(struct argp_state *state, const char *option, const char *text,
                                   int64_t low, int64_t high, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || isspace((unsigned char)*text) || *end || errno || value < low || value > high)
        return pnas_program_complain(state,
                                     "--%s wants a whole number from %" PRId64 " to %" PRId64 ", not '%s'",
                                     option, low, high, text);
    *out = value;
    return 0;
}

/* --- parsing --- */

void pnas_program_parse(const struct argp *parser, int argc, char **argv, unsigned flags, void *input)
{
    if (!pnas_options_check(parser, argc, argv, flags & ARGP_IN_ORDER, true))
        exit(EX_USAGE);
    argp_parse(parser, argc, argv, flags, NULL, input);
}

/* --- options that all have --- */

static error_t parse_level(int key, char *argument, struct argp_state *state)
{
    pnas_log_level *level = state->input;
    switch (key) {
    case 'q':
        *level = PNAS_LOG_WARNING;
        return 0;
    case 'v':
        *level = PNAS_LOG_DEBUG;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option level_options[] = {
    {"quiet", 'q', NULL, 0, "Print warnings and errors only", -1},
    {"verbose", 'v', NULL, 0, "Print how things happen, too", -1},
    {0},
};

static const struct argp level_argp = {.options = level_options, .parser = parse_level};

static error_t parse_table(int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case PNAS_KEY_OPTION_TABLE:
        pnas_option_table_print(state->root_argp, stdout);
        exit(0);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option table_options[] = {
    {PNAS_OPTION_TABLE, PNAS_KEY_OPTION_TABLE, NULL, OPTION_HIDDEN, "For completion", -1}, {0}};
static const struct argp_child level_children[] = {{&level_argp, 0, NULL, 0}, {0}};
const struct argp pnas_program_argp = {
    .options = table_options, .parser = parse_table, .children = level_children};

enum { KEY_USAGE = 0x10000 };

static void answer(struct argp_state *state, int key, unsigned help)
{
    pnas_rank_answers *answers = state->input;
    *answers->answered = true;
    if (!answers->speak)
        return;
    if (key == PNAS_KEY_OPTION_TABLE)
        pnas_option_table_print(state->root_argp, stdout);
    else if (help)
        argp_state_help(state, stdout, help);
    else
        argp_program_version_hook(stdout, state);
}

static error_t parse_answer(int key, char *argument, struct argp_state *state)
{
    pnas_rank_answers *answers = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = answers->level;
        return 0;
    case '?':
        answer(state, key, ARGP_HELP_STD_HELP & ~(unsigned)(ARGP_HELP_EXIT_OK | ARGP_HELP_EXIT_ERR));
        return 0;
    case KEY_USAGE:
        answer(state, key, ARGP_HELP_USAGE);
        return 0;
    case 'V':
    case PNAS_KEY_OPTION_TABLE:
        answer(state, key, 0);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* argp's own versions of these would be answered by every rank. */
static const struct argp_option answer_options[] = {
    {"help", '?', NULL, 0, "Give this help list", -1},
    {"usage", KEY_USAGE, NULL, 0, "Give a short usage message", -1},
    {"version", 'V', NULL, 0, "Print program version", -1},
    {PNAS_OPTION_TABLE, PNAS_KEY_OPTION_TABLE, NULL, OPTION_HIDDEN, "For completion", -1},
    {0},
};

static const struct argp_child answer_children[] = {{&level_argp, 0, NULL, 0}, {0}};
const struct argp pnas_program_rank_argp = {
    .options = answer_options, .parser = parse_answer, .children = answer_children};

pnas_status pnas_program_parse_rank(const struct argp *parser, int argc, char **argv, bool speak, void *input)
{
    unsigned flags = ARGP_NO_EXIT | ARGP_NO_HELP | (speak ? 0u : ARGP_NO_ERRS);
    if (!pnas_options_check(parser, argc, argv, false, speak))
        return PNAS_ERROR_USAGE;
    return argp_parse(parser, argc, argv, flags, NULL, input) == 0 ? PNAS_OK : PNAS_ERROR_USAGE;
}

pnas_rank_preview pnas_program_preview(pnas_rank_reader reader, int argc, char *const *argv, void *payload)
{
    int rank;
    bool alone = pnas_launcher_ranks(&rank) == 1, answered = false;
    char **copy = calloc((size_t)argc + 1, sizeof *copy); /* parsing sorts it */
    if (!copy)
        return (pnas_rank_preview){.works = true};
    memcpy(copy, argv, (size_t)argc * sizeof *copy);
    pnas_status status = reader(argc, copy, alone, payload, &answered);
    free(copy);
    bool works = status == PNAS_OK && !answered;
    return (pnas_rank_preview){.over = alone && !works, .code = pnas_exit_code(status), .works = works};
}

/* --- the end --- */

int pnas_program_end(pnas_status status)
{
    if (status != PNAS_OK)
        pnas_log(status == PNAS_STOPPED ? PNAS_LOG_INFO : PNAS_LOG_ERROR, "%s", pnas_message());
    bool arrived = output_arrived();
    return pnas_exit_code(status == PNAS_OK && !arrived ? PNAS_ERROR_FILE : status);
}
