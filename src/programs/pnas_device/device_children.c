#include "src/programs/pnas_device/device_children.h"

#include "io/config/configuration.h"
#include "io/data/dataset.h"
#include "src/net/graph_create.h"
#include "src/net/network_size.h"
#include "src/search/cell_text.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEY_CONFIG = 0x200, KEY_CELL, KEY_DEVICE };

static const struct argp_option option_list[] = {
    {"config", KEY_CONFIG, "CONFIG.yaml", 0,
     "Children of this configuration; without it: of the default one on images of 32x32x3", 1},
    {"cell", KEY_CELL, "TEXT", 0,
     "The child of this cell; may be repeated; without it: of every operator and number of blocks", 1},
    {"device", KEY_DEVICE, "auto|cpu|gpu|D", 0, "auto, cpu, gpu, an index, or part of a device's name", 1},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    pnas_device_children_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->level;
        return 0;
    case KEY_CONFIG:
        options->config = argument;
        return 0;
    case KEY_CELL:
        if (options->cells == PNAS_DEVICE_CELLS_MAX)
            return pnas_program_complain(state, "--cell: more than %d of them", PNAS_DEVICE_CELLS_MAX);
        options->cell[options->cells++] = argument;
        return 0;
    case KEY_DEVICE:
        options->device = argument;
        return 0;
    case ARGP_KEY_ARG:
        return pnas_program_complain(state, "'%s': no arguments are taken; see --help", argument);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child common[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
const struct argp pnas_device_children_argp = {.options = option_list, .parser = parse, .children = common};

static pnas_status read_configuration(const char *path, pnas_configuration *out)
{
    pnas_network_options *network = &out->network;
    if (!path) {
        pnas_configuration_defaults(out);
        network->height = network->width = 32;
        network->channels = 3;
        network->classes = 10;
        return PNAS_OK;
    }
    pnas_dataset *dataset = NULL;
    PNAS_TRY(pnas_configuration_read(path, NULL, 0, out));
    PNAS_TRY(pnas_dataset_describe(out->dataset, &dataset));
    network->height = dataset->height;
    network->width = dataset->width;
    network->channels = dataset->channels;
    network->classes = dataset->classes;
    pnas_dataset_destroy(&dataset);
    return PNAS_OK;
}

static pnas_status add(pnas_device_children *children, const pnas_configuration *configuration,
                       const pnas_cell *cell)
{
    pnas_graph **graph = realloc(children->graph, (size_t)(children->count + 1) * sizeof(pnas_graph *));
    PNAS_CHECK(graph, PNAS_ERROR_MEMORY, "no memory for %d children", children->count + 1);
    children->graph = graph;
    pnas_network_options network = configuration->network;
    int64_t found;
    if (configuration->parameters > 0)
        PNAS_TRY(pnas_network_find_filters(cell, &configuration->search.space.operators, &network,
                                           configuration->parameters, &network.filters, &found));
    PNAS_TRY(
        pnas_graph_create(cell, &configuration->search.space.operators, &network, &graph[children->count]));
    children->count += 1;
    return PNAS_OK;
}

static pnas_status add_cells(pnas_device_children *children, const pnas_configuration *configuration,
                             const char *const *cells, int count)
{
    for (int i = 0; i < count; ++i) {
        pnas_cell cell;
        if (pnas_cell_parse(cells[i], &configuration->search.space.operators, &cell) != PNAS_OK)
            return pnas_fail_at(PNAS_ERROR_USAGE, "--cell");
        PNAS_TRY(add(children, configuration, &cell));
    }
    return PNAS_OK;
}

/* Every block reads both previous cells, so that no block reads another and all are concatenated. */
static pnas_status add_uniform_cells(pnas_device_children *children, const pnas_configuration *configuration)
{
    const pnas_space *space = &configuration->search.space;
    for (int blocks = 1; blocks <= space->blocks; ++blocks)
        for (int op = 0; op < space->operators.count; ++op) {
            pnas_cell cell = {.blocks = blocks};
            for (int i = 0; i < blocks; ++i)
                cell.block[i] =
                    (pnas_block){(int8_t)space->lookback, (int8_t)op, (int8_t)space->lookforward, (int8_t)op};
            PNAS_TRY(add(children, configuration, &cell));
        }
    return PNAS_OK;
}

pnas_status pnas_device_children_create(const pnas_device_children_options *options,
                                        pnas_device_children *out)
{
    *out = (pnas_device_children){0};
    pnas_configuration *configuration = malloc(sizeof *configuration);
    PNAS_CHECK(configuration, PNAS_ERROR_MEMORY, "no memory for a configuration");
    pnas_status status;
    PNAS_TRY_CLEANUP(read_configuration(options->config, configuration));
    out->batch = configuration->training.batch;
    out->training = configuration->training;
    out->surrogate = configuration->surrogate;
    out->space = configuration->search.space;
    snprintf(out->device, sizeof out->device, "%s",
             options->device ? options->device : configuration->device);
    PNAS_TRY_CLEANUP(options->cells > 0 ? add_cells(out, configuration, options->cell, options->cells)
                                        : add_uniform_cells(out, configuration));
cleanup:
    free(configuration);
    if (status != PNAS_OK)
        pnas_device_children_destroy(out);
    return status;
}

void pnas_device_children_destroy(pnas_device_children *children)
{
    for (int i = 0; i < children->count; ++i)
        pnas_graph_destroy(&children->graph[i]);
    free(children->graph);
    *children = (pnas_device_children){0};
}
