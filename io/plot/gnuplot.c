#include "io/plot/gnuplot.h"
#include "io/plot/tool.h"

#include "src/base/log.h"
#include "src/base/plain_text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SCRIPT "plot.gp"

struct pnas_gnuplot {
    pnas_gnuplot_options options;
    pnas_tool_folder folder;
    const char *format; /* "png", ...; NULL for windows and terminals */
    char picture[16];   /* what gnuplot writes in the folder; empty for a window */
    char data_name[64];
    FILE *script, *data;
};

/* ---- terminals ---- */

static void query_terminal(pnas_gnuplot_options *options)
{
    struct winsize size;
    bool known = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 &&
                 size.ws_row >= 10;
    if (options->columns == 0)
        options->columns = known ? size.ws_col : 80;
    if (options->rows == 0)
        options->rows = known ? size.ws_row - 2 : 24; /* two lines are the prompt's */
}

/* The first window that this gnuplot has. */
static void write_window(FILE *script)
{
    fprintf(script, "kinds = 'qt wxt x11'\n"
                    "window = ''\n"
                    "do for [kind in kinds] {\n"
                    "    if (window eq '' && strstrt(' '.GPVAL_TERMINALS.' ', ' '.kind.' ') > 0) {\n"
                    "        window = kind\n"
                    "    }\n"
                    "}\n"
                    "if (window eq '') {\n"
                    "    exit error 'this gnuplot has no windows; install gnuplot-qt or gnuplot-x11, or "
                    "choose a file'\n"
                    "}\n"
                    "eval 'set terminal '.window.' size 1000,640 enhanced font \"Sans,11\" persist'\n");
}

static void write_terminal(pnas_gnuplot *plot)
{
    FILE *script = plot->script;
    if (plot->options.terminal)
        fprintf(script, "set terminal dumb size %d,%d %s\n", plot->options.columns, plot->options.rows,
                isatty(STDOUT_FILENO) ? "ansi256" : "mono");
    else if (!plot->format)
        write_window(script);
    else if (strcmp(plot->format, "png") == 0)
        fprintf(script, "set terminal pngcairo size 1600,1000 enhanced font 'Sans,11' fontscale 1.6 "
                        "linewidth 1.6 pointscale 1.5 background '#ffffff'\n");
    else if (strcmp(plot->format, "svg") == 0)
        fprintf(script, "set terminal svg size 960,600 dynamic enhanced font 'Sans,12' "
                        "background '#ffffff'\n");
    else
        fprintf(script, "set terminal pdfcairo size 20cm,12.5cm enhanced font 'Sans,10' fontscale 0.9 "
                        "background '#ffffff'\n");
    if (*plot->picture)
        fprintf(script, "set output '%s'\n", plot->picture);
}

/* Thin grey frame and grid, no marks on the far sides: the data is what is dark. Scores from dark to light
 * along viridis, which keeps its order for every eye; its yellow end, too pale on white, is left out. */
static void write_settings(const pnas_gnuplot *plot)
{
    fprintf(plot->script, "set encoding utf8\n"
                          "set datafile separator '\\t'\n"
                          "set datafile missing 'NaN'\n"
                          "set autoscale noextend\n"
                          "set key noenhanced\n"
                          "set title noenhanced\n");
    if (plot->options.terminal)
        return;
    fprintf(
        plot->script,
        "set border 3 linecolor '#606060'\n"
        "set tics nomirror textcolor '#303030'\n"
        "set xlabel offset 0, 0.4\n"
        "set grid linecolor '#dddddd' linewidth 0.5 linetype 1\n"
        "set key reverse Left samplen 1 spacing 1.15 height 1\n"
        "set palette defined (0 '#440154', 0.25 '#3b528b', 0.5 '#21918c', 0.75 '#35b779', 1 '#8fd744')\n");
}

/* ---- begin ---- */

static pnas_status choose_format(pnas_gnuplot *plot)
{
    static const char *const known[] = {"png", "svg", "pdf", NULL};
    const pnas_gnuplot_options *options = &plot->options;
    if (options->output) {
        plot->format = pnas_tool_format(options->output, known);
        if (!plot->format)
            return PNAS_ERROR_USAGE;
        snprintf(plot->picture, sizeof plot->picture, "plot.%s", plot->format);
    } else if (options->terminal) {
        snprintf(plot->picture, sizeof plot->picture, "plot.txt");
    } else {
        PNAS_CHECK(getenv("DISPLAY") || getenv("WAYLAND_DISPLAY"), PNAS_ERROR_USAGE,
                   "there is no display for a window; name a picture with -o FILE.png, .svg or .pdf, or "
                   "use --terminal");
    }
    return PNAS_OK;
}

pnas_status pnas_gnuplot_begin(const pnas_gnuplot_options *options, pnas_gnuplot **out)
{
    pnas_status status;
    *out = NULL;
    pnas_gnuplot *plot = calloc(1, sizeof *plot);
    PNAS_CHECK(plot, PNAS_ERROR_MEMORY, "out of memory for a plot");
    plot->options = *options;
    query_terminal(&plot->options);
    PNAS_TRY_CLEANUP(choose_format(plot));
    PNAS_TRY_CLEANUP(pnas_tool_folder_make(options->keep, &plot->folder));
    PNAS_TRY_CLEANUP(pnas_tool_file_create(&plot->folder, SCRIPT, &plot->script));
    write_terminal(plot);
    write_settings(plot);
cleanup:
    if (status != PNAS_OK)
        pnas_gnuplot_destroy(&plot);
    *out = plot;
    return status;
}

/* ---- writing ---- */

FILE *pnas_gnuplot_script(pnas_gnuplot *plot)
{
    return plot->script;
}

pnas_status pnas_gnuplot_data(pnas_gnuplot *plot, const char *name, FILE **out)
{
    PNAS_TRY(pnas_tool_file_close(&plot->folder, plot->data_name, &plot->data));
    snprintf(plot->data_name, sizeof plot->data_name, "%s", name);
    PNAS_TRY(pnas_tool_file_create(&plot->folder, name, &plot->data));
    *out = plot->data;
    return PNAS_OK;
}

bool pnas_gnuplot_is_text(const pnas_gnuplot *plot)
{
    return plot->options.terminal;
}

bool pnas_gnuplot_can_hover(const pnas_gnuplot *plot)
{
    return !plot->options.terminal && (!plot->format || strcmp(plot->format, "svg") == 0);
}

int pnas_gnuplot_columns(const pnas_gnuplot *plot)
{
    return plot->options.terminal ? plot->options.columns : 0;
}

void pnas_gnuplot_quote(FILE *script, const char *text)
{
    putc('\'', script);
    pnas_text_write(script, text, '\'');
    putc('\'', script);
}

void pnas_gnuplot_quote_data(FILE *data, const char *text)
{
    char escape[PNAS_TEXT_ESCAPE_MAX];
    putc('"', data);
    for (size_t length; *text;
         text += length) { /* no XML either: gnuplot passes texts on to SVG as they are */
        length = pnas_text_next(text, escape);
        if (*escape || strchr("\"\\'<>&", *text))
            putc(' ', data);
        else
            fwrite(text, 1, length, data);
    }
    putc('"', data);
}

/* ---- the end ---- */

/* gnuplot leaves the texts of points to a script beside the picture; as titles of their points every browser
 * shows them. */
static void write_titled(FILE *out, const char *line)
{
    static const char before[] = "gnuplot_svg.showHypertext(evt,'";
    const char *text = strstr(line, before), *end = text ? strchr(text + sizeof before - 1, '\'') : NULL;
    if (!end) {
        fputs(line, out);
        return;
    }
    text += sizeof before - 1;
    fprintf(out, "\t<g><title>%.*s</title>\n", (int)(end - text), text);
}

/* gnuplot fills its page with blanks and begins it with a form feed. */
static void write_trimmed(FILE *out, const char *line)
{
    size_t start = strspn(line, "\f"), length = strlen(line);
    while (length > start && strchr(" \r\n", line[length - 1]))
        length--;
    if (length > start)
        fprintf(out, "%.*s\n", (int)(length - start), line + start);
}

static pnas_status refine(pnas_gnuplot *plot, void (*write)(FILE *out, const char *line))
{
    static const char name[] = "refined";
    FILE *from, *to = NULL;
    char *line = NULL;
    size_t size = 0;
    PNAS_TRY(pnas_tool_file_open(&plot->folder, plot->picture, &from));
    pnas_status status = pnas_tool_file_create(&plot->folder, name, &to);
    while (status == PNAS_OK && getline(&line, &size, from) >= 0)
        write(to, line);
    free(line);
    fclose(from);
    if (status == PNAS_OK)
        status = pnas_tool_file_close(&plot->folder, name, &to);
    snprintf(plot->picture, sizeof plot->picture, "%s", name);
    return status;
}

pnas_status pnas_gnuplot_finish(pnas_gnuplot *plot)
{
    const char *const command[] = {"gnuplot", "-d", SCRIPT, NULL};
    if (plot->format || plot->options.terminal)
        fprintf(plot->script, "unset output\n");
    PNAS_TRY(pnas_tool_file_close(&plot->folder, plot->data_name, &plot->data));
    PNAS_TRY(pnas_tool_file_close(&plot->folder, SCRIPT, &plot->script));
    if (*plot->picture)
        pnas_tool_file_clear(&plot->folder, plot->picture);
    pnas_status status = pnas_tool_run(&plot->folder, command, "gnuplot-nox");
    if (status != PNAS_OK) {
        char reason[512];
        snprintf(reason, sizeof reason, "%s", pnas_message());
        plot->folder.kept = true;
        return pnas_fail(status, "no picture: %s; data and script (%s) are in %s", reason, SCRIPT,
                         plot->folder.folder);
    }
    if (plot->format && strcmp(plot->format, "svg") == 0)
        PNAS_TRY(refine(plot, write_titled));
    if (plot->options.terminal)
        PNAS_TRY(refine(plot, write_trimmed));
    if (*plot->picture)
        return pnas_tool_deliver(&plot->folder, plot->picture, plot->options.output);
    return PNAS_OK;
}

void pnas_gnuplot_destroy(pnas_gnuplot **plot)
{
    if (!*plot)
        return;
    if ((*plot)->data)
        fclose((*plot)->data);
    if ((*plot)->script)
        fclose((*plot)->script);
    pnas_tool_folder_remove(&(*plot)->folder);
    free(*plot);
    *plot = NULL;
}
