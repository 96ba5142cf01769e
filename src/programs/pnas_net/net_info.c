/* pnas_net info: what a network is. */
#include "io/net/network_graph.h"
#include "io/net/network_weights.h"
#include "io/plot/network_drawing.h"
#include "src/base/plain_text.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_net/net_commands.h"
#include "src/search/cell_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { KEY_DRAW = 0x100 };

typedef struct {
    const char *path, *draw;
    pnas_log_level level;
} info_arguments;

static error_t parse_info(int key, char *argument, struct argp_state *state)
{
    info_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        return 0;
    case KEY_DRAW:
        arguments->draw = argument;
        return 0;
    case ARGP_KEY_ARG:
        return pnas_program_take_argument(state, argument, &arguments->path);
    case ARGP_KEY_NO_ARGS:
        pnas_program_complain(state, "a network is missing");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_line(const char *name, const char *text)
{
    if (*text)
        pnas_text_line(stdout, "%-14s %s", name, text);
}

static void print_accuracies(const pnas_network_file *file)
{
    if (isfinite(file->accuracy))
        printf("%-14s %.4f, with the last weights\n", "validation", file->accuracy);
    if (file->test.known)
        pnas_text_line(stdout, "%-14s %.4f, top-5 %.4f, loss %.4f (%" PRId64 " images of %s%s%s)", "test",
                       file->test.accuracy, file->test.top5, file->test.loss, file->test.images,
                       file->test.dataset, *file->test.weights ? "; weights: " : "", file->test.weights);
}

static void print_average(const pnas_network_file *file)
{
    pnas_chosen_weights chosen;
    if (file->average.count == 0 ||
        pnas_network_choose_weights("", file, PNAS_WEIGHTS_BETTER, &chosen) != PNAS_OK)
        return;
    printf("%-14s of the weights, kept beside the last ones; %s taken%s%s\n", "average",
           chosen.tensors == &file->average ? "it is" : "those are", *chosen.reason ? ": " : "",
           chosen.reason);
}

/* Of `file`, whose graph is *graph: what only its training has. */
static void print_auxiliary(const pnas_graph *graph)
{
    int64_t count = 0;
    if (graph->auxiliary_logits < 0)
        return;
    for (int i = 0; i < graph->parameter_count; i++)
        if (pnas_graph_is_auxiliary(graph->parameter[i].path))
            count += graph->parameter[i].count;
    printf("%-14s classifier of %" PRId64 " parameters at two thirds of the depth, for its training only\n",
           "auxiliary", count);
}

static void print_network(const pnas_network_file *file, const pnas_graph *graph)
{
    char cell[PNAS_CELL_TEXT_MAX];
    pnas_cell_format(&file->cell, &file->operators, cell);
    print_line("cell", cell);
    printf("%-14s filters %d, repeats %d, %sstem_multiplier %d\n", "network", file->network.filters,
           file->network.repeats, file->network.stem == PNAS_STEM_IMAGENET ? "stem imagenet, " : "",
           file->network.stem_multiplier);
    printf("%-14s %d x %d x %d (height x width x channels)\n", "images", file->network.height,
           file->network.width, file->network.channels);
    printf("%-14s", "classes");
    for (int i = 0; i < file->network.classes && i < 10; i++) {
        fputs(i ? ", " : " ", stdout);
        pnas_text_write(stdout, file->class_names[i], 0);
    }
    printf(file->network.classes > 10 ? ", ... (%d in all)\n" : "\n", file->network.classes);
    printf("%-14s %" PRId64 "\n%-14s %" PRId64 " an image\n", "parameters", graph->parameters,
           "multiply-adds", graph->multiply_adds);
    print_accuracies(file);
    print_line("data set", file->dataset_name);
    print_line("licence", file->dataset_licence);
    print_line("sha256", file->dataset_sha256);
    print_line("run", file->run);
    print_average(file);
    print_auxiliary(graph);
    if (file->divergence.epoch > 0)
        printf("%-14s epoch %d was begun again with rates times %g, as a loss was not finite\n", "divergence",
               file->divergence.epoch, file->divergence.factor);
    if (file->in_training)
        printf("%-14s goes on after epoch %d, batch %d\n", "training", file->training.epoch,
               file->training.batch);
}

/* Those of the auxiliary classifier are not the network's. */
static void print_layers(const pnas_graph *graph)
{
    printf("\n%-48s %16s %10s %14s\n", "layer", "output", "parameters", "multiply-adds");
    for (int i = 0; i < graph->layer_count; i++) {
        const pnas_layer *layer = &graph->layer[i];
        const pnas_tensor *tensor = &graph->tensor[layer->out];
        char shape[64];
        if (pnas_graph_is_auxiliary(layer->path))
            continue;
        snprintf(shape, sizeof shape, "%d x %d x %d", tensor->height, tensor->width,
                 layer->out_segments * tensor->segment_channels);
        printf("%-48s %16s %10" PRId64 " %14" PRId64 "\n", layer->path, shape,
               pnas_layer_parameters(graph, layer), layer->multiply_adds);
    }
}

static pnas_status draw(const char *output, const pnas_network_file *file, const pnas_graph *graph)
{
    char title[PNAS_CELL_TEXT_MAX + 64];
    pnas_cell_format(&file->cell, &file->operators, title);
    const pnas_network_drawing_options drawing = {
        .graph = graph, .operators = &file->operators, .title = title, .output = output};
    return pnas_network_draw(&drawing);
}

static pnas_status describe(const info_arguments *arguments, const pnas_network_file *file)
{
    pnas_graph *graph = NULL;
    PNAS_TRY(pnas_network_file_training_graph(arguments->path, file, &graph));
    /* First: whoever reads the text, as head does, may end this program early. */
    pnas_status status = arguments->draw ? draw(arguments->draw, file, graph) : PNAS_OK;
    if (status == PNAS_OK) {
        print_line("file", arguments->path);
        print_network(file, graph);
        print_layers(graph);
    }
    pnas_graph_destroy(&graph);
    return status;
}

pnas_status pnas_net_run_info(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"draw", KEY_DRAW, "FILE", 0, "Draw the network and its cell to a .svg, .png, .pdf or .gv file", 1},
        {0}};
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        options,
        parse_info,
        "NET.h5",
        "Describes a network: its cell, data, accuracies, and its layers with their shapes and costs.",
        children,
        NULL,
        NULL};
    info_arguments arguments = {.level = PNAS_LOG_INFO};
    pnas_network_file file;
    pnas_program_parse(&argp, argc, argv, 0, &arguments);
    pnas_log_setup(pnas_log_program(), arguments.level, 0, 1);
    PNAS_TRY(pnas_network_file_read(arguments.path, &file));
    pnas_status status = describe(&arguments, &file);
    pnas_network_file_clear(&file);
    return status;
}
