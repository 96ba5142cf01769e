/* pnas_table: joins runs, CSV files and tables of trained cells into one table for replays. */
#include "io/run/cell_table_file.h"
#include "src/programs/common/launcher.h"
#include "src/programs/common/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
    const char *output, *title, *source;
    char *const *path; /* [paths], borrowed from argv */
    int paths;
    bool force;
    pnas_log_level log;
} table_arguments;

enum { KEY_FORCE = 0x100 };

static const struct argp_option option_list[] = {
    {"output", 'o', "TABLE.h5", 0, "The table to write; without it the cells are only counted", 0},
    {"force", KEY_FORCE, NULL, 0, "Replace TABLE.h5 if it is there", 0},
    {"title", 't', "TEXT", 0, "A name for people", 0},
    {"source", 's', "TEXT", 0, "Where the cells come from, in words: data, children, training", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    table_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->log;
        return 0;
    case 'o':
        arguments->output = argument;
        return 0;
    case KEY_FORCE:
        arguments->force = true;
        return 0;
    case 't':
        arguments->title = argument;
        return 0;
    case 's':
        arguments->source = argument;
        return 0;
    case ARGP_KEY_ARGS:
        arguments->path = state->argv + state->next;
        arguments->paths = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        pnas_program_complain(state, "no file is named");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
static const struct argp table_argp = {
    .options = option_list,
    .parser = parse,
    .args_doc = "FILE...",
    .doc = "Joins the done children of run files (RUN.h5), CSV files and tables into one table of trained "
           "cells, on which 'evaluator: table' replays searches and 'pnas_score --evaluate' judges "
           "surrogates.\vOf a cell that is there more than once the mean accuracy is kept, so join only "
           "what was trained alike: runs and tables that were not, by their settings and data, are told.",
    .children = children};

static void print_levels(const pnas_cell_table *table)
{
    printf("blocks  cells     worst      best\n");
    for (int blocks = 1; blocks <= PNAS_BLOCKS_MAX; ++blocks) {
        size_t begin, count;
        pnas_cell_table_level(table, blocks, &begin, &count);
        const pnas_table_entry *entry = pnas_cell_table_entries(table) + begin;
        double worst = 1, best = 0;
        for (size_t i = 0; i < count; ++i) {
            worst = entry[i].accuracy < worst ? entry[i].accuracy : worst;
            best = entry[i].accuracy > best ? entry[i].accuracy : best;
        }
        if (count > 0)
            printf("%6d  %5zu  %8.4f  %8.4f\n", blocks, count, worst, best);
    }
}

static pnas_status make_table(const table_arguments *arguments, const char *command_line)
{
    pnas_table_rows rows = {0};
    pnas_cell_table *table = NULL;
    pnas_status status;
    PNAS_CHECK(!arguments->output || arguments->force || access(arguments->output, F_OK) != 0,
               PNAS_ERROR_FILE, "%s: is there already; give another name or --force", arguments->output);
    for (int i = 0; i < arguments->paths; ++i)
        PNAS_TRY_CLEANUP(pnas_table_rows_read(arguments->path[i], &rows));
    const pnas_space space = {
        .operators = rows.operators, .blocks = PNAS_BLOCKS_MAX, .lookback = -2, .lookforward = -1};
    PNAS_TRY_CLEANUP(pnas_cell_table_create(&space, rows.entry, rows.count, &table, NULL));
    pnas_cell_table_warn("the table", table);
    print_levels(table);
    const pnas_table_provenance provenance = {arguments->title, arguments->source, command_line,
                                              &rows.origin};
    if (arguments->output)
        status = pnas_cell_table_write(arguments->output, table, &rows.operators, &provenance);
cleanup:
    pnas_cell_table_destroy(&table);
    pnas_table_rows_free(&rows);
    return status;
}

int main(int argc, char **argv)
{
    table_arguments arguments = {.title = "Trained cells", .source = "", .log = PNAS_LOG_INFO};
    pnas_program_setup("pnas_table");
    pnas_launcher_refuse_ranks();
    char *command_line = pnas_program_command_line(argc, argv, 1);
    pnas_program_parse(&table_argp, argc, argv, 0, &arguments);
    pnas_log_setup("pnas_table", arguments.log, 0, 1);
    pnas_status status = make_table(&arguments, command_line ? command_line : "");
    free(command_line);
    return pnas_program_end(status);
}
