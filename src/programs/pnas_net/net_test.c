/* pnas_net test: how good a network is on images that nobody looked at. */
#include "io/net/network_lock.h"
#include "src/base/log.h"
#include "src/base/plain_text.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_net/net_commands.h"
#include "src/programs/pnas_net/net_figures.h"
#include "src/programs/pnas_net/net_session.h"
#include "src/programs/pnas_net/net_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_WIDTH_MAX 40

enum { KEY_DATA = 0x100, KEY_JSON, KEY_CONFUSION, KEY_WRITE };

typedef struct {
    const char *path, *data, *confusion;
    bool json, write;
    pnas_net_device_options device;
    pnas_log_level level;
} test_arguments;

static error_t parse_test(int key, char *argument, struct argp_state *state)
{
    test_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        state->child_inputs[1] = &arguments->device;
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
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            pnas_program_complain(state, "'%s' is one argument too many", argument);
        arguments->path = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        pnas_program_complain(state, "a network is missing");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- printing --- */

static double share(int64_t part, int64_t of)
{
    return of ? (double)part / (double)of : NAN;
}

typedef struct {
    char text[16];
} share_text;

static share_text share_shown(int64_t part, int64_t of)
{
    share_text shown = {"-"};
    if (of)
        snprintf(shown.text, sizeof shown.text, "%.4f", share(part, of));
    return shown;
}

static void print_text(FILE *out, const pnas_net_session *session)
{
    const pnas_network_file *file = &session->file;
    const pnas_network_test *test = &file->test;
    int classes = file->network.classes, width = 5;
    for (int c = 0; c < classes; ++c) {
        int length = (int)strnlen(file->class_names[c], NAME_WIDTH_MAX);
        width = length > width ? length : width;
    }
    pnas_text_line(out, "data set   %s, test part, %" PRId64 " images", test->dataset, test->images);
    fprintf(out, "weights    %s\n", session->weights.name);
    fprintf(out, "accuracy   %.4f\ntop-5      %.4f\nloss       %.4f\n\n", test->accuracy, test->top5,
            test->loss);
    fprintf(out, "%-*s  %8s  %8s  %9s  %9s\n", width, "class", "images", "right", "precision", "recall");
    for (int c = 0; c < classes; ++c) {
        pnas_class_figures figures = pnas_class_figures_of(test, classes, c);
        pnas_text_line(out, "%-*s  %8" PRId64 "  %8" PRId64 "  %9s  %9s", width, file->class_names[c],
                       figures.images, figures.right, share_shown(figures.right, figures.predicted).text,
                       share_shown(figures.right, figures.images).text);
    }
}

static void print_json_matrix(FILE *out, const int64_t *confusion, size_t classes)
{
    for (size_t c = 0; c < classes; ++c) {
        fprintf(out, "%s\n    [", c ? "," : "");
        for (size_t p = 0; p < classes; ++p)
            fprintf(out, "%s%" PRId64, p ? ", " : "", confusion[c * classes + p]);
        putc(']', out);
    }
}

static void print_json_classes(FILE *out, const pnas_network_file *file)
{
    int classes = file->network.classes;
    for (int c = 0; c < classes; ++c) {
        pnas_class_figures figures = pnas_class_figures_of(&file->test, classes, c);
        fprintf(out, "%s\n    {\"name\": ", c ? "," : "");
        pnas_text_json(out, file->class_names[c]);
        fprintf(out, ", \"images\": %" PRId64 ", \"right\": %" PRId64 ", \"precision\": ", figures.images,
                figures.right);
        pnas_net_json_real(out, share(figures.right, figures.predicted));
        fprintf(out, ", \"recall\": ");
        pnas_net_json_real(out, share(figures.right, figures.images));
        putc('}', out);
    }
}

static void print_json(FILE *out, const pnas_net_session *session, bool other)
{
    const pnas_network_file *file = &session->file;
    const pnas_network_test *test = &file->test;
    fprintf(out, "{\"dataset\": ");
    pnas_text_json(out, test->dataset);
    fprintf(out, ", \"dataset_sha256\": ");
    pnas_text_json(out, test->dataset_sha256);
    fprintf(out,
            ", \"part\": \"test\", \"trained_on_this\": %s, \"weights\": \"%s\", \"images\": %" PRId64
            ", \"accuracy\": ",
            other ? "false" : "true", session->weights.name, test->images);
    pnas_net_json_real(out, test->accuracy);
    fprintf(out, ", \"top5\": ");
    pnas_net_json_real(out, test->top5);
    fprintf(out, ", \"loss\": ");
    pnas_net_json_real(out, test->loss);
    fprintf(out, ",\n  \"classes\": [");
    print_json_classes(out, file);
    fprintf(out, "],\n  \"confusion\": [");
    print_json_matrix(out, test->confusion, (size_t)file->network.classes);
    fprintf(out, "]}\n");
}

/* One row a true class, one column a predicted one. */
static void print_confusion(FILE *out, const pnas_network_file *file)
{
    size_t classes = (size_t)file->network.classes;
    fprintf(out, "true class");
    for (size_t p = 0; p < classes; ++p) {
        putc(',', out);
        pnas_text_csv(out, file->class_names[p]);
    }
    putc('\n', out);
    for (size_t c = 0; c < classes; ++c) {
        pnas_text_csv(out, file->class_names[c]);
        for (size_t p = 0; p < classes; ++p)
            fprintf(out, ",%" PRId64, file->test.confusion[c * classes + p]);
        putc('\n', out);
    }
}

static pnas_status write_confusion(const char *path, const pnas_network_file *file)
{
    pnas_net_text text = {0};
    PNAS_TRY(pnas_net_text_begin(&text));
    print_confusion(text.stream, file);
    pnas_status status = pnas_net_text_end(&text, path);
    pnas_net_text_drop(&text);
    return status;
}

static pnas_status print(const test_arguments *arguments, const pnas_net_session *session, bool other)
{
    pnas_net_text text = {0};
    PNAS_TRY(pnas_net_text_begin(&text));
    if (arguments->json)
        print_json(text.stream, session, other);
    else
        print_text(text.stream, session);
    pnas_status status = pnas_net_text_end(&text, NULL);
    pnas_net_text_drop(&text);
    return status;
}

/* --- testing --- */

static pnas_status check_data(const pnas_net_session *session, const pnas_dataset *dataset)
{
    PNAS_CHECK(dataset->classes == session->file.network.classes, PNAS_ERROR_DATA,
               "%s: has %d classes; %s tells %d apart", dataset->name, dataset->classes, session->path,
               session->file.network.classes);
    PNAS_CHECK(dataset->test.count > 0, PNAS_ERROR_DATA,
               "%s: has no test part; import one with pnas_data import, or name other data with --data",
               dataset->name);
    return PNAS_OK;
}

static pnas_status compute(pnas_net_session *session, const pnas_dataset *dataset)
{
    size_t count = dataset->test.count;
    pnas_network_test *test = &session->file.test;
    float *logits = malloc(count * (size_t)dataset->classes * sizeof *logits);
    PNAS_CHECK(logits, PNAS_ERROR_MEMORY, "no memory for the results of %zu images", count);
    free(test->confusion);
    *test = (pnas_network_test){0};
    pnas_status status = pnas_predictor_run(session->predictor, dataset->test.images, count, logits);
    if (status == PNAS_OK)
        status = pnas_test_figures(logits, dataset->test.labels, count, dataset->classes, test);
    free(logits);
    PNAS_TRY(status);
    test->known = true;
    snprintf(test->dataset, sizeof test->dataset, "%s", dataset->name);
    snprintf(test->dataset_sha256, sizeof test->dataset_sha256, "%s", dataset->sha256);
    return PNAS_OK;
}

static pnas_status run_test(const test_arguments *arguments, pnas_net_session *session)
{
    pnas_dataset *dataset = NULL;
    bool other = false;
    pnas_status status;
    PNAS_TRY(pnas_net_session_read(arguments->path, arguments->device.weights, session));
    PNAS_TRY(pnas_net_open_data(session, arguments->data, &dataset, &other));
    PNAS_TRY_CLEANUP(check_data(session, dataset));
    if (other)
        pnas_warning("%s was trained on other data than %s (their SHA-256 differ)", arguments->path,
                     dataset->name);
    PNAS_TRY_CLEANUP(pnas_net_session_start(session, &arguments->device));
    PNAS_TRY_CLEANUP(compute(session, dataset));
    if (arguments->confusion)
        PNAS_TRY_CLEANUP(write_confusion(arguments->confusion, &session->file));
    if (arguments->write)
        PNAS_TRY_CLEANUP(pnas_network_file_write(arguments->path, &session->file));
    status = print(arguments, session, other);
cleanup:
    pnas_dataset_destroy(&dataset);
    return status;
}

pnas_status pnas_net_run_test(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"data", KEY_DATA, "DATA.h5", 0,
         "Another data set than that of the training; \"digits\": the embedded one", 1},
        {"json", KEY_JSON, NULL, 0, "Print JSON, with the confusion matrix", 1},
        {"confusion", KEY_CONFUSION, "FILE.csv", 0, "Write the confusion matrix as CSV", 1},
        {"write", KEY_WRITE, NULL, 0, "Keep the figures in NET.h5", 1},
        {0}};
    static const struct argp_child children[] = {
        {&pnas_program_argp, 0, NULL, 0}, {&pnas_net_device_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {.options = options,
                                     .parser = parse_test,
                                     .args_doc = "NET.h5",
                                     .doc = "Classifies the test part of a data set and prints accuracy, "
                                            "top-5 accuracy, loss, and precision and "
                                            "recall by class.",
                                     .children = children};
    test_arguments arguments = {.level = PNAS_LOG_INFO, .device = PNAS_NET_DEVICE_DEFAULTS};
    pnas_net_session session = {0};
    pnas_network_lock lock = PNAS_NO_NETWORK_LOCK;
    pnas_program_parse(&argp, argc, argv, 0, &arguments);
    pnas_log_setup(pnas_log_program(), arguments.level, 0, 1);
    pnas_status status = arguments.write ? pnas_network_lock_take(arguments.path, &lock) : PNAS_OK;
    if (status == PNAS_OK)
        status = run_test(&arguments, &session);
    pnas_net_session_end(&session);
    pnas_network_lock_release(&lock);
    return status;
}
