/* Measured against predicted accuracy, on one scale. */
#include "io/report/report_parts.h"

#include <math.h>

#define HEIGHT 540 /* the area is as high as it is wide */

static bool has_both(const pnas_ranked_cell *cell)
{
    return !cell->guessed && isfinite(cell->predicted);
}

static size_t count_both(const pnas_ranking *ranking, int level)
{
    size_t count = 0;
    for (size_t i = 0; i < ranking->count; i++)
        count += has_both(&ranking->cell[i]) && (level == 0 || ranking->cell[i].level == level);
    return count;
}

static bool has_predictions(const pnas_report *report)
{
    for (size_t f = 0; f < report->count; f++)
        if (count_both(report->ranking[f], 0) > 0)
            return true;
    return false;
}

static void write_legend(const pnas_report *report)
{
    FILE *out = report->out;
    pnas_legend_begin(out);
    for (size_t f = 0; f < report->count; f++)
        for (int i = 0; i < report->ranking[f]->levels; i++) {
            const pnas_ranking_level *level = &report->ranking[f]->level[i];
            size_t cells = count_both(report->ranking[f], level->level);
            if (cells == 0)
                continue;
            pnas_legend_entry(out, report->count > 1 ? f : (size_t)level->level - 1);
            if (report->count > 1)
                fprintf(out, "%c ", pnas_report_letter(f));
            fprintf(out, "%d block%s, %zu cells", level->level, level->level > 1 ? "s" : "", cells);
            if (isfinite(level->spearman))
                fprintf(out, ", &rho; %.2f", level->spearman);
            fputs("</li>", out);
        }
    pnas_legend_end(out);
}

static void write_marks(const pnas_report *report, const pnas_chart *chart, size_t file, double radius)
{
    const pnas_ranking *ranking = report->ranking[file];
    for (size_t i = ranking->count; i-- > 0;) {
        const pnas_ranked_cell *cell = &ranking->cell[i];
        char more[48];
        if (!has_both(cell) || !pnas_report_shows(report, file, i))
            continue;
        snprintf(more, sizeof more, "predicted %.4f", cell->predicted);
        const char *tag = pnas_chart_mark(chart, pnas_report_series(report, file, cell), cell->predicted,
                                          cell->score, radius);
        pnas_report_mark_end(report, tag, file, i, more);
    }
}

static pnas_status write(const pnas_report *report)
{
    pnas_chart chart;
    pnas_chart_axis both = pnas_chart_axis_of("predicted accuracy");
    size_t marks = 0;
    for (size_t f = 0; f < report->count; f++)
        for (size_t i = 0; i < report->ranking[f]->count; i++) {
            const pnas_ranked_cell *cell = &report->ranking[f]->cell[i];
            if (!has_both(cell))
                continue;
            pnas_chart_include(&both, cell->predicted);
            pnas_chart_include(&both, cell->score);
            marks++;
        }
    pnas_chart_pad(&both, 0.04);
    pnas_chart_axis measured = both;
    measured.label = "measured accuracy";
    pnas_figure_begin(report->out);
    pnas_chart_begin(
        report->out,
        &(pnas_chart_options){
            .name = "Measured against predicted accuracy", .x = &both, .y = &measured, .height = HEIGHT},
        &chart);
    pnas_chart_rule(&chart, "diagonal", both.low, both.low, both.high, both.high);
    for (size_t f = 0; f < report->count; f++)
        write_marks(report, &chart, f, pnas_chart_radius(marks));
    pnas_chart_end(&chart);
    pnas_figure_words(report->out);
    write_legend(report);
    pnas_figure_end(report->out,
                    "Both axes have one scale: on the dashed line a cell is as accurate as the surrogate "
                    "said before it was trained. &rho; is Spearman's rank correlation of a level.");
    return PNAS_OK;
}

const pnas_report_section pnas_section_predicted = {"predicted", "Predicted and measured", has_predictions,
                                                    write};
