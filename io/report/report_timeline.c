/* What each rank did when. */
#include "io/report/report_parts.h"

#include "io/run/run_timeline.h"
#include "src/search/cell_text.h"

#include <math.h>
#include <stdlib.h>

#define ROW        24.0
#define ROWS_MAX   64 /* of more ranks, evenly spaced ones are drawn */
#define LEFT       112.0
#define SHARE      50.0 /* of it for the shares of busy time */
#define MARGINS    64.0 /* above and below the rows */
#define SPANS_MAX  2000 /* with more, spans closer than a pixel are drawn as one */
#define PAUSES_MAX 100
#define BUSY       110.0

typedef struct {
    const pnas_report *report;
    size_t file;
    pnas_timeline line;
    double scale; /* seconds of a unit */
    const char *unit;
    int step; /* every so many ranks are drawn */
} timeline_view;

static bool has_timeline(const pnas_report *report)
{
    for (size_t f = 0; f < report->count; f++)
        if (report->ranking[f]->run && pnas_run_file_info(report->ranking[f]->run)->event_count > 0)
            return true;
    return false;
}

/* The series of a kind: those that are there, in their order. */
static size_t series_of(const pnas_timeline *line, size_t kind)
{
    size_t series = 0;
    for (size_t k = 0; k < kind; k++)
        series += line->has[k];
    return series;
}

static double time_at(const timeline_view *view, double seconds)
{
    return (seconds - view->line.first) / view->scale;
}

/* ---- spans ---- */

/* The rank among the finished cells of what an event trained, from 0; SIZE_MAX: it trained none of these. */
static size_t find_cell(const timeline_view *view, const char *what)
{
    int level, index;
    const pnas_ranking *ranking = view->report->ranking[view->file];
    if (sscanf(what, "train %d/%d", &level, &index) != 2)
        return SIZE_MAX;
    const pnas_level *found = pnas_search_level(ranking->search, level);
    if (!found || index < 0 || (size_t)index >= found->count)
        return SIZE_MAX;
    for (size_t i = 0; i < ranking->count; i++)
        if (ranking->cell[i].level == level &&
            pnas_cell_compare(&ranking->cell[i].cell, &found->child[index].cell) == 0)
            return i;
    return SIZE_MAX;
}

static void write_what(const timeline_view *view, const pnas_timeline_span *span, size_t together, double end)
{
    FILE *out = view->report->out;
    size_t rank = together == 1 ? find_cell(view, span->what) : SIZE_MAX;
    if (rank != SIZE_MAX)
        fprintf(out, " data-c=\"%zu-%zu\"", view->file, rank + 1);
    fputs("><title>", out);
    if (together > 1)
        fprintf(out, "%zu pieces of work, ", together);
    pnas_html_print(out, "%s  rank %d  %.1f s", span->what, span->rank, end - span->start);
    if (rank != SIZE_MAX) {
        char text[PNAS_CELL_TEXT_MAX];
        const pnas_ranking *ranking = view->report->ranking[view->file];
        pnas_cell_format(&ranking->cell[rank].cell, &ranking->operators, text);
        fprintf(out, "  accuracy %.4f\n", ranking->cell[rank].score);
        pnas_html_text(out, text);
    }
    fputs("</title></rect>\n", out);
}

static void write_span(const timeline_view *view, const pnas_chart *chart, const pnas_timeline_span *span,
                       size_t together, double end)
{
    FILE *out = view->report->out;
    double left = pnas_chart_x(chart, time_at(view, span->start)),
           right = pnas_chart_x(chart, time_at(view, end));
    int rows = (view->line.ranks - 1) / view->step + 1, at = span->rank / view->step;
    double row = (chart->bottom - chart->top) / rows;
    fprintf(out, "<rect class=\"t span s%zu\" x=\"", series_of(&view->line, span->kind) % 8);
    pnas_html_length(out, left);
    fputs("\" y=\"", out);
    pnas_html_length(out, chart->top + row * (at + 0.12));
    fputs("\" width=\"", out);
    pnas_html_length(out, fmax(right - left - 0.4, 0.4));
    fputs("\" height=\"", out);
    pnas_html_length(out, row * 0.76);
    fputs("\"", out);
    write_what(view, span, together, end);
}

static void write_spans(const timeline_view *view, const pnas_chart *chart)
{
    const pnas_timeline *line = &view->line;
    double pixel =
        line->count > SPANS_MAX ? 1.5 * (line->last - line->first) / (chart->right - chart->left) : 0;
    for (size_t i = 0; i < line->count;) {
        const pnas_timeline_span *first = &line->span[i];
        double end = first->end;
        size_t next = i + 1;
        while (next < line->count && line->span[next].rank == first->rank &&
               line->span[next].kind == first->kind && line->span[next].end - first->start < pixel)
            end = fmax(end, line->span[next++].end);
        if (first->rank % view->step == 0)
            write_span(view, chart, first, next - i, end);
        i = next;
    }
}

/* ---- the chart ---- */

/* When the run was stopped and went on later: that time is left out. */
static void write_pauses(const timeline_view *view, const pnas_chart *chart)
{
    for (size_t i = 0; i < view->line.pauses && view->line.pauses <= PAUSES_MAX; i++) {
        double at = time_at(view, view->line.pause[i]);
        pnas_chart_rule(chart, "diagonal", at, chart->y.low, at, chart->y.high);
    }
}

static void write_names(const timeline_view *view, const pnas_chart *chart)
{
    int rows = (view->line.ranks - 1) / view->step + 1, named = 1 + (rows - 1) / 32;
    double row = (chart->bottom - chart->top) / rows;
    for (int i = 0; i < rows; i += named) {
        int rank = i * view->step;
        double middle = chart->top + row * (i + 0.5) + 4.5;
        fprintf(chart->out, "<text class=\"name\" x=\"%g\" y=\"", LEFT - 8 - SHARE);
        pnas_html_length(chart->out, middle);
        fprintf(chart->out, "\">rank %d</text>\n<text class=\"y\" x=\"%g\" y=\"", rank, LEFT - 8);
        pnas_html_length(chart->out, middle);
        fprintf(chart->out, "\">%.0f %%</text>\n",
                100 * pnas_timeline_busy(&view->line, rank) / (view->line.last - view->line.first));
    }
}

static pnas_chart_axis time_axis(const timeline_view *view, char label[32])
{
    snprintf(label, 32, "time (%s)", view->unit);
    pnas_chart_axis time = pnas_chart_axis_of(label);
    time.low = 0;
    time.high = time_at(view, view->line.last);
    return time;
}

static void write_rows(const timeline_view *view)
{
    char label[32];
    pnas_chart chart;
    pnas_chart_axis time = time_axis(view, label), ranks = pnas_chart_axis_of("");
    bool alone = view->line.ranks < 2; /* else the chart below has the label */
    time.label = alone ? label : "";
    int rows = (view->line.ranks - 1) / view->step + 1;
    double height = rows * fmin(ROW, 24 * ROW / rows) + (alone ? 64 : 36);
    ranks.low = 0;
    ranks.high = rows;
    ranks.bare = true;
    pnas_chart_begin(view->report->out,
                     &(pnas_chart_options){.name = "Time line of the ranks",
                                           .x = &time,
                                           .y = &ranks,
                                           .height = height,
                                           .width = 800,
                                           .left = LEFT},
                     &chart);
    write_names(view, &chart);
    write_spans(view, &chart);
    write_pauses(view, &chart);
    pnas_chart_end(&chart);
}

static pnas_status write_busy(const timeline_view *view)
{
    char label[32];
    pnas_chart chart;
    pnas_busy_change *change;
    size_t count;
    pnas_chart_axis time = time_axis(view, label), busy = pnas_chart_axis_of("busy ranks");
    busy.low = 0;
    busy.high = view->line.ranks * 1.05;
    busy.whole = true;
    if (view->line.ranks < 2)
        return PNAS_OK;
    PNAS_TRY(pnas_timeline_changes(&view->line, &change, &count));
    pnas_chart_begin(
        view->report->out,
        &(pnas_chart_options){
            .name = "Busy ranks", .x = &time, .y = &busy, .height = BUSY, .width = 800, .left = LEFT},
        &chart);
    fputs("<path class=\"busy\" d=\"M", chart.out);
    pnas_html_length(chart.out, chart.left);
    putc(' ', chart.out);
    pnas_html_length(chart.out, chart.bottom);
    double last = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        double x = pnas_chart_x(&chart, time_at(view, change[i].time));
        if (count > 4 * SPANS_MAX && x - last < 0.2)
            continue;
        last = x;
        putc('H', chart.out);
        pnas_html_length(chart.out, x);
        putc('V', chart.out);
        pnas_html_length(chart.out, pnas_chart_y(&chart, change[i].busy));
    }
    fputs("V", chart.out);
    pnas_html_length(chart.out, chart.bottom);
    fputs("z\"/>\n", chart.out);
    pnas_chart_end(&chart);
    free(change);
    return PNAS_OK;
}

static void write_legend(const timeline_view *view)
{
    pnas_legend_begin(view->report->out);
    for (size_t kind = 0; kind < PNAS_TIMELINE_KINDS; kind++) {
        char name[32];
        if (!view->line.has[kind])
            continue;
        pnas_timeline_kind_name(kind, name, sizeof name);
        fprintf(view->report->out,
                "<li><svg class=\"key\" viewBox=\"0 0 18 12\" aria-hidden=\"true\"><rect class=\"span s%zu\" "
                "x=\"1\" "
                "y=\"1\" width=\"16\" height=\"10\"/></svg>%s</li>",
                series_of(&view->line, kind) % 8, name);
    }
    pnas_legend_end(view->report->out);
}

static pnas_status write_file(const pnas_report *report, size_t file)
{
    const pnas_ranking *ranking = report->ranking[file];
    timeline_view view = {.report = report, .file = file, .step = 1};
    if (pnas_timeline_collect(ranking->path, pnas_run_file_info(ranking->run), &view.line) != PNAS_OK) {
        fputs("<p class=\"faint\">There is no time line yet.</p>\n", report->out);
        return PNAS_OK;
    }
    view.unit = pnas_timeline_unit(&view.line, &view.scale);
    view.step = 1 + (view.line.ranks - 1) / ROWS_MAX;
    if (report->count > 1) {
        fputs("<h3>", report->out);
        pnas_html_print(report->out, "%c: %s", pnas_report_letter(file), pnas_ranking_name(ranking));
        fputs("</h3>\n", report->out);
    }
    fputs("<figure class=\"wide\">\n", report->out);
    write_legend(&view);
    fputs("<div class=\"scroll\">\n", report->out);
    write_rows(&view);
    pnas_status status = write_busy(&view);
    fputs("</div>\n", report->out);
    if (view.line.pauses > 0)
        fprintf(report->out,
                "<p class=\"faint\">The run was stopped and went on %zu time%s: dashed lines, where the time "
                "between is left out.</p>\n",
                view.line.pauses, view.line.pauses == 1 ? "" : "s");
    fprintf(report->out, "<figcaption>%s</figcaption>\n</figure>\n",
            view.step > 1 ? "Evenly spaced ranks, and how much of the time each was busy."
                          : "Beside each rank stands how much of the time it was busy.");
    pnas_timeline_clear(&view.line);
    return status;
}

static pnas_status write(const pnas_report *report)
{
    for (size_t f = 0; f < report->count; f++)
        if (report->ranking[f]->run)
            PNAS_TRY(write_file(report, f));
    return PNAS_OK;
}

const pnas_report_section pnas_section_timeline = {"timeline", "Time line", has_timeline, write};
