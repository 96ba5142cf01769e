#include "src/net/graph_cell.h"

#include "src/net/graph_operator.h"

#include <assert.h>
#include <stdio.h>

enum { READS_PREVIOUS = 1, READS_BEFORE = 2 }; /* bits of pnas_cell_used's second result */

typedef struct { /* a cell while it is being added */
    pnas_graph *graph;
    const pnas_cell_plan *plan;
    pnas_value previous, before; /* adjusted: what inputs -1 and -2 stand for */
    pnas_value output;           /* all segments */
    int segments;                /* of the output, given out so far */
    uint32_t used;               /* blocks that other blocks read */
    uint32_t reads;              /* READS_PREVIOUS, READS_BEFORE */
    pnas_value block[PNAS_BLOCKS_MAX];
} cell_build;

int pnas_cell_layers_max(const pnas_cell *cell, const pnas_operator_set *operators)
{
    int layers = 2 + 2 * 2; /* both inputs adjusted, both matched and copied if unused */
    for (int b = 0; b < cell->blocks; b++)
        layers += pnas_operator_layers_max(&operators->item[cell->block[b].op1]) +
                  pnas_operator_layers_max(&operators->item[cell->block[b].op2]) + 1;
    return layers;
}

/* "cell_<index>/<part>" */
static const char *cell_path(const pnas_cell_plan *plan, const char *part, char path[PNAS_LAYER_PATH_MAX])
{
    snprintf(path, PNAS_LAYER_PATH_MAX, "cell_%d/%s", plan->index, part);
    return path;
}

/* Gives `before` the size of `previous` and the cell's filters. The released nets leave the stem's output as
 * it is where it stands in for H(c-2) of the first cell. */
static pnas_value adjust_before(pnas_graph *graph, const pnas_cell_plan *plan, pnas_value previous,
                                pnas_value before)
{
    if (plan->index == 0)
        return before;
    char path[PNAS_LAYER_PATH_MAX];
    cell_path(plan, "before", path);
    const pnas_tensor *from = &graph->tensor[before.tensor], *to = &graph->tensor[previous.tensor];
    if (from->height != to->height || from->width != to->width) {
        pnas_filter reduction = pnas_filter_reduction(plan->filters);
        return pnas_graph_add_filter(graph, path, pnas_value_rectified(before), &reduction);
    }
    if (pnas_value_channels(graph, before) != plan->filters) {
        pnas_filter squeeze = pnas_filter_square(PNAS_LAYER_POINTWISE, plan->filters, 1, 1, 1);
        return pnas_graph_add_filter(graph, path, pnas_value_rectified(before), &squeeze);
    }
    return pnas_graph_add_regrouped(graph, path, before);
}

static pnas_value adjust_previous(pnas_graph *graph, const pnas_cell_plan *plan, pnas_value previous)
{
    char path[PNAS_LAYER_PATH_MAX];
    pnas_filter squeeze = pnas_filter_square(PNAS_LAYER_POINTWISE, plan->filters, 1, 1, 1);
    return pnas_graph_add_filter(graph, cell_path(plan, "previous", path), pnas_value_rectified(previous),
                                 &squeeze);
}

static bool is_concatenated(const cell_build *build, int block)
{
    return build->plan->concatenation == PNAS_CONCATENATE_ALL || !(build->used >> block & 1);
}

static bool copies_input(const cell_build *build, uint32_t which)
{
    return build->plan->concatenation == PNAS_CONCATENATE_UNUSED_INPUTS && !(build->reads & which);
}

static void add_output_tensor(cell_build *build)
{
    const pnas_cell_plan *plan = build->plan;
    int segments = (int)copies_input(build, READS_PREVIOUS) + (int)copies_input(build, READS_BEFORE);
    for (int b = 0; b < plan->cell->blocks; b++)
        segments += is_concatenated(build, b);
    const pnas_tensor *from = &build->graph->tensor[build->previous.tensor];
    build->output = pnas_graph_add_tensor(build->graph, segments, plan->filters,
                                          pnas_same_size(from->height, plan->stride),
                                          pnas_same_size(from->width, plan->stride));
}

static pnas_value add_side(cell_build *build, int block, const char *side, int input, int code)
{
    const pnas_cell_plan *plan = build->plan;
    const pnas_operator *op = &plan->operators->item[code];
    pnas_value in = input == -1 ? build->previous : input == -2 ? build->before : build->block[input];
    char path[PNAS_LAYER_PATH_MAX];
    snprintf(path, sizeof path, "cell_%d/block_%d/%s_%s", plan->index, block, side, op->name);
    return pnas_graph_add_operator(build->graph, path, op, in, plan->filters, input < 0 ? plan->stride : 1);
}

/* Which path side `side` of block b is: every operator but identity may be dropped. */
static int drop_path_of(const cell_build *build, int b, int side, int code)
{
    const pnas_cell_plan *plan = build->plan;
    return plan->operators->item[code].kind == PNAS_IDENTITY
               ? -1
               : 2 * (plan->index * plan->cell->blocks + b) + side;
}

static void add_block(cell_build *build, int b)
{
    const pnas_block *block = &build->plan->cell->block[b];
    pnas_value left = add_side(build, b, "left", block->in1, block->op1);
    pnas_value right = add_side(build, b, "right", block->in2, block->op2);
    const pnas_tensor *output = &build->graph->tensor[build->output.tensor];
    pnas_value into = is_concatenated(build, b) ? pnas_value_segment(build->output, build->segments++)
                                                : pnas_graph_add_tensor(build->graph, 1, build->plan->filters,
                                                                        output->height, output->width);
    char path[PNAS_LAYER_PATH_MAX];
    snprintf(path, sizeof path, "cell_%d/block_%d", build->plan->index, b);
    const int paths[] = {drop_path_of(build, b, 0, block->op1), drop_path_of(build, b, 1, block->op2)};
    build->block[b] = pnas_graph_add_sum(build->graph, path, left, right, paths, into);
}

/* An input that no block reads, made to fit (without ReLU, as in the released nets) and concatenated. */
static void add_unused_input(cell_build *build, const char *part, pnas_value value)
{
    const pnas_cell_plan *plan = build->plan;
    char path[PNAS_LAYER_PATH_MAX];
    cell_path(plan, part, path);
    pnas_filter reduction = pnas_filter_reduction(plan->filters);
    pnas_filter match = pnas_filter_square(PNAS_LAYER_POINTWISE, plan->filters, 1, 1, 1);
    if (plan->stride == 2)
        value = pnas_graph_add_filter(build->graph, path, value, &reduction);
    else if (pnas_value_channels(build->graph, value) != plan->filters)
        value = pnas_graph_add_filter(build->graph, path, value, &match);
    pnas_graph_add_copy(build->graph, path, value, pnas_value_segment(build->output, build->segments++));
}

pnas_value pnas_graph_add_cell(pnas_graph *graph, const pnas_cell_plan *plan, pnas_value previous,
                               pnas_value before)
{
    cell_build build = {.graph = graph, .plan = plan};
    build.used = pnas_cell_used(plan->cell, &build.reads);
    build.before = adjust_before(graph, plan, previous, before);
    build.previous = adjust_previous(graph, plan, previous);
    add_output_tensor(&build);
    for (int b = 0; b < plan->cell->blocks; b++)
        add_block(&build, b);
    if (copies_input(&build, READS_PREVIOUS))
        add_unused_input(&build, "unused_previous", build.previous);
    if (copies_input(&build, READS_BEFORE))
        add_unused_input(&build, "unused_before", build.before);
    assert(build.segments == build.output.segments);
    return build.output;
}
