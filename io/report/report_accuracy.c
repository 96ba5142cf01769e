/* Accuracy of each cell by its model index, with the best so far. */
#include "io/report/report_parts.h"

#include <math.h>
#include <stdlib.h>

#define HEIGHT 340

typedef struct {
    pnas_chart_axis index, accuracy;
    size_t marks;
} ranges;

static ranges find_ranges(const pnas_report *report)
{
    ranges all = {pnas_chart_axis_of("model index"), pnas_chart_axis_of(pnas_report_accuracy_name(report)),
                  0};
    all.index.whole = true;
    all.index.least = 1;
    all.accuracy.least = 0;
    all.accuracy.most = 1;
    for (size_t f = 0; f < report->count; f++)
        for (size_t i = 0; i < report->ranking[f]->count; i++) {
            const pnas_ranked_cell *cell = &report->ranking[f]->cell[i];
            if (!pnas_report_draws(report, cell))
                continue;
            pnas_chart_include(&all.index, (double)cell->place + 1);
            pnas_chart_include(&all.accuracy, cell->score);
            all.marks += pnas_report_shows(report, f, i);
        }
    pnas_chart_pad(&all.index, 0.02);
    pnas_chart_pad(&all.accuracy, 0.05);
    return all;
}

/* In steps, from the first cell of the file to the last. */
static pnas_status write_best(const pnas_report *report, const pnas_chart *chart, size_t file)
{
    const pnas_ranked_cell **cells;
    const pnas_ranking *ranking = report->ranking[file];
    double best = -INFINITY, last = NAN;
    PNAS_TRY(pnas_ranking_by_place(ranking, &cells));
    pnas_chart_line_begin(chart, report->count > 1 ? "" : "best", file);
    for (size_t i = 0; i < ranking->count; i++) {
        if (!pnas_report_draws(report, cells[i]))
            continue;
        last = (double)cells[i]->place + 1;
        if (cells[i]->score <= best)
            continue;
        if (isfinite(best))
            pnas_chart_line_to(chart, last, best);
        best = cells[i]->score;
        pnas_chart_line_to(chart, last, best);
    }
    if (isfinite(last))
        pnas_chart_line_to(chart, last, best);
    pnas_chart_line_end(chart);
    free(cells);
    return PNAS_OK;
}

/* The marks of a file, the worst first so that the best lie on top. */
static void write_marks(const pnas_report *report, const pnas_chart *chart, size_t file, double radius)
{
    const pnas_ranking *ranking = report->ranking[file];
    for (size_t i = ranking->count; i-- > 0;) {
        const pnas_ranked_cell *cell = &ranking->cell[i];
        if (!pnas_report_draws(report, cell) || !pnas_report_shows(report, file, i))
            continue;
        const char *tag = pnas_chart_mark(chart, pnas_report_series(report, file, cell),
                                          (double)cell->place + 1, cell->score, radius);
        pnas_report_mark_end(report, tag, file, i, NULL);
    }
}

static pnas_status write(const pnas_report *report)
{
    pnas_chart chart;
    ranges all = find_ranges(report);
    pnas_status status = PNAS_OK;
    pnas_figure_begin(report->out);
    pnas_chart_begin(
        report->out,
        &(pnas_chart_options){
            .name = "Accuracy by model index", .x = &all.index, .y = &all.accuracy, .height = HEIGHT},
        &chart);
    for (size_t f = 0; f < report->count && status == PNAS_OK; f++)
        if (report->ranking[f]->count > 0)
            status = write_best(report, &chart, f);
    for (size_t f = 0; f < report->count; f++)
        write_marks(report, &chart, f, pnas_chart_radius(all.marks));
    pnas_chart_end(&chart);
    pnas_figure_words(report->out);
    pnas_report_legend(report);
    pnas_figure_end(report->out,
                    "A mark is a cell, in the order in which the search chose them. The line is the best "
                    "accuracy up to there.");
    return status;
}

const pnas_report_section pnas_section_accuracy = {"accuracy", "Accuracy by model", pnas_report_has_cells,
                                                   write};
