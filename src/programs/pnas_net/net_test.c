/* pnas_net test: how good a network is on images that nobody looked at. */
#include "io/file/name_end.h"
#include "io/net/network_lock.h"
#include "io/plot/image_sheet.h"
#include "io/plot/network_plot.h"
#include "mpi/collectives.h"
#include "src/base/decimal.h"
#include "src/programs/pnas_net/net_commands.h"
#include "src/programs/pnas_net/net_figures.h"
#include "src/programs/pnas_net/net_images.h"
#include "src/programs/pnas_net/net_report.h"
#include "src/programs/pnas_net/net_session.h"
#include "src/programs/pnas_net/net_text.h"
#include "src/programs/pnas_net/net_worst.h"
#include "src/run/shared_settings.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_DATA = 0x100, KEY_JSON, KEY_CONFUSION, KEY_WRITE, KEY_WORST, KEY_CROP };

typedef struct {
    const char *path, *data, *confusion, *output;
    int worst;
    double crop; /* 1: all of an image */
    bool json, write;
    pnas_net_options options;
} test_arguments;

/* --- arguments --- */

static error_t parse_worst(struct argp_state *state, const char *text, int *out)
{
    int64_t worst = 0;
    error_t error = pnas_program_parse_integer(state, "worst", text, 1, PNAS_SHEET_IMAGES_MAX, &worst);
    *out = (int)worst;
    return error;
}

static error_t parse_crop(struct argp_state *state, const char *text, double *out)
{
    if (!pnas_decimal_parse(text, out) || !(*out > 0 && *out <= 1))
        return pnas_program_complain(state, "--crop: '%s' is no share above 0 and at most 1, such as 0.875",
                                     text);
    return 0;
}

static bool is_picture(const char *name)
{
    return pnas_name_ends_in(name, ".svg") || pnas_name_ends_in(name, ".png") ||
           pnas_name_ends_in(name, ".pdf");
}

/* In a picture's file of another kind nobody looks for a table. */
static bool is_confusion(const char *name)
{
    return is_picture(name) || pnas_name_ends_in(name, ".csv");
}

static error_t check_arguments(const test_arguments *arguments, struct argp_state *state)
{
    if (arguments->options.answered)
        return 0;
    if (!arguments->path)
        return pnas_program_complain(state, "a network is missing");
    if (arguments->crop < 1 && arguments->write)
        return pnas_program_complain(state, "--write keeps the figures of whole images: leave out --crop");
    if (arguments->worst && !arguments->output)
        return pnas_program_complain(state,
                                     "--worst draws a picture: name it with -o FILE.svg, .png or .pdf");
    if (arguments->output && !arguments->worst)
        return pnas_program_complain(state, "-o is the picture of --worst N, which is missing");
    if (arguments->confusion && !is_confusion(arguments->confusion))
        return pnas_program_complain(state, "--confusion: '%s' does not end in .csv, .svg, .png or .pdf",
                                     arguments->confusion);
    return 0;
}

static error_t parse_test(int key, char *argument, struct argp_state *state)
{
    test_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->options;
        return 0;
    case KEY_DATA:
        arguments->data = argument;
        return 0;
    case KEY_JSON:
        arguments->json = true;
        return 0;
    case KEY_CONFUSION:
        arguments->confusion = argument;
        return 0;
    case KEY_WRITE:
        arguments->write = true;
        return 0;
    case KEY_CROP:
        return parse_crop(state, argument, &arguments->crop);
    case KEY_WORST:
        return parse_worst(state, argument, &arguments->worst);
    case 'o':
        arguments->output = argument;
        return 0;
    case ARGP_KEY_ARG:
        return pnas_program_take_argument(state, argument, &arguments->path);
    case ARGP_KEY_END:
        return check_arguments(arguments, state);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option test_options[] = {
    {"data", KEY_DATA, "digits|DATA.h5", 0,
     "Another data set than that of the training; \"digits\": the embedded one", 1},
    {"json", KEY_JSON, NULL, 0, "Print JSON, with the confusion matrix", 1},
    {"confusion", KEY_CONFUSION, "FILE", 0,
     "Write the confusion matrix: FILE.csv, or drawn as FILE.svg, .png or .pdf", 1},
    {"crop", KEY_CROP, "SHARE", 0,
     "Look at the middle of each image, this share of both sides, scaled to its size (1)", 1},
    {"worst", KEY_WORST, "N", 0,
     "Draw the N images whose own class the network finds least probable, with -o", 1},
    {"output", 'o', "FILE", 0, "The picture of --worst: .svg, .png or .pdf", 1},
    {"write", KEY_WRITE, NULL, 0, "Keep the figures in NET.h5", 1},
    {0}};

static const struct argp_child test_children[] = {{&pnas_net_argp, 0, NULL, 0}, {0}};

static const struct argp test_argp = {
    .options = test_options,
    .parser = parse_test,
    .args_doc = "NET.h5",
    .doc =
        "Classifies the test part of a data set and prints accuracy, top-5 accuracy, loss, and precision and "
        "recall by class.\v"
        "Under mpirun the ranks share the images; any number of them gives the same figures.",
    .children = test_children};

/* --- testing --- */

/* place: its file, or the embedded set's name. */
static pnas_status check_data(const pnas_net_session *session, const char *place, const pnas_dataset *dataset)
{
    PNAS_CHECK(dataset->classes == session->file.network.classes, PNAS_ERROR_DATA,
               "%s: has %d classes; %s tells %d apart", place, dataset->classes, session->path,
               session->file.network.classes);
    PNAS_CHECK(dataset->test.count > 0, PNAS_ERROR_DATA,
               "%s: has no test part; import one with pnas_data import, or name other data with --data",
               place);
    return pnas_network_check_class_names(session->path, &session->file, dataset->name, dataset->class_names);
}

static pnas_status take_figures(pnas_network_file *file, const pnas_dataset *dataset, const float *logits)
{
    pnas_network_test *test = &file->test;
    free(test->confusion);
    *test = (pnas_network_test){0};
    PNAS_TRY(pnas_test_figures(logits, dataset->test.labels, dataset->test.count, dataset->classes, test));
    test->known = true;
    snprintf(test->dataset, sizeof test->dataset, "%s", dataset->name);
    snprintf(test->dataset_sha256, sizeof test->dataset_sha256, "%s", dataset->sha256);
    return PNAS_OK;
}

static pnas_status print(const test_arguments *arguments, const pnas_test_report *report)
{
    pnas_net_text text = {0};
    PNAS_TRY(pnas_net_text_begin(&text));
    if (arguments->json)
        pnas_net_json_test(text.stream, report);
    else
        pnas_net_print_test(text.stream, report);
    pnas_status status = pnas_net_text_end(&text, NULL);
    pnas_net_text_drop(&text);
    return status;
}

/* A picture or CSV, by its name's end. */
static pnas_status write_confusion(const char *path, const pnas_network_file *file)
{
    pnas_net_text text = {0};
    if (is_picture(path))
        return pnas_network_plot_draw(pnas_network_plot_find("confusion"), path, file,
                                      &(pnas_gnuplot_options){.output = path});
    PNAS_TRY(pnas_net_text_begin(&text));
    pnas_net_csv_confusion(text.stream, file);
    pnas_status status = pnas_net_text_end(&text, path);
    pnas_net_text_drop(&text);
    return status;
}

typedef struct {
    const pnas_dataset *dataset;
    pnas_image_source source; /* of its test part, as the network sees it */
    bool other;               /* not what the network was trained on */
} test_images;

/* On rank 0. */
static pnas_status report(const test_arguments *arguments, pnas_net_session *session,
                          const test_images *images, const float *logits)
{
    const pnas_test_report figures = {&session->file, &session->weights, images->other, arguments->crop};
    PNAS_TRY(take_figures(&session->file, images->dataset, logits));
    snprintf(session->file.test.weights, sizeof session->file.test.weights, "%s", session->weights.name);
    if (arguments->confusion)
        PNAS_TRY(write_confusion(arguments->confusion, &session->file));
    if (arguments->worst)
        PNAS_TRY(pnas_worst_draw(&session->file, images->dataset, &images->source, logits,
                                 (size_t)arguments->worst, arguments->output));
    if (arguments->write)
        PNAS_TRY(pnas_network_file_write(arguments->path, &session->file));
    return print(arguments, &figures);
}

static pnas_status open_data(const test_arguments *arguments, const pnas_net_session *session,
                             pnas_dataset **dataset, bool *other)
{
    PNAS_TRY(pnas_net_open_data(session, arguments->data, dataset, other));
    return check_data(session, arguments->data ? arguments->data : session->file.dataset, *dataset);
}

static pnas_status run_test(const test_arguments *arguments, pnas_layout *layout, pnas_net_session *session,
                            pnas_dataset **dataset)
{
    bool other = false;
    float *logits = NULL;
    PNAS_TRY(pnas_mpi_agree(pnas_net_session_read(arguments->path, arguments->options.weights, session)));
    PNAS_TRY(pnas_mpi_agree(open_data(arguments, session, dataset, &other)));
    if (other && layout->rank == 0)
        pnas_warning("%s was trained on other data than %s (their SHA-256 differ)", arguments->path,
                     (*dataset)->name);
    const char *place = arguments->data ? arguments->data : session->file.dataset;
    PNAS_TRY(pnas_data_compare(layout, place, (*dataset)->sha256));
    const pnas_net_images pixels = pnas_net_images_of(*dataset, &(*dataset)->test, arguments->crop);
    test_images images = {*dataset, pnas_net_images_source(&pixels), other};
    PNAS_TRY(pnas_net_session_start(session, &arguments->options, layout));
    PNAS_TRY(pnas_net_session_run(session, &images.source, (*dataset)->test.count, &logits));
    pnas_status status = layout->rank == 0 ? report(arguments, session, &images, logits) : PNAS_OK;
    free(logits);
    return pnas_mpi_agree(status);
}

pnas_status pnas_net_read_test(int argc, char **argv, bool speak, bool *answered)
{
    test_arguments arguments = {.crop = 1, .options = PNAS_NET_OPTIONS_DEFAULTS};
    pnas_status status = pnas_net_read(&test_argp, argc, argv, speak, &arguments, &arguments.options);
    *answered = arguments.options.answered;
    return status;
}

pnas_status pnas_net_run_test(pnas_layout *layout, int argc, char **argv, bool *complained)
{
    test_arguments arguments = {.crop = 1, .options = PNAS_NET_OPTIONS_DEFAULTS};
    pnas_net_session session = {0};
    pnas_dataset *dataset = NULL;
    pnas_network_lock lock = PNAS_NO_NETWORK_LOCK;
    pnas_status status = pnas_net_parse(&test_argp, layout, argc, argv, &arguments, &arguments.options);
    *complained = status != PNAS_OK;
    bool works = status == PNAS_OK && !arguments.options.answered;
    if (works &&
        arguments.write) /* rank 0 reads, works and writes it again; it may be another rank in the end */
        status = pnas_mpi_agree(layout->rank == 0 ? pnas_network_lock_take(arguments.path, &lock) : PNAS_OK);
    if (works && status == PNAS_OK)
        status = run_test(&arguments, layout, &session, &dataset);
    pnas_dataset_destroy(&dataset);
    pnas_net_session_end(&session);
    pnas_network_lock_release(&lock);
    return status;
}
