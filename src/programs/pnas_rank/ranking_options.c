#include "src/programs/pnas_rank/ranking_options.h"

#include "src/base/near_name.h"
#include "src/programs/common/option_table.h"
#include "src/programs/common/program.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HISTORY   "train_history.csv" /* of the Keras implementation, which ranks it if nothing is named */
#define COUNT_MAX 1000000000
#define PLOTS_MAX 32

enum {
    KEY_LEVEL = 0x100,
    KEY_CSV,
    KEY_STATUS,
    KEY_WATCH,
    KEY_FORMAT,
    KEY_PLOT,
    KEY_TERMINAL,
    KEY_SORT,
    KEY_AGAINST,
    KEY_KEEP,
    KEY_CELL,
    KEY_CELL_TEXT,
    KEY_REPORT,
    KEY_FORCE
};

static const struct argp_option ranking_options[] = {
    {NULL, 0, NULL, 0, "What is ranked:", 1},
    {NULL, 'f', "FILE", 0, "Rank FILE, as if it stood without -f", 1},
    {"level", KEY_LEVEL, "B", 0, "Only the children of B blocks", 1},
    {"status", KEY_STATUS, NULL, 0,
     "Only say how far each run is; exit code 0 if it is complete, 75 if the same pnas_mpi command would go "
     "on with it, 65 if the file is damaged",
     1},
    {"watch", KEY_WATCH, NULL, 0,
     "Show a run while it runs: levels, children done and running by rank, the best, the time left; ends "
     "with it, with the exit code of --status",
     1},
    {NULL, 0, NULL, 0, "Tables:", 2},
    {"top", 't', "N", 0,
     "Show the best N children (text: 10, csv and json: all; 0: all). Learning curves: of the best N (8; "
     "with --terminal 4). A report: drawings and learning curves of the best N, at most 24",
     2},
    {"format", KEY_FORMAT, "text|csv|json", 0, "csv comes with a line of column names", 2},
    {"csv", KEY_CSV, NULL, 0, "The same as --format csv", 2},
    {NULL, 0, NULL, 0, "Pictures:", 3},
    {"plot", KEY_PLOT, "KIND", 0, "One of ", 3}, /* and what the plots are, by list_plots */
    {"output", 'o', "FILE", 0, "The picture to make: .png, .svg or .pdf; a plot without it comes in a window",
     3},
    {"terminal", KEY_TERMINAL, NULL, 0, "Plot with characters, on stdout", 3},
    {"sort", KEY_SORT, NULL, 0, "accuracy: in ascending order instead of the file's (-sort works, too)", 3},
    {"against", KEY_AGAINST, "parameters|multiply-adds|time", 0, "pareto: the cost (parameters)", 3},
    {"keep", KEY_KEEP, "DIR", 0, "Keep gnuplot's script and data in the folder DIR", 3},
    {"cell", KEY_CELL, "N", 0,
     "Draw the cell of rank N as a graph: with -o as .svg, .png, .pdf or .gv, else in Graphviz's language on "
     "stdout",
     3},
    {"cell-text", KEY_CELL_TEXT, "CELL", 0, "Draw this cell, such as '-2:sep5+-2:max3 | -1:sep7+0:max3'", 3},
    {NULL, 0, NULL, 0, "A page of everything:", 4},
    {"report", KEY_REPORT, "FILE.html", 0,
     "Write one HTML file that needs nothing else: best cells as drawings, plots that say which cell a mark "
     "is, "
     "levels, ranks, configuration, all cells, how to go on; of one file or several side by side, also while "
     "a "
     "search runs",
     4},
    {"force", KEY_FORCE, NULL, 0, "Replace FILE.html even if it is no report", 4},
    {0},
};

/* ---- values ---- */

static int parse_word(struct argp_state *state, const char *option, const char *text,
                      const char *const *words, int count)
{
    char list[160] = "", meant[PNAS_NAME_MEANT_MAX];
    for (int i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0)
            return i;
        strcat(list, i ? ", " : "");
        strcat(list, words[i]);
    }
    pnas_program_complain(state, "--%s wants one of %s, not '%s'%s", option, list, text,
                          pnas_name_meant("", text, words, (size_t)count, meant));
    return 0;
}

static const pnas_plot_kind *parse_plot(struct argp_state *state, const char *text)
{
    char list[200], meant[PNAS_NAME_MEANT_MAX];
    const pnas_plot_kind *kind = pnas_plot_find(text);
    const char *names[PLOTS_MAX];
    size_t count = pnas_plot_count < PLOTS_MAX ? pnas_plot_count : PLOTS_MAX;
    for (size_t i = 0; i < count; i++)
        names[i] = pnas_plots[i]->name;
    if (!kind)
        pnas_program_complain(state, "--plot wants one of %s, not '%s'%s", pnas_plot_names(list, sizeof list),
                              text, pnas_name_meant("", text, names, count, meant));
    return kind;
}

/* What the plots are, for --help, and their names, for completion. argp frees what is not `text`. */
static char *list_plots(int key, const char *text, void *input)
{
    char *list = NULL;
    size_t size;
    bool names = key == (PNAS_HELP_WORDS | KEY_PLOT);
    FILE *stream = names || key == KEY_PLOT ? open_memstream(&list, &size) : NULL;
    if (!stream)
        return (char *)text;
    if (!names)
        fputs(text, stream);
    for (size_t i = 0; i < pnas_plot_count; i++)
        if (names)
            fprintf(stream, "%s%s", i ? " " : "", pnas_plots[i]->name);
        else
            fprintf(stream, "%s%s (%s)", i ? ", " : "", pnas_plots[i]->name, pnas_plots[i]->help);
    return fclose(stream) == 0 ? list : (char *)text;
}

/* ---- files ---- */

static void add_path(struct argp_state *state, pnas_ranking_options *options, const char *path)
{
    char **paths = realloc(options->path, (options->paths + 1) * sizeof *paths);
    if (paths)
        options->path = paths;
    if (!paths || !(paths[options->paths] = strdup(path))) {
        argp_failure(state, 70, 0, "out of memory for names of files"); /* exits */
        return;
    }
    options->paths++;
}

/* A shell has resolved patterns already unless they were quoted. */
static void add_paths(struct argp_state *state, pnas_ranking_options *options, const char *pattern)
{
    glob_t found;
    if (access(pattern, F_OK) == 0 || glob(pattern, 0, NULL, &found) != 0) {
        add_path(state, options, pattern);
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        add_path(state, options, found.gl_pathv[i]);
    globfree(&found);
}

/* ---- the whole ---- */

static void check(struct argp_state *state, pnas_ranking_options *options)
{
    bool draws_cell = options->cell || options->cell_text;
    bool ranks = !options->cell_text;
    if (options->paths == 0 && ranks && access(HISTORY, F_OK) == 0)
        add_path(state, options, HISTORY);
    if (options->paths == 0 && ranks)
        pnas_program_complain(state, "no file is named");
    if (options->status && options->format != PNAS_RANKING_TEXT)
        pnas_program_complain(state, "--status goes with no other --format than text");
    if (options->watch && (options->paths > 1 || options->format != PNAS_RANKING_TEXT))
        pnas_program_complain(state, "--watch shows one run, as text");
    if (options->status + options->watch + (options->plot.kind != NULL) + (options->cell != 0) +
            (options->cell_text != NULL) + (options->report != NULL) >
        1)
        pnas_program_complain(state,
                              "choose one of --status, --watch, --plot, --cell, --cell-text and --report");
    if (options->force && !options->report)
        pnas_program_complain(state, "--force goes with --report");
    if (options->report && options->format != PNAS_RANKING_TEXT)
        pnas_program_complain(state, "--report goes with no --format; a report is HTML");
    if (options->output && !options->plot.kind && !draws_cell)
        pnas_program_complain(
            state, "-o needs --plot, --cell or --cell-text; tables go to stdout, a report to its file");
    if (options->plot.drawing.terminal && !options->plot.kind)
        pnas_program_complain(state, "--terminal needs --plot");
    if (options->plot.drawing.terminal && options->output)
        pnas_program_complain(state, "--terminal and -o do not go together");
    if (options->cell && options->paths > 1)
        pnas_program_complain(state, "--cell draws from one file, not from %zu", options->paths);
}

static error_t parse_picture(int key, char *argument, struct argp_state *state)
{
    static const char *const costs[] = {"parameters", "multiply-adds", "time"};
    pnas_ranking_options *options = state->input;
    switch (key) {
    case KEY_PLOT:
        options->plot.kind = parse_plot(state, argument);
        return 0;
    case 'o':
        options->output = options->plot.drawing.output = argument;
        return 0;
    case KEY_TERMINAL:
        options->plot.drawing.terminal = true;
        return 0;
    case KEY_SORT:
        options->plot.sorted = true;
        return 0;
    case KEY_AGAINST:
        options->plot.cost = (pnas_cost)parse_word(state, "against", argument, costs, 3);
        return 0;
    case KEY_KEEP:
        options->plot.drawing.keep = argument;
        return 0;
    case KEY_CELL:
        return pnas_program_parse_integer(state, "cell", argument, 1, COUNT_MAX, &options->cell);
    case KEY_CELL_TEXT:
        options->cell_text = argument;
        return 0;
    case KEY_REPORT:
        options->report = argument;
        return 0;
    case KEY_FORCE:
        options->force = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    static const char *const formats[] = {"text", "csv", "json"};
    pnas_ranking_options *options = state->input;
    int64_t level;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->log;
        return 0;
    case 't':
        return pnas_program_parse_integer(state, "top", argument, 0, COUNT_MAX, &options->top);
    case KEY_LEVEL:
        if (pnas_program_parse_integer(state, "level", argument, 1, PNAS_BLOCKS_MAX, &level) == 0)
            options->level = (int)level;
        return 0;
    case KEY_FORMAT:
        options->format = (pnas_ranking_format)parse_word(state, "format", argument, formats, 3);
        return 0;
    case KEY_CSV:
        options->format = PNAS_RANKING_CSV;
        return 0;
    case KEY_STATUS:
        options->status = true;
        return 0;
    case KEY_WATCH:
        options->watch = true;
        return 0;
    case 'f':
    case ARGP_KEY_ARG:
        add_paths(state, options, argument);
        return 0;
    case ARGP_KEY_END:
        check(state, options);
        return 0;
    default:
        return parse_picture(key, argument, state);
    }
}

static const struct argp_child ranking_children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
static const struct argp ranking_argp = {
    .options = ranking_options,
    .parser = parse_option,
    .args_doc = "RUN.h5...",
    .doc = "Ranks the cells of searches: prints the best and how well each level was predicted, plots, draws "
           "cells, and lays several files side by side.\vA file may also be a score file (SCORES.h5), a "
           "table of trained cells, or comma-separated values: "
           "train_history.csv and scores_<b>.csv as the Keras implementation of PNAS writes them, or what "
           "--format csv prints. Patterns such as 'runs/*.h5' are resolved. Without any file, " HISTORY
           " in this folder is taken if it is there. A run may be looked at before it ends; what it "
           "finished last is included. Columns: candidates, cells that the surrogate predicted to choose a "
           "level's "
           "children; spearman, how well it predicted their order (1: fully); busy, the share of the ranks' "
           "time "
           "spent training; at best, the largest such share possible; of best, the shortest possible time "
           "over the "
           "measured one; messages, those between the ranks meanwhile.",
    .children = ranking_children,
    .help_filter = list_plots,
};

/* "-sort" would be -s -o rt to argp. */
static void spell_sort(int argc, char **argv)
{
    static char sort[] = "--sort";
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "-sort") == 0)
            argv[i] = sort;
}

void pnas_ranking_options_parse(int argc, char **argv, pnas_ranking_options *out)
{
    *out = (pnas_ranking_options){.top = PNAS_RANKING_TOP_DEFAULT, .log = PNAS_LOG_INFO};
    spell_sort(argc, argv);
    pnas_program_parse(&ranking_argp, argc, argv, 0, out);
    out->plot.best = out->top == PNAS_RANKING_TOP_DEFAULT ? 0 : out->top == 0 ? SIZE_MAX : (size_t)out->top;
}

void pnas_ranking_options_free(pnas_ranking_options *options)
{
    for (size_t i = 0; i < options->paths; i++)
        free(options->path[i]);
    free(options->path);
    *options = (pnas_ranking_options){0};
}
