#include "io/plot/graphviz.h"
#include "io/plot/tool.h"

#include "src/base/plain_text.h"

#include <stdlib.h>
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
    /* The empty line keeps it free of the boxes. */
    fprintf(graph, "    labelloc=b; fontsize=11; fontcolor=\"#404040\"; label=\"\\n\" + ");
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

/* ---- layouts ---- */

#define LAYOUT_NAME_MAX 32

static pnas_status append_file(const pnas_tool_folder *folder, const char *name, FILE *out)
{
    FILE *file = NULL;
    char block[4096];
    PNAS_TRY(pnas_tool_file_open(folder, name, &file));
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;)
        fwrite(block, 1, got, out);
    fclose(file);
    return PNAS_OK;
}

/* One run of dot for all: it takes longer to start than to draw. */
static pnas_status run_layouts(pnas_tool_folder *folder, char (*names)[LAYOUT_NAME_MAX], size_t count,
                               FILE *out)
{
    const char *command[PNAS_GRAPHVIZ_MAX + 4] = {"dot", "-Tplain", "-O"};
    for (size_t i = 0; i < count; i++)
        command[3 + i] = names[i];
    PNAS_TRY(pnas_tool_run(folder, command, "graphviz"));
    for (size_t i = 0; i < count; i++) {
        char made[LAYOUT_NAME_MAX + 8];
        snprintf(made, sizeof made, "%s.plain", names[i]);
        PNAS_TRY(append_file(folder, made, out));
    }
    return PNAS_OK;
}

pnas_status pnas_graphviz_lay_out(void (*write)(FILE *graph, const void *payload, size_t index),
                                  const void *payload, size_t count, char **out)
{
    char names[PNAS_GRAPHVIZ_MAX][LAYOUT_NAME_MAX];
    pnas_tool_folder folder = {0};
    pnas_status status;
    FILE *graph = NULL;
    size_t size;
    FILE *layouts = open_memstream(out, &size);
    PNAS_CHECK(layouts, PNAS_ERROR_MEMORY, "out of memory for drawings");
    PNAS_TRY_CLEANUP(pnas_tool_folder_make(NULL, &folder));
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "graph_%zu.gv", i);
        PNAS_TRY_CLEANUP(pnas_tool_file_create(&folder, names[i], &graph));
        write(graph, payload, i);
        PNAS_TRY_CLEANUP(pnas_tool_file_close(&folder, names[i], &graph));
    }
    PNAS_TRY_CLEANUP(run_layouts(&folder, names, count, layouts));
    PNAS_CHECK_CLEANUP(!ferror(layouts), PNAS_ERROR_MEMORY, "out of memory for drawings");
cleanup:
    if (graph)
        fclose(graph);
    fclose(layouts);
    pnas_tool_folder_remove(&folder);
    if (status != PNAS_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}
