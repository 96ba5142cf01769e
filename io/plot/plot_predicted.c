/* Measured against predicted accuracy. */
#include "io/plot/plot_parts.h"

#include <math.h>

#define LABEL_MAX 128

static bool has_prediction(const pnas_ranked_cell *cell)
{
    return !isnan(cell->predicted) && !cell->guessed;
}

static bool has_predictions(const pnas_plot_context *context, const pnas_ranking *ranking)
{
    return pnas_plot_any(ranking, has_prediction);
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

/* One range for both axes, so that the diagonal is one. A terminal has too few rows for that. */
static void set_range(const pnas_plot_context *context)
{
    double least = INFINITY, most = -INFINITY;
    for (size_t r = 0; r < context->count; r++)
        for (size_t i = 0; i < context->ranking[r]->count; i++) {
            const pnas_ranked_cell *cell = &context->ranking[r]->cell[i];
            if (!has_prediction(cell))
                continue;
            least = fmin(least, fmin(cell->predicted, cell->score));
            most = fmax(most, fmax(cell->predicted, cell->score));
        }
    double room = fmax(0.03 * (most - least), 1e-4);
    if (context->text)
        pnas_plot_offsets(context, 0.03, 0.03);
    else
        fprintf(context->script, "set size square\nset xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n",
                least - room, most + room, least - room, most + room);
}

static pnas_status draw_predicted(const pnas_plot_context *context)
{
    FILE *script = context->script;
    PNAS_TRY(pnas_plot_write_cells(context));
    pnas_plot_title(context, "measured against predicted accuracy");
    fprintf(script, "set xlabel 'accuracy predicted'\nset ylabel 'accuracy measured'\nset key below\n");
    set_range(context);
    fprintf(script, context->text ? "plot "
                                  : "plot x with lines linecolor '#b0b0b0' dashtype 2 title 'predicted = "
                                    "measured'");
    plot_predicted_series(context);
    for (size_t r = 0; r < context->count; r++)
        pnas_plot_hover(context, r, "$5", "$3");
    fprintf(script, "\n");
    return PNAS_OK;
}

const pnas_plot_kind pnas_plot_predicted = {
    .name = "predicted",
    .help = "predicted against measured accuracy",
    .files = PNAS_PLOT_FILES_MAX,
    .has = has_predictions,
    .lacks = "has no predictions to compare with; the surrogate predicts from level 2 on",
    .draw = draw_predicted};
