/* pnas_net predict: which class each image is of. */
#include "io/data/image_file.h"
#include "io/file/name_end.h"
#include "io/file/same_file.h"
#include "mpi/collectives.h"
#include "src/programs/pnas_net/net_commands.h"
#include "src/programs/pnas_net/net_figures.h"
#include "src/programs/pnas_net/net_images.h"
#include "src/programs/pnas_net/net_prediction.h"
#include "src/programs/pnas_net/net_session.h"
#include "src/programs/pnas_net/net_text.h"
#include "src/run/shared_settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_DATA = 0x100, KEY_CSV, KEY_JSON, KEY_HDF5 };

typedef enum { BY_NAME, FOR_PEOPLE, AS_CSV, AS_JSON, AS_HDF5 } output_form; /* BY_NAME: by the file's end */

typedef struct {
    const char *path, *data, *output;
    char *const *file; /* [files], borrowed from argv */
    int files;
    output_form form;
    pnas_net_options options;
} predict_arguments;

/* --- arguments --- */

static error_t take_files(predict_arguments *arguments, struct argp_state *state)
{
    arguments->path = state->argv[state->next];
    arguments->file = state->argv + state->next + 1;
    arguments->files = state->argc - state->next - 1;
    state->next = state->argc;
    return 0;
}

static error_t take_form(predict_arguments *arguments, struct argp_state *state, output_form form)
{
    if (arguments->form != BY_NAME && arguments->form != form)
        return pnas_program_complain(state, "--csv, --json and --hdf5 exclude each other; give one of them");
    arguments->form = form;
    return 0;
}

static output_form form_of(const char *output)
{
    static const struct {
        const char *end;
        output_form form;
    } forms[] = {{".csv", AS_CSV}, {".json", AS_JSON}, {".h5", AS_HDF5}, {".hdf5", AS_HDF5}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; ++i)
        if (pnas_name_ends_in(output, forms[i].end))
            return forms[i].form;
    return FOR_PEOPLE;
}

/* The name of one of the images is easily given twice. */
static bool is_input(const predict_arguments *arguments)
{
    for (int i = 0; arguments->output && i < arguments->files; ++i)
        if (pnas_same_file(arguments->output, arguments->file[i]))
            return true;
    return false;
}

static error_t check_arguments(predict_arguments *arguments, struct argp_state *state)
{
    if (arguments->options.answered)
        return 0;
    if (!arguments->path)
        return pnas_program_complain(state, "a network is missing");
    if (arguments->data && arguments->files > 0)
        return pnas_program_complain(state, "images of files or of --data, not both");
    if (!arguments->data && arguments->files == 0)
        return pnas_program_complain(state,
                                     "there is nothing to classify: name images, or a data set with --data");
    if (is_input(arguments))
        return pnas_program_complain(state, "-o %s: is one of the images; name another file",
                                     arguments->output);
    if (arguments->form == BY_NAME)
        arguments->form = form_of(arguments->output);
    if (arguments->form == AS_HDF5 && !arguments->output)
        return pnas_program_complain(state, "--hdf5 writes a file: name it with -o OUT.h5");
    return 0;
}

static error_t parse_predict(int key, char *argument, struct argp_state *state)
{
    predict_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->options;
        return 0;
    case KEY_DATA:
        arguments->data = argument;
        return 0;
    case KEY_CSV:
        return take_form(arguments, state, AS_CSV);
    case KEY_JSON:
        return take_form(arguments, state, AS_JSON);
    case KEY_HDF5:
        return take_form(arguments, state, AS_HDF5);
    case 'o':
        arguments->output = argument;
        return 0;
    case ARGP_KEY_ARGS:
        return take_files(arguments, state);
    case ARGP_KEY_END:
        return check_arguments(arguments, state);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option predict_options[] = {
    {"data", KEY_DATA, "digits|DATA.h5", 0,
     "Classify the test part of a data set; \"digits\": the embedded one", 1},
    {"csv", KEY_CSV, NULL, 0, "Comma-separated values", 1},
    {"json", KEY_JSON, NULL, 0, "JSON, with probabilities and logits of all classes", 1},
    {"hdf5", KEY_HDF5, NULL, 0, "HDF5, with what --json has; needs -o", 1},
    {"output", 'o', "FILE", 0,
     "Write to a file instead of stdout; one that ends in .csv, .json or .h5 is of that kind", 1},
    {0}};

static const struct argp_child predict_children[] = {{&pnas_net_argp, 0, NULL, 0}, {0}};

static const struct argp predict_argp = {
    .options = predict_options,
    .parser = parse_predict,
    .args_doc = "NET.h5 IMAGE...\nNET.h5 --data=DATA.h5",
    .doc = "Classifies images: PNG or JPEG files, IDX files of many, or those of a data set. Images must "
           "have the "
           "size that the network was trained on; colours become grey where it has one channel.\v"
           "Under mpirun the ranks share the images; any number of them gives the same output.",
    .children = predict_children};

/* --- the images --- */

typedef struct {
    size_t count, room;
    uint8_t *pixels;   /* [count, H, W, C] */
    const char **name; /* [count]: file or data set; borrowed */
    int64_t *index;    /* [count]: as in pnas_predictions */
} image_list;

static void clear_images(image_list *list)
{
    free(list->pixels);
    free(list->name);
    free(list->index);
    *list = (image_list){0};
}

static size_t bytes_of(const pnas_net_session *session)
{
    const pnas_network_options *network = &session->file.network;
    return (size_t)network->height * (size_t)network->width * (size_t)network->channels;
}

static pnas_status make_room(image_list *list, size_t more, size_t bytes)
{
    size_t room = list->room;
    if (list->count + more <= room)
        return PNAS_OK;
    room = 2 * room > list->count + more ? 2 * room : list->count + more;
    uint8_t *pixels = realloc(list->pixels, room * bytes);
    list->pixels = pixels ? pixels : list->pixels;
    const char **name = realloc(list->name, room * sizeof *name);
    list->name = name ? name : list->name;
    int64_t *index = realloc(list->index, room * sizeof *index);
    list->index = index ? index : list->index;
    PNAS_CHECK(pixels && name && index, PNAS_ERROR_MEMORY, "no memory for %zu images", room);
    list->room = room;
    return PNAS_OK;
}

/* Of what was read behind those that are there. */
static void name_images(image_list *list, const char *name, size_t count, bool several)
{
    for (size_t i = 0; i < count; ++i) {
        list->name[list->count + i] = name;
        list->index[list->count + i] = several ? (int64_t)i : -1;
    }
    list->count += count;
}

static pnas_status add_images(image_list *list, const char *name, const uint8_t *pixels, size_t count,
                              size_t bytes)
{
    PNAS_TRY(make_room(list, count, bytes));
    memcpy(list->pixels + list->count * bytes, pixels, count * bytes);
    name_images(list, name, count, count > 1);
    return PNAS_OK;
}

/* All images of a source, which has `count` of them. */
static pnas_status read_source(image_list *list, const pnas_image_source *source, size_t count, size_t bytes)
{
    uint32_t *image = malloc((count + 1) * sizeof *image);
    PNAS_CHECK(image, PNAS_ERROR_MEMORY, "no memory for %zu images", count);
    for (size_t i = 0; i < count; ++i)
        image[i] = (uint32_t)i;
    pnas_status status = make_room(list, count, bytes);
    if (status == PNAS_OK)
        status = source->read(source->payload, image, count, list->pixels + list->count * bytes);
    free(image);
    return status;
}

/* The test part, or the training part of a data set without one. */
static pnas_status read_data(const pnas_net_session *session, const char *name, image_list *list)
{
    pnas_dataset *dataset = NULL;
    bool other;
    PNAS_TRY(pnas_net_open_data(session, name, &dataset, &other));
    const pnas_dataset_part *part = dataset->test.count > 0 ? &dataset->test : &dataset->train;
    pnas_info("%s: %zu images of the %s part", name, part->count,
              dataset->test.count > 0 ? "test" : "training");
    const pnas_net_images images = pnas_net_images_of(dataset, part, 1);
    const pnas_image_source source = pnas_net_images_source(&images);
    pnas_status status = read_source(list, &source, part->count, bytes_of(session));
    if (status == PNAS_OK)
        name_images(list, name, part->count, true);
    pnas_dataset_destroy(&dataset);
    return status;
}

static pnas_status read_file(const pnas_net_session *session, const char *path, image_list *list)
{
    const pnas_network_options *network = &session->file.network;
    const pnas_image_shape shape = {network->height, network->width, network->channels};
    uint8_t *pixels = NULL;
    size_t count;
    PNAS_TRY(pnas_image_file_read(path, &shape, &pixels, &count));
    pnas_status status = add_images(list, path, pixels, count, bytes_of(session));
    free(pixels);
    return status;
}

/* All of them, before the first is classified: one that is none ends it at once. */
static pnas_status read_images(const pnas_net_session *session, const predict_arguments *arguments,
                               image_list *list)
{
    if (arguments->data)
        return read_data(session, arguments->data, list);
    for (int i = 0; i < arguments->files; ++i)
        PNAS_TRY(read_file(session, arguments->file[i], list));
    return PNAS_OK;
}

static pnas_status compare_images(const pnas_layout *layout, const pnas_net_session *session,
                                  const predict_arguments *arguments, const image_list *list)
{
    char name[PNAS_PATH_MAX + 32];
    int more = arguments->files - 1;
    snprintf(name, sizeof name, "%s%s", arguments->data ? arguments->data : arguments->file[0],
             more > 0 ? " and the other files" : "");
    return pnas_data_compare_bytes(layout, name, list->pixels, list->count * bytes_of(session));
}

/* --- the results, on rank 0 --- */

static pnas_status check_finite(const image_list *list, const float *logits, size_t classes)
{
    for (size_t i = 0; i < list->count; ++i)
        for (size_t c = 0; c < classes; ++c)
            PNAS_CHECK(isfinite(logits[i * classes + c]), PNAS_ERROR_DATA,
                       "%s: the network's output for it is %g", list->name[i],
                       (double)logits[i * classes + c]);
    return PNAS_OK;
}

static pnas_status write_text(const predict_arguments *arguments, const pnas_predictions *predictions)
{
    static void (*const print[])(FILE *,
                                 const pnas_predictions *) = {[FOR_PEOPLE] = pnas_net_print_predictions,
                                                              [AS_CSV] = pnas_net_csv_predictions,
                                                              [AS_JSON] = pnas_net_json_predictions};
    pnas_net_text text = {0};
    PNAS_TRY(pnas_net_text_begin(&text));
    print[arguments->form](text.stream, predictions);
    pnas_status status = pnas_net_text_end(&text, arguments->output);
    pnas_net_text_drop(&text);
    return status;
}

static pnas_status write_results(const predict_arguments *arguments, const pnas_net_session *session,
                                 const image_list *list, const float *logits)
{
    size_t classes = (size_t)session->file.network.classes;
    double *probability = malloc(list->count * classes * sizeof *probability + 1);
    int32_t *best = malloc(list->count * sizeof *best + 1);
    pnas_status status;
    PNAS_CHECK_CLEANUP(probability && best, PNAS_ERROR_MEMORY, "no memory for the results of %zu images",
                       list->count);
    PNAS_TRY_CLEANUP(check_finite(list, logits, classes));
    for (size_t i = 0; i < list->count; ++i) {
        pnas_softmax(logits + i * classes, (int)classes, probability + i * classes);
        best[i] = pnas_best_class(logits + i * classes, (int)classes);
    }
    const pnas_predictions predictions = {.network = session->path,
                                          .file = &session->file,
                                          .weights = &session->weights,
                                          .count = list->count,
                                          .image = list->name,
                                          .index = list->index,
                                          .logits = logits,
                                          .probability = probability,
                                          .best = best};
    status = arguments->form == AS_HDF5 ? pnas_prediction_file_write(arguments->output, &predictions)
                                        : write_text(arguments, &predictions);
cleanup:
    free(probability);
    free(best);
    return status;
}

static pnas_status run_predict(const predict_arguments *arguments, pnas_layout *layout,
                               pnas_net_session *session, image_list *list)
{
    float *logits = NULL;
    PNAS_TRY(pnas_mpi_agree(pnas_net_session_read(arguments->path, arguments->options.weights, session)));
    PNAS_TRY(pnas_mpi_agree(read_images(session, arguments, list)));
    PNAS_TRY(compare_images(layout, session, arguments, list));
    PNAS_TRY(pnas_net_session_start(session, &arguments->options, layout));
    const pnas_network_options *network = &session->file.network;
    const pnas_net_images images = {.name = "the images",
                                    .pixels = list->pixels,
                                    .height = network->height,
                                    .width = network->width,
                                    .channels = network->channels,
                                    .share = 1};
    const pnas_image_source source = pnas_net_images_source(&images);
    PNAS_TRY(pnas_net_session_run(session, &source, list->count, &logits));
    pnas_status status = layout->rank == 0 ? write_results(arguments, session, list, logits) : PNAS_OK;
    free(logits);
    return pnas_mpi_agree(status);
}

pnas_status pnas_net_read_predict(int argc, char **argv, bool speak, bool *answered)
{
    predict_arguments arguments = {.options = PNAS_NET_OPTIONS_DEFAULTS};
    pnas_status status = pnas_net_read(&predict_argp, argc, argv, speak, &arguments, &arguments.options);
    *answered = arguments.options.answered;
    return status;
}

pnas_status pnas_net_run_predict(pnas_layout *layout, int argc, char **argv, bool *complained)
{
    predict_arguments arguments = {.options = PNAS_NET_OPTIONS_DEFAULTS};
    pnas_net_session session = {0};
    image_list list = {0};
    pnas_status status = pnas_net_parse(&predict_argp, layout, argc, argv, &arguments, &arguments.options);
    *complained = status != PNAS_OK;
    if (status == PNAS_OK && !arguments.options.answered)
        status = run_predict(&arguments, layout, &session, &list);
    clear_images(&list);
    pnas_net_session_end(&session);
    return status;
}
