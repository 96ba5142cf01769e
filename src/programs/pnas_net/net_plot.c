/* pnas_net plot: pictures of a network's training and test. */
#include "io/plot/network_plot.h"
#include "src/base/near_name.h"
#include "src/programs/common/option_table.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_net/net_commands.h"

#include <string.h>

enum { KEY_PLOT = 0x100 };

typedef struct {
    const char *path, *output;
    const pnas_network_plot *plot;
    pnas_log_level level;
} plot_arguments;

static void take_plot(plot_arguments *arguments, struct argp_state *state, const char *name)
{
    arguments->plot = pnas_network_plot_find(name);
    const char *const names[] = {"curves", "confusion"};
    char meant[PNAS_NAME_MEANT_MAX];
    if (!arguments->plot)
        pnas_program_complain(state, "--plot: '%s' is not curves or confusion%s", name,
                              pnas_name_meant("", name, names, 2, meant));
}

static void check_plot(const plot_arguments *arguments, struct argp_state *state)
{
    if (!arguments->path)
        pnas_program_complain(state, "a network is missing");
    else if (!arguments->plot)
        pnas_program_complain(state, "--plot is missing: curves or confusion");
    else if (!arguments->output)
        pnas_program_complain(state, "-o is missing: a .svg, .png or .pdf file");
}

static error_t parse_plot(int key, char *argument, struct argp_state *state)
{
    plot_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        return 0;
    case KEY_PLOT:
        take_plot(arguments, state, argument);
        return 0;
    case 'o':
        arguments->output = argument;
        return 0;
    case ARGP_KEY_ARG:
        return pnas_program_take_argument(state, argument, &arguments->path);
    case ARGP_KEY_END:
        check_plot(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A line for each plot, and their names for completion. */
static char *list_plots(int key, const char *text, void *input)
{
    char *help = NULL;
    size_t size;
    bool names = key == (PNAS_HELP_WORDS | KEY_PLOT);
    if (!names && key != ARGP_KEY_HELP_POST_DOC)
        return (char *)text;
    FILE *out = open_memstream(&help, &size);
    if (!out)
        return (char *)text;
    fputs(names ? "" : "Plots:\n", out);
    for (size_t i = 0; i < pnas_network_plot_count; ++i)
        if (names)
            fprintf(out, "%s%s", i ? " " : "", pnas_network_plots[i].name);
        else
            fprintf(out, "  %-10s %s\n", pnas_network_plots[i].name, pnas_network_plots[i].help);
    fclose(out);
    return help;
}

pnas_status pnas_net_run_plot(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"plot", KEY_PLOT, "PLOT", 0, "What to draw", 1},
        {"output", 'o', "FILE", 0, "The picture: .svg, .png or .pdf", 1},
        {0}};
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {.options = options,
                                     .parser = parse_plot,
                                     .args_doc = "NET.h5 --plot=PLOT -o FILE",
                                     .doc = "Draws what is known of a network, with gnuplot.\v-",
                                     .children = children,
                                     .help_filter = list_plots};
    plot_arguments arguments = {.level = PNAS_LOG_INFO};
    pnas_network_file file;
    pnas_program_parse(&argp, argc, argv, 0, &arguments);
    pnas_log_setup(pnas_log_program(), arguments.level, 0, 1);
    PNAS_TRY(pnas_network_file_read(arguments.path, &file));
    const pnas_gnuplot_options drawing = {.output = arguments.output};
    pnas_status status = pnas_network_plot_draw(arguments.plot, arguments.path, &file, &drawing);
    pnas_network_file_clear(&file);
    return status;
}
