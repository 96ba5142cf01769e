/* pnas_rank: what searches have found, as tables and pictures; also while they are running. */
#include "io/config/configuration.h"
#include "io/plot/cell_drawing.h"
#include "io/report/report.h"
#include "io/run/cell_csv.h"
#include "src/programs/common/launcher.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_rank/ranking_options.h"
#include "src/programs/pnas_rank/ranking_tables.h"
#include "src/programs/pnas_rank/ranking_watch.h"
#include "src/search/cell_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define EXIT_RESUMABLE 75
#define TOP_TEXT       10

/* ---- files ---- */

/* "1, 2 and 3" */
static const char *list_levels(const pnas_ranking *ranking, char out[8 * PNAS_BLOCKS_MAX])
{
    int used = 0;
    for (int i = 0; i < ranking->levels; i++)
        used += sprintf(out + used, "%s%d",
                        i == 0                     ? ""
                        : i + 1 == ranking->levels ? " and "
                                                   : ", ",
                        ranking->level[i].level);
    return out;
}

static bool has_level(const pnas_ranking *ranking, int level)
{
    for (int i = 0; i < ranking->levels; i++)
        if (ranking->level[i].level == level)
            return true;
    return false;
}

/* One of several files may lack the level, and that of a search that has only begun comes yet. */
static pnas_status keep_level(const pnas_ranking_files *files, int level)
{
    bool found = false;
    for (size_t i = 0; i < files->count; i++)
        found = found || files->ranking[i]->levels == 0 || has_level(files->ranking[i], level);
    for (size_t i = 0; i < files->count; i++) {
        pnas_ranking *ranking = files->ranking[i];
        char levels[8 * PNAS_BLOCKS_MAX];
        PNAS_CHECK(found, PNAS_ERROR_USAGE, "--level %d: %s has cells of level%s %s only", level,
                   ranking->path, ranking->levels == 1 ? "" : "s", list_levels(ranking, levels));
        pnas_ranking_keep_level(ranking, level);
        if (ranking->count == 0)
            pnas_warning("--level %d: %s has no finished cell of so many blocks", level, ranking->path);
    }
    return PNAS_OK;
}

static pnas_status read_files(const pnas_ranking_options *options, pnas_ranking_files *files)
{
    files->ranking = calloc(options->paths + 1, sizeof(void *));
    PNAS_CHECK(files->ranking, PNAS_ERROR_MEMORY, "out of memory for %zu files", options->paths);
    for (size_t i = 0; i < options->paths; i++) {
        PNAS_TRY(pnas_ranking_read(options->path[i], &files->ranking[i]));
        files->count++;
    }
    return options->level ? keep_level(files, options->level) : PNAS_OK;
}

static void close_files(pnas_ranking_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        pnas_ranking_destroy(&files->ranking[i]);
    free(files->ranking);
}

/* ---- drawings ---- */

static pnas_status draw_ranked(const pnas_ranking_options *options, const pnas_ranking *ranking)
{
    char title[128];
    assert(ranking); /* --cell has one file */
    PNAS_CHECK((size_t)options->cell <= ranking->count, PNAS_ERROR_USAGE,
               "--cell %" PRId64 ": %s has %zu finished cell%s%s", options->cell, ranking->path,
               ranking->count, ranking->count == 1 ? "" : "s", options->level ? " of that level" : "");
    const pnas_ranked_cell *cell = &ranking->cell[options->cell - 1];
    snprintf(title, sizeof title, "%.60s: rank %" PRId64 ", %saccuracy %.4f", ranking->title, options->cell,
             cell->guessed ? "predicted " : "", cell->score);
    pnas_cell_drawing_options drawing = {
        .output = options->output, .title = title, .concatenation = ranking->concatenation};
    return pnas_cell_draw(&cell->cell, &ranking->operators, &drawing);
}

/* With the operators and the concatenation of a run, if one is named. */
static pnas_status draw_text(const pnas_ranking_options *options, const pnas_ranking_files *files)
{
    pnas_operator_set operators;
    pnas_configuration defaults;
    pnas_cell cell;
    pnas_operator_set_built_in(&operators);
    pnas_configuration_defaults(&defaults);
    pnas_cell_drawing_options drawing = {.output = options->output,
                                         .concatenation = defaults.network.concatenation};
    if (files->count > 0) {
        operators = files->ranking[0]->operators;
        drawing.concatenation = files->ranking[0]->concatenation;
    }
    if (pnas_cell_parse(options->cell_text, &operators, &cell) != PNAS_OK)
        return pnas_fail_at(PNAS_ERROR_USAGE, "--cell-text");
    return pnas_cell_draw(&cell, &operators, &drawing);
}

/* ---- what is asked for ---- */

static pnas_status draw_plot(const pnas_ranking_options *options, const pnas_ranking_files *files)
{
    PNAS_TRY(pnas_plot_draw(&options->plot, (const pnas_ranking *const *)files->ranking, files->count));
    if (options->plot.kind->lists_front)
        return pnas_ranking_print_fronts(files, options->plot.cost);
    return PNAS_OK;
}

static pnas_status write_report(const pnas_ranking_options *options, const pnas_ranking_files *files)
{
    char program[128];
    snprintf(program, sizeof program, "pnas_rank %s", pnas_program_build());
    const pnas_report_options report = {.path = options->report,
                                        .program = program,
                                        .top = options->top > 0    ? (size_t)options->top
                                               : options->top == 0 ? PNAS_REPORT_TOP_MAX
                                                                   : 0,
                                        .force = options->force};
    PNAS_TRY(pnas_report_write(&report, (const pnas_ranking *const *)files->ranking, files->count));
    pnas_info("wrote %s", options->report);
    return PNAS_OK;
}

static pnas_status print_tables(const pnas_ranking_options *options, const pnas_ranking_files *files)
{
    size_t top = options->top > 0 ? (size_t)options->top : 0;
    switch (options->format) {
    case PNAS_RANKING_CSV:
        return pnas_ranking_print_csv(files, top);
    case PNAS_RANKING_JSON:
        return pnas_ranking_print_json(files, top);
    case PNAS_RANKING_TEXT:
        break;
    }
    return pnas_ranking_print_text(files, options->top == PNAS_RANKING_TOP_DEFAULT ? TOP_TEXT : top);
}

static pnas_status serve(const pnas_ranking_options *options, const pnas_ranking_files *files, bool *complete)
{
    if (options->status)
        return pnas_ranking_print_status(files, complete);
    if (options->plot.kind)
        return draw_plot(options, files);
    if (options->report)
        return write_report(options, files);
    if (options->cell)
        return draw_ranked(options, files->ranking[0]);
    if (options->cell_text)
        return draw_text(options, files);
    return print_tables(options, files);
}

int main(int argc, char **argv)
{
    pnas_ranking_options options;
    pnas_ranking_files files = {0};
    bool complete = true;
    pnas_program_setup("pnas_rank");
    pnas_launcher_refuse_ranks();
    pnas_ranking_options_parse(argc, argv, &options);
    pnas_log_setup("pnas_rank", options.log, 0, 1);

    pnas_status status =
        options.watch ? pnas_ranking_watch(options.path[0], &complete) : read_files(&options, &files);
    if (status == PNAS_OK && !options.watch)
        status = serve(&options, &files, &complete);
    close_files(&files);
    pnas_ranking_options_free(&options);
    int code = pnas_program_end(status);
    return code == 0 && !complete ? EXIT_RESUMABLE : code;
}
