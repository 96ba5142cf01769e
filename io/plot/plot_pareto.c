/* Score against what a cell costs, with the Pareto front. */
#include "io/plot/plot_parts.h"

#include <math.h>
#include <stdlib.h>

#define LABEL_MAX 128

typedef struct {
    const char *name, *unit;
    double scale, least, most, low, high; /* of the costs, and of the scores of the front */
    bool wide;                            /* over more than a factor of 20: a logarithmic axis */
} cost_axis;

static bool has_costs(const pnas_plot_context *context, const pnas_ranking *ranking)
{
    for (size_t i = 0; i < ranking->count; i++)
        if (!isnan(pnas_ranked_cell_cost(&ranking->cell[i], context->options->cost)))
            return true;
    return false;
}

static cost_axis choose_axis(const pnas_plot_context *context)
{
    static const char *const names[] = {"parameters", "multiply-adds", "training time"};
    pnas_cost cost = context->options->cost;
    cost_axis axis = {.name = names[cost], .unit = "", .scale = 1, .least = INFINITY, .low = INFINITY};
    for (size_t r = 0; r < context->count; r++)
        for (size_t i = 0; i < context->ranking[r]->count; i++) {
            const pnas_ranked_cell *cell = &context->ranking[r]->cell[i];
            double value = pnas_ranked_cell_cost(cell, cost);
            if (isnan(value))
                continue;
            axis.least = fmin(axis.least, value);
            axis.most = fmax(axis.most, value);
            axis.low = fmin(axis.low, cell->score);
            axis.high = fmax(axis.high, cell->score);
        }
    if (cost == PNAS_COST_TRAIN_SECONDS) {
        axis.scale = axis.most >= 7200 ? 3600 : axis.most >= 120 ? 60 : 1;
        axis.unit = axis.most >= 7200 ? " (h)" : axis.most >= 120 ? " (min)" : " (s)";
    } else {
        axis.scale = axis.most >= 1e7 ? 1e6 : axis.most >= 1e4 ? 1e3 : 1;
        axis.unit = axis.most >= 1e7 ? " (millions)" : axis.most >= 1e4 ? " (thousands)" : "";
    }
    axis.least /= axis.scale;
    axis.most /= axis.scale;
    axis.wide = axis.least > 0 && axis.most > 20 * axis.least;
    return axis;
}

/* 1, 2 and 5 of each power of ten: gnuplot names the powers alone, of which there may be one. */
static void write_axis(const pnas_plot_context *context, const cost_axis *axis)
{
    FILE *script = context->script;
    double room = axis->most > axis->least ? axis->most - axis->least : 1;
    fprintf(script, "set xlabel '%s%s'\nset ylabel '%s'\n", axis->name, axis->unit,
            pnas_plot_accuracy_name(context));
    pnas_plot_offsets(context, 0, 0.05);
    if (!axis->wide) {
        fprintf(script, "set xrange [%.9g:%.9g]\n", axis->least - 0.1 * room, axis->most + 0.03 * room);
        return;
    }
    double ratio = axis->most / axis->least, power = pow(10, floor(log10(axis->least)));
    bool every = ratio < 2000;
    fprintf(script, "set logscale x\nset xrange [%.9g:%.9g]\nset xtics (%.9g", axis->least / pow(ratio, 0.1),
            axis->most * pow(ratio, 0.03), power);
    while (power <= axis->most) {
        if (every)
            fprintf(script, ", %.9g, %.9g", 2 * power, 5 * power);
        power *= 10;
        fprintf(script, ", %.9g", power);
    }
    fprintf(script, ")\n");
}

static double across(const cost_axis *axis, double cost)
{
    return axis->wide ? log(cost / axis->least) / log(axis->most / axis->least)
                      : (cost - axis->least) / (axis->most > axis->least ? axis->most - axis->least : 1);
}

/* Ranks that would stand on each other are left out, from the best down. */
static void choose_labels(const pnas_plot_context *context, const cost_axis *axis,
                          const pnas_ranked_cell *const *front, size_t count, bool *named)
{
    double last_x = INFINITY, last_y = INFINITY, height = axis->high > axis->low ? axis->high - axis->low : 1;
    for (size_t i = count; i-- > 0;) {
        double x = across(axis, pnas_ranked_cell_cost(front[i], context->options->cost) / axis->scale);
        double y = (front[i]->score - axis->low) / height;
        named[i] = fabs(x - last_x) > 0.06 || fabs(y - last_y) > 0.045;
        last_x = named[i] ? x : last_x;
        last_y = named[i] ? y : last_y;
    }
}

static pnas_status write_front(const pnas_plot_context *context, size_t r, const cost_axis *axis)
{
    const pnas_ranking *ranking = context->ranking[r];
    const pnas_ranked_cell **front;
    size_t count;
    char name[32];
    FILE *data;
    snprintf(name, sizeof name, "front_%zu.tsv", r);
    PNAS_TRY(pnas_gnuplot_data(context->plot, name, &data));
    PNAS_TRY(pnas_ranking_front(ranking, context->options->cost, &front, &count));
    bool *named = calloc(count + 1, sizeof *named);
    if (named)
        choose_labels(context, axis, front, count, named);
    fprintf(data, "# cost\tscore\trank\n");
    for (size_t i = 0; named && i < count; i++) {
        size_t rank = (size_t)(front[i] - ranking->cell) + 1;
        fprintf(data, "%.9g\t%.9g\t\"", pnas_ranked_cell_cost(front[i], context->options->cost) / axis->scale,
                front[i]->score);
        fprintf(data, named[i] ? "%zu\"\n" : "\"\n", rank);
    }
    bool room = named != NULL;
    free(named);
    free(front);
    PNAS_CHECK(room, PNAS_ERROR_MEMORY, "%s: out of memory", ranking->path);
    return PNAS_OK;
}

static void plot_front(const pnas_plot_context *context, size_t r, const char *x)
{
    FILE *script = context->script;
    char label[LABEL_MAX];
    pnas_plot_label(context, r, label, sizeof label);
    if (context->count == 1)
        snprintf(label, sizeof label, "Pareto front, with ranks");
    fprintf(script, "%s'cells_%zu.tsv' using (%s):%d with points pointtype ", r ? ", \\\n    " : "plot ", r,
            x, PNAS_CELLS_SCORE);
    if (context->text) {
        fprintf(script, "'.' notitle, 'front_%zu.tsv' using 1:2 with points pointtype '%c' title ", r,
                context->count > 1 ? (char)('A' + r) : 'o');
        pnas_gnuplot_quote(script, label);
        return;
    }
    fprintf(
        script,
        "%d pointsize %g linecolor '%s' notitle, \\\n    'front_%zu.tsv' using 1:2 with steps "
        "linecolor '%s' linewidth 1.5 notitle, \\\n    'front_%zu.tsv' using 1:2 with points pointtype %d "
        "pointsize 1.1 linecolor '%s' title ",
        pnas_plot_mark(r), 0.7 * pnas_plot_mark_size(context->ranking[r]->count),
        context->count == 1 ? "#b0b0b0" : pnas_plot_colour(r), r,
        context->count == 1 ? "#d55e00" : pnas_plot_colour(r), r, pnas_plot_mark(r),
        context->count == 1 ? "#d55e00" : pnas_plot_colour(r));
    pnas_gnuplot_quote(script, label);
    if (context->count == 1)
        fprintf(script,
                ", \\\n    'front_%zu.tsv' using 1:2:3 with labels right offset -0.7,0.5 textcolor "
                "'#303030' notitle",
                r);
}

static pnas_status draw_pareto(const pnas_plot_context *context)
{
    FILE *script = context->script;
    cost_axis axis = choose_axis(context);
    char x[32], what[64];
    snprintf(x, sizeof x, "$%d/%g", PNAS_CELLS_PARAMETERS + (int)context->options->cost, axis.scale);
    PNAS_TRY(pnas_plot_write_cells(context));
    for (size_t r = 0; r < context->count; r++)
        PNAS_TRY(write_front(context, r, &axis));
    snprintf(what, sizeof what, "%s against %s", pnas_plot_accuracy_name(context), axis.name);
    pnas_plot_title(context, what);
    write_axis(context, &axis);
    fprintf(script, "set key below\n");
    for (size_t r = 0; r < context->count; r++)
        plot_front(context, r, x);
    for (size_t r = 0; r < context->count; r++)
        pnas_plot_hover(context, r, x, "$3");
    fprintf(script, "\n");
    return PNAS_OK;
}

const pnas_plot_kind pnas_plot_pareto = {.name = "pareto",
                                         .help = "accuracy against cost, with the front",
                                         .files = PNAS_PLOT_FILES_MAX,
                                         .lists_front = true,
                                         .has = has_costs,
                                         .lacks = "has no cell with that cost (--against)",
                                         .draw = draw_pareto};
