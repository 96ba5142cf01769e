/* The training of a network: what its history has, by epoch. */
#include "io/report/network_parts.h"

#include <math.h>
#include <string.h>

#define HEIGHT     340
#define POINTS_MAX 60 /* of a line, as marks; the line has all */

/* Columns of a chart are those whose name holds a word. */
typedef struct {
    const char *word, *title, *label;
    bool share; /* from 0 to 1 */
} history_chart;

static const history_chart charts[] = {{"accuracy", "Accuracy", "accuracy", true},
                                       {"loss", "Loss", "loss", false},
                                       {"rate", "Learning rate", "learning rate", false}};
#define CHARTS (sizeof charts / sizeof *charts)

static bool has_columns(const pnas_network_history *history, const history_chart *chart)
{
    for (int c = 0; c < history->columns && history->epochs > 0; c++)
        if (strstr(history->name[c], chart->word))
            return true;
    return false;
}

static bool has_history(const pnas_network_report *report)
{
    for (size_t i = 0; i < CHARTS; i++)
        if (has_columns(&report->file->history, &charts[i]))
            return true;
    return false;
}

static double value_at(const pnas_network_history *history, size_t epoch, int column)
{
    return (double)history->values[epoch * (size_t)history->columns + (size_t)column];
}

/* validation_accuracy in words. */
static void name_column(const pnas_network_history *history, int column, char out[PNAS_HISTORY_NAME_MAX])
{
    snprintf(out, PNAS_HISTORY_NAME_MAX, "%s", history->name[column]);
    for (char *at = out; *at; at++)
        if (*at == '_')
            *at = ' ';
}

static void write_line(const pnas_network_report *report, const pnas_chart *chart, int column, size_t series)
{
    const pnas_network_history *history = &report->file->history;
    char name[PNAS_HISTORY_NAME_MAX];
    size_t step = 1 + (history->epochs - 1) / POINTS_MAX;
    name_column(history, column, name);
    pnas_chart_line_begin(chart, "", series);
    for (size_t e = 0; e < history->epochs; e++)
        if (isfinite(value_at(history, e, column)))
            pnas_chart_line_to(chart, (double)e + 1, value_at(history, e, column));
    pnas_chart_line_end(chart);
    for (size_t e = history->epochs - 1;; e -= step) {
        double value = value_at(history, e, column);
        if (isfinite(value)) {
            const char *tag = pnas_chart_mark(chart, series, (double)e + 1, value, 2.4);
            fputs("><title>", report->out);
            pnas_html_print(report->out, "epoch %zu: %s %.4g", e + 1, name, value);
            fprintf(report->out, "</title></%s>\n", tag);
        }
        if (e < step)
            break;
    }
}

static void write_chart(const pnas_network_report *report, const history_chart *kind)
{
    const pnas_network_history *history = &report->file->history;
    pnas_chart chart;
    pnas_chart_axis epoch = pnas_chart_axis_of("epoch"), value = pnas_chart_axis_of(kind->label);
    size_t series = 0;
    pnas_chart_include(&epoch, 1);
    pnas_chart_include(&epoch, (double)history->epochs);
    for (int c = 0; c < history->columns; c++)
        for (size_t e = 0; e < history->epochs && strstr(history->name[c], kind->word); e++)
            pnas_chart_include(&value, value_at(history, e, c));
    epoch.whole = true;
    epoch.least = 1;
    value.least = 0;
    value.most = kind->share ? 1 : NAN;
    pnas_chart_pad(&epoch, 0.03);
    pnas_chart_pad(&value, 0.05);
    fprintf(report->out, "<figure><h3>%s</h3>\n", kind->title);
    pnas_legend_begin(report->out);
    for (int c = 0; c < history->columns; c++)
        if (strstr(history->name[c], kind->word)) {
            char name[PNAS_HISTORY_NAME_MAX];
            name_column(history, c, name);
            pnas_legend_entry(report->out, series++);
            pnas_html_text(report->out, name);
            fputs("</li>", report->out);
        }
    pnas_legend_end(report->out);
    pnas_chart_begin(report->out,
                     &(pnas_chart_options){.name = kind->title, .x = &epoch, .y = &value, .height = HEIGHT},
                     &chart);
    series = 0;
    for (int c = 0; c < history->columns; c++)
        if (strstr(history->name[c], kind->word))
            write_line(report, &chart, c, series++);
    pnas_chart_end(&chart);
    fputs("</figure>\n", report->out);
}

static pnas_status write(const pnas_network_report *report)
{
    fputs("<div class=\"two\">\n", report->out);
    for (size_t i = 0; i < CHARTS; i++)
        if (has_columns(&report->file->history, &charts[i]))
            write_chart(report, &charts[i]);
    fputs("</div>\n", report->out);
    return PNAS_OK;
}

const pnas_network_section pnas_network_section_training = {"training", "Training", has_history, write};
