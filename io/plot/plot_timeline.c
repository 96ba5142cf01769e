/* What each rank of a run did when, and how many of them were busy. */
#include "io/plot/plot_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KIND_FIT = PNAS_BLOCKS_MAX, KIND_SCORE, KIND_OTHER, KINDS }; /* before these: training by level */

#define GAP_SHOWN    0.001 /* of the whole time: a shorter pause is less than a pixel */
#define SPANS_FRAMED 2000  /* with more spans, their frames would hide them */
#define ROWS_NAMED   24    /* with more ranks, not every one's share is written beside its row */
#define ROWS_TEXT    10

typedef struct {
    double start, end;
    int rank;
    size_t kind;
    const char *what;
} span;

typedef struct {
    span *spans; /* by rank, then start */
    size_t count;
    int ranks;
    double first, last;
    bool has[KINDS];
} timeline;

static int by_rank_and_start(const void *a, const void *b)
{
    const span *left = a, *right = b;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return (left->start > right->start) - (left->start < right->start);
}

/* "train 2/17" is training at level 2. */
static size_t find_kind(const char *what)
{
    int level;
    if (sscanf(what, "train %d/", &level) == 1 && level >= 1 && level <= PNAS_BLOCKS_MAX)
        return (size_t)level - 1;
    return strncmp(what, "fit", 3) == 0 ? KIND_FIT : strncmp(what, "score", 5) == 0 ? KIND_SCORE : KIND_OTHER;
}

static void name_kind(size_t kind, char *out, size_t size)
{
    if (kind < KIND_FIT)
        snprintf(out, size, "train %zu block%s", kind + 1, kind == 0 ? "" : "s");
    else
        snprintf(out, size, "%s", kind == KIND_FIT ? "fit" : kind == KIND_SCORE ? "score" : "other");
}

static pnas_status collect(const pnas_ranking *ranking, timeline *out)
{
    const pnas_run_info *info = pnas_run_file_info(ranking->run);
    *out = (timeline){.first = INFINITY, .last = -INFINITY};
    out->spans = malloc((info->event_count + 1) * sizeof *out->spans);
    PNAS_CHECK(out->spans, PNAS_ERROR_MEMORY, "%s: out of memory for %zu events", ranking->path,
               info->event_count);
    for (size_t i = 0; i < info->event_count; i++) {
        const pnas_run_event *event = &info->event[i];
        if (!isfinite(event->start) || !isfinite(event->end) || event->end < event->start || event->rank < 0)
            continue;
        out->spans[out->count++] = (span){.start = event->start,
                                          .end = event->end,
                                          .rank = event->rank,
                                          .kind = find_kind(event->what),
                                          .what = event->what};
        out->has[find_kind(event->what)] = true;
        out->first = fmin(out->first, event->start);
        out->last = fmax(out->last, event->end);
        out->ranks = event->rank >= out->ranks ? event->rank + 1 : out->ranks;
    }
    PNAS_CHECK(out->count > 0 && out->last > out->first, PNAS_ERROR_DATA, "%s: has no time line yet",
               ranking->path);
    qsort(out->spans, out->count, sizeof *out->spans, by_rank_and_start);
    return PNAS_OK;
}

/* Seconds in which the rank did something; spans may overlap. */
static double busy_seconds(const timeline *line, int rank)
{
    double busy = 0, until = -INFINITY;
    for (size_t i = 0; i < line->count; i++) {
        const span *one = &line->spans[i];
        if (one->rank != rank || one->end <= until)
            continue;
        busy += one->end - fmax(one->start, until);
        until = one->end;
    }
    return busy;
}

/* ---- data ---- */

static pnas_status write_spans(const pnas_plot_context *context, const timeline *line, double scale)
{
    FILE *data;
    PNAS_TRY(pnas_gnuplot_data(context->plot, "timeline.tsv", &data));
    fprintf(data, "# start\tend\trank\tkind\twhat\n");
    for (size_t i = 0; i < line->count; i++) {
        const span *one = &line->spans[i];
        fprintf(data, "%.9g\t%.9g\t%d\t%zu\t", (one->start - line->first) / scale,
                (one->end - line->first) / scale, one->rank, one->kind);
        pnas_gnuplot_quote_data(data, one->what);
        putc('\n', data);
    }
    return PNAS_OK;
}

/* For characters: what each rank did longest in each of `bins` parts of the time, more than there are columns
 * so that none stays empty. */
static pnas_status write_samples(const pnas_plot_context *context, const timeline *line, double scale,
                                 int bins)
{
    FILE *data;
    double width = (line->last - line->first) / bins;
    PNAS_TRY(pnas_gnuplot_data(context->plot, "samples.tsv", &data));
    double(*share)[KINDS] = calloc((size_t)bins * (size_t)line->ranks, sizeof *share);
    PNAS_CHECK(share, PNAS_ERROR_MEMORY, "out of memory for a time line");
    for (size_t i = 0; i < line->count; i++) {
        const span *one = &line->spans[i];
        double start = (one->start - line->first) / width, end = (one->end - line->first) / width;
        for (int bin = (int)start; bin < bins && bin < end; bin++)
            share[one->rank * bins + bin][one->kind] += fmin(end, bin + 1) - fmax(start, bin);
    }
    for (int i = 0; i < bins * line->ranks; i++) {
        size_t most = 0;
        for (size_t kind = 1; kind < KINDS; kind++)
            most = share[i][kind] > share[i][most] ? kind : most;
        if (share[i][most] > 0)
            fprintf(data, "%.9g\t%d\t%zu\n", (i % bins + 0.5) * width / scale, i / bins, most);
    }
    free(share);
    return PNAS_OK;
}

typedef struct {
    double time;
    int change;
} busy_change;

static int earlier_change(const void *a, const void *b)
{
    const busy_change *left = a, *right = b;
    if (left->time != right->time)
        return left->time < right->time ? -1 : 1;
    return left->change - right->change;
}

/* The merged spans of each rank as changes: +1 where it begins to be busy, -1 where it ends. Pauses too short
 * to be drawn are closed. */
static size_t find_changes(const timeline *line, busy_change *out)
{
    size_t count = 0;
    double gap = GAP_SHOWN * (line->last - line->first);
    for (size_t i = 0; i < line->count;) {
        double end = line->spans[i].end;
        size_t next = i + 1;
        while (next < line->count && line->spans[next].rank == line->spans[i].rank &&
               line->spans[next].start <= end + gap)
            end = fmax(end, line->spans[next++].end);
        out[count++] = (busy_change){line->spans[i].start, 1};
        out[count++] = (busy_change){end, -1};
        i = next;
    }
    return count;
}

static pnas_status write_busy(const pnas_plot_context *context, const timeline *line, double scale)
{
    FILE *data;
    int busy = 0;
    PNAS_TRY(pnas_gnuplot_data(context->plot, "busy.tsv", &data));
    busy_change *changes = malloc(2 * line->count * sizeof *changes);
    PNAS_CHECK(changes, PNAS_ERROR_MEMORY, "out of memory for a time line");
    size_t count = find_changes(line, changes);
    qsort(changes, count, sizeof *changes, earlier_change);
    fprintf(data, "# time\tbusy ranks\n");
    for (size_t i = 0; i < count; i++) {
        busy += changes[i].change;
        fprintf(data, "%.9g\t%d\n", (changes[i].time - line->first) / scale, busy);
    }
    free(changes);
    return PNAS_OK;
}

/* ---- drawing ---- */

static void write_rows(const pnas_plot_context *context, const timeline *line)
{
    double all = 0, lasted = line->last - line->first;
    char what[80];
    int step = 1 + (line->ranks - 1) / (context->text ? ROWS_TEXT : ROWS_NAMED);
    fprintf(context->script, "set ytics (");
    for (int rank = 0; rank < line->ranks; rank++) {
        double share = busy_seconds(line, rank) / lasted;
        all += share / line->ranks;
        if (rank % step == 0)
            fprintf(context->script, "%s'rank %d  %3.0f %%%%' %d", rank ? ", " : "", rank, 100 * share, rank);
    }
    fprintf(context->script, ")\nset yrange [%g:-0.5]\n", line->ranks - 0.5);
    snprintf(what, sizeof what, "%d rank%s, busy for %.1f %% of the time", line->ranks,
             line->ranks == 1 ? "" : "s", 100 * all);
    pnas_plot_title(context, what);
}

static void plot_kind(const pnas_plot_context *context, const timeline *line, size_t kind, size_t series)
{
    FILE *script = context->script;
    char name[32];
    name_kind(kind, name, sizeof name);
    fprintf(script, series ? ", \\\n    " : "plot ");
    if (context->text) {
        fprintf(script, "'samples.tsv' using ($3 == %zu ? $1 : NaN):2 with points pointtype '%c' title '%s'",
                kind, kind < KIND_FIT ? (char)('1' + kind) : name[0], name);
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

static void plot_spans(const pnas_plot_context *context, const timeline *line)
{
    size_t series = 0;
    for (size_t kind = 0; kind < KINDS; kind++)
        if (line->has[kind])
            plot_kind(context, line, kind, series++);
    if (context->hover)
        fprintf(context->script,
                ", \\\n    'timeline.tsv' using (($1 + $2) / 2):3:5 with labels hypertext point pointtype 5 "
                "pointsize 1 linecolor rgb '#ffffffff' notitle");
    fprintf(context->script, "\n");
}

static void draw(const pnas_plot_context *context, const timeline *line, const char *unit, double end)
{
    FILE *script = context->script;
    if (!context->text)
        fprintf(
            script,
            "set multiplot\nset size 1, 0.72\nset origin 0, 0.28\nset lmargin 14\nset rmargin 20\n"
            "set bmargin 1\nset grid noytics\nset format x ''\nset key at screen 0.99, graph 1 right top\n");
    else
        fprintf(script, "set key below\nset xlabel 'time (%s)'\n", unit);
    fprintf(script, "set xrange [0:%.9g]\n", end);
    write_rows(context, line);
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
    timeline line = {0};
    pnas_status status;
    PNAS_TRY_CLEANUP(collect(context->ranking[0], &line));
    double lasted = line.last - line.first;
    double scale = lasted >= 7200 ? 3600 : lasted >= 300 ? 60 : 1;
    PNAS_TRY_CLEANUP(write_spans(context, &line, scale));
    PNAS_TRY_CLEANUP(write_busy(context, &line, scale));
    if (context->text)
        PNAS_TRY_CLEANUP(write_samples(context, &line, scale, 2 * pnas_gnuplot_columns(context->plot)));
    draw(context, &line, scale == 1 ? "s" : scale == 60 ? "min" : "h", lasted / scale);
cleanup:
    free(line.spans);
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
