/* What each rank of a run did when, and how many of them were busy. */
#include "io/plot/plot_parts.h"
#include "io/run/run_timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SPANS_FRAMED  2000 /* with more spans, their frames would hide them */
#define ROWS_NAMED    24   /* with more ranks, not every one's share is written beside its row */
#define ROWS_TEXT     10
#define PAUSES_MARKED 100 /* with more, the lines would hide the spans */

/* ---- data ---- */

static pnas_status write_spans(const pnas_plot_context *context, const pnas_timeline *line, double scale)
{
    FILE *data;
    PNAS_TRY(pnas_gnuplot_data(context->plot, "timeline.tsv", &data));
    fprintf(data, "# start\tend\trank\tkind\twhat\n");
    for (size_t i = 0; i < line->count; i++) {
        const pnas_timeline_span *one = &line->span[i];
        fprintf(data, "%.9g\t%.9g\t%d\t%zu\t", (one->start - line->first) / scale,
                (one->end - line->first) / scale, one->rank, one->kind);
        pnas_gnuplot_quote_data(data, one->what);
        putc('\n', data);
    }
    return PNAS_OK;
}

/* For characters: what each rank did longest in each of `bins` parts of the time, more than there are columns
 * so that none stays empty. */
static pnas_status write_samples(const pnas_plot_context *context, const pnas_timeline *line, double scale,
                                 int bins)
{
    FILE *data;
    double width = (line->last - line->first) / bins;
    PNAS_TRY(pnas_gnuplot_data(context->plot, "samples.tsv", &data));
    double(*share)[PNAS_TIMELINE_KINDS] = calloc((size_t)bins * (size_t)line->ranks, sizeof *share);
    PNAS_CHECK(share, PNAS_ERROR_MEMORY, "out of memory for a time line");
    for (size_t i = 0; i < line->count; i++) {
        const pnas_timeline_span *one = &line->span[i];
        double start = (one->start - line->first) / width, end = (one->end - line->first) / width;
        for (int bin = (int)start; bin < bins && bin < end; bin++)
            share[one->rank * bins + bin][one->kind] += fmin(end, bin + 1) - fmax(start, bin);
    }
    for (int i = 0; i < bins * line->ranks; i++) {
        size_t most = 0;
        for (size_t kind = 1; kind < PNAS_TIMELINE_KINDS; kind++)
            most = share[i][kind] > share[i][most] ? kind : most;
        if (share[i][most] > 0)
            fprintf(data, "%.9g\t%d\t%zu\n", (i % bins + 0.5) * width / scale, i / bins, most);
    }
    free(share);
    return PNAS_OK;
}

static pnas_status write_busy(const pnas_plot_context *context, const pnas_timeline *line, double scale)
{
    FILE *data;
    PNAS_TRY(pnas_gnuplot_data(context->plot, "busy.tsv", &data));
    pnas_busy_change *changes;
    size_t count;
    PNAS_TRY(pnas_timeline_changes(line, &changes, &count));
    fprintf(data, "# time\tbusy ranks\n");
    for (size_t i = 0; i < count; i++)
        fprintf(data, "%.9g\t%d\n", (changes[i].time - line->first) / scale, changes[i].busy);
    free(changes);
    return PNAS_OK;
}

/* ---- drawing ---- */

static void write_rows(const pnas_plot_context *context, const pnas_timeline *line)
{
    double all = 0, lasted = line->last - line->first;
    char what[120], stops[40] = "";
    int step = 1 + (line->ranks - 1) / (context->text ? ROWS_TEXT : ROWS_NAMED);
    fprintf(context->script, "set ytics (");
    for (int rank = 0; rank < line->ranks; rank++) {
        double share = pnas_timeline_busy(line, rank) / lasted;
        all += share / line->ranks;
        if (rank % step == 0)
            fprintf(context->script, "%s'rank %d, busy %3.0f %%%%' %d", rank ? ", " : "", rank, 100 * share,
                    rank);
    }
    fprintf(context->script, ")\nset yrange [%g:-0.5]\n", line->ranks - 0.5);
    if (line->pauses > 0)
        snprintf(stops, sizeof stops, ", without %zu pause%s", line->pauses, line->pauses == 1 ? "" : "s");
    snprintf(what, sizeof what, "%d rank%s, busy for %.1f %% of the time%s", line->ranks,
             line->ranks == 1 ? "" : "s", 100 * all, stops);
    pnas_plot_title(context, what);
}

static void plot_kind(const pnas_plot_context *context, const pnas_timeline *line, size_t kind, size_t series)
{
    FILE *script = context->script;
    char name[32];
    pnas_timeline_kind_name(kind, name, sizeof name);
    fprintf(script, series ? ", \\\n    " : "plot ");
    if (context->text) {
        fprintf(script, "'samples.tsv' using ($3 == %zu ? $1 : NaN):2 with points pointtype '%c' title '%s'",
                kind, kind < PNAS_TIMELINE_FIT ? (char)('1' + kind) : name[0], name);
        return;
    }
    fprintf(script,
            "'timeline.tsv' using ($4 == %zu ? ($1 + $2) / 2 : NaN):3:1:2:($3 - 0.4):($3 + 0.4) with "
            "boxxyerror fillcolor '%s' fillstyle solid 1.0 ",
            kind, pnas_plot_colour(series));
    if (line->count <= SPANS_FRAMED)
        fprintf(script, "border linecolor '#ffffff' linewidth 0.3 notitle");
    else
        fprintf(script, "noborder notitle");
    fprintf(script, ", \\\n    NaN with points pointtype 5 pointsize 1.4 linecolor '%s' title '%s'",
            pnas_plot_colour(series), name);
}

static void plot_spans(const pnas_plot_context *context, const pnas_timeline *line)
{
    size_t series = 0;
    for (size_t kind = 0; kind < PNAS_TIMELINE_KINDS; kind++)
        if (line->has[kind])
            plot_kind(context, line, kind, series++);
    if (context->hover)
        fprintf(context->script,
                ", \\\n    'timeline.tsv' using (($1 + $2) / 2):3:5 with labels hypertext point pointtype 5 "
                "pointsize 1 linecolor rgb '#ffffffff' notitle");
    fprintf(context->script, "\n");
}

static void mark_pauses(const pnas_plot_context *context, const pnas_timeline *line, double scale)
{
    for (size_t i = 0; i < line->pauses && line->pauses <= PAUSES_MARKED; i++) {
        double at = (line->pause[i] - line->first) / scale;
        fprintf(context->script,
                "set arrow from first %.9g, graph 0 to first %.9g, graph 1 nohead front linecolor '#404040' "
                "dashtype 3\n",
                at, at);
    }
}

static void draw(const pnas_plot_context *context, const pnas_timeline *line, const char *unit, double scale)
{
    FILE *script = context->script;
    double end = (line->last - line->first) / scale;
    if (!context->text)
        fprintf(
            script,
            "set multiplot\nset size 1, 0.72\nset origin 0, 0.28\nset lmargin 18\nset rmargin 20\n"
            "set bmargin 1\nset grid noytics\nset format x ''\nset key at screen 0.99, graph 1 right top\n");
    else
        fprintf(script, "set key below\nset xlabel 'time (%s)'\n", unit);
    fprintf(script, "set xrange [0:%.9g]\n", end);
    write_rows(context, line);
    if (!context->text)
        mark_pauses(context, line, scale);
    plot_spans(context, line);
    if (context->text)
        return;
    fprintf(script,
            "unset title\nset size 1, 0.28\nset origin 0, 0\nset tmargin 0.5\nset bmargin 3.5\nunset key\n"
            "set format x '%%g'\nset xlabel 'time (%s)'\nset ylabel 'busy ranks'\nset ytics auto\n"
            "set ytics %d\nset grid ytics\nset yrange [0:%g]\n"
            "plot 'busy.tsv' using 1:2 with fillsteps fillcolor '#56b4e9' fillstyle solid 0.5 notitle, "
            "'busy.tsv' using 1:2 with steps linecolor '#0072b2' notitle\nunset multiplot\n",
            unit, line->ranks < 6 ? 1 : (line->ranks + 3) / 4, line->ranks * 1.05);
}

static pnas_status draw_timeline(const pnas_plot_context *context)
{
    pnas_timeline line = {0};
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_timeline_collect(context->ranking[0]->path,
                                           pnas_run_file_info(context->ranking[0]->run), &line));
    double scale;
    const char *unit = pnas_timeline_unit(&line, &scale);
    PNAS_TRY_CLEANUP(write_spans(context, &line, scale));
    PNAS_TRY_CLEANUP(write_busy(context, &line, scale));
    if (context->text)
        PNAS_TRY_CLEANUP(write_samples(context, &line, scale, 2 * pnas_gnuplot_columns(context->plot)));
    draw(context, &line, unit, scale);
cleanup:
    pnas_timeline_clear(&line);
    return status;
}

static bool is_run(const pnas_plot_context *context, const pnas_ranking *ranking)
{
    return ranking->run != NULL;
}

const pnas_plot_kind pnas_plot_timeline = {.name = "timeline",
                                           .help = "what each rank did when, and how many were busy",
                                           .files = 1,
                                           .has = is_run,
                                           .lacks = "is no run, so it has no time line",
                                           .draw = draw_timeline};
