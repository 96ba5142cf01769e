/* pnas_net predict: which class each image is of. */
#include "io/data/image_file.h"
#include "src/base/plain_text.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_net/net_commands.h"
#include "src/programs/pnas_net/net_figures.h"
#include "src/programs/pnas_net/net_session.h"
#include "src/programs/pnas_net/net_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_DATA = 0x100, KEY_CSV, KEY_JSON };

typedef enum { FOR_PEOPLE, AS_CSV, AS_JSON } output_form;

typedef struct {
    const char *path, *data, *output;
    char *const *image; /* [images], borrowed from argv */
    int images;
    output_form form;
    pnas_net_device_options device;
    pnas_log_level level;
} predict_arguments;

static error_t take_files(predict_arguments *arguments, struct argp_state *state)
{
    arguments->path = state->argv[state->next];
    arguments->image = state->argv + state->next + 1;
    arguments->images = state->argc - state->next - 1;
    return 0;
}

static error_t check_files(const predict_arguments *arguments, struct argp_state *state)
{
    if (!arguments->path)
        pnas_program_complain(state, "a network is missing");
    else if (arguments->data && arguments->images > 0)
        pnas_program_complain(state, "images of files or of --data, not both");
    else if (!arguments->data && arguments->images == 0)
        pnas_program_complain(state, "there is nothing to classify: name images, or a data set with --data");
    return 0;
}

static error_t parse_predict(int key, char *argument, struct argp_state *state)
{
    predict_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        state->child_inputs[1] = &arguments->device;
        return 0;
    case KEY_DATA:
        arguments->data = argument;
        return 0;
    case KEY_CSV:
        arguments->form = AS_CSV;
        return 0;
    case KEY_JSON:
        arguments->form = AS_JSON;
        return 0;
    case 'o':
        arguments->output = argument;
        return 0;
    case ARGP_KEY_ARGS:
        return take_files(arguments, state);
    case ARGP_KEY_END:
        return check_files(arguments, state);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- printing --- */

typedef struct {
    const pnas_net_session *session;
    output_form form;
    FILE *out;
    double *probability, *logits; /* [classes] */
    bool begun;                   /* an image has been printed */
} prediction_printer;

static void print_people(const prediction_printer *printer, const char *image, size_t index, int best)
{
    char place[32] = "";
    if (index > 0)
        snprintf(place, sizeof place, "[%zu]", index - 1);
    pnas_text_line(printer->out, "%s%s  %s  %.4f", image, place, printer->session->file.class_names[best],
                   printer->probability[best]);
}

static void print_csv(const prediction_printer *printer, const char *image, size_t index, int best)
{
    pnas_text_csv(printer->out, image);
    fprintf(printer->out, ",%zu,%d,", index ? index - 1 : 0, best);
    pnas_text_csv(printer->out, printer->session->file.class_names[best]);
    fprintf(printer->out, ",%.9g\n", printer->probability[best]);
}

static void print_list(FILE *out, const char *name, const double *values, int count)
{
    fprintf(out, ", \"%s\": [", name);
    for (int i = 0; i < count; ++i)
        fprintf(out, "%s%.9g", i ? ", " : "", values[i]);
    fprintf(out, "]");
}

static void print_json(const prediction_printer *printer, const char *image, size_t index, int best)
{
    FILE *out = printer->out;
    fprintf(out, "%s\n  {\"image\": ", printer->begun ? "," : "");
    pnas_text_json(out, image);
    fprintf(out, ", \"index\": %zu, \"class\": %d, \"name\": ", index ? index - 1 : 0, best);
    pnas_text_json(out, printer->session->file.class_names[best]);
    fprintf(out, ", \"probability\": %.9g", printer->probability[best]);
    print_list(out, "probabilities", printer->probability, printer->session->file.network.classes);
    print_list(out, "logits", printer->logits, printer->session->file.network.classes);
    fprintf(out, "}");
}

static void print_begin(const prediction_printer *printer)
{
    if (printer->form == AS_CSV)
        fprintf(printer->out, "image,index,class,name,probability\n");
    else if (printer->form == AS_JSON)
        fprintf(printer->out, "[");
}

static void print_end(const prediction_printer *printer)
{
    if (printer->form == AS_JSON)
        fprintf(printer->out, "\n]\n");
}

/* index: 0 where the file is one image, else from 1. */
static pnas_status print_image(prediction_printer *printer, const char *image, size_t index,
                               const float *logits)
{
    static void (*const print[])(const prediction_printer *, const char *, size_t, int) = {
        [FOR_PEOPLE] = print_people, [AS_CSV] = print_csv, [AS_JSON] = print_json};
    int classes = printer->session->file.network.classes;
    for (int c = 0; c < classes; ++c)
        PNAS_CHECK(isfinite(logits[c]), PNAS_ERROR_DATA, "%s: the network's output for it is %g", image,
                   (double)logits[c]);
    for (int c = 0; c < classes; ++c)
        printer->logits[c] = (double)logits[c];
    pnas_softmax(logits, classes, printer->probability);
    print[printer->form](printer, image, index, pnas_best_class(logits, classes));
    printer->begun = true;
    return PNAS_OK;
}

/* --- classifying --- */

static pnas_status classify(prediction_printer *printer, const char *name, const uint8_t *images,
                            size_t count, bool several)
{
    size_t classes = (size_t)printer->session->file.network.classes;
    float *logits = malloc(count * classes * sizeof *logits);
    PNAS_CHECK(logits, PNAS_ERROR_MEMORY, "no memory for the results of %zu images", count);
    pnas_status status = pnas_predictor_run(printer->session->predictor, images, count, logits);
    for (size_t i = 0; i < count && status == PNAS_OK; ++i)
        status = print_image(printer, name, several ? i + 1 : 0, logits + i * classes);
    free(logits);
    return status;
}

/* The test part, or the training part of a data set without one. */
static pnas_status classify_data(prediction_printer *printer, const char *name)
{
    pnas_dataset *dataset = NULL;
    bool other;
    PNAS_TRY(pnas_net_open_data(printer->session, name, &dataset, &other));
    const pnas_dataset_part *part = dataset->test.count > 0 ? &dataset->test : &dataset->train;
    pnas_info("%s: %zu images of the %s part", name, part->count,
              dataset->test.count > 0 ? "test" : "training");
    pnas_status status = classify(printer, name, part->images, part->count, true);
    pnas_dataset_destroy(&dataset);
    return status;
}

/* All images are read before the first is classified: one that is none ends it at once. */
static pnas_status classify_files(prediction_printer *printer, char *const *path, int files)
{
    const pnas_network_options *network = &printer->session->file.network;
    const pnas_image_shape shape = {network->height, network->width, network->channels};
    uint8_t **images = calloc((size_t)files, sizeof *images);
    size_t *count = calloc((size_t)files, sizeof *count);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(images && count, PNAS_ERROR_MEMORY, "no memory for %d images", files);
    for (int i = 0; i < files; ++i)
        PNAS_TRY_CLEANUP(pnas_image_file_read(path[i], &shape, &images[i], &count[i]));
    for (int i = 0; i < files; ++i)
        PNAS_TRY_CLEANUP(classify(printer, path[i], images[i], count[i], count[i] > 1));
cleanup:
    for (int i = 0; images && i < files; ++i)
        free(images[i]);
    free(images);
    free(count);
    return status;
}

static pnas_status run_predict(const predict_arguments *arguments, pnas_net_session *session,
                               pnas_net_text *text)
{
    prediction_printer printer = {.session = session, .form = arguments->form};
    pnas_status status;
    PNAS_TRY(pnas_net_session_read(arguments->path, arguments->device.weights, session));
    PNAS_TRY(pnas_net_session_start(session, &arguments->device));
    PNAS_TRY(pnas_net_text_begin(text));
    printer.out = text->stream;
    size_t classes = (size_t)session->file.network.classes;
    printer.probability = malloc(2 * classes * sizeof *printer.probability);
    PNAS_CHECK(printer.probability, PNAS_ERROR_MEMORY, "no memory for the results");
    printer.logits = printer.probability + classes;
    print_begin(&printer);
    if (arguments->data)
        status = classify_data(&printer, arguments->data);
    else
        status = classify_files(&printer, arguments->image, arguments->images);
    free(printer.probability);
    PNAS_TRY(status);
    print_end(&printer);
    return pnas_net_text_end(text, arguments->output);
}

pnas_status pnas_net_run_predict(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"data", KEY_DATA, "DATA.h5", 0, "Classify the test part of a data set; \"digits\": the embedded one",
         1},
        {"csv", KEY_CSV, NULL, 0, "Comma-separated values", 1},
        {"json", KEY_JSON, NULL, 0, "JSON, with probabilities and logits of all classes", 1},
        {"output", 'o', "FILE", 0, "Write to a file instead of stdout", 1},
        {0}};
    static const struct argp_child children[] = {
        {&pnas_program_argp, 0, NULL, 0}, {&pnas_net_device_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse_predict,
        .args_doc = "NET.h5 [IMAGE...]",
        .doc = "Classifies images: PNG or JPEG files, IDX files of many, or those of a data set. Images must "
               "have the "
               "size that the network was trained on; colours become grey where it has one channel.",
        .children = children};
    predict_arguments arguments = {.level = PNAS_LOG_INFO, .device = PNAS_NET_DEVICE_DEFAULTS};
    pnas_net_session session = {0};
    pnas_net_text text = {0};
    pnas_program_parse(&argp, argc, argv, 0, &arguments);
    pnas_log_setup(pnas_log_program(), arguments.level, 0, 1);
    pnas_status status = run_predict(&arguments, &session, &text);
    pnas_net_text_drop(&text);
    pnas_net_session_end(&session);
    return status;
}
