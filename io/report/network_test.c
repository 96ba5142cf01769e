/* The test of a network that its file keeps: figures by class, and which classes it takes for which. */
#include "io/report/network_parts.h"

#include "io/net/class_figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAMED     20   /* with more classes, axes have numbers and squares no counts */
#define SQUARES   4000 /* of the matrix: of more, the largest */
#define SHOWN_MAX 18   /* characters of a class on an axis */
#define CONFUSED  12   /* rows of the table */

typedef struct {
    int64_t images;
    int is, taken_for;
} confusion_entry;

static bool has_test(const pnas_network_report *report)
{
    return report->file->test.known;
}

static int larger_first(const void *a, const void *b)
{
    const confusion_entry *left = a, *right = b;
    if (left->images != right->images)
        return left->images > right->images ? -1 : 1;
    if (left->is != right->is)
        return left->is < right->is ? -1 : 1;
    return left->taken_for - right->taken_for;
}

/* The entries of the matrix that are not 0, the largest first; *out is the caller's. */
static pnas_status collect(const pnas_network_report *report, confusion_entry **out, size_t *count)
{
    size_t classes = (size_t)report->file->network.classes;
    *count = 0;
    *out = malloc((classes * classes + 1) * sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "out of memory for a matrix of %zu classes", classes);
    for (size_t c = 0; c < classes; c++)
        for (size_t p = 0; p < classes; p++)
            if (report->file->test.confusion[c * classes + p] > 0)
                (*out)[(*count)++] =
                    (confusion_entry){report->file->test.confusion[c * classes + p], (int)c, (int)p};
    qsort(*out, *count, sizeof **out, larger_first);
    return PNAS_OK;
}

/* ---- the matrix ---- */

static void write_square(const pnas_network_report *report, const pnas_chart *chart,
                         const confusion_entry *entry)
{
    FILE *out = report->out;
    const pnas_network_file *file = report->file;
    int64_t all = pnas_class_figures_of(&file->test, file->network.classes, entry->is).images;
    double share = (double)entry->images / (double)all;
    double left = pnas_chart_x(chart, entry->taken_for), top = pnas_chart_y(chart, entry->is);
    double side = pnas_chart_x(chart, 1) - pnas_chart_x(chart, 0), gap = side > 8 ? 1 : 0;
    fputs("<rect class=\"t heat\" x=\"", out);
    pnas_html_length(out, left + gap / 2);
    fputs("\" y=\"", out);
    pnas_html_length(out, top + gap / 2);
    fputs("\" width=\"", out);
    pnas_html_length(out, side - gap);
    fputs("\" height=\"", out);
    pnas_html_length(out, side - gap);
    fprintf(out, "\" fill-opacity=\"%.3g\"><title>", fmax(share, 0.03));
    pnas_html_print(out, "%s, taken for %s: %" PRId64 " of %" PRId64 " images (%.1f %%)",
                    file->class_names[entry->is], file->class_names[entry->taken_for], entry->images, all,
                    100 * share);
    fputs("</title></rect>", out);
    if (file->network.classes <= NAMED)
        fprintf(out, "<text class=\"count%s\" x=\"%.1f\" y=\"%.1f\">%" PRId64 "</text>",
                share > 0.5 ? " on" : "", left + side / 2, top + side / 2 + 4, entry->images);
    putc('\n', out);
}

/* As much of a class's name as there is room for. */
static void write_name(FILE *out, const char *name, double x, double y, const char *turn)
{
    fprintf(out, "<text class=\"name\" transform=\"translate(%.1f %.1f)%s\">", x, y, turn);
    pnas_html_print(out, "%.*s%s", SHOWN_MAX, name, strlen(name) > SHOWN_MAX ? "..." : "");
    fputs("</text>\n", out);
}

static void write_names(const pnas_network_report *report, const pnas_chart *chart)
{
    double side = pnas_chart_x(chart, 1) - pnas_chart_x(chart, 0);
    for (int c = 0; c < report->file->network.classes; c++) {
        const char *name = report->file->class_names[c];
        write_name(report->out, name, chart->left - 8, pnas_chart_y(chart, c) + side / 2 + 4, "");
        write_name(report->out, name, pnas_chart_x(chart, c) + side / 2 + 4, chart->bottom + 12,
                   " rotate(-45)");
    }
}

/* Characters of the longest name. */
static double longest_name(const pnas_network_report *report)
{
    size_t longest = 1;
    for (int c = 0; c < report->file->network.classes; c++) {
        size_t length = strlen(report->file->class_names[c]);
        longest = length > longest ? length : longest;
    }
    return (double)(longest > SHOWN_MAX ? SHOWN_MAX + 2 : longest);
}

static void write_matrix(const pnas_network_report *report, const confusion_entry *entries, size_t count)
{
    int classes = report->file->network.classes;
    bool named = classes <= NAMED;
    pnas_chart chart;
    pnas_chart_axis taken_for = pnas_chart_axis_of(named ? "" : "predicted class");
    pnas_chart_axis is = pnas_chart_axis_of(named ? "" : "true class");
    taken_for.low = is.high = 0;
    taken_for.high = is.low = classes; /* the first class stands at the top */
    taken_for.bare = is.bare = true;
    double left = named ? 20 + 7.5 * longest_name(report) : 40,
           below = named ? 22 + 5.5 * longest_name(report) : 52;
    double room = PNAS_CHART_WIDTH - left - 14;
    fputs("<figure>\n", report->out);
    pnas_chart_begin(report->out,
                     &(pnas_chart_options){.name = "Confusion matrix",
                                           .x = &taken_for,
                                           .y = &is,
                                           .height = room + 12 + below,
                                           .below = below,
                                           .left = left},
                     &chart);
    for (size_t i = 0; i < count && i < SQUARES; i++)
        write_square(report, &chart, &entries[i]);
    if (named)
        write_names(report, &chart);
    pnas_chart_end(&chart);
    fputs("<figcaption>A row a true class, a column a predicted one, in the order of the classes; the "
          "stronger the colour, the larger the share of the true class.",
          report->out);
    if (count > SQUARES)
        fprintf(report->out, " Of %zu entries that are not 0 the %d largest are shown.", count, SQUARES);
    fputs("</figcaption>\n</figure>\n", report->out);
}

/* ---- tables ---- */

static double share_of(int64_t part, int64_t all)
{
    return all ? (double)part / (double)all : NAN;
}

static void write_classes(const pnas_network_report *report)
{
    const pnas_network_file *file = report->file;
    FILE *out = report->out;
    pnas_table_begin(out, "Classes", "class|images#|right#|precision#|recall#");
    for (int c = 0; c < file->network.classes; c++) {
        pnas_class_figures figures = pnas_class_figures_of(&file->test, file->network.classes, c);
        fputs("<tr>", out);
        pnas_html_cell(out, file->class_names[c]);
        pnas_html_whole(out, figures.images);
        pnas_html_whole(out, figures.right);
        pnas_html_real(out, 4, share_of(figures.right, figures.predicted));
        pnas_html_real(out, 4, share_of(figures.right, figures.images));
        fputs("</tr>\n", out);
    }
    pnas_table_end(out);
}

static void write_confused(const pnas_network_report *report, const confusion_entry *entries, size_t count)
{
    FILE *out = report->out;
    size_t rows = 0;
    pnas_table_begin(out, "Most often confused", "class|taken for|images#");
    for (size_t i = 0; i < count && rows < CONFUSED; i++) {
        if (entries[i].is == entries[i].taken_for)
            continue;
        fputs("<tr>", out);
        pnas_html_cell(out, report->file->class_names[entries[i].is]);
        pnas_html_cell(out, report->file->class_names[entries[i].taken_for]);
        pnas_html_whole(out, entries[i].images);
        fputs("</tr>\n", out);
        rows++;
    }
    pnas_table_end(out);
}

static pnas_status write(const pnas_network_report *report)
{
    const pnas_network_test *test = &report->file->test;
    confusion_entry *entries;
    size_t count;
    PNAS_TRY(collect(report, &entries, &count));
    fputs("<p>", report->out);
    pnas_html_print(report->out,
                    "Of the %" PRId64
                    " images of the test part of %s, %.2f %% are classified correctly. For %.4g %% of "
                    "them the class is among the first five answers. The mean loss is %.4f.",
                    test->images, test->dataset, 100 * test->accuracy, 100 * test->top5, test->loss);
    fputs("</p>\n<div class=\"two\">\n<div>\n", report->out);
    write_matrix(report, entries, count);
    fputs("</div>\n<div>\n", report->out);
    write_classes(report);
    fputs("<br>\n", report->out);
    write_confused(report, entries, count);
    fputs("</div>\n</div>\n", report->out);
    free(entries);
    return PNAS_OK;
}

const pnas_network_section pnas_network_section_test = {"test", "Test", has_test, write};
