/* Learning curves of the best. */
#include "io/plot/plot_parts.h"
#include "src/base/log.h"
#include "src/search/cell_text.h"

#include <string.h>

#define CURVES_MOST  24
#define BEST_PICTURE 8
#define BEST_TEXT    4

static bool has_history(const pnas_ranked_cell *cell)
{
    return cell->history != NULL && cell->epochs > 0;
}

static bool has_curves(const pnas_plot_context *context, const pnas_ranking *ranking)
{
    return pnas_plot_any(ranking, has_history);
}

static size_t count_curves(const pnas_ranking *ranking)
{
    size_t count = 0;
    for (size_t i = 0; i < ranking->count; i++)
        count += has_history(&ranking->cell[i]);
    return count;
}

/* As many of each file as can still be told apart; a warning where that is less than was asked for. */
static size_t limit(const pnas_plot_context *context, size_t best)
{
    size_t each = CURVES_MOST / context->count, most = 0;
    for (size_t r = 0; r < context->count; r++)
        most = count_curves(context->ranking[r]) > most ? count_curves(context->ranking[r]) : most;
    size_t wanted = best < most ? best : most;
    if (wanted <= each)
        return best;
    pnas_warning("of %zu learning curves%s the %zu best are drawn: more could not be told apart", wanted,
                 context->count > 1 ? " of a file" : "", each);
    return each;
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

/* "0.9689  rank 1  -2:sep5+...", with as much of the cell as fits below; beside the curves without it. */
static void curve_label(const pnas_plot_context *context, size_t r, const pnas_ranked_cell *cell, bool beside,
                        char *out, size_t size)
{
    const pnas_ranking *ranking = context->ranking[r];
    char text[PNAS_CELL_TEXT_MAX], file[4] = "";
    size_t width = context->text ? 50 : 90, rank = (size_t)(cell - ranking->cell) + 1;
    pnas_cell_format(&cell->cell, &ranking->operators, text);
    if (strlen(text) > width)
        strcpy(text + width - 3, "...");
    if (context->count > 1)
        snprintf(file, sizeof file, "%c ", (char)('A' + r));
    snprintf(out, size, "%s%.4f  rank %zu%s%s", file, cell->score, rank, beside ? "" : "  ",
             beside ? "" : text);
}

static pnas_status plot_curve(const pnas_plot_context *context, FILE *data, size_t r,
                              const pnas_ranked_cell *cell, size_t series, bool beside)
{
    char label[PNAS_CELL_TEXT_MAX + 64];
    write_curve(data, cell);
    curve_label(context, r, cell, beside, label, sizeof label);
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

static pnas_status draw_curves(const pnas_plot_context *context)
{
    FILE *script = context->script, *data;
    size_t series = 0, best = context->options->best;
    if (best == 0)
        best = context->text ? BEST_TEXT : BEST_PICTURE;
    best = limit(context, best);
    bool beside = context->count > 1 || best > BEST_PICTURE;
    PNAS_TRY(pnas_gnuplot_data(context->plot, "curves.tsv", &data));
    fprintf(data,
            "# epoch\ttrain_loss\ttrain_accuracy\tvalidation_loss\tvalidation_accuracy\tlearning_rate\n");
    pnas_plot_title(context, "learning curves of the best");
    fprintf(script, "set ylabel 'validation accuracy'\nset key %s\n",
            beside ? "outside right top" : "below maxcols 1 left");
    pnas_plot_epochs(script, (size_t)longest_curve(context));
    pnas_plot_offsets(context, 0.02, 0.03);
    for (size_t r = 0; r < context->count; r++) {
        const pnas_ranking *ranking = context->ranking[r];
        size_t drawn = 0;
        for (size_t i = 0; i < ranking->count && drawn < best; i++) {
            if (!has_history(&ranking->cell[i]))
                continue;
            PNAS_TRY(plot_curve(context, data, r, &ranking->cell[i], series++, beside));
            drawn++;
        }
    }
    fprintf(script, "\n");
    return PNAS_OK;
}

const pnas_plot_kind pnas_plot_curves = {.name = "curves",
                                         .help = "validation accuracy by epoch of the best",
                                         .files = PNAS_PLOT_FILES_MAX,
                                         .has = has_curves,
                                         .lacks = "has no learning curves; runs keep them",
                                         .draw = draw_curves};
