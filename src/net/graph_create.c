#include "src/net/graph_create.h"

#include "src/net/graph_auxiliary.h"
#include "src/net/graph_builder.h"
#include "src/net/graph_cell.h"
#include "src/net/graph_finish.h"
#include "src/net/network_size.h"

#include <stdlib.h>

enum {
    REPEATS_MAX = 64,
    STEM_MULTIPLIER_MAX = 16,
    IMAGE_SIDE_MAX = 4096,
    IMAGE_CHANNELS_MAX = 64,
    CLASSES_MAX = 65536,
    IMAGENET_STEM_FILTERS = 32, /* times stem_multiplier */
    OTHER_LAYERS = 3            /* the stem's convolution, global pool, classifier */
};

/* By stem: least side of the images, so that each reduction makes them smaller. */
static const int image_side_min[PNAS_STEM_COUNT] = {[PNAS_STEM_CIFAR] = 3, [PNAS_STEM_IMAGENET] = 19};

static pnas_status check_range(const char *name, int value, int least, int most)
{
    PNAS_CHECK(value >= least && value <= most, PNAS_ERROR_USAGE,
               "child network: %s is %d; it must be %d to %d", name, value, least, most);
    return PNAS_OK;
}

static pnas_status check_options(const pnas_network_options *options)
{
    PNAS_TRY(check_range("filters", options->filters, 1, PNAS_FILTERS_MAX));
    PNAS_TRY(check_range("repeats", options->repeats, 1, REPEATS_MAX));
    PNAS_TRY(check_range("stem", (int)options->stem, 0, PNAS_STEM_COUNT - 1));
    PNAS_TRY(check_range("stem_multiplier", options->stem_multiplier, 1, STEM_MULTIPLIER_MAX));
    PNAS_TRY(check_range("concatenation", (int)options->concatenation, 0, PNAS_CONCATENATION_COUNT - 1));
    PNAS_TRY(check_range("channels of the images", options->channels, 1, IMAGE_CHANNELS_MAX));
    PNAS_TRY(check_range("number of classes", options->classes, 2, CLASSES_MAX));
    int least = image_side_min[options->stem];
    PNAS_CHECK(
        options->height >= least && options->width >= least, PNAS_ERROR_USAGE,
        "child network: images of %d x %d pixels are too small for its %s; use images of at least %d x "
        "%d%s",
        options->height, options->width,
        options->stem == PNAS_STEM_IMAGENET ? "stem and two reductions" : "two reductions", least, least,
        options->stem == PNAS_STEM_IMAGENET ? ", or network.stem: cifar" : "");
    PNAS_TRY(check_range("height of the images", options->height, least, IMAGE_SIDE_MAX));
    return check_range("width of the images", options->width, least, IMAGE_SIDE_MAX);
}

static pnas_value add_stem(pnas_graph *graph)
{
    const pnas_network_options *options = &graph->options;
    pnas_value images = pnas_graph_add_tensor(graph, 1, options->channels, options->height, options->width);
    bool imagenet = options->stem == PNAS_STEM_IMAGENET;
    int filters = options->stem_multiplier * (imagenet ? IMAGENET_STEM_FILTERS : options->filters);
    pnas_filter stem = pnas_filter_square(PNAS_LAYER_CONVOLUTION, filters, 3, imagenet ? 2 : 1, 1);
    stem.valid = imagenet;
    return pnas_graph_add_filter(graph, "stem", images, &stem);
}

static void add_layers(pnas_graph *graph, const pnas_operator_set *operators)
{
    const pnas_network_options *options = &graph->options;
    pnas_value previous = add_stem(graph), before = previous, two_thirds = previous;
    pnas_cell_plan plan = {
        .cell = &graph->cell, .operators = operators, .concatenation = options->concatenation};
    for (plan.index = 0; plan.index < pnas_network_cells(options); plan.index++) {
        pnas_cell_place place = pnas_network_cell(options, plan.index);
        plan.stride = place.stride;
        plan.filters = place.filters;
        pnas_value output = pnas_graph_add_cell(graph, &plan, previous, before);
        before = previous;
        previous = output;
        if (place.stage < 2)
            two_thirds = output;
    }
    if (options->auxiliary > 0)
        pnas_graph_add_auxiliary(graph, two_thirds);
    pnas_graph_add_head(graph, "head", pnas_value_rectified(previous), options->classes);
}

/* Room for the largest network of this cell, so that adding layers cannot fail. */
static pnas_status allocate(pnas_graph *graph, const pnas_operator_set *operators)
{
    size_t cells = (size_t)pnas_network_cells(&graph->options);
    size_t layers =
        OTHER_LAYERS + PNAS_AUXILIARY_LAYERS + cells * (size_t)pnas_cell_layers_max(&graph->cell, operators);
    graph->layer = calloc(layers, sizeof *graph->layer);
    graph->tensor = calloc(layers + cells + 1, sizeof *graph->tensor); /* outputs, cells, the images */
    graph->norm = calloc(layers, sizeof *graph->norm);
    PNAS_CHECK(graph->layer && graph->tensor && graph->norm, PNAS_ERROR_MEMORY,
               "out of memory for a child network of up to %zu layers", layers);
    return PNAS_OK;
}

static pnas_status finish(pnas_graph *graph)
{
    PNAS_TRY(pnas_graph_prune(graph));
    size_t parameters = 2 * ((size_t)graph->layer_count + (size_t)graph->norm_count);
    graph->parameter = calloc(parameters, sizeof *graph->parameter);
    PNAS_CHECK(graph->parameter, PNAS_ERROR_MEMORY, "out of memory for the parameters of %d layers",
               graph->layer_count);
    pnas_graph_list_parameters(graph);
    return PNAS_OK;
}

pnas_status pnas_graph_create(const pnas_cell *cell, const pnas_operator_set *operators,
                              const pnas_network_options *options, pnas_graph **out)
{
    pnas_status status = PNAS_OK;
    PNAS_TRY(check_options(options));
    PNAS_TRY(pnas_cell_validate(cell, operators));
    pnas_graph *graph = calloc(1, sizeof *graph);
    PNAS_CHECK(graph, PNAS_ERROR_MEMORY, "out of memory for a child network");
    graph->options = *options;
    graph->cell = *cell;
    graph->auxiliary_logits = -1;
    graph->drop_paths = 2 * cell->blocks * pnas_network_cells(options);
    PNAS_TRY_CLEANUP(allocate(graph, operators));
    add_layers(graph, operators);
    PNAS_TRY_CLEANUP(finish(graph));
    *out = graph;
    return PNAS_OK;
cleanup:
    pnas_graph_destroy(&graph);
    return status;
}
