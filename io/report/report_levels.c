/* The levels of searches: a table, and their accuracies as boxes. */
#include "io/report/report_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define HEIGHT  320
#define WHISKER 1.5 /* times the height of the box */

typedef struct {
    double low, lower, median, upper, high; /* whisker, box, whisker */
    size_t count;
    double *score; /* [count], ascending, owned */
} level_box;

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Between the values around it, in shares. */
static double quantile(const level_box *box, double share)
{
    double place = share * (double)(box->count - 1);
    size_t below = (size_t)place;
    double next = box->score[below + 1 < box->count ? below + 1 : below];
    return box->score[below] + (place - (double)below) * (next - box->score[below]);
}

static pnas_status measure(const pnas_report *report, const pnas_ranking *ranking, int level, level_box *out)
{
    *out = (level_box){.score = malloc((ranking->count + 1) * sizeof(double))};
    PNAS_CHECK(out->score, PNAS_ERROR_MEMORY, "out of memory for %zu cells", ranking->count);
    for (size_t i = 0; i < ranking->count; i++)
        if (ranking->cell[i].level == level && pnas_report_draws(report, &ranking->cell[i]))
            out->score[out->count++] = ranking->cell[i].score;
    if (out->count == 0)
        return PNAS_OK;
    qsort(out->score, out->count, sizeof *out->score, ascending);
    out->lower = quantile(out, 0.25);
    out->median = quantile(out, 0.5);
    out->upper = quantile(out, 0.75);
    double reach = WHISKER * (out->upper - out->lower);
    out->low = out->lower;
    out->high = out->upper;
    for (size_t i = 0; i < out->count; i++) {
        if (out->score[i] >= out->lower - reach)
            out->low = fmin(out->low, out->score[i]);
        if (out->score[i] <= out->upper + reach)
            out->high = fmax(out->high, out->score[i]);
    }
    return PNAS_OK;
}

/* ---- boxes ---- */

static void write_title(const pnas_report *report, const level_box *box, size_t file, int level)
{
    fputs("<title>", report->out);
    if (report->count > 1)
        fprintf(report->out, "%c  ", pnas_report_letter(file));
    fprintf(report->out,
            "%d block%s: %zu cells\nbest %.4f, median %.4f, half of them from %.4f to %.4f</title>", level,
            level > 1 ? "s" : "", box->count, box->score[box->count - 1], box->median, box->lower,
            box->upper);
}

static void write_rectangle(const pnas_chart *chart, double centre, double half, double low, double high)
{
    fputs("<rect class=\"box\" x=\"", chart->out);
    pnas_html_length(chart->out, pnas_chart_x(chart, centre - half));
    fputs("\" y=\"", chart->out);
    pnas_html_length(chart->out, pnas_chart_y(chart, high));
    fputs("\" width=\"", chart->out);
    pnas_html_length(chart->out, pnas_chart_x(chart, centre + half) - pnas_chart_x(chart, centre - half));
    fputs("\" height=\"", chart->out);
    pnas_html_length(chart->out, fmax(pnas_chart_y(chart, low) - pnas_chart_y(chart, high), 1));
    fputs("\"/>\n", chart->out);
}

static void write_outliers(const pnas_report *report, const pnas_chart *chart, const level_box *box,
                           size_t file, int level, double centre)
{
    const pnas_ranking *ranking = report->ranking[file];
    for (size_t i = 0; i < ranking->count; i++) {
        const pnas_ranked_cell *cell = &ranking->cell[i];
        if (cell->level != level || !pnas_report_draws(report, cell) || !pnas_report_shows(report, file, i) ||
            (cell->score >= box->low && cell->score <= box->high))
            continue;
        const char *tag =
            pnas_chart_mark(chart, pnas_report_series(report, file, cell), centre, cell->score, 2.4);
        pnas_report_mark_end(report, tag, file, i, NULL);
    }
}

static void write_box(const pnas_report *report, const pnas_chart *chart, const level_box *box, size_t file,
                      int level)
{
    double width = 0.7 / (double)report->count, half = width * 0.4;
    double centre = level + width * ((double)file - (double)(report->count - 1) / 2);
    fprintf(report->out, "<g class=\"t s%zu\">", (report->count > 1 ? file : (size_t)level - 1) % 8);
    write_title(report, box, file, level);
    pnas_chart_rule(chart, "whisker", centre, box->low, centre, box->lower);
    pnas_chart_rule(chart, "whisker", centre, box->upper, centre, box->high);
    write_rectangle(chart, centre, half, box->lower, box->upper);
    pnas_chart_rule(chart, "median", centre - half, box->median, centre + half, box->median);
    fputs("</g>\n", report->out);
    write_outliers(report, chart, box, file, level, centre);
}

static pnas_status write_boxes(const pnas_report *report, const pnas_chart *chart)
{
    for (int level = 1; level <= PNAS_BLOCKS_MAX; level++)
        for (size_t f = 0; f < report->count; f++) {
            level_box box;
            PNAS_TRY(measure(report, report->ranking[f], level, &box));
            if (box.count > 0)
                write_box(report, chart, &box, f, level);
            free(box.score);
        }
    return PNAS_OK;
}

static pnas_status write_chart(const pnas_report *report)
{
    pnas_chart chart;
    pnas_chart_axis blocks = pnas_chart_axis_of("blocks of the cells");
    pnas_chart_axis accuracy = pnas_chart_axis_of(pnas_report_accuracy_name(report));
    for (size_t f = 0; f < report->count; f++)
        for (size_t i = 0; i < report->ranking[f]->count; i++) {
            const pnas_ranked_cell *cell = &report->ranking[f]->cell[i];
            if (!pnas_report_draws(report, cell))
                continue;
            pnas_chart_include(&blocks, cell->level - 0.6);
            pnas_chart_include(&blocks, cell->level + 0.6);
            pnas_chart_include(&accuracy, cell->score);
        }
    blocks.whole = true;
    accuracy.least = 0;
    accuracy.most = 1;
    pnas_chart_pad(&accuracy, 0.05);
    fputs("<figure>\n", report->out);
    if (report->count > 1)
        pnas_report_legend(report);
    pnas_chart_begin(report->out,
                     &(pnas_chart_options){
                         .name = "Accuracies of each level", .x = &blocks, .y = &accuracy, .height = HEIGHT},
                     &chart);
    pnas_status status = write_boxes(report, &chart);
    pnas_chart_end(&chart);
    fputs("<figcaption>A box holds the middle half of a level's cells and the line in it is their median. "
          "Whiskers reach "
          "the last cell within 1.5 of the box's height; marks lie beyond.</figcaption>\n</figure>\n",
          report->out);
    return status;
}

/* ---- table ---- */

static bool stopped_any(const pnas_report *report)
{
    for (size_t f = 0; f < report->count; f++)
        if (report->ranking[f]->stopped_count > 0)
            return true;
    return false;
}

static void write_row(const pnas_report *report, size_t file, const pnas_ranking_level *level)
{
    FILE *out = report->out;
    fputs("<tr>", out);
    pnas_report_file_cell(report, file);
    pnas_html_whole(out, level->level);
    pnas_html_whole(out, (int64_t)level->candidates > 0 ? (int64_t)level->candidates : -1);
    pnas_html_whole(out, (int64_t)level->children);
    pnas_html_whole(out, (int64_t)level->done);
    if (stopped_any(report))
        pnas_html_whole(out, (int64_t)level->stopped);
    pnas_html_whole(out, (int64_t)level->failed);
    pnas_html_real(out, 4, level->done > 0 || report->guessed ? level->best : NAN);
    pnas_html_real(out, 4, level->done > 0 || report->guessed ? level->mean : NAN);
    pnas_html_real(out, 3, level->spearman);
    fputs("</tr>\n", out);
}

static pnas_status write(const pnas_report *report)
{
    FILE *out = report->out;
    fputs("<div class=\"two\">\n<div>\n", out);
    PNAS_TRY(write_chart(report));
    fputs("</div>\n<div>\n", out);
    pnas_report_table_begin(
        report, report->guessed ? "Levels, by what was predicted" : "Levels",
        stopped_any(report) ? "level#|candidates#|cells#|done#|stopped early#|failed#|best#|mean#|Spearman#"
                            : "level#|candidates#|cells#|done#|failed#|best#|mean#|Spearman#");
    for (size_t f = 0; f < report->count; f++)
        for (int i = 0; i < report->ranking[f]->levels; i++)
            write_row(report, f, &report->ranking[f]->level[i]);
    pnas_table_end(out);
    fputs("<p class=\"faint\">Candidates are the cells that the surrogate scored to choose a level's cells. "
          "Spearman "
          "compares the order that it predicted with the measured one.</p>\n</div>\n</div>\n",
          out);
    return PNAS_OK;
}

const pnas_report_section pnas_section_levels = {"levels", "Levels", pnas_report_has_cells, write};
