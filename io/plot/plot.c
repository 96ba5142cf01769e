#include "io/plot/plot.h"

#include "io/plot/plot_parts.h"
#include "src/base/log.h"

#include <string.h>

/* ---- the list ---- */

#define LISTED(name) &pnas_plot_##name,
const pnas_plot_kind *const pnas_plots[] = {PNAS_PLOT_KINDS(LISTED)};
const size_t pnas_plot_count = sizeof pnas_plots / sizeof pnas_plots[0];

const pnas_plot_kind *pnas_plot_find(const char *name)
{
    for (size_t i = 0; i < pnas_plot_count; i++)
        if (strcmp(pnas_plots[i]->name, name) == 0)
            return pnas_plots[i];
    return NULL;
}

const char *pnas_plot_names(char *out, size_t size)
{
    size_t length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < pnas_plot_count && length < size; i++)
        length += (size_t)snprintf(out + length, size - length, "%s%s", i ? ", " : "", pnas_plots[i]->name);
    return out;
}

/* ---- drawing ---- */

static pnas_status check_count(const pnas_plot_kind *kind, size_t count)
{
    if (kind->files == 1)
        PNAS_CHECK(count == 1, PNAS_ERROR_USAGE, "--plot %s shows one file, not %zu", kind->name, count);
    PNAS_CHECK(count <= kind->files, PNAS_ERROR_USAGE,
               "a plot shows at most %zu files, not %zu; leave some out", kind->files, count);
    return PNAS_OK;
}

/* One axis does not compare what was measured with what was predicted. Guessed cells are the last of a file. */
static pnas_status check_measure(const pnas_plot_context *context)
{
    bool guess = context->ranking[0]->cell[0].guessed;
    for (size_t i = 0; i < context->count; i++) {
        const pnas_ranking *ranking = context->ranking[i];
        PNAS_CHECK(ranking->cell[0].guessed == guess && ranking->cell[ranking->count - 1].guessed == guess,
                   PNAS_ERROR_USAGE, "%s: has %s, others %s; draw them apart", ranking->path,
                   ranking->cell[ranking->count - 1].guessed ? "cells that were only predicted"
                                                             : "measured accuracies",
                   ranking->cell[ranking->count - 1].guessed ? "were measured" : "were only predicted");
    }
    return PNAS_OK;
}

/* A file that cannot be shown is no reason not to show the others. */
static pnas_status check_records(const pnas_plot_context *context)
{
    const pnas_plot_kind *kind = context->options->kind;
    size_t shown = 0;
    for (size_t i = 0; i < context->count; i++) {
        const pnas_ranking *ranking = context->ranking[i];
        PNAS_CHECK(ranking->count > 0, PNAS_ERROR_DATA,
                   "%s: has no finished children to plot (of the levels asked for)", ranking->path);
        shown += !kind->has || kind->has(context, ranking);
    }
    PNAS_CHECK(shown > 0, PNAS_ERROR_DATA, "%s: %s", context->ranking[0]->path, kind->lacks);
    for (size_t i = 0; shown < context->count && i < context->count; i++)
        if (!kind->has(context, context->ranking[i]))
            pnas_warning("%s: %s; the plot shows the other files", context->ranking[i]->path, kind->lacks);
    return PNAS_OK;
}

pnas_status pnas_plot_draw(const pnas_plot_options *options, const pnas_ranking *const *rankings,
                           size_t count)
{
    pnas_plot_context context = {.options = options, .ranking = rankings, .count = count};
    PNAS_TRY(check_count(options->kind, count));
    PNAS_TRY(check_records(&context));
    PNAS_TRY(check_measure(&context));
    PNAS_TRY(pnas_gnuplot_begin(&options->drawing, &context.plot));
    context.script = pnas_gnuplot_script(context.plot);
    context.text = pnas_gnuplot_is_text(context.plot);
    context.hover = pnas_gnuplot_can_hover(context.plot);
    pnas_status status = options->kind->draw(&context);
    if (status == PNAS_OK)
        status = pnas_gnuplot_finish(context.plot);
    pnas_gnuplot_destroy(&context.plot);
    return status;
}
