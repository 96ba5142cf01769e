/* Plots with a point a cell: accuracy by model index, predicted against measured. */
#include "io/plot/plot_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX 128

static size_t largest(const pnas_plot_context *context)
{
    size_t count = 0;
    for (size_t r = 0; r < context->count; r++)
        count = context->ranking[r]->count > count ? context->ranking[r]->count : count;
    return count;
}

/* ---- model index against score ---- */

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
    fprintf(script, "plot ");
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

pnas_status pnas_plot_accuracy(const pnas_plot_context *context)
{
    FILE *script = context->script;
    int x = context->options->sorted ? PNAS_CELLS_SORTED : PNAS_CELLS_INDEX;
    double size = pnas_plot_mark_size(largest(context));
    char across[16];
    PNAS_TRY(pnas_plot_write_cells(context));
    pnas_plot_title(context, context->options->sorted ? "accuracy of all models, ascending"
                                                      : "accuracy of all models");
    fprintf(script, "set xlabel '%s'\nset ylabel 'accuracy'\nset xrange [0:%zu]\n",
            context->options->sorted ? "place by accuracy" : "model index", largest(context) + 1);
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

/* ---- predicted against measured ---- */

static bool has_prediction(const pnas_ranked_cell *cell)
{
    return !isnan(cell->predicted);
}

static size_t count_predicted(const pnas_ranking *ranking, int level)
{
    size_t count = 0;
    for (size_t i = 0; i < ranking->count; i++)
        count += ranking->cell[i].level == level && has_prediction(&ranking->cell[i]);
    return count;
}

typedef struct {
    size_t ranking, series, cells;
    const pnas_ranking_level *level;
    size_t all; /* cells of all series */
} predicted_series;

static void predicted_title(const pnas_plot_context *context, const predicted_series *one, char *out,
                            size_t size)
{
    char spearman[32] = "", file[8] = "";
    const pnas_ranking_level *level = one->level;
    if (!isnan(level->spearman))
        snprintf(spearman, sizeof spearman, "  %s %.2f", context->text ? "rho" : "ρ", level->spearman);
    if (context->count > 1)
        snprintf(file, sizeof file, "%c  ", (char)('A' + one->ranking));
    snprintf(out, size, "%s%d block%s%s  (%zu)", file, level->level, level->level > 1 ? "s" : "", spearman,
             one->cells);
}

static void plot_predicted_level(const pnas_plot_context *context, const predicted_series *one)
{
    FILE *script = context->script;
    char title[LABEL_MAX];
    bool several = context->count > 1;
    int level = one->level->level;
    size_t colour = several ? one->series : (size_t)level - 1;
    int mark = pnas_plot_mark(several ? one->ranking : (size_t)level - 1);
    predicted_title(context, one, title, sizeof title);
    fprintf(script, "'cells_%zu.tsv' using ($%d == %d ? $%d : NaN):%d with points ", one->ranking,
            PNAS_CELLS_LEVEL, level, PNAS_CELLS_PREDICTED, PNAS_CELLS_SCORE);
    if (context->text)
        fprintf(script, "pointtype '%c' title ",
                several ? (char)('A' + one->series) : (char)('0' + level % 10));
    else /* many points let each other through */
        fprintf(script,
                "pointtype %d pointsize %g linecolor rgb '#%s%s' notitle, \\\n    NaN with points "
                "pointtype %d pointsize 0.9 linecolor '%s' title ",
                mark, pnas_plot_mark_size(one->all), one->all > 1000 ? "70" : "00",
                pnas_plot_colour(colour) + 1, mark, pnas_plot_colour(colour));
    pnas_gnuplot_quote(script, title);
}

static void plot_predicted_series(const pnas_plot_context *context)
{
    predicted_series one = {0};
    for (size_t r = 0; r < context->count; r++)
        for (size_t i = 0; i < context->ranking[r]->count; i++)
            one.all += has_prediction(&context->ranking[r]->cell[i]);
    for (one.ranking = 0; one.ranking < context->count; one.ranking++) {
        const pnas_ranking *ranking = context->ranking[one.ranking];
        for (int i = 0; i < ranking->levels; i++) {
            one.level = &ranking->level[i];
            one.cells = count_predicted(ranking, one.level->level);
            if (one.cells == 0)
                continue;
            fprintf(context->script, context->text && one.series == 0 ? "" : ", \\\n    ");
            plot_predicted_level(context, &one);
            one.series++;
        }
    }
}

pnas_status pnas_plot_predicted(const pnas_plot_context *context)
{
    FILE *script = context->script;
    PNAS_CHECK(pnas_plot_any(context, has_prediction), PNAS_ERROR_DATA,
               "%s: has no predictions to compare with; the surrogate predicts from level 2 on",
               context->ranking[0]->path);
    PNAS_TRY(pnas_plot_write_cells(context));
    pnas_plot_title(context, "measured against predicted accuracy");
    fprintf(script, "set xlabel 'accuracy predicted'\nset ylabel 'accuracy measured'\nset key below\n");
    pnas_plot_offsets(context, 0.03, 0.03);
    fprintf(script, context->text ? "plot "
                                  : "plot x with lines linecolor '#b0b0b0' dashtype 2 title 'predicted = "
                                    "measured'");
    plot_predicted_series(context);
    for (size_t r = 0; r < context->count; r++)
        pnas_plot_hover(context, r, "$5", "$3");
    fprintf(script, "\n");
    return PNAS_OK;
}
