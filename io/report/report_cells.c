/* Cells in a report: which are shown, as marks with what they are, and as rows. */
#include "io/report/report_parts.h"

#include "src/search/cell_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- which ---- */

static size_t limit_of(const pnas_report *report)
{
    return PNAS_REPORT_CELLS / (report->count > 1 ? report->count : 1);
}

/* Of more cells than the page has room for: the best quarter of the room, and every so many of the rest. */
static size_t stride_of(size_t cells, size_t limit)
{
    size_t best = limit / 4;
    return (cells - best + (limit - best) - 1) / (limit - best);
}

bool pnas_report_shows(const pnas_report *report, size_t file, size_t rank)
{
    size_t cells = report->ranking[file]->count, limit = limit_of(report), best = limit / 4;
    return cells <= limit || rank < best || (rank - best) % stride_of(cells, limit) == 0;
}

/* How many of the file's cells are shown, and whether that is all of them. */
static size_t count_shown(const pnas_report *report, size_t file, bool *all)
{
    size_t cells = report->ranking[file]->count, limit = limit_of(report), best = limit / 4;
    *all = cells <= limit;
    if (*all)
        return cells;
    size_t stride = stride_of(cells, limit);
    return best + (cells - best + stride - 1) / stride;
}

bool pnas_report_draws(const pnas_report *report, const pnas_ranked_cell *cell)
{
    return cell->guessed == report->guessed;
}

/* ---- words and colours ---- */

const char *pnas_report_accuracy_name(const pnas_report *report)
{
    return report->guessed ? "predicted accuracy" : "accuracy";
}

char pnas_report_letter(size_t file)
{
    return (char)('A' + file);
}

void pnas_report_table_begin(const pnas_report *report, const char *name, const char *columns)
{
    char all[200];
    snprintf(all, sizeof all, "%s%s", report->count > 1 ? "file|" : "", columns);
    pnas_table_begin(report->out, name, all);
}

void pnas_report_file_cell(const pnas_report *report, size_t file)
{
    if (report->count > 1)
        fprintf(report->out, "<td>%c</td>", pnas_report_letter(file));
}

/* Whether no other file has the text that `text_of` gives. */
static bool is_alone(const pnas_report *report, size_t file, const char *(*text_of)(const pnas_ranking *))
{
    for (size_t f = 0; f < report->count; f++)
        if (f != file && strcmp(text_of(report->ranking[f]), text_of(report->ranking[file])) == 0)
            return false;
    return true;
}

static const char *title_of(const pnas_ranking *ranking)
{
    return ranking->title;
}

const char *pnas_report_title(const pnas_report *report, size_t file)
{
    const pnas_ranking *ranking = report->ranking[file];
    if (is_alone(report, file, title_of))
        return ranking->title;
    return is_alone(report, file, pnas_ranking_name) ? pnas_ranking_name(ranking) : ranking->path;
}

size_t pnas_report_series(const pnas_report *report, size_t file, const pnas_ranked_cell *cell)
{
    return report->count > 1 ? file : (size_t)cell->level - 1;
}

void pnas_report_legend(const pnas_report *report)
{
    pnas_legend_begin(report->out);
    if (report->count > 1)
        for (size_t f = 0; f < report->count; f++) {
            pnas_legend_entry(report->out, f);
            pnas_html_print(report->out, "%c  %s", pnas_report_letter(f),
                            pnas_ranking_name(report->ranking[f]));
            fputs("</li>", report->out);
        }
    else
        for (int i = 0; i < report->ranking[0]->levels; i++) {
            int level = report->ranking[0]->level[i].level;
            pnas_legend_entry(report->out, (size_t)level - 1);
            fprintf(report->out, "%d block%s</li>", level, level > 1 ? "s" : "");
        }
    pnas_legend_end(report->out);
}

/* ---- marks ---- */

void pnas_report_mark_end(const pnas_report *report, const char *tag, size_t file, size_t rank,
                          const char *more)
{
    const pnas_ranking *ranking = report->ranking[file];
    const pnas_ranked_cell *cell = &ranking->cell[rank];
    char text[PNAS_CELL_TEXT_MAX];
    pnas_cell_format(&cell->cell, &ranking->operators, text);
    fprintf(report->out, " data-c=\"%zu-%zu\"><title>", file, rank + 1);
    if (report->count > 1)
        fprintf(report->out, "%c  ", pnas_report_letter(file));
    fprintf(report->out, "%s%.4f  rank %zu", cell->guessed ? "predicted " : "", cell->score, rank + 1);
    if (more)
        pnas_html_print(report->out, "  %s", more);
    putc('\n', report->out);
    pnas_html_text(report->out, text);
    fprintf(report->out, "</title></%s>\n", tag);
}

/* ---- the table ---- */

static void write_row(const pnas_report *report, const pnas_ranking_entry *entry)
{
    char text[PNAS_CELL_TEXT_MAX];
    FILE *out = report->out;
    const pnas_ranked_cell *cell = entry->cell;
    size_t rank = (size_t)(cell - entry->ranking->cell) + 1;
    pnas_cell_format(&cell->cell, &entry->ranking->operators, text);
    fprintf(out, "<tr id=\"c%zu-%zu\">", entry->file, rank);
    pnas_html_whole(out, (int64_t)rank);
    pnas_report_file_cell(report, entry->file);
    pnas_html_real(out, 4, cell->guessed ? NAN : cell->score);
    pnas_html_real(out, 4, cell->predicted);
    pnas_html_real(out, 4, cell->predicted_std);
    pnas_html_whole(out, cell->level);
    pnas_html_whole(out, (int64_t)cell->place + 1);
    pnas_html_whole(out, cell->parameters);
    pnas_html_whole(out, cell->multiply_adds);
    pnas_html_real(out, 1, cell->train_seconds);
    fputs("<td class=\"mono\">", out);
    pnas_html_text(out, text);
    fputs("</td></tr>\n", out);
}

static void write_bounds(const pnas_report *report)
{
    for (size_t f = 0; f < report->count; f++) {
        bool all;
        size_t shown = count_shown(report, f, &all);
        if (all)
            continue;
        fputs("<p class=\"faint\">Of the ", report->out);
        pnas_html_print(report->out,
                        "%zu cells of %s this page shows %zu, as rows and as points: the best %zu, "
                        "and every %zuth of the others. All of them: ",
                        report->ranking[f]->count, pnas_ranking_name(report->ranking[f]), shown,
                        limit_of(report) / 4, stride_of(report->ranking[f]->count, limit_of(report)));
        fputs("<code>pnas_rank ", report->out);
        pnas_html_word(report->out, report->ranking[f]->path);
        fputs(" --format csv</code></p>\n", report->out);
    }
}

static pnas_status write_children(const pnas_report *report)
{
    pnas_ranking_entry *entries;
    size_t count, shown = 0;
    bool all;
    char name[80];
    PNAS_TRY(pnas_ranking_merge(report->ranking, report->count, false, &entries, &count));
    for (size_t f = 0; f < report->count; f++)
        shown += count_shown(report, f, &all);
    write_bounds(report);
    fprintf(report->out, "<details%s><summary>Show %zu rows</summary>\n", shown <= 40 ? " open" : "", shown);
    snprintf(name, sizeof name, "%s cells, best first", report->guessed ? "Predicted" : "Trained");
    pnas_table_begin(report->out, name,
                     report->count > 1 ? "rank#|file|accuracy#|predicted#|spread#|level#|index#|parameters#|"
                                         "multiply-adds#|training (s)#|cell"
                                       : "rank#|accuracy#|predicted#|spread#|level#|index#|parameters#|"
                                         "multiply-adds#|training (s)#|cell");
    for (size_t i = 0; i < count; i++)
        if (pnas_report_shows(report, entries[i].file, (size_t)(entries[i].cell - entries[i].ranking->cell)))
            write_row(report, &entries[i]);
    pnas_table_end(report->out);
    fputs("<p class=\"faint\">Predicted is what the surrogate expected before the training; spread, how far "
          "its "
          "members differ about it (their standard deviation). Index is the place in the order of the file, "
          "as in "
          "the chart of accuracy by model.</p>\n</details>\n",
          report->out);
    free(entries);
    return PNAS_OK;
}

bool pnas_report_has_cells(const pnas_report *report)
{
    for (size_t f = 0; f < report->count; f++)
        if (report->ranking[f]->count > 0)
            return true;
    return false;
}

const pnas_report_section pnas_section_children = {"children", "All cells", pnas_report_has_cells,
                                                   write_children};
