/* A box plot of each level. */
#include "io/plot/plot_parts.h"

#include <math.h>

#define LABEL_MAX 128
#define DOTS_MOST 300 /* cells of a level that are still worth a dot each beside their box */

/* The levels that are drawn: with --level they do not begin at 1. */
static void level_range(const pnas_plot_context *context, int *first, int *last)
{
    *first = PNAS_BLOCKS_MAX;
    *last = 1;
    for (size_t r = 0; r < context->count; r++)
        for (int i = 0; i < context->ranking[r]->levels; i++) {
            int level = context->ranking[r]->level[i].level;
            *first = level < *first ? level : *first;
            *last = level > *last ? level : *last;
        }
}

static size_t cells_of(const pnas_ranking_level *level)
{
    return level->done + level->guessed;
}

/* Cells of a file are in the order of their rank. */
static double median_of(const pnas_ranking *ranking, int level, size_t count)
{
    double upper = NAN;
    size_t seen = 0;
    for (size_t i = 0; i < ranking->count; i++) {
        if (ranking->cell[i].level != level)
            continue;
        seen++;
        if (seen == (count + 1) / 2)
            upper = ranking->cell[i].score;
        if (seen == count / 2 + 1)
            return (upper + ranking->cell[i].score) / 2;
    }
    return NAN;
}

/* A row of a terminal is too high to tell a median from the box. */
static void write_level_figures(const pnas_plot_context *context, const pnas_ranking_level *level)
{
    fprintf(context->script, "\\n%zu cells", cells_of(level));
    if (context->text)
        fprintf(context->script, "\\nmedian %.4f",
                median_of(context->ranking[0], level->level, cells_of(level)));
}

static void write_level_names(const pnas_plot_context *context, int first, int last)
{
    fprintf(context->script, "set xtics (");
    for (int b = first; b <= last; b++) {
        fprintf(context->script, "%s\"%d block%s", b > first ? ", " : "", b, b > 1 ? "s" : "");
        for (int i = 0; context->count == 1 && i < context->ranking[0]->levels; i++)
            if (context->ranking[0]->level[i].level == b)
                write_level_figures(context, &context->ranking[0]->level[i]);
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
    bool dots = cells_of(level) <= DOTS_MOST;
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

static pnas_status draw_levels(const pnas_plot_context *context)
{
    FILE *script = context->script;
    double width = 0.6 / (double)context->count;
    char what[64];
    int first, last;
    level_range(context, &first, &last);
    PNAS_TRY(pnas_plot_write_cells(context));
    snprintf(what, sizeof what, "%s by level", pnas_plot_accuracy_name(context));
    pnas_plot_title(context, what);
    write_level_names(context, first, last);
    fprintf(script,
            "set ylabel '%s'\nset xrange [%d.4:%d.6]\n"
            "set style boxplot %s medianlinewidth 2\n"
            "set jitter overlap 0.5 spread 0.8\n",
            pnas_plot_accuracy_name(context), first - 1, last, "outliers pointtype 7");
    pnas_plot_offsets(context, 0, 0.03);
    if (!context->text)
        fprintf(script, "set bmargin %g\nset grid noxtics\n", context->count > 1 ? 4.5 : 3.5);
    else if (context->count == 1)
        fprintf(script, "set bmargin 3\n");
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

const pnas_plot_kind pnas_plot_levels = {
    .name = "levels", .help = "box plot of each level", .files = PNAS_PLOT_FILES_MAX, .draw = draw_levels};
