#include "io/plot/cell_drawing.h"
#include "io/plot/tool.h"

#include "src/base/plain_text.h"

#include <string.h>

#define GRAPH "cell.gv"

/* ---- words ---- */

/* Kinds by colour, in their order, pale enough for black words. Kinds beyond the last colour start over:
 * words tell them apart. */
static const char *operator_colour(pnas_operator_kind kind)
{
    static const char *const colours[] = {"#ffffff", "#fbe5a2", "#f9cfb3", "#f0cfe2",
                                          "#cfe8f7", "#a9d3ef", "#d8e8b8", "#e2d8f0"};
    return colours[(size_t)kind % (sizeof colours / sizeof *colours)];
}

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

/* ---- the graph ---- */

static void input_name(int input, char out[16])
{
    if (input < 0)
        snprintf(out, 16, "previous%d", -input);
    else
        snprintf(out, 16, "sum%d", input);
}

static void write_side(FILE *graph, const pnas_operator_set *operators, int block, const char *side,
                       int input, int op)
{
    char from[16];
    input_name(input, from);
    fprintf(graph, "    %s%d [label=\"%s\", fillcolor=\"%s\"];\n", side, block,
            pnas_operator_label(&operators->item[op]), operator_colour(operators->item[op].kind));
    fprintf(graph, "    %s%d -> sum%d;\n    %s -> %s%d;\n", side, block, block, from, side, block);
}

static void write_block(FILE *graph, const pnas_cell *cell, const pnas_operator_set *operators, int b)
{
    const pnas_block *block = &cell->block[b];
    fprintf(graph,
            "    subgraph cluster%d {\n        style=\"rounded,filled\"; color=\"#e4e4e4\"; "
            "fillcolor=\"#f6f6f6\"; margin=8; penwidth=1; label=\"\";\n"
            "        left%d; right%d;\n"
            "        sum%d [label=<+<SUB><FONT POINT-SIZE=\"9\">%d</FONT></SUB>>, shape=circle, width=0.42, "
            "fixedsize=true, "
            "fillcolor=\"#b7e0c5\", fontsize=13];\n    }\n",
            b, b, b, b, b);
    write_side(graph, operators, b, "left", block->in1, block->op1);
    write_side(graph, operators, b, "right", block->in2, block->op2);
}

static void write_output(FILE *graph, const pnas_cell *cell, pnas_concatenation concatenation)
{
    uint32_t reads = 0, used = pnas_cell_used(cell, &reads);
    fprintf(graph, "    concatenation [label=\"concatenate\", fillcolor=\"#d9d9d9\"];\n"
                   "    output [label=<H<SUB>c</SUB>>, shape=plaintext, style=\"\", fontsize=15];\n"
                   "    concatenation -> output;\n");
    for (int b = 0; b < cell->blocks; b++)
        if (concatenation == PNAS_CONCATENATE_ALL || !(used >> b & 1))
            fprintf(graph, "    sum%d -> concatenation;\n", b);
    for (int back = 1; back <= 2; back++)
        if (concatenation == PNAS_CONCATENATE_UNUSED_INPUTS && !(reads >> (back - 1) & 1))
            fprintf(graph, "    previous%d -> concatenation;\n", back);
}

static void write_inputs(FILE *graph)
{
    fprintf(graph, "    { rank=min;\n");
    for (int back = 2; back >= 1; back--)
        fprintf(graph, "      previous%d [label=<H<SUB>c-%d</SUB>>, fillcolor=\"#d9d9d9\", fontsize=15];\n",
                back, back);
    fprintf(graph, "      previous2 -> previous1 [style=invis];\n    }\n");
}

static void write_graph(FILE *graph, const pnas_cell *cell, const pnas_operator_set *operators,
                        const pnas_cell_drawing_options *options)
{
    fprintf(graph,
            "digraph cell {\n"
            "    rankdir=BT; bgcolor=\"#ffffff\"; nodesep=0.25; ranksep=0.4; pad=0.2; splines=true;\n"
            "    fontname=\"Helvetica\";\n"
            "    node [shape=box, style=\"rounded,filled\", color=\"#606060\", fontname=\"Helvetica\", "
            "fontsize=12, height=0.36, margin=\"0.12,0.04\"];\n"
            "    edge [color=\"#606060\", arrowsize=0.6];\n");
    if (options->title) {
        fprintf(graph, "    labelloc=b; fontsize=11; fontcolor=\"#404040\"; label=");
        write_text(graph, options->title);
        fprintf(graph, ";\n");
    }
    write_inputs(graph);
    for (int b = 0; b < cell->blocks; b++)
        write_block(graph, cell, operators, b);
    write_output(graph, cell, options->concatenation);
    fprintf(graph, "}\n");
}

/* ---- drawing ---- */

static pnas_status run_dot(pnas_tool_folder *folder, const char *format, const char *output)
{
    const char *const png[] = {"dot", "-Tpng", "-Gdpi=160", "-o", "cell.png", GRAPH, NULL};
    const char *const svg[] = {"dot", "-Tsvg", "-o", "cell.svg", GRAPH, NULL};
    const char *const pdf[] = {"dot", "-Tpdf", "-o", "cell.pdf", GRAPH, NULL};
    const char *const *command = strcmp(format, "png") == 0 ? png : strcmp(format, "svg") == 0 ? svg : pdf;
    char picture[16], reason[512];
    pnas_status status = pnas_tool_run(folder, command, "graphviz");
    if (status != PNAS_OK) {
        snprintf(reason, sizeof reason, "%s", pnas_message());
        folder->kept = true;
        return pnas_fail(status, "no picture: %s; the graph is in %s/%s", reason, folder->folder, GRAPH);
    }
    snprintf(picture, sizeof picture, "cell.%s", format);
    return pnas_tool_deliver(folder, picture, output);
}

pnas_status pnas_cell_draw(const pnas_cell *cell, const pnas_operator_set *operators,
                           const pnas_cell_drawing_options *options)
{
    static const char *const known[] = {"svg", "png", "pdf", "gv", NULL};
    const char *format = options->output ? pnas_tool_format(options->output, known) : "gv";
    pnas_tool_folder folder = {0};
    pnas_status status;
    FILE *graph = NULL;
    if (!format)
        return PNAS_ERROR_USAGE;
    PNAS_TRY_CLEANUP(pnas_tool_folder_make(NULL, &folder));
    PNAS_TRY_CLEANUP(pnas_tool_file_create(&folder, GRAPH, &graph));
    write_graph(graph, cell, operators, options);
    PNAS_TRY_CLEANUP(pnas_tool_file_close(&folder, GRAPH, &graph));
    if (strcmp(format, "gv") == 0)
        status = pnas_tool_deliver(&folder, GRAPH, options->output);
    else
        status = run_dot(&folder, format, options->output);
cleanup:
    if (graph)
        fclose(graph);
    pnas_tool_folder_remove(&folder);
    return status;
}
