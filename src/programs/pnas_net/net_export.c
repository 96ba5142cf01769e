/* pnas_net export: a network for other programs. */
#include "io/net/network_export.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_net/net_commands.h"
#include "src/programs/pnas_net/net_session.h"

#include <string.h>

enum { KEY_FORMAT = 0x100, KEY_KEEP_NORM, KEY_PIXELS, KEY_WEIGHTS };

typedef struct {
    const char *name;
    pnas_status (*write)(const char *path, const pnas_export_options *options);
} export_format;

static const export_format formats[] = {{"onnx", pnas_onnx_write}, {"safetensors", pnas_safetensors_write}};

typedef struct {
    const char *path, *output;
    const export_format *format;
    const char *of_onnx; /* an option that was given and that ONNX alone has */
    bool keep_norm, unit_pixels;
    pnas_weights_choice weights;
    pnas_log_level level;
} export_arguments;

static void take_format(export_arguments *arguments, struct argp_state *state, const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; ++i)
        if (strcmp(name, formats[i].name) == 0)
            arguments->format = &formats[i];
    if (!arguments->format)
        pnas_program_complain(state, "--format: '%s' is not onnx or safetensors", name);
}

static void take_pixels(export_arguments *arguments, struct argp_state *state, const char *text)
{
    arguments->of_onnx = "--pixels";
    arguments->unit_pixels = strcmp(text, "1") == 0;
    if (!arguments->unit_pixels && strcmp(text, "255") != 0)
        pnas_program_complain(state, "--pixels: '%s' is not 255 or 1", text);
}

static void check_export(const export_arguments *arguments, struct argp_state *state)
{
    if (!arguments->path)
        pnas_program_complain(state, "a network is missing");
    else if (!arguments->format)
        pnas_program_complain(state, "--format is missing: onnx or safetensors");
    else if (!arguments->output)
        pnas_program_complain(state, "-o is missing: the file to write");
    else if (arguments->of_onnx && arguments->format->write != pnas_onnx_write)
        pnas_program_complain(state, "%s is for --format onnx; %s has no such choice", arguments->of_onnx,
                              arguments->format->name);
}

static error_t parse_export(int key, char *argument, struct argp_state *state)
{
    export_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        return 0;
    case KEY_FORMAT:
        take_format(arguments, state, argument);
        return 0;
    case KEY_KEEP_NORM:
        arguments->of_onnx = "--keep-norm";
        arguments->keep_norm = true;
        return 0;
    case KEY_PIXELS:
        take_pixels(arguments, state, argument);
        return 0;
    case KEY_WEIGHTS:
        return pnas_net_weights_parse(state, argument, &arguments->weights);
    case 'o':
        arguments->output = argument;
        return 0;
    case ARGP_KEY_ARG:
        return pnas_program_take_argument(state, argument, &arguments->path);
    case ARGP_KEY_END:
        check_export(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static pnas_status run_export(const export_arguments *arguments, pnas_net_session *session)
{
    PNAS_TRY(pnas_net_session_read(arguments->path, arguments->weights, session));
    const pnas_export_options options = {.file = &session->file,
                                         .graph = session->graph,
                                         .weights = &session->weights,
                                         .keep_norm = arguments->keep_norm,
                                         .unit_pixels = arguments->unit_pixels};
    PNAS_TRY(arguments->format->write(arguments->output, &options));
    pnas_net_session_tell(session);
    pnas_info("wrote %s", arguments->output);
    return PNAS_OK;
}

pnas_status pnas_net_run_export(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"format", KEY_FORMAT, "onnx|safetensors", 0, "onnx: opset 17; safetensors: weights by layer path",
         1},
        {"output", 'o', "FILE", 0, "The file to write", 1},
        {"pixels", KEY_PIXELS, "255|1", 0, "ONNX: pixels go from 0 to 255 (the default) or to 1", 1},
        {"keep-norm", KEY_KEEP_NORM, NULL, 0, "ONNX: leave batch normalisation as layers; else it is folded",
         1},
        {"weights", KEY_WEIGHTS, "average|last", 0,
         "Without it: whichever is better on the validation images", 1},
        {0}};
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse_export,
        .args_doc = "NET.h5 --format=FORMAT -o FILE",
        .doc = "Writes a network for other programs. ONNX takes \"images\", float [batch, channels, height, "
               "width], as "
               "pixels: the normalisation is inside. It gives \"logits\", [batch, classes].",
        .children = children};
    export_arguments arguments = {.level = PNAS_LOG_INFO};
    pnas_net_session session = {0};
    pnas_program_parse(&argp, argc, argv, 0, &arguments);
    pnas_log_setup(pnas_log_program(), arguments.level, 0, 1);
    pnas_status status = run_export(&arguments, &session);
    pnas_net_session_end(&session);
    return status;
}
