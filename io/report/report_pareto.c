/* Accuracy against what cells cost, with the front: no other cell is better at the same or less cost. */
#include "io/report/report_parts.h"

#include "src/search/cell_text.h"

#include <math.h>
#include <stdlib.h>

#define HEIGHT 340
#define WIDE   20 /* times the least cost: from here the axis is logarithmic */

static bool has_cost(const pnas_report *report, pnas_cost cost)
{
    for (size_t f = 0; f < report->count; f++)
        for (size_t i = 0; i < report->ranking[f]->count; i++)
            if (pnas_report_draws(report, &report->ranking[f]->cell[i]) &&
                pnas_ranked_cell_cost(&report->ranking[f]->cell[i], cost) > 0)
                return true;
    return false;
}

static bool has_costs(const pnas_report *report)
{
    return has_cost(report, PNAS_COST_PARAMETERS) || has_cost(report, PNAS_COST_MULTIPLY_ADDS);
}

static size_t measure(const pnas_report *report, pnas_cost cost, pnas_chart_axis *costs,
                      pnas_chart_axis *accuracy)
{
    size_t marks = 0;
    for (size_t f = 0; f < report->count; f++)
        for (size_t i = 0; i < report->ranking[f]->count; i++) {
            const pnas_ranked_cell *cell = &report->ranking[f]->cell[i];
            if (!pnas_report_draws(report, cell) || !(pnas_ranked_cell_cost(cell, cost) > 0))
                continue;
            pnas_chart_include(costs, pnas_ranked_cell_cost(cell, cost));
            pnas_chart_include(accuracy, cell->score);
            marks += pnas_report_shows(report, f, i);
        }
    costs->large = true;
    costs->logarithmic = costs->high > WIDE * costs->low;
    accuracy->least = 0;
    accuracy->most = 1;
    pnas_chart_pad(costs, 0.04);
    pnas_chart_pad(accuracy, 0.05);
    return marks;
}

/* In steps: at a cost, the best accuracy that can be had for it. */
static pnas_status write_front(const pnas_report *report, const pnas_chart *chart, size_t file,
                               pnas_cost cost)
{
    const pnas_ranked_cell **front;
    size_t count;
    double before = NAN;
    PNAS_TRY(pnas_ranking_front(report->ranking[file], cost, &front, &count));
    pnas_chart_line_begin(chart, report->count > 1 ? "" : "best", file);
    for (size_t i = 0; i < count; i++) {
        double value = pnas_ranked_cell_cost(front[i], cost);
        if (!pnas_report_draws(report, front[i]) || !(value > 0))
            continue;
        if (isfinite(before))
            pnas_chart_line_to(chart, value, before);
        before = front[i]->score;
        pnas_chart_line_to(chart, value, before);
    }
    if (isfinite(before))
        pnas_chart_line_to(chart, chart->x.high, before);
    pnas_chart_line_end(chart);
    free(front);
    return PNAS_OK;
}

static void write_marks(const pnas_report *report, const pnas_chart *chart, size_t file, pnas_cost cost,
                        double radius)
{
    const pnas_ranking *ranking = report->ranking[file];
    for (size_t i = ranking->count; i-- > 0;) {
        const pnas_ranked_cell *cell = &ranking->cell[i];
        double value = pnas_ranked_cell_cost(cell, cost);
        char large[32], more[64];
        if (!pnas_report_draws(report, cell) || !pnas_report_shows(report, file, i) || !(value > 0))
            continue;
        pnas_chart_large(value, large, sizeof large);
        snprintf(more, sizeof more, "%s %s", large,
                 cost == PNAS_COST_PARAMETERS ? "parameters" : "multiply-adds");
        const char *tag =
            pnas_chart_mark(chart, pnas_report_series(report, file, cell), value, cell->score, radius);
        pnas_report_mark_end(report, tag, file, i, more);
    }
}

static pnas_status write_chart(const pnas_report *report, pnas_cost cost)
{
    bool parameters = cost == PNAS_COST_PARAMETERS;
    pnas_chart_axis costs = pnas_chart_axis_of(parameters ? "parameters" : "multiply-adds of one image");
    pnas_chart_axis accuracy = pnas_chart_axis_of(pnas_report_accuracy_name(report));
    pnas_chart chart;
    pnas_status status = PNAS_OK;
    size_t marks = measure(report, cost, &costs, &accuracy);
    fputs("<figure>\n", report->out);
    pnas_chart_begin(report->out,
                     &(pnas_chart_options){.name = parameters ? "Accuracy against parameters"
                                                              : "Accuracy against multiply-adds",
                                           .x = &costs,
                                           .y = &accuracy,
                                           .height = HEIGHT},
                     &chart);
    for (size_t f = 0; f < report->count && status == PNAS_OK; f++)
        if (report->ranking[f]->count > 0)
            status = write_front(report, &chart, f, cost);
    for (size_t f = 0; f < report->count; f++)
        write_marks(report, &chart, f, cost, pnas_chart_radius(marks));
    pnas_chart_end(&chart);
    fputs("</figure>\n", report->out);
    return status;
}

/* ---- the front as a table ---- */

static pnas_status write_rows(const pnas_report *report, size_t file)
{
    const pnas_ranking *ranking = report->ranking[file];
    const pnas_ranked_cell **front;
    size_t count;
    PNAS_TRY(pnas_ranking_front(ranking, PNAS_COST_PARAMETERS, &front, &count));
    for (size_t i = 0; i < count; i++) {
        char text[PNAS_CELL_TEXT_MAX];
        if (!pnas_report_draws(report, front[i]))
            continue;
        pnas_cell_format(&front[i]->cell, &ranking->operators, text);
        fputs("<tr>", report->out);
        pnas_report_file_cell(report, file);
        pnas_html_whole(report->out, front[i]->parameters);
        pnas_html_whole(report->out, front[i]->multiply_adds);
        pnas_html_real(report->out, 4, front[i]->score);
        pnas_html_whole(report->out, front[i] - ranking->cell + 1);
        fputs("<td class=\"mono\">", report->out);
        pnas_html_text(report->out, text);
        fputs("</td></tr>\n", report->out);
    }
    free(front);
    return PNAS_OK;
}

static pnas_status write(const pnas_report *report)
{
    static const pnas_cost costs[] = {PNAS_COST_PARAMETERS, PNAS_COST_MULTIPLY_ADDS};
    pnas_report_legend(report);
    fputs("<div class=\"two\">\n", report->out);
    for (size_t i = 0; i < 2; i++)
        if (has_cost(report, costs[i]))
            PNAS_TRY(write_chart(report, costs[i]));
    fputs("</div>\n<p class=\"faint\">The line is the Pareto front: the best accuracy that was found for so "
          "much or "
          "less.</p>\n",
          report->out);
    if (!has_cost(report, PNAS_COST_PARAMETERS))
        return PNAS_OK;
    pnas_report_table_begin(report, "The front by parameters",
                            "parameters#|multiply-adds#|accuracy#|rank#|cell");
    for (size_t f = 0; f < report->count; f++)
        if (report->ranking[f]->count > 0)
            PNAS_TRY(write_rows(report, f));
    pnas_table_end(report->out);
    return PNAS_OK;
}

const pnas_report_section pnas_section_pareto = {"pareto", "Accuracy and cost", has_costs, write};
