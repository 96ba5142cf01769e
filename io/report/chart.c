#include "io/report/chart.h"

#include "io/report/html.h"

#include <math.h>
#include <string.h>

#define INTERVALS  6 /* between ticks, at most */
#define RIGHT      14.0
#define TOP        12.0
#define BELOW      52.0
#define BELOW_BARE 26.0
#define LEFT       70.0
#define MARKS      8

/* ---- axes ---- */

pnas_chart_axis pnas_chart_axis_of(const char *label)
{
    return (pnas_chart_axis){.label = label, .low = INFINITY, .high = -INFINITY, .least = NAN, .most = NAN};
}

void pnas_chart_include(pnas_chart_axis *axis, double value)
{
    if (!isfinite(value))
        return;
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

void pnas_chart_pad(pnas_chart_axis *axis, double share)
{
    if (!(axis->low <= axis->high)) {
        axis->low = 0;
        axis->high = 1;
    }
    if (axis->logarithmic) {
        double factor = pow(axis->high / axis->low, share);
        axis->low /= factor;
        axis->high *= factor;
        return;
    }
    double length = axis->high - axis->low;
    double room = length > 0 ? share * length : fmax(fabs(axis->high) * 0.05, axis->whole ? 0.5 : 1e-3);
    axis->low -= room;
    axis->high += room;
}

static double place(const pnas_chart_axis *axis, double value)
{
    if (axis->logarithmic)
        return log(value / axis->low) / log(axis->high / axis->low);
    return (value - axis->low) / (axis->high - axis->low);
}

double pnas_chart_x(const pnas_chart *chart, double value)
{
    return chart->left + place(&chart->x, value) * (chart->right - chart->left);
}

double pnas_chart_y(const pnas_chart *chart, double value)
{
    return chart->bottom - place(&chart->y, value) * (chart->bottom - chart->top);
}

void pnas_chart_large(double value, char *out, size_t size)
{
    static const char *const units[] = {"", " k", " M", " G", " T"};
    size_t unit = 0;
    while (fabs(value) >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1000;
        unit++;
    }
    snprintf(out, size, "%.3g%s", value, units[unit]);
}

static void write_tick(const pnas_chart *chart, const pnas_chart_axis *axis, double value, double step)
{
    char text[40];
    bool across = axis == &chart->x;
    int digits = step > 0 && step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
    if (axis->large)
        pnas_chart_large(value, text, sizeof text);
    else
        snprintf(text, sizeof text, "%.*f", digits, value);
    double at = across ? pnas_chart_x(chart, value) : pnas_chart_y(chart, value);
    fputs("<path class=\"grid\" d=\"M", chart->out);
    pnas_html_length(chart->out, across ? at : chart->left);
    putc(' ', chart->out);
    pnas_html_length(chart->out, across ? chart->top : at);
    fputs(across ? "V" : "H", chart->out);
    pnas_html_length(chart->out, across ? chart->bottom : chart->right);
    fputs(across ? "\"/><text class=\"x\" x=\"" : "\"/><text class=\"y\" x=\"", chart->out);
    pnas_html_length(chart->out, across ? at : chart->left - 8);
    fputs("\" y=\"", chart->out);
    pnas_html_length(chart->out, across ? chart->bottom + 19 : at + 4.5);
    fprintf(chart->out, "\">%s</text>\n", text);
}

static bool within(const pnas_chart_axis *axis, double value)
{
    double slack = 1e-9 * (axis->high - axis->low);
    return value >= axis->low - slack && value <= axis->high + slack && !(value < axis->least - slack) &&
           !(value > axis->most + slack);
}

/* 1, 2 or 5 times a power of ten. */
static double round_step(double length, bool whole)
{
    static const double steps[] = {1, 2, 5, 10};
    double power = pow(10, floor(log10(length / INTERVALS)));
    double step = power;
    for (size_t i = 0; i < 4 && length / step > INTERVALS; i++)
        step = steps[i] * power;
    return whole ? fmax(step, 1) : step;
}

static void write_ticks(const pnas_chart *chart, const pnas_chart_axis *axis)
{
    if (axis->bare)
        return;
    if (axis->logarithmic) {
        static const double parts[] = {1, 2, 5};
        for (int power = (int)floor(log10(axis->low)); power <= (int)ceil(log10(axis->high)); power++)
            for (size_t i = 0; i < 3; i++)
                if (within(axis, parts[i] * pow(10, power)))
                    write_tick(chart, axis, parts[i] * pow(10, power), 0);
        return;
    }
    double step = round_step(axis->high - axis->low, axis->whole);
    for (double tick = ceil(axis->low / step); tick * step <= axis->high * (1 + 1e-12) + 1e-12; tick++)
        if (within(axis, tick * step))
            write_tick(chart, axis, tick == 0 ? 0 : tick * step, step); /* never -0 */
}

/* ---- the whole ---- */

void pnas_chart_begin(FILE *out, const pnas_chart_options *options, pnas_chart *chart)
{
    const pnas_chart_axis *x = options->x, *y = options->y;
    double width = options->width > 0 ? options->width : PNAS_CHART_WIDTH, height = options->height;
    double below = options->below > 0 ? options->below : *x->label ? BELOW : BELOW_BARE;
    *chart = (pnas_chart){.out = out,
                          .x = *x,
                          .y = *y,
                          .left = options->left > 0 ? options->left : LEFT,
                          .right = width - RIGHT,
                          .top = TOP,
                          .bottom = height - below};
    fprintf(out, "<svg class=\"chart\" viewBox=\"0 0 %g %g\" tabindex=\"0\" role=\"group\" aria-label=\"",
            width, height);
    pnas_html_text(out, options->name);
    fputs("\">\n", out);
    write_ticks(chart, &chart->x);
    write_ticks(chart, &chart->y);
    fprintf(out, "<path class=\"axis\" d=\"M%g %gV%gH%g\"/>\n", chart->left, chart->top, chart->bottom,
            chart->right);
    if (*x->label)
        fprintf(out, "<text class=\"label\" x=\"%g\" y=\"%g\">%s</text>\n", (chart->left + chart->right) / 2,
                height - 10, x->label);
    if (*y->label)
        fprintf(out, "<text class=\"label\" transform=\"translate(16 %g) rotate(-90)\">%s</text>\n",
                (chart->top + chart->bottom) / 2, y->label);
}

void pnas_chart_end(const pnas_chart *chart)
{
    fputs("</svg>\n", chart->out);
}

/* ---- what is drawn ---- */

typedef struct {
    char command; /* of an SVG path, relative: m or l; 0 at the end */
    double x, y;
} mark_step;

/* Around a centre, for a radius of 1, drawn from step to step and back to the first; no step: a circle. Those
 * that are open are drawn by their outline. */
static const struct {
    bool open;
    mark_step step[5];
} marks[MARKS] = {{false, {{0}}},
                  {false, {{'m', 0, -1.3}, {'l', 1.2, 2.1}, {'l', -2.4, 0}}},
                  {false, {{'m', -0.9, -0.9}, {'l', 1.8, 0}, {'l', 0, 1.8}, {'l', -1.8, 0}}},
                  {false, {{'m', 0, -1.3}, {'l', 1.3, 1.3}, {'l', -1.3, 1.3}, {'l', -1.3, -1.3}}},
                  {false, {{'m', 0, 1.3}, {'l', 1.2, -2.1}, {'l', -2.4, 0}}},
                  {true, {{'m', -0.9, -0.9}, {'l', 1.8, 1.8}, {'m', 0, -1.8}, {'l', -1.8, 1.8}}},
                  {true, {{0}}},
                  {true, {{'m', -1.2, 0}, {'l', 2.4, 0}, {'m', -1.2, -1.2}, {'l', 0, 2.4}}}};

static size_t mark_of(size_t series)
{
    return (series + series / MARKS) % MARKS;
}

static const char *write_mark(FILE *out, size_t series, double x, double y, double radius)
{
    size_t mark = mark_of(series);
    const char *open = marks[mark].open ? " o" : "";
    if (!marks[mark].step[0].command) {
        fprintf(out, "<circle class=\"p%s s%zu\" cx=\"", open, series % MARKS);
        pnas_html_length(out, x);
        fputs("\" cy=\"", out);
        pnas_html_length(out, y);
        fputs("\" r=\"", out);
        pnas_html_length(out, radius);
        fputs("\"", out);
        return "circle";
    }
    fprintf(out, "<path class=\"p%s s%zu\" d=\"M", open, series % MARKS);
    pnas_html_length(out, x);
    putc(' ', out);
    pnas_html_length(out, y);
    for (const mark_step *step = marks[mark].step; step < marks[mark].step + 5 && step->command; step++) {
        putc(step->command, out);
        pnas_html_length(out, radius * step->x);
        putc(' ', out);
        pnas_html_length(out, radius * step->y);
    }
    fputs(marks[mark].open ? "\"" : "z\"", out);
    return "path";
}

const char *pnas_chart_mark(const pnas_chart *chart, size_t series, double x, double y, double radius)
{
    return write_mark(chart->out, series, pnas_chart_x(chart, x), pnas_chart_y(chart, y), radius);
}

void pnas_chart_line_begin(const pnas_chart *chart, const char *kind, size_t series)
{
    fprintf(chart->out, "<polyline class=\"l s%zu%s%s\" points=\"", series % MARKS, *kind ? " " : "", kind);
}

void pnas_chart_line_to(const pnas_chart *chart, double x, double y)
{
    pnas_html_length(chart->out, pnas_chart_x(chart, x));
    putc(',', chart->out);
    pnas_html_length(chart->out, pnas_chart_y(chart, y));
    putc(' ', chart->out);
}

void pnas_chart_line_end(const pnas_chart *chart)
{
    fputs("\"/>\n", chart->out);
}

void pnas_chart_rule(const pnas_chart *chart, const char *kind, double x1, double y1, double x2, double y2)
{
    fprintf(chart->out, "<path class=\"%s\" d=\"M", kind);
    pnas_html_length(chart->out, pnas_chart_x(chart, x1));
    putc(' ', chart->out);
    pnas_html_length(chart->out, pnas_chart_y(chart, y1));
    putc('L', chart->out);
    pnas_html_length(chart->out, pnas_chart_x(chart, x2));
    putc(' ', chart->out);
    pnas_html_length(chart->out, pnas_chart_y(chart, y2));
    fputs("\"/>\n", chart->out);
}

double pnas_chart_radius(size_t count)
{
    return count <= 100 ? 4 : count <= 400 ? 3.2 : count <= 1000 ? 2.6 : 2;
}

/* ---- legend ---- */

void pnas_legend_begin(FILE *out)
{
    fputs("<ul class=\"legend\">", out);
}

void pnas_legend_entry(FILE *out, size_t series)
{
    fputs("<li><svg class=\"key\" viewBox=\"0 0 18 12\" aria-hidden=\"true\">", out);
    write_mark(out, series, 9, 6, 4);
    fputs("/></svg>", out);
}

void pnas_legend_end(FILE *out)
{
    fputs("</ul>\n", out);
}
