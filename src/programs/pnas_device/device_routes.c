/* pnas_device routes and tune: which kernels serve a child's ops on a device, and which are the fastest. */
#include "cl/train/route_list.h"
#include "cl/tune/tuner.h"
#include "src/base/plain_text.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_device/device_children.h"
#include "src/programs/pnas_device/device_commands.h"

#include <math.h>
#include <stdio.h>

static const struct argp_child common_children[] = {{&pnas_device_children_argp, 0, NULL, 0}, {0}};

/* --- routes --- */

static void print_route(void *payload, const pnas_route_line *line)
{
    printf("%-52s %-20s %-44s %-8s %-20s %s\n", line->layer, line->op, line->shape, line->route, line->file,
           line->source);
}

static error_t parse_routes(int key, char *argument, struct argp_state *state)
{
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

pnas_status pnas_device_run_routes(int argc, char **argv)
{
    static const struct argp parser = {
        .parser = parse_routes,
        .doc =
            "Prints, for each layer of the children, which route its ops take on a device, the kernel file "
            "it is in, and where the choice comes from: the built-in table, or one that was tuned here.",
        .children = common_children};
    pnas_device_children_options options = {.level = PNAS_LOG_INFO};
    pnas_program_parse(&parser, argc, argv, 0, &options);
    pnas_log_setup("pnas_device routes", options.level, 0, 1);
    pnas_device_children children;
    pnas_cl *cl = NULL;
    pnas_status status;
    PNAS_TRY(pnas_device_children_create(&options, &children));
    const pnas_cl_options wanted = {.device = children.device};
    PNAS_TRY_CLEANUP(pnas_cl_create(&wanted, &cl));
    const pnas_device_info *device = pnas_cl_device(cl);
    pnas_text_line(stdout, "%s; V = %d; tuned table %s", device->name, pnas_cl_vector(cl),
                   device->tuned[0] ? device->tuned : "none");
    printf("%-52s %-20s %-44s %-8s %-20s %s\n", "layer", "op", "shape", "route", "kernel file", "chosen by");
    for (int i = 0; i < children.count && status == PNAS_OK; ++i)
        status = pnas_route_list(cl, children.graph[i], children.batch, print_route, NULL);
cleanup:
    pnas_cl_destroy(&cl);
    pnas_device_children_destroy(&children);
    return status;
}

/* --- tune --- */

static void print_time(double microseconds)
{
    if (microseconds > 0)
        printf(" %10.0f", microseconds);
    else
        printf(" %10s", microseconds < 0 ? "WRONG" : isnan(microseconds) ? "FAILED" : "-");
}

static void print_result(void *payload, const pnas_tuner_result *result)
{
    printf("%d  %-20s %-44s", result->vector, result->op, result->shape);
    print_time(result->plain);
    print_time(result->tile);
    print_time(result->wide);
    print_time(result->gpu);
    print_time(result->clblast);
    printf("  %s\n", result->route);
    fflush(stdout);
}

static pnas_status tune(const pnas_tuner_options *options)
{
    pnas_tuner_summary summary;
    printf("%s  %-20s %-44s %10s %10s %10s %10s %10s  %s\n", "V", "op", "shape", "plain us", "tile us",
           "wide us", "gpu us", "clblast us", "fastest");
    PNAS_TRY(pnas_tune(options, &summary));
    printf("V = %d: %d routes; all of them together %.3f s, by the built-in table %.3f s\n"
           "CLBlast's parameters: %s; %s\n",
           summary.vector, summary.routes, summary.tuned_seconds, summary.built_in_seconds,
           summary.clblast[0], summary.clblast[1]);
    if (summary.failed > 0)
        printf("not measured, as every route failed: %d; the built-in table serves them\n", summary.failed);
    pnas_text_line(stdout, "table %s in %s", summary.hash, summary.path);
    return PNAS_OK;
}

typedef struct {
    pnas_device_children_options children;
    bool clblast;
} tune_arguments;

enum { KEY_CLBLAST = 0x100 };

static error_t parse_tune(int key, char *argument, struct argp_state *state)
{
    tune_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->children;
        return 0;
    case KEY_CLBLAST:
        arguments->clblast = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

pnas_status pnas_device_run_tune(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"clblast", KEY_CLBLAST, NULL, 0,
         "Try CLBlast on CPUs, too, where it compiles for half a minute (GPUs: always tried)", 1},
        {0}};
    static const struct argp parser = {
        .options = options,
        .parser = parse_tune,
        .doc = "Measures every route of every op and shape of the children on a device, and each width of a "
               "channel block, checks what they compute, and keeps the fastest correct ones in the cache "
               "directory, where every later run on this kind of device finds them.",
        .children = common_children};
    tune_arguments arguments = {.children = {.level = PNAS_LOG_INFO}};
    pnas_program_parse(&parser, argc, argv, 0, &arguments);
    pnas_log_setup("pnas_device tune", arguments.children.level, 0, 1);
    pnas_device_children children;
    PNAS_TRY(pnas_device_children_create(&arguments.children, &children));
    pnas_tuner_options wanted = {
        .device = {.device = children.device}, .clblast = arguments.clblast, .report = print_result};
    wanted.graph = (const pnas_graph *const *)children.graph;
    wanted.graph_count = children.count;
    wanted.batch = children.batch;
    if (arguments.children.cells == 0) {
        wanted.surrogate = &children.surrogate;
        wanted.space = &children.space;
    }
    pnas_status status = tune(&wanted);
    pnas_device_children_destroy(&children);
    return status;
}
