/* Cells that could not be trained, and why. */
#include "io/report/report_parts.h"

#include "src/search/cell_text.h"

#define SHOWN 500 /* of each file */

static size_t failed_in(const pnas_ranking *ranking)
{
    return ranking->run ? pnas_report_progress_of(ranking).failed : 0;
}

static bool has_failed(const pnas_report *report)
{
    for (size_t f = 0; f < report->count; f++)
        if (failed_in(report->ranking[f]) > 0)
            return true;
    return false;
}

static void write_child(const pnas_report *report, size_t file, const pnas_level *level, size_t index)
{
    const pnas_child *child = &level->child[index];
    char text[PNAS_CELL_TEXT_MAX];
    FILE *out = report->out;
    pnas_cell_format(&child->cell, &report->ranking[file]->operators, text);
    fputs("<tr>", out);
    pnas_report_file_cell(report, file);
    fprintf(out, "<td class=\"n\">%d/%zu</td>", level->blocks, index);
    pnas_html_whole(out, child->result.rank);
    pnas_html_whole(out, child->result.attempts);
    fputs("<td class=\"text\">", out);
    pnas_html_text(out, child->result.error);
    fputs("</td><td class=\"mono\">", out);
    pnas_html_text(out, text);
    fputs("</td></tr>\n", out);
}

static void write_file(const pnas_report *report, size_t file)
{
    size_t shown = 0;
    const pnas_ranking *ranking = report->ranking[file];
    for (int b = 1; pnas_search_level(ranking->search, b); b++) {
        const pnas_level *level = pnas_search_level(ranking->search, b);
        for (size_t i = 0; i < level->count && shown < SHOWN; i++)
            if (level->child[i].result.status == PNAS_CHILD_FAILED) {
                write_child(report, file, level, i);
                shown++;
            }
    }
}

static pnas_status write(const pnas_report *report)
{
    pnas_report_table_begin(report, "Cells whose training failed, by level/number",
                            "cell#|rank#|attempts#|why|blocks");
    for (size_t f = 0; f < report->count; f++)
        if (failed_in(report->ranking[f]) > 0)
            write_file(report, f);
    pnas_table_end(report->out);
    fputs("<p class=\"faint\">The same pnas_mpi command with --retry-failed tries them once more.</p>\n",
          report->out);
    return PNAS_OK;
}

const pnas_report_section pnas_section_failed = {"failed", "Failed cells", has_failed, write};
