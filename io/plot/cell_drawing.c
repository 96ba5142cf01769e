#include "io/plot/cell_drawing.h"
#include "io/plot/graphviz.h"

#include <stdio.h>

/* ---- words ---- */

/* Kinds by colour, in their order, pale enough for black words. Kinds beyond the last colour start over:
 * words tell them apart. */
static const char *operator_colour(pnas_operator_kind kind)
{
    static const char *const colours[] = {"#ffffff", "#fbe5a2", "#f9cfb3", "#f0cfe2",
                                          "#cfe8f7", "#a9d3ef", "#d8e8b8", "#e2d8f0"};
    return colours[(size_t)kind % (sizeof colours / sizeof *colours)];
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

static void write_inputs(FILE *graph, const char *rank)
{
    fprintf(graph, "    { rank=%s;\n", rank);
    for (int back = 2; back >= 1; back--)
        fprintf(graph, "      previous%d [label=<H<SUB>c-%d</SUB>>, fillcolor=\"#d9d9d9\", fontsize=15];\n",
                back, back);
    fprintf(graph, "      previous2 -> previous1 [style=invis];\n    }\n");
}

static void write_parts(FILE *graph, const pnas_cell *cell, const pnas_operator_set *operators,
                        pnas_concatenation concatenation, const char *rank)
{
    write_inputs(graph, rank);
    for (int b = 0; b < cell->blocks; b++)
        write_block(graph, cell, operators, b);
    write_output(graph, cell, concatenation);
}

void pnas_cell_drawing_write(FILE *graph, const pnas_cell *cell, const pnas_operator_set *operators,
                             pnas_concatenation concatenation)
{
    write_parts(graph, cell, operators, concatenation, "same");
}

/* ---- drawing ---- */

typedef struct {
    const pnas_cell *cell;
    const pnas_operator_set *operators;
    const pnas_cell_drawing_options *options;
} cell_drawing;

static void write_graph(FILE *graph, const void *payload)
{
    const cell_drawing *drawing = payload;
    pnas_graphviz_begin(graph, "cell", drawing->options->title);
    write_parts(graph, drawing->cell, drawing->operators, drawing->options->concatenation, "min");
    fprintf(graph, "}\n");
}

pnas_status pnas_cell_draw(const pnas_cell *cell, const pnas_operator_set *operators,
                           const pnas_cell_drawing_options *options)
{
    return pnas_graphviz_draw(options->output, write_graph, &(cell_drawing){cell, operators, options});
}

/* ---- the layout alone ---- */

typedef struct {
    const pnas_cell *const *cell;
    const pnas_operator_set *operators;
    pnas_concatenation concatenation;
} cell_graphs;

static void write_one(FILE *graph, const void *payload, size_t index)
{
    const cell_graphs *graphs = payload;
    pnas_graphviz_begin(graph, "cell", NULL);
    write_parts(graph, graphs->cell[index], graphs->operators, graphs->concatenation, "min");
    fprintf(graph, "}\n");
}

pnas_status pnas_cells_lay_out(const pnas_cell *const *cell, size_t count, const pnas_operator_set *operators,
                               pnas_concatenation concatenation, char **out)
{
    return pnas_graphviz_lay_out(write_one, &(cell_graphs){cell, operators, concatenation}, count, out);
}
