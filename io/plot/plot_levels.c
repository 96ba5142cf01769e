/* Plots of distributions and courses: box plot of each level, learning curves of the best. */
#include "io/plot/plot_parts.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_MAX    128
#define DOTS_MOST    300 /* cells of a level that are still worth a dot each beside their box */
#define CURVES_MOST  24
#define BEST_PICTURE 8
#define BEST_TEXT    4

/* ---- levels ---- */

static int longest(const pnas_plot_context *context)
{
    int level = 0;
    for (size_t r = 0; r < context->count; r++) {
        const pnas_ranking *ranking = context->ranking[r];
        int last = ranking->levels ? ranking->level[ranking->levels - 1].level : 0;
        level = last > level ? last : level;
    }
    return level;
}

static void write_level_names(const pnas_plot_context *context)
{
    int last = longest(context);
    fprintf(context->script, "set xtics (");
    for (int b = 1; b <= last; b++) {
        fprintf(context->script, "%s\"%d block%s", b > 1 ? ", " : "", b, b > 1 ? "s" : "");
        for (int i = 0; context->count == 1 && i < context->ranking[0]->levels; i++)
            if (context->ranking[0]->level[i].level == b)
                fprintf(context->script, "\\n%zu cells", context->ranking[0]->level[i].done);
        fprintf(context->script, "\" %d", b);
    }
    fprintf(context->script, ")\n");
}

typedef struct {
    double x, width;
    const char *colour;
    bool titled;
} level_box;

static void plot_box(const pnas_plot_context *context, size_t r, const pnas_ranking_level *level,
                     const level_box *box)
{
    FILE *script = context->script;
    bool dots = level->done <= DOTS_MOST;
    fprintf(script, "'cells_%zu.tsv' using (%g):($%d == %d ? $%d : NaN):(%g) with boxplot ", r, box->x,
            PNAS_CELLS_LEVEL, level->level, PNAS_CELLS_SCORE, box->width);
    if (context->text)
        fprintf(script, "notitle");
    else
        fprintf(script,
                "linecolor '%s' linewidth 1.2 pointtype 7 pointsize 0.3 fillstyle solid 0.2 border notitle",
                box->colour);
    if (!context->text && dots)
        fprintf(script,
                ", \\\n    'cells_%zu.tsv' using (%g):($%d == %d ? $%d : NaN) with points pointtype 7 "
                "pointsize 0.35 linecolor '%s' notitle",
                r, box->x, PNAS_CELLS_LEVEL, level->level, PNAS_CELLS_SCORE, box->colour);
    if (box->titled && context->count > 1) {
        char label[LABEL_MAX];
        pnas_plot_label(context, r, label, sizeof label);
        fprintf(script, ", \\\n    NaN with points pointtype 5 linecolor '%s' title ", box->colour);
        pnas_gnuplot_quote(script, label);
    }
}

pnas_status pnas_plot_levels(const pnas_plot_context *context)
{
    FILE *script = context->script;
    double width = 0.6 / (double)context->count;
    PNAS_TRY(pnas_plot_write_cells(context));
    pnas_plot_title(context, "accuracy by level");
    write_level_names(context);
    fprintf(script,
            "set ylabel 'accuracy'\nset xrange [0.4:%d.6]\n"
            "set style boxplot %s medianlinewidth 2\n"
            "set jitter overlap 0.5 spread 0.8\n",
            longest(context), "outliers pointtype 7");
    pnas_plot_offsets(context, 0, 0.03);
    if (!context->text)
        fprintf(script, "set bmargin %g\nset grid noxtics\n", context->count > 1 ? 4.5 : 3.5);
    fprintf(script, "set key below\nplot ");
    for (size_t r = 0; r < context->count; r++) {
        const pnas_ranking *ranking = context->ranking[r];
        for (int i = 0; i < ranking->levels; i++) {
            level_box box = {.x = ranking->level[i].level +
                                  width * 1.15 * ((double)r - 0.5 * (double)(context->count - 1)),
                             .width = width,
                             .colour = pnas_plot_colour(r),
                             .titled = i == 0};
            fprintf(script, r + (size_t)i ? ", \\\n    " : "");
            plot_box(context, r, &ranking->level[i], &box);
        }
    }
    fprintf(script, "\n");
    return PNAS_OK;
}

/* ---- learning curves ---- */

static bool has_history(const pnas_ranked_cell *cell)
{
    return cell->history != NULL && cell->epochs > 0;
}

static int longest_curve(const pnas_plot_context *context)
{
    int epochs = 1;
    for (size_t r = 0; r < context->count; r++)
        for (size_t i = 0; i < context->ranking[r]->count; i++)
            if (context->ranking[r]->cell[i].epochs > epochs)
                epochs = context->ranking[r]->cell[i].epochs;
    return epochs;
}

static void write_curve(FILE *data, const pnas_ranked_cell *cell)
{
    for (int e = 0; e < cell->epochs; e++) {
        const float *row = cell->history + (size_t)e * PNAS_METRICS;
        fprintf(data, "%d", e + 1);
        for (int m = 0; m < PNAS_METRICS; m++)
            fprintf(data, "\t%.9g", (double)row[m]);
        putc('\n', data);
    }
    fprintf(data, "\n\n");
}

/* "0.9689  rank 1  -2:sep5+...", as much of the cell as fits in `width` characters. */
static void curve_label(const pnas_plot_context *context, size_t r, const pnas_ranked_cell *cell,
                        size_t width, char *out, size_t size)
{
    const pnas_ranking *ranking = context->ranking[r];
    char text[PNAS_CELL_TEXT_MAX];
    pnas_cell_format(&cell->cell, &ranking->operators, text);
    if (strlen(text) > width)
        strcpy(text + width - 3, "...");
    if (context->count > 1)
        snprintf(out, size, "%c %.4f  rank %zu", (char)('A' + r), cell->score,
                 (size_t)(cell - ranking->cell) + 1);
    else
        snprintf(out, size, "%.4f  %s", cell->score, text);
}

static pnas_status plot_curve(const pnas_plot_context *context, FILE *data, size_t r,
                              const pnas_ranked_cell *cell, size_t series)
{
    char label[PNAS_CELL_TEXT_MAX + 64];
    size_t width = context->text ? 60 : 100;
    write_curve(data, cell);
    curve_label(context, r, cell, width, label, sizeof label);
    fprintf(context->script, "%s'curves.tsv' index %zu using 1:%d with %s pointinterval %d ",
            series ? ", \\\n    " : "plot ", series, 2 + PNAS_METRIC_VALIDATION_ACCURACY,
            context->text ? "points" : "linespoints", cell->epochs > 30 ? cell->epochs / 10 : 1);
    if (context->text)
        fprintf(context->script, "pointtype '%c' title ", (char)('A' + series));
    else
        fprintf(context->script, "linewidth 1.4 pointtype %d pointsize 0.6 linecolor '%s' title ",
                pnas_plot_mark(series / PNAS_PLOT_COLOURS), pnas_plot_colour(series));
    pnas_gnuplot_quote(context->script, label);
    return PNAS_OK;
}

pnas_status pnas_plot_curves(const pnas_plot_context *context)
{
    FILE *script = context->script, *data;
    size_t series = 0, best = context->options->best;
    if (best == 0)
        best = context->text ? BEST_TEXT : BEST_PICTURE;
    PNAS_CHECK(pnas_plot_any(context, has_history), PNAS_ERROR_DATA,
               "%s: has no learning curves; runs keep them", context->ranking[0]->path);
    PNAS_TRY(pnas_gnuplot_data(context->plot, "curves.tsv", &data));
    fprintf(data,
            "# epoch\ttrain_loss\ttrain_accuracy\tvalidation_loss\tvalidation_accuracy\tlearning_rate\n");
    pnas_plot_title(context, "learning curves of the best");
    fprintf(script,
            "set xlabel 'epoch'\nset ylabel 'validation accuracy'\nset key %s\n"
            "set xrange [0.7:%d.3]\n",
            context->count == 1 ? "below maxcols 1 left" : "outside right top", longest_curve(context));
    pnas_plot_offsets(context, 0.02, 0.03);
    for (size_t r = 0; r < context->count; r++) {
        const pnas_ranking *ranking = context->ranking[r];
        size_t drawn = 0;
        for (size_t i = 0; i < ranking->count && drawn < best && series < CURVES_MOST; i++) {
            if (!has_history(&ranking->cell[i]))
                continue;
            PNAS_TRY(plot_curve(context, data, r, &ranking->cell[i], series++));
            drawn++;
        }
    }
    fprintf(script, "\n");
    return PNAS_OK;
}
