/* What was searched, on what data, how far it is. */
#include "io/report/report_parts.h"

#include "io/config/configuration.h"
#include "src/base/clock.h"
#include "src/search/cell_text.h"
#include "src/search/strategy.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define WHOLE_MAX 1000000 /* from here on a number of cells is shown rounded */

/* ---- how far ---- */

pnas_report_progress pnas_report_progress_of(const pnas_ranking *ranking)
{
    pnas_report_progress progress = {0};
    for (int b = 1; pnas_search_level(ranking->search, b); b++) {
        const pnas_level *level = pnas_search_level(ranking->search, b);
        progress.children += level->count;
        progress.done += pnas_level_count(level, PNAS_CHILD_DONE);
        progress.failed += pnas_level_count(level, PNAS_CHILD_FAILED);
        progress.stopped += pnas_level_count(level, PNAS_CHILD_STOPPED);
    }
    progress.total = progress.children;
    for (int b = 1; b <= ranking->blocks; b++)
        progress.total += pnas_search_remaining(ranking->search, b);
    return progress;
}

bool pnas_report_has_runs(const pnas_report *report)
{
    for (size_t f = 0; f < report->count; f++)
        if (report->ranking[f]->run)
            return true;
    return false;
}

bool pnas_report_runs(const pnas_report *report, size_t file)
{
    return report->lives[file] && pnas_live_status_is_young(&report->live[file], report->now);
}

static const char *status_of(const pnas_report *report, size_t file)
{
    pnas_run_status status = pnas_run_file_info(report->ranking[file]->run)->status;
    if (pnas_report_runs(report, file))
        return "running";
    return status == PNAS_RUN_COMPLETE  ? "complete"
           : status == PNAS_RUN_STOPPED ? "stopped"
           : status == PNAS_RUN_FAILED  ? "ended by an error"
                                        : "interrupted, or no longer heard of";
}

static void write_bar(FILE *out, const pnas_report_progress *progress)
{
    double all = progress->total ? (double)progress->total : 1;
    double good = 100 * (double)(progress->done + progress->stopped) / all;
    fprintf(
        out,
        "<svg class=\"bar\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" role=\"img\" "
        "aria-label=\"%zu of %zu\"><rect class=\"all\" width=\"100\" height=\"1\"/><rect class=\"part\" "
        "width=\"%.3f\" height=\"1\"/><rect class=\"bad\" x=\"%.3f\" width=\"%.3f\" height=\"1\"/></svg>\n",
        progress->done + progress->stopped + progress->failed, progress->total, good, good,
        100 * (double)progress->failed / all);
}

static void write_banner(const pnas_report *report, size_t file)
{
    const pnas_ranking *ranking = report->ranking[file];
    FILE *out = report->out;
    pnas_report_progress progress = pnas_report_progress_of(ranking);
    size_t over = progress.done + progress.stopped + progress.failed;
    fputs("<div class=\"banner\"><b>", out);
    if (report->count > 1)
        fprintf(out, "%c: ", pnas_report_letter(file));
    fputs("This search is not complete.</b> ", out);
    pnas_html_print(out, "It is %s: %zu of %zu cells are trained (%.0f %%)", status_of(report, file), over,
                    progress.total, progress.total ? 100 * (double)over / (double)progress.total : 0);
    if (progress.failed > 0)
        fprintf(out, ", %zu of these failed", progress.failed);
    if (progress.stopped > 0)
        fprintf(out, ", %zu stopped early", progress.stopped);
    if (report->lives[file] && isfinite(report->live[file].seconds_left)) {
        char left[32];
        pnas_clock_duration(report->live[file].seconds_left, left, sizeof left);
        fprintf(out, "; about %s left", left);
    }
    fputs(".\n", out);
    write_bar(out, &progress);
    fputs("Everything below is of the cells trained so far.</div>\n", out);
}

/* ---- figures ---- */

static void write_best_tile(const pnas_report *report, size_t file)
{
    const pnas_ranking *ranking = report->ranking[file];
    char name[80], figure[32] = "-", note[160] = "no cell is trained yet";
    snprintf(name, sizeof name, "Best accuracy");
    if (report->count > 1)
        snprintf(name, sizeof name, "%c: best accuracy", pnas_report_letter(file));
    if (ranking->count > 0) {
        const pnas_ranked_cell *best = &ranking->cell[0];
        snprintf(figure, sizeof figure, "%.4f", best->score);
        snprintf(note, sizeof note, "%d block%s%s", best->level, best->level > 1 ? "s" : "",
                 best->guessed ? ", predicted, not measured" : "");
    }
    pnas_tile(report->out, name, figure, note);
}

static void write_run_tiles(const pnas_report *report, size_t file)
{
    const pnas_ranking *ranking = report->ranking[file];
    const pnas_run_info *info = pnas_run_file_info(ranking->run);
    pnas_report_progress progress = pnas_report_progress_of(ranking);
    char figure[64], note[160] = "";
    snprintf(figure, sizeof figure, "%zu", progress.done);
    if (progress.failed > 0)
        snprintf(note, sizeof note, "%zu failed", progress.failed);
    if (progress.stopped > 0)
        snprintf(note + strlen(note), sizeof note - strlen(note), "%s%zu stopped early", *note ? ", " : "",
                 progress.stopped);
    pnas_tile(report->out, "Cells trained", figure, note);
    uint64_t candidates = 0;
    for (int i = 0; i < ranking->levels; i++)
        candidates += ranking->level[i].candidates;
    if (candidates > 0) {
        if (candidates < WHOLE_MAX)
            snprintf(figure, sizeof figure, "%" PRIu64, candidates);
        else
            pnas_chart_large((double)candidates, figure, sizeof figure);
        pnas_tile(report->out, "Cells predicted", figure, "by the surrogate, to choose from");
    }
    if (info->end > info->start && info->start > 0) {
        pnas_clock_duration(info->end - info->start, figure, sizeof figure);
        snprintf(note, sizeof note, "%zu rank%s", info->rank_count, info->rank_count == 1 ? "" : "s");
        pnas_tile(report->out, "From start to end", figure, note);
    }
    *note = '\0';
    if (info->dataset_images > 0)
        snprintf(note, sizeof note, "%" PRId64 " images", info->dataset_images);
    pnas_tile(report->out, "Data set", info->dataset_name, note);
}

/* ---- in words ---- */

static void write_operators(FILE *out, const pnas_operator_set *operators)
{
    for (int i = 0; i < operators->count; i++)
        pnas_html_print(out, "%s%s", i ? ", " : "", operators->item[i].name);
}

static void write_words(FILE *out, const pnas_ranking *ranking, const pnas_configuration *configuration)
{
    const pnas_search_options *search = &configuration->search;
    const char *strategy = pnas_strategy_name(search->strategy);
    fprintf(out,
            "<p>The search (strategy <b>%s</b>) looks for a cell of at most %d block%s. A block adds up two "
            "operators. ",
            strategy, ranking->blocks, ranking->blocks == 1 ? "" : "s");
    if (strcmp(strategy, "pnas") == 0 && search->diversity > 0)
        fprintf(out,
                "It trains cells of one block, and from two blocks on %d: those that its surrogate expects "
                "to be best, and for a share of %g those of which it is unsure. ",
                search->beam, search->diversity);
    else if (strcmp(strategy, "pnas") == 0)
        fprintf(out,
                "It trains cells of one block, and from two blocks on the %d that its surrogate expects to "
                "be best. ",
                search->beam);
    if (configuration->evaluator == PNAS_EVALUATOR_TABLE)
        fputs("Nothing was trained: accuracies were looked up in a table of trained cells.", out);
    else
        fprintf(
            out,
            "Each cell is judged by a network of %d cells with %d filters in the first stage, trained for %d "
            "epoch%s: by its accuracy on images that it was not trained on.",
            pnas_network_cells(&configuration->network), configuration->network.filters,
            configuration->training.epochs, configuration->training.epochs == 1 ? "" : "s");
    fputs("</p>\n<p>Operators: ", out);
    write_operators(out, &search->space.operators);
    fputs(".</p>\n", out);
}

static void write_run_facts(const pnas_report *report, size_t file)
{
    const pnas_ranking *ranking = report->ranking[file];
    const pnas_run_info *info = pnas_run_file_info(ranking->run);
    FILE *out = report->out;
    char text[PNAS_CELL_TEXT_MAX + 64], stamp[32], id[PNAS_RUN_ID_TEXT];
    uint64_t version;
    fputs("<table class=\"facts\"><tbody>\n", out);
    pnas_fact(out, "file", ranking->path);
    pnas_fact(out, "status",
              pnas_report_runs(report, file) ? "running" : pnas_run_status_words(info->status));
    if (ranking->count > 0) {
        pnas_cell_format(&ranking->cell[0].cell, &ranking->operators, text);
        pnas_fact(out, "best cell", text);
    }
    int length = snprintf(text, sizeof text, "%s", info->dataset_name);
    if (info->dataset_images > 0)
        length += snprintf(text + length, sizeof text - (size_t)length, ", %" PRId64 " images",
                           info->dataset_images);
    snprintf(text + length, sizeof text - (size_t)length, ", SHA-256 %s", info->dataset_sha256);
    pnas_fact(out, "data set", text);
    if (info->start > 0) {
        pnas_clock_stamp(info->start, stamp);
        pnas_fact(out, "start", stamp);
    }
    pnas_fact(out, "warm start", info->warm_start);
    pnas_fact(out, "extended", info->extended);
    pnas_fact(out, "retried", info->retried);
    pnas_run_file_identity(ranking->run, id, &version);
    pnas_fact(out, "run id", id);
    fputs("</tbody></table>\n", out);
}

static void write_file_facts(const pnas_report *report, size_t file)
{
    const pnas_ranking *ranking = report->ranking[file];
    FILE *out = report->out;
    char text[PNAS_CELL_TEXT_MAX];
    fprintf(out, "<p>%zu cell%s of up to %d block%s%s.</p>\n", ranking->count, ranking->count == 1 ? "" : "s",
            ranking->blocks, ranking->blocks == 1 ? "" : "s",
            pnas_ranking_guesses(ranking)
                ? "; accuracies that were only predicted stand in the column of predictions"
                : "");
    fputs("<table class=\"facts\"><tbody>\n", out);
    pnas_fact(out, "file", ranking->path);
    if (ranking->count > 0) {
        pnas_cell_format(&ranking->cell[0].cell, &ranking->operators, text);
        pnas_fact(out, ranking->cell[0].guessed ? "best cell, as predicted" : "best cell", text);
    }
    fputs("</tbody></table>\n", out);
}

static pnas_status write_file(const pnas_report *report, size_t file)
{
    const pnas_ranking *ranking = report->ranking[file];
    if (report->count > 1) {
        fputs("<h3>", report->out);
        pnas_html_print(report->out, "%c: %s", pnas_report_letter(file), pnas_report_title(report, file));
        fputs("</h3>\n", report->out);
    }
    if (!ranking->run) {
        write_file_facts(report, file);
        return PNAS_OK;
    }
    pnas_configuration configuration;
    PNAS_TRY(pnas_configuration_parse("its configuration", pnas_run_file_info(ranking->run)->configuration,
                                      NULL, 0, &configuration));
    write_words(report->out, ranking, &configuration);
    write_run_facts(report, file);
    return PNAS_OK;
}

/* ---- several files ---- */

static void write_unlike(const pnas_report *report, size_t file, const pnas_operator *const unlike[2])
{
    char settings[2][PNAS_OPERATOR_SETTINGS_MAX], letter = pnas_report_letter(file);
    for (int i = 0; i < 2; i++)
        pnas_operator_settings(unlike[i], settings[i]);
    fputs("<p>", report->out);
    pnas_html_print(report->out, "A and %c are not compared: the operator '%s' is %s in A and %s in %c.",
                    letter, unlike[0]->name, settings[0], settings[1], letter);
    fputs("</p>\n", report->out);
}

static pnas_status write_pairs(const pnas_report *report)
{
    for (size_t f = 1; f < report->count; f++) {
        pnas_ranking_pair pair;
        PNAS_TRY(pnas_ranking_compare(report->ranking[0], report->ranking[f], &pair));
        if (pair.unlike[0]) {
            write_unlike(report, f, pair.unlike);
            continue;
        }
        fprintf(report->out, "<p>A and %c have %zu cell%s in common", pnas_report_letter(f), pair.count,
                pair.count == 1 ? "" : "s");
        if (fabs(pair.difference) < 0.00005)
            fputs("; their accuracies there are the same on average", report->out);
        else if (isfinite(pair.difference))
            fprintf(report->out, "; %c's accuracy there is %.4f %s on average", pnas_report_letter(f),
                    fabs(pair.difference), pair.difference < 0 ? "lower" : "higher");
        if (isfinite(pair.spearman))
            fprintf(report->out, "; the two agree on their order with Spearman %.3f", pair.spearman);
        fputs(".</p>\n", report->out);
    }
    return PNAS_OK;
}

static pnas_status write(const pnas_report *report)
{
    FILE *out = report->out;
    for (size_t f = 0; f < report->count; f++)
        if (report->ranking[f]->run &&
            pnas_run_file_info(report->ranking[f]->run)->status != PNAS_RUN_COMPLETE)
            write_banner(report, f);
    fputs("<div class=\"tiles\">\n", out);
    for (size_t f = 0; f < report->count; f++)
        write_best_tile(report, f);
    if (report->count == 1 && report->ranking[0]->run)
        write_run_tiles(report, 0);
    fputs("</div>\n", out);
    PNAS_TRY(write_pairs(report));
    fputs(report->count > 1 ? "<div class=\"two\">\n" : "", out);
    for (size_t f = 0; f < report->count; f++) {
        fputs(report->count > 1 ? "<div>\n" : "", out);
        PNAS_TRY(write_file(report, f));
        fputs(report->count > 1 ? "</div>\n" : "", out);
    }
    fputs(report->count > 1 ? "</div>\n" : "", out);
    return PNAS_OK;
}

const pnas_report_section pnas_section_overview = {"overview", "What was searched", NULL, write};
