#include "io/plot/graphviz.h"
#include "io/plot/tool.h"

#include "src/base/plain_text.h"

#include <string.h>

#define GRAPH "graph.gv"

/* "..." with nothing in it that Graphviz would interpret. */
static void write_text(FILE *graph, const char *text)
{
    char escape[PNAS_TEXT_ESCAPE_MAX];
    putc('"', graph);
    for (size_t length; *text; text += length) {
        length = pnas_text_next(text, escape);
        if (*escape || *text == '"' || *text == '\\')
            putc('\\', graph); /* an escape begins with a backslash, too */
        if (*escape)
            fputs(escape, graph);
        else
            fwrite(text, 1, length, graph);
    }
    putc('"', graph);
}

void pnas_graphviz_begin(FILE *graph, const char *name, const char *title)
{
    fprintf(graph,
            "digraph %s {\n"
            "    rankdir=BT; bgcolor=\"#ffffff\"; nodesep=0.25; ranksep=0.4; pad=0.2; splines=true;\n"
            "    fontname=\"Helvetica\";\n"
            "    node [shape=box, style=\"rounded,filled\", color=\"#606060\", fontname=\"Helvetica\", "
            "fontsize=12, height=0.36, margin=\"0.12,0.04\"];\n"
            "    edge [color=\"#606060\", arrowsize=0.6];\n",
            name);
    if (!title)
        return;
    fprintf(graph, "    labelloc=b; fontsize=11; fontcolor=\"#404040\"; label=");
    write_text(graph, title);
    fprintf(graph, ";\n");
}

static pnas_status run_dot(pnas_tool_folder *folder, const char *format, const char *output)
{
    const char *const png[] = {"dot", "-Tpng", "-Gdpi=160", "-o", "picture.png", GRAPH, NULL};
    const char *const svg[] = {"dot", "-Tsvg", "-o", "picture.svg", GRAPH, NULL};
    const char *const pdf[] = {"dot", "-Tpdf", "-o", "picture.pdf", GRAPH, NULL};
    const char *const *command = strcmp(format, "png") == 0 ? png : strcmp(format, "svg") == 0 ? svg : pdf;
    char picture[16], reason[512];
    pnas_status status = pnas_tool_run(folder, command, "graphviz");
    if (status != PNAS_OK) {
        snprintf(reason, sizeof reason, "%s", pnas_message());
        folder->kept = true;
        return pnas_fail(status, "no picture: %s; the graph is in %s/%s", reason, folder->folder, GRAPH);
    }
    snprintf(picture, sizeof picture, "picture.%s", format);
    return pnas_tool_deliver(folder, picture, output);
}

pnas_status pnas_graphviz_draw(const char *output, void (*write)(FILE *graph, const void *payload),
                               const void *payload)
{
    static const char *const known[] = {"svg", "png", "pdf", "gv", NULL};
    const char *format = output ? pnas_tool_format(output, known) : "gv";
    pnas_tool_folder folder = {0};
    pnas_status status;
    FILE *graph = NULL;
    if (!format)
        return PNAS_ERROR_USAGE;
    PNAS_TRY_CLEANUP(pnas_tool_folder_make(NULL, &folder));
    PNAS_TRY_CLEANUP(pnas_tool_file_create(&folder, GRAPH, &graph));
    write(graph, payload);
    PNAS_TRY_CLEANUP(pnas_tool_file_close(&folder, GRAPH, &graph));
    if (strcmp(format, "gv") == 0)
        status = pnas_tool_deliver(&folder, GRAPH, output);
    else
        status = run_dot(&folder, format, output);
cleanup:
    if (graph)
        fclose(graph);
    pnas_tool_folder_remove(&folder);
    return status;
}
