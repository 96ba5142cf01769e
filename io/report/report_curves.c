/* Validation accuracy by epoch of the best cells. */
#include "io/report/report_parts.h"

#include "src/search/cell_text.h"

#include <math.h>

#define HEIGHT 340
#define TOP    8 /* of each file, unless said otherwise */

static size_t top_of(const pnas_report *report)
{
    size_t top = report->options->top ? report->options->top : TOP;
    return top < PNAS_REPORT_TOP_MAX ? top : PNAS_REPORT_TOP_MAX;
}

static bool has_curve(const pnas_ranked_cell *cell)
{
    return cell->history && cell->epochs > 0;
}

static bool has_curves(const pnas_report *report)
{
    for (size_t f = 0; f < report->count; f++)
        for (size_t i = 0; i < report->ranking[f]->count; i++)
            if (has_curve(&report->ranking[f]->cell[i]))
                return true;
    return false;
}

static double accuracy_at(const pnas_ranked_cell *cell, int epoch)
{
    return (double)cell->history[epoch * PNAS_METRICS + PNAS_METRIC_VALIDATION_ACCURACY];
}

typedef void (*curve_user)(const pnas_report *report, void *payload, size_t file, size_t rank, size_t series);

static void each_curve(const pnas_report *report, curve_user use, void *payload)
{
    for (size_t f = 0; f < report->count; f++) {
        size_t found = 0;
        for (size_t i = 0; i < report->ranking[f]->count && found < top_of(report); i++)
            if (has_curve(&report->ranking[f]->cell[i])) {
                use(report, payload, f, i, report->count > 1 ? f : found);
                found++;
            }
    }
}

typedef struct {
    pnas_chart_axis epoch, accuracy;
} ranges;

static void measure(const pnas_report *report, void *payload, size_t file, size_t rank, size_t series)
{
    ranges *all = payload;
    const pnas_ranked_cell *cell = &report->ranking[file]->cell[rank];
    pnas_chart_include(&all->epoch, 1);
    pnas_chart_include(&all->epoch, cell->epochs);
    for (int e = 0; e < cell->epochs; e++)
        pnas_chart_include(&all->accuracy, accuracy_at(cell, e));
}

static void write_curve(const pnas_report *report, void *payload, size_t file, size_t rank, size_t series)
{
    const pnas_chart *chart = payload;
    const pnas_ranked_cell *cell = &report->ranking[file]->cell[rank];
    pnas_chart_line_begin(chart, series >= 8 ? "thin" : "", series);
    for (int e = 0; e < cell->epochs; e++)
        if (isfinite(accuracy_at(cell, e)))
            pnas_chart_line_to(chart, e + 1, accuracy_at(cell, e));
    pnas_chart_line_end(chart);
    for (int e = 0; e < cell->epochs; e++) {
        char more[64];
        if (!isfinite(accuracy_at(cell, e)) ||
            (cell->epochs > 100 && e + 1 < cell->epochs && e % (cell->epochs / 50) != 0))
            continue;
        snprintf(more, sizeof more, "epoch %d: %.4f", e + 1, accuracy_at(cell, e));
        pnas_report_mark_end(report, pnas_chart_mark(chart, series, e + 1, accuracy_at(cell, e), 2.6), file,
                             rank, more);
    }
}

static void write_entry(const pnas_report *report, void *payload, size_t file, size_t rank, size_t series)
{
    char text[PNAS_CELL_TEXT_MAX];
    const pnas_ranking *ranking = report->ranking[file];
    pnas_cell_format(&ranking->cell[rank].cell, &ranking->operators, text);
    pnas_legend_entry(report->out, series);
    fprintf(report->out, "%zu: <span class=\"mono\">", rank + 1);
    pnas_html_text(report->out, text);
    fputs("</span></li>", report->out);
}

static pnas_status write(const pnas_report *report)
{
    ranges all = {pnas_chart_axis_of("epoch"), pnas_chart_axis_of("validation accuracy")};
    pnas_chart chart;
    each_curve(report, measure, &all);
    all.epoch.whole = true;
    all.epoch.least = 1;
    all.accuracy.least = 0;
    all.accuracy.most = 1;
    pnas_chart_pad(&all.epoch, 0.03);
    pnas_chart_pad(&all.accuracy, 0.05);
    pnas_figure_begin(report->out);
    pnas_chart_begin(report->out,
                     &(pnas_chart_options){.name = "Learning curves of the best cells",
                                           .x = &all.epoch,
                                           .y = &all.accuracy,
                                           .height = HEIGHT},
                     &chart);
    each_curve(report, write_curve, &chart);
    pnas_chart_end(&chart);
    pnas_figure_words(report->out);
    if (report->count > 1) {
        pnas_report_legend(report);
    } else {
        pnas_legend_begin(report->out);
        each_curve(report, write_entry, NULL);
        pnas_legend_end(report->out);
    }
    pnas_figure_end(report->out,
                    "Accuracy on the validation images after each epoch, of the best cells with a history.");
    return PNAS_OK;
}

const pnas_report_section pnas_section_curves = {"curves", "Learning curves", has_curves, write};
