#include "io/plot/plot_parts.h"

#include "src/base/plain_text.h"
#include "src/search/cell_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TITLE_PICTURE 60 /* characters of a run's title that fit beside what the plot shows */
#define LABEL_TEXT    36 /* and beside a mark in the key of a terminal */
#define TITLE_MOST    127
#define TITLE_LEAST   12 /* less of it tells nothing */

#define WHOLE_EPOCHS  12 /* at most: each has its tick */

const char *pnas_plot_colour(size_t i)
{
    static const char *const colours[PNAS_PLOT_COLOURS] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                           "#e69f00", "#56b4e9", "#000000", "#999999"};
    return colours[i % PNAS_PLOT_COLOURS];
}

int pnas_plot_mark(size_t i)
{
    static const int marks[] = {7, 9, 5, 13, 11, 15, 6, 4}; /* filled: circle, triangle, square, ... */
    return marks[i % (sizeof marks / sizeof marks[0])];
}

double pnas_plot_mark_size(size_t count)
{
    return count <= 200 ? 0.9 : count <= 2000 ? 0.55 : count <= 20000 ? 0.35 : 0.2;
}

void pnas_plot_offsets(const pnas_plot_context *context, double sides, double above)
{
    double row = context->text ? 0.06 : 0; /* of some seventeen */
    fprintf(context->script, "set offsets graph %g, graph %g, graph %g, graph %g\n", sides, sides,
            above + row, 0.03 + row);
}

void pnas_plot_epochs(FILE *script, size_t epochs)
{
    fprintf(script, "set xlabel 'epoch'\nset xrange [0.7:%zu.3]\n", epochs);
    if (epochs <= WHOLE_EPOCHS)
        fprintf(script, "set xtics 1\n"); /* gnuplot would name halves of an epoch */
}

/* As much of `text` as is wide enough to be read, and not so wide that the picture cuts it. */
static void shorten(const char *text, size_t characters, char *out, size_t size)
{
    char escape[PNAS_TEXT_ESCAPE_MAX];
    size_t length = 0, shown = 0;
    for (size_t next; text[length] && shown < characters; length += next, shown++)
        next = pnas_text_next(text + length, escape);
    snprintf(out, size, "%.*s%s", (int)length, text, text[length] ? "..." : "");
}

void pnas_plot_label(const pnas_plot_context *context, size_t ranking, char *out, size_t size)
{
    const pnas_ranking *one = context->ranking[ranking];
    if (context->count > 1)
        snprintf(out, size, "%c  %.60s", (char)('A' + ranking), pnas_ranking_name(one));
    else
        shorten(one->title, context->text ? LABEL_TEXT : TITLE_PICTURE, out, size);
}

const char *pnas_plot_accuracy_name(const pnas_plot_context *context)
{
    return context->ranking[0]->cell[0].guessed ? "predicted accuracy" : "accuracy";
}

/* Characters of the run's title that fit before `what`. A terminal shows nothing of a title that is too
 * long. */
static int title_room(const pnas_plot_context *context, const char *what)
{
    static const int frame = 8; /* columns beside the middle of the plot that a title cannot use */
    int room =
        context->text ? pnas_gnuplot_columns(context->plot) - (int)strlen(what) - 5 - frame : TITLE_PICTURE;
    return room < TITLE_MOST ? room : TITLE_MOST;
}

void pnas_plot_title(const pnas_plot_context *context, const char *what)
{
    char label[4 * TITLE_MOST + 8], title[sizeof label + 256];
    int room = title_room(context, what);
    snprintf(title, sizeof title, "%s", what);
    if (context->count == 1 && room >= TITLE_LEAST) {
        shorten(context->ranking[0]->title, (size_t)room, label, sizeof label);
        snprintf(title, sizeof title, "%s: %s", label, what);
    }
    fprintf(context->script, "set title ");
    pnas_gnuplot_quote(context->script, title);
    fprintf(context->script, "\n");
}

bool pnas_plot_any(const pnas_ranking *ranking, bool (*has)(const pnas_ranked_cell *cell))
{
    for (size_t i = 0; i < ranking->count; i++)
        if (has(&ranking->cell[i]))
            return true;
    return false;
}

void pnas_plot_hover(const pnas_plot_context *context, size_t ranking, const char *x, const char *y)
{
    if (context->hover)
        fprintf(context->script,
                ", \\\n    'cells_%zu.tsv' using (%s):(%s):%d with labels hypertext point pointtype 7 "
                "pointsize 0.7 linecolor rgb '#ffffffff' notitle",
                ranking, x, y, PNAS_CELLS_TEXT);
}

/* ---- the cells as data ---- */

static void write_number(FILE *data, double value)
{
    if (isnan(value))
        fputs("\tNaN", data);
    else
        fprintf(data, "\t%.9g", value);
}

static void write_cell(FILE *data, const pnas_ranking *ranking, const pnas_ranked_cell *cell, double best)
{
    char text[PNAS_CELL_TEXT_MAX], shown[PNAS_CELL_TEXT_MAX + 64];
    size_t rank = (size_t)(cell - ranking->cell);
    fprintf(data, "%zu\t%zu\t%.9g\t%d", cell->place + 1, ranking->count - rank, cell->score, cell->level);
    write_number(data, cell->predicted);
    write_number(data, cell->predicted_std);
    write_number(data, pnas_ranked_cell_cost(cell, PNAS_COST_PARAMETERS));
    write_number(data, pnas_ranked_cell_cost(cell, PNAS_COST_MULTIPLY_ADDS));
    write_number(data, cell->train_seconds);
    write_number(data, best);
    pnas_cell_format(&cell->cell, &ranking->operators, text);
    snprintf(shown, sizeof shown, "%.4f  rank %zu  %s", cell->score, rank + 1, text);
    putc('\t', data);
    pnas_gnuplot_quote_data(data, shown);
    putc('\n', data);
}

static pnas_status write_ranking(const pnas_plot_context *context, size_t index)
{
    const pnas_ranking *ranking = context->ranking[index];
    const pnas_ranked_cell **cells;
    char name[32];
    FILE *data;
    double best = -INFINITY;
    snprintf(name, sizeof name, "cells_%zu.tsv", index);
    PNAS_TRY(pnas_gnuplot_data(context->plot, name, &data));
    PNAS_TRY(pnas_ranking_by_place(ranking, &cells));
    fprintf(data, "# index\tsorted\tscore\tlevel\tpredicted\tpredicted_std\tparameters\tmultiply_adds\t"
                  "train_seconds\tbest\tcell\n");
    for (size_t i = 0; i < ranking->count; i++) {
        best = fmax(best, cells[i]->score);
        write_cell(data, ranking, cells[i], best);
    }
    free(cells);
    return PNAS_OK;
}

pnas_status pnas_plot_write_cells(const pnas_plot_context *context)
{
    for (size_t i = 0; i < context->count; i++)
        PNAS_TRY(write_ranking(context, i));
    return PNAS_OK;
}
