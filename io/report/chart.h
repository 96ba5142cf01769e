/* A chart as inline SVG: axes with round ticks, points, lines and bars, each with what it is as its <title>.
 * Colours and marks are those of io/plot, as classes of io/report/report.css, so they follow the reader's
 * light or dark screen. Lengths are those of the drawing, which is scaled to the page. Local. */
#ifndef PNAS_IO_CHART_H
#define PNAS_IO_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct {        /* texts are borrowed */
    const char *label;  /* with its unit; HTML */
    double low, high;   /* what is drawn, widened by pnas_chart_include */
    double least, most; /* no tick lies beyond these, such as 0 and 1 of a share; NaN: no limit */
    bool whole;         /* ticks are whole numbers */
    bool large;         /* ticks are written with k, M, G */
    bool logarithmic;
    bool bare; /* no ticks: the chart writes names itself */
} pnas_chart_axis;

typedef struct {
    FILE *out;
    pnas_chart_axis x, y;
    double left, right, top, bottom; /* of the area that is drawn in */
} pnas_chart;

#define PNAS_CHART_WIDTH 560.0

/* An axis without anything yet. */
pnas_chart_axis pnas_chart_axis_of(const char *label);

/* Widens low .. high; NaN is ignored. */
void pnas_chart_include(pnas_chart_axis *axis, double value);

/* Leaves `share` of the range free at both ends; a range without length gets one. */
void pnas_chart_pad(pnas_chart_axis *axis, double share);

typedef struct {      /* texts and axes are borrowed */
    const char *name; /* what it shows, for readers who do not see it; text of others */
    const pnas_chart_axis *x, *y;
    double width, height; /* 0: PNAS_CHART_WIDTH; of all */
    double left, below;   /* room for names at the left and below; 0: for ticks and the label */
} pnas_chart_options;

/* <svg> with grid, ticks and labels. */
void pnas_chart_begin(FILE *out, const pnas_chart_options *options, pnas_chart *chart);
void pnas_chart_end(const pnas_chart *chart);

double pnas_chart_x(const pnas_chart *chart, double value);
double pnas_chart_y(const pnas_chart *chart, double value);

/* A mark in the colour and shape of its series, up to the end of its start tag: the caller adds attributes,
 * '>', a <title> and the end tag, whose name is returned. */
const char *pnas_chart_mark(const pnas_chart *chart, size_t series, double x, double y, double radius);

/* Points of a line, between begin and end; `kind`: further classes. */
void pnas_chart_line_begin(const pnas_chart *chart, const char *kind, size_t series);
void pnas_chart_line_to(const pnas_chart *chart, double x, double y);
void pnas_chart_line_end(const pnas_chart *chart);

/* A straight line between two points of the data. */
void pnas_chart_rule(const pnas_chart *chart, const char *kind, double x1, double y1, double x2, double y2);

/* A legend in HTML: begin, entries with the mark of their series, end. */
void pnas_legend_begin(FILE *out);
void pnas_legend_entry(FILE *out, size_t series); /* then text, then "</li>" */
void pnas_legend_end(FILE *out);

/* A size of marks that leaves `count` of them apart. */
double pnas_chart_radius(size_t count);

/* "27.7 k", "1.35 M". */
void pnas_chart_large(double value, char *out, size_t size);

#endif
