/* Accuracy of each cell by its model index. */
#include "io/plot/plot_parts.h"

#include <stdlib.h>

#define LABEL_MAX 128

static size_t largest(const pnas_plot_context *context)
{
    size_t count = 0;
    for (size_t r = 0; r < context->count; r++)
        count = context->ranking[r]->count > count ? context->ranking[r]->count : count;
    return count;
}

/* The indices that are drawn: those of a level alone do not begin at 1. */
static void index_range(const pnas_plot_context *context, size_t *first, size_t *last)
{
    *first = SIZE_MAX;
    *last = 0;
    for (size_t r = 0; r < context->count; r++)
        for (size_t i = 0; i < context->ranking[r]->count; i++) {
            size_t index = context->ranking[r]->cell[i].place + 1;
            *first = index < *first ? index : *first;
            *last = index > *last ? index : *last;
        }
}

/* Levels follow each other in the files of searches, not in every file. */
static bool levels_ascend(const pnas_ranked_cell *const *cells, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (cells[i]->level < cells[i - 1]->level)
            return false;
    return true;
}

static void write_level_mark(const pnas_plot_context *context, size_t first, size_t end, int level)
{
    if (first > 0)
        fprintf(context->script,
                "set arrow from first %zu.5, graph 0 to first %zu.5, graph 1 nohead back "
                "linecolor '#909090' dashtype 3\n",
                first, first);
    if ((end - first) * 12 > context->ranking[0]->count) /* else its words would touch the next ones */
        fprintf(context->script, "set label 'b = %d' at first %g, graph 1.02 center textcolor '#606060'\n",
                level, (double)(first + end + 1) / 2);
}

static pnas_status write_level_marks(const pnas_plot_context *context)
{
    const pnas_ranked_cell **cells;
    size_t count = context->ranking[0]->count;
    PNAS_TRY(pnas_ranking_by_place(context->ranking[0], &cells));
    if (levels_ascend(cells, count) && cells[0]->level != cells[count - 1]->level) {
        for (size_t i = 1, first = 0; i <= count; i++) {
            if (i < count && cells[i]->level == cells[first]->level)
                continue;
            write_level_mark(context, first, i, cells[first]->level);
            first = i;
        }
        fprintf(context->script, "set title offset 0,0.8\nset tmargin 4\n");
    }
    free(cells);
    return PNAS_OK;
}

static void plot_one_accuracy(const pnas_plot_context *context, int x, double size)
{
    FILE *script = context->script;
    fprintf(script, "unset colorbox\nplot "); /* colours say again what the axis says */
    if (!context->options->sorted)
        fprintf(script,
                "'cells_0.tsv' using %d:%d with steps linecolor '#b0b0b0' linewidth 1.5 title 'best so "
                "far', \\\n    ",
                x, PNAS_CELLS_BEST);
    fprintf(script,
            "'cells_0.tsv' using %d:%d:%d with points pointtype 7 pointsize %g linecolor palette "
            "notitle",
            x, PNAS_CELLS_SCORE, PNAS_CELLS_SCORE, size);
}

/* A character a level says more than a colour there. */
static void plot_text_accuracy(const pnas_plot_context *context, int x)
{
    const pnas_ranking *ranking = context->ranking[0];
    for (int i = 0; i < ranking->levels; i++)
        fprintf(context->script,
                "%s'cells_0.tsv' using %d:($%d == %d ? $%d : NaN) with points pointtype '%d' "
                "title '%d block%s'",
                i ? ", " : "plot ", x, PNAS_CELLS_LEVEL, ranking->level[i].level, PNAS_CELLS_SCORE,
                ranking->level[i].level % 10, ranking->level[i].level,
                ranking->level[i].level > 1 ? "s" : "");
}

static void plot_several(const pnas_plot_context *context, int x, double size)
{
    for (size_t r = 0; r < context->count; r++) {
        char label[LABEL_MAX];
        pnas_plot_label(context, r, label, sizeof label);
        fprintf(context->script, "%s'cells_%zu.tsv' using %d:%d with points ", r ? ", \\\n    " : "plot ", r,
                x, PNAS_CELLS_SCORE);
        if (context->text)
            fprintf(context->script, "pointtype '%c' title ", (char)('A' + r));
        else
            fprintf(context->script, "pointtype %d pointsize %g linecolor '%s' title ", pnas_plot_mark(r),
                    size, pnas_plot_colour(r));
        pnas_gnuplot_quote(context->script, label);
    }
}

static pnas_status draw_accuracy(const pnas_plot_context *context)
{
    FILE *script = context->script;
    int x = context->options->sorted ? PNAS_CELLS_SORTED : PNAS_CELLS_INDEX;
    double size = pnas_plot_mark_size(largest(context));
    char across[16], what[64];
    size_t first = 1, last = largest(context);
    if (!context->options->sorted)
        index_range(context, &first, &last);
    PNAS_TRY(pnas_plot_write_cells(context));
    snprintf(what, sizeof what, "%s of all models%s", pnas_plot_accuracy_name(context),
             context->options->sorted ? ", ascending" : "");
    pnas_plot_title(context, what);
    fprintf(script, "set xlabel '%s'\nset ylabel '%s'\nset xrange [%zu:%zu]\n",
            context->options->sorted ? "place by accuracy" : "model index", pnas_plot_accuracy_name(context),
            first - 1, last + 1);
    pnas_plot_offsets(context, 0, 0.03);
    fprintf(script, "set key below\n");
    if (context->count == 1 && context->options->sorted && !context->text)
        fprintf(script, "unset key\n");
    if (context->count == 1 && !context->options->sorted && !context->text)
        PNAS_TRY(write_level_marks(context));
    if (context->count == 1 && context->text)
        plot_text_accuracy(context, x);
    else if (context->count == 1)
        plot_one_accuracy(context, x, size);
    else
        plot_several(context, x, size);
    snprintf(across, sizeof across, "$%d", x);
    for (size_t r = 0; r < context->count; r++)
        pnas_plot_hover(context, r, across, "$3");
    fprintf(script, "\n");
    return PNAS_OK;
}

const pnas_plot_kind pnas_plot_accuracy = {.name = "accuracy",
                                           .help = "model index against accuracy",
                                           .files = PNAS_PLOT_FILES_MAX,
                                           .draw = draw_accuracy};
