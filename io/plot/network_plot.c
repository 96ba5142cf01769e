#include "io/plot/network_plot.h"

#include "io/plot/plot_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void write_title(FILE *script, const char *title)
{
    fprintf(script, "set title ");
    pnas_gnuplot_quote(script, title);
    fprintf(script, "\n");
}

/* --- learning curves: every accuracy by epoch --- */

static bool is_accuracy(const char *name)
{
    return strstr(name, "accuracy") != NULL;
}

static bool has_curves(const pnas_network_file *file)
{
    for (int m = 0; m < file->history.columns && file->history.epochs > 0; m++)
        if (is_accuracy(file->history.name[m]))
            return true;
    return false;
}

/* A column's name, as in validation_accuracy, in words. */
static void write_words(FILE *script, const char *name)
{
    char words[64];
    snprintf(words, sizeof words, "%s", name);
    for (char *at = words; *at; at++)
        if (*at == '_')
            *at = ' ';
    pnas_gnuplot_quote(script, words);
}

static pnas_status draw_curves(pnas_gnuplot *plot, const pnas_network_file *file)
{
    const pnas_network_history *history = &file->history;
    char title[192];
    FILE *script = pnas_gnuplot_script(plot), *data;
    size_t series = 0;
    PNAS_TRY(pnas_gnuplot_data(plot, "history.tsv", &data));
    for (size_t e = 0; e < history->epochs; e++) {
        fprintf(data, "%zu", e + 1);
        for (int m = 0; m < history->columns; m++)
            fprintf(data, "\t%.9g", (double)history->values[e * (size_t)history->columns + (size_t)m]);
        putc('\n', data);
    }
    snprintf(title, sizeof title, "training on %s", file->dataset_name);
    write_title(script, title);
    fprintf(script, "set ylabel 'accuracy'\nset key bottom right\nset offsets graph 0, graph 0, graph 0.03, "
                    "graph 0.03\n");
    pnas_plot_epochs(script, history->epochs);
    for (int m = 0; m < history->columns; m++) {
        if (!is_accuracy(history->name[m]))
            continue;
        fprintf(script, "%s'history.tsv' using 1:%d with linespoints linewidth 1.4 pointsize 0.4 ",
                series ? ", " : "plot ", m + 2);
        if (!pnas_gnuplot_is_text(plot))
            fprintf(script, "linecolor '%s' ", pnas_plot_colour(series));
        fprintf(script, "title ");
        write_words(script, history->name[m]);
        series++;
    }
    fprintf(script, "\n");
    return PNAS_OK;
}

/* --- confusion matrix: share of each true class --- */

/* With pixels each value is a rectangle of the SVG. Without, the values are one bitmap, which viewers blur. */
enum { CLASSES_WITH_TEXT = 20, CLASSES_WITH_PIXELS = 128 };

static bool has_confusion(const pnas_network_file *file)
{
    return file->test.known;
}

static void write_names(FILE *script, const char *axis, const pnas_network_file *file)
{
    fprintf(script, "set %stics noenhanced (", axis);
    for (int c = 0; c < file->network.classes; c++) {
        fprintf(script, "%s", c ? ", " : "");
        pnas_gnuplot_quote(script, file->class_names[c]);
        fprintf(script, " %d", c);
    }
    fprintf(script, ")%s\n", axis[0] == 'x' ? " rotate by 45 right" : "");
}

/* Columns: predicted class, true class, share of the true class, images. */
static pnas_status write_confusion(pnas_gnuplot *plot, const pnas_network_file *file)
{
    size_t classes = (size_t)file->network.classes;
    FILE *data;
    PNAS_TRY(pnas_gnuplot_data(plot, "confusion.tsv", &data));
    for (size_t c = 0; c < classes; c++) {
        const int64_t *row = file->test.confusion + c * classes;
        int64_t all = 0;
        for (size_t p = 0; p < classes; p++)
            all += row[p];
        for (size_t p = 0; p < classes; p++)
            fprintf(data, "%zu\t%zu\t%.6f\t%" PRId64 "\n", p, c, all ? (double)row[p] / (double)all : 0,
                    row[p]);
    }
    return PNAS_OK;
}

static pnas_status draw_confusion(pnas_gnuplot *plot, const pnas_network_file *file)
{
    FILE *script = pnas_gnuplot_script(plot);
    const pnas_network_test *test = &file->test;
    bool few = file->network.classes <= CLASSES_WITH_TEXT;
    char title[256];
    PNAS_TRY(write_confusion(plot, file));
    snprintf(title, sizeof title, "accuracy %.4f on %" PRId64 " images of %s", test->accuracy, test->images,
             test->dataset);
    write_title(script, title);
    fprintf(script, "set xlabel 'predicted class'\nset ylabel 'true class'\nunset key\nunset grid\n"
                    "set cblabel 'share of the true class'\nset cbrange [0:1]\n"
                    "set palette defined (0 '#ffffff', 1 '#3b528b')\n");
    fprintf(script, "set xrange [-0.5:%d.5]\nset yrange [%d.5:-0.5]\n", file->network.classes - 1,
            file->network.classes - 1);
    if (few) {
        write_names(script, "x", file);
        write_names(script, "y", file);
    }
    fprintf(script, "plot 'confusion.tsv' using 1:2:3 with image%s%s\n",
            file->network.classes <= CLASSES_WITH_PIXELS ? " pixels" : "",
            few ? ", '' using 1:2:($4 > 0 ? sprintf('%d', $4) : ''):($3 > 0.5 ? 0xffffff : 0x303030) "
                  "with labels textcolor rgb variable font ',9'"
                : "");
    return PNAS_OK;
}

/* --- all of them --- */

const pnas_network_plot pnas_network_plots[] = {
    {"curves", "accuracies by epoch of its training", has_curves, "has no history of its training",
     draw_curves},
    {"confusion", "confusion matrix of its test", has_confusion,
     "has not been tested; pnas_net test --write keeps what it finds", draw_confusion},
};
const size_t pnas_network_plot_count = sizeof pnas_network_plots / sizeof *pnas_network_plots;

const pnas_network_plot *pnas_network_plot_find(const char *name)
{
    for (size_t i = 0; i < pnas_network_plot_count; i++)
        if (strcmp(name, pnas_network_plots[i].name) == 0)
            return &pnas_network_plots[i];
    return NULL;
}

pnas_status pnas_network_plot_draw(const pnas_network_plot *kind, const char *path,
                                   const pnas_network_file *file, const pnas_gnuplot_options *options)
{
    pnas_gnuplot *plot = NULL;
    PNAS_CHECK(kind->has(file), PNAS_ERROR_DATA, "%s: %s", path, kind->lacks);
    PNAS_TRY(pnas_gnuplot_begin(options, &plot));
    pnas_status status = kind->draw(plot, file);
    if (status == PNAS_OK)
        status = pnas_gnuplot_finish(plot);
    pnas_gnuplot_destroy(&plot);
    return status;
}
