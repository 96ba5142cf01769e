#include "src/programs/pnas_net/net_session.h"

#include "io/file/sha256.h"
#include "mpi/collectives.h"
#include "mpi/wire.h"
#include "src/base/log.h"
#include "src/run/kernel_agreement.h"
#include "src/run/shared_settings.h"
#include "src/search/cell_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- options --- */

enum { KEY_DEVICE = 0x200, KEY_BATCH, KEY_WEIGHTS };

error_t pnas_net_weights_parse(struct argp_state *state, const char *text, pnas_weights_choice *out)
{
    if (strcmp(text, "average") != 0 && strcmp(text, "last") != 0)
        return pnas_program_complain(state, "--weights: '%s' is not average or last", text);
    *out = strcmp(text, "last") == 0 ? PNAS_WEIGHTS_LAST : PNAS_WEIGHTS_AVERAGE;
    return 0;
}

static error_t parse_batch(struct argp_state *state, const char *text, int *out)
{
    int64_t batch = 0;
    error_t error = pnas_program_parse_integer(state, "batch", text, 1, 65536, &batch);
    *out = (int)batch;
    return error;
}

static error_t parse_options(int key, char *argument, struct argp_state *state)
{
    pnas_net_options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->answers;
        return 0;
    case KEY_DEVICE:
        options->device = argument;
        return 0;
    case KEY_BATCH:
        return parse_batch(state, argument, &options->batch);
    case KEY_WEIGHTS:
        return pnas_net_weights_parse(state, argument, &options->weights);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"device", KEY_DEVICE, "auto|cpu|gpu|D", 0,
     "auto, or cpu, gpu, an index, part of a device's name, several with commas between; ranks of one "
     "machine take the matching devices in turn",
     2},
    {"batch", KEY_BATCH, "N", 0, "Compute so many images together (64)", 2},
    {"weights", KEY_WEIGHTS, "average|last", 0, "Without it: whichever is better on the validation images",
     2},
    {0},
};

static const struct argp_child option_children[] = {{&pnas_program_rank_argp, 0, NULL, 0}, {0}};
const struct argp pnas_net_argp = {
    .options = option_list, .parser = parse_options, .children = option_children};

pnas_status pnas_net_read(const struct argp *parser, int argc, char **argv, bool speak, void *arguments,
                          pnas_net_options *options)
{
    options->answers = (pnas_rank_answers){&options->level, &options->answered, speak};
    return pnas_program_parse_rank(parser, argc, argv, speak, arguments);
}

pnas_status pnas_net_parse(const struct argp *parser, const pnas_layout *layout, int argc, char **argv,
                           void *arguments, pnas_net_options *options)
{
    pnas_status status = pnas_net_read(parser, argc, argv, layout->rank == 0, arguments, options);
    pnas_log_setup(pnas_log_program(), options->level, layout->rank, layout->ranks);
    return status;
}

/* --- reading --- */

void pnas_net_session_tell(const pnas_net_session *session)
{
    if (session->file.in_training)
        pnas_info("%s: its training is not over; these are the weights after %d epochs", session->path,
                  session->file.training.epoch);
    const char *reason = session->weights.reason;
    bool average = session->weights.tensors == &session->file.average;
    if (session->file.average.count > 0)
        pnas_info("takes %s%s%s%s", average ? "the moving average of the weights" : "the last weights",
                  *reason ? " (" : "", reason, *reason ? ")" : "");
}

pnas_status pnas_net_session_read(const char *path, pnas_weights_choice weights, pnas_net_session *out)
{
    *out = (pnas_net_session){.path = path};
    PNAS_TRY(pnas_network_file_read(path, &out->file));
    PNAS_TRY(pnas_network_file_graph(path, &out->file, &out->graph));
    return pnas_network_choose_weights(path, &out->file, weights, &out->weights);
}

/* --- starting --- */

/* All that decides what comes out, but the weights. */
static void describe(const pnas_network_file *file, FILE *to)
{
    const pnas_network_options *network = &file->network;
    char cell[PNAS_CELL_TEXT_MAX];
    pnas_cell_format(&file->cell, &file->operators, cell);
    fprintf(to, "%s\n", cell);
    for (int i = 0; i < file->operators.count; ++i) {
        const pnas_operator *item = &file->operators.item[i];
        fprintf(to, "%s %d %d %d %d %d\n", item->name, (int)item->kind, item->kernel, item->dilation,
                item->repeat, item->bottleneck);
    }
    fprintf(to, "%d %d %d %d %d %d %d %d %d %a\n", network->filters, network->repeats, (int)network->stem,
            network->stem_multiplier, (int)network->concatenation, network->height, network->width,
            network->channels, network->classes, file->norm_epsilon);
    for (int c = 0; c < network->channels; ++c)
        fprintf(to, "%a %a\n", (double)file->mean[c], (double)file->deviation[c]);
}

static pnas_status add_settings(const pnas_network_file *file, pnas_sha256 *sha)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    PNAS_CHECK(to, PNAS_ERROR_MEMORY, "no memory for the settings of a network");
    describe(file, to);
    pnas_status status = fclose(to) == 0
                             ? pnas_sha256_add(sha, text, size)
                             : pnas_fail(PNAS_ERROR_MEMORY, "no memory for the settings of a network");
    free(text);
    return status;
}

static pnas_status add_tensor(const pnas_named_tensor *tensor, pnas_sha256 *sha)
{
    PNAS_TRY(pnas_sha256_add(sha, tensor->name, strlen(tensor->name) + 1));
    return pnas_sha256_add(sha, tensor->data, pnas_named_tensor_values(tensor) * sizeof *tensor->data);
}

static pnas_status sum_up(const pnas_net_session *session, char out[PNAS_SHA256_TEXT])
{
    const pnas_network_tensors *tensors = session->weights.tensors;
    pnas_sha256 *sha = NULL;
    PNAS_TRY(pnas_sha256_create(&sha));
    pnas_status status = add_settings(&session->file, sha);
    for (size_t i = 0; i < tensors->count && status == PNAS_OK; ++i)
        status = add_tensor(&tensors->tensor[i], sha);
    if (status == PNAS_OK)
        status = pnas_sha256_finish(sha, out);
    pnas_sha256_destroy(&sha);
    return status;
}

/* Ranks of several machines may find different files at one path. */
static pnas_status compare_networks(const pnas_net_session *session)
{
    char sha256[PNAS_SHA256_TEXT];
    PNAS_TRY(pnas_mpi_agree(sum_up(session, sha256)));
    return pnas_data_compare(session->layout, session->path, sha256);
}

static pnas_status create_predictor(pnas_net_session *session, int batch)
{
    const pnas_predictor_options options = {.graph = session->graph,
                                            .tensor = session->weights.tensors->tensor,
                                            .count = session->weights.tensors->count,
                                            .mean = session->file.mean,
                                            .deviation = session->file.deviation,
                                            .norm_epsilon = session->file.norm_epsilon,
                                            .batch = batch};
    if (!session->devices.cl)
        return PNAS_OK;
    pnas_status status = pnas_predictor_create(session->devices.cl, &options, &session->predictor);
    if (status == PNAS_ERROR_TOO_LARGE || status == PNAS_ERROR_MEMORY)
        return pnas_fail_at(status, "--batch %d is too large here, take fewer", batch);
    return status;
}

static pnas_status count_members(pnas_net_session *session)
{
    const pnas_layout *layout = session->layout;
    int able = session->predictor != NULL;
    unsigned long size = (unsigned long)layout->ranks * sizeof able;
    int *all = layout->rank == 0 ? malloc(size) : NULL;
    pnas_status status = pnas_mpi_agree(
        all || layout->rank != 0 ? PNAS_OK : pnas_fail(PNAS_ERROR_MEMORY, "no memory for the ranks"));
    if (status == PNAS_OK)
        status = pnas_mpi_gather(&able, sizeof able, all);
    void *bytes = all;
    if (status == PNAS_OK)
        status = pnas_mpi_broadcast(&bytes, &size);
    all = bytes;
    session->member = -1;
    for (int rank = 0; status == PNAS_OK && rank < layout->ranks; ++rank) {
        if (rank == layout->rank && able)
            session->member = session->members;
        session->members += all[rank];
    }
    free(all);
    return status;
}

pnas_status pnas_net_session_start(pnas_net_session *session, const pnas_net_options *options,
                                   pnas_layout *layout)
{
    const pnas_devices_options devices = {
        .purpose = PNAS_DEVICES_COMPUTE, .device = options->device, .ranks_per_device = 1};
    char kernels[PNAS_KERNEL_HASH_TEXT];
    session->layout = layout;
    session->batch = options->batch;
    PNAS_TRY(compare_networks(session));
    PNAS_TRY(pnas_kernel_agreement(layout, kernels));
    PNAS_TRY(pnas_devices_create(layout, &devices, &session->devices));
    PNAS_TRY(pnas_mpi_agree(create_predictor(session, options->batch)));
    PNAS_TRY(count_members(session));
    pnas_net_session_tell(session);
    return PNAS_OK;
}

void pnas_net_session_end(pnas_net_session *session)
{
    pnas_predictor_destroy(&session->predictor);
    pnas_devices_destroy(&session->devices);
    pnas_graph_destroy(&session->graph);
    pnas_network_file_clear(&session->file);
}

/* --- computing --- */

#define PIECE_BYTES ((size_t)64 << 20) /* images that are read at a time take so much, or a batch of them */

typedef struct {
    size_t count, classes; /* images in all */
    float *logits;         /* [count, classes] */
} gathered_logits;

static pnas_status take_share(void *payload, int rank, const void *data, size_t size)
{
    gathered_logits *to = payload;
    pnas_wire_reader from;
    (void)rank;
    pnas_wire_open(&from, data, size);
    size_t first = (size_t)pnas_wire_get_int(&from, 0, (int64_t)to->count);
    size_t share = (size_t)pnas_wire_get_int(&from, 0, (int64_t)(to->count - first));
    pnas_wire_get_floats(&from, to->logits + first * to->classes, share * to->classes);
    return pnas_wire_close(&from, "the results of a rank");
}

/* Images first .. first + share of all, the batches that fall to this rank. */
static void find_share(const pnas_net_session *session, size_t count, size_t *first, size_t *share)
{
    size_t each = (size_t)session->batch, batches = (count + each - 1) / each;
    size_t member = (size_t)session->member, members = (size_t)session->members;
    *first = *share = 0;
    if (session->member < 0)
        return;
    *first = batches * member / members * each;
    size_t end = batches * (member + 1) / members * each;
    *share = (end < count ? end : count) - *first;
}

/* logits: [share, classes], of the images from `first` on. */
static pnas_status classify(pnas_net_session *session, const pnas_image_source *images, size_t first,
                            size_t share, float *logits)
{
    const pnas_network_options *network = &session->file.network;
    size_t bytes = (size_t)network->height * (size_t)network->width * (size_t)network->channels;
    size_t batch = (size_t)session->batch, classes = (size_t)network->classes;
    size_t piece = bytes * batch < PIECE_BYTES ? PIECE_BYTES / (bytes * batch) * batch : batch;
    piece = piece < share ? piece : share;
    uint8_t *pixels = malloc(piece * bytes + 1);
    uint32_t *image = malloc((piece + 1) * sizeof *image);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(pixels && image, PNAS_ERROR_MEMORY, "no memory for %zu images", piece);
    for (size_t done = 0; done < share; done += piece) {
        size_t count = share - done < piece ? share - done : piece;
        for (size_t i = 0; i < count; ++i)
            image[i] = (uint32_t)(first + done + i);
        PNAS_TRY_CLEANUP(images->read(images->payload, image, count, pixels));
        PNAS_TRY_CLEANUP(pnas_predictor_run(session->predictor, pixels, count, logits + done * classes));
    }
cleanup:
    free(pixels);
    free(image);
    return status;
}

static pnas_status compute_share(pnas_net_session *session, const pnas_image_source *images, size_t count,
                                 pnas_wire_writer *to)
{
    size_t classes = (size_t)session->file.network.classes, first, share;
    find_share(session, count, &first, &share);
    float *logits = malloc(share * classes * sizeof *logits + 1);
    PNAS_CHECK(logits, PNAS_ERROR_MEMORY, "no memory for the results of %zu images", share);
    pnas_status status = share ? classify(session, images, first, share, logits) : PNAS_OK;
    if (status == PNAS_OK) {
        pnas_wire_begin(to);
        pnas_wire_put_int(to, (int64_t)first);
        pnas_wire_put_int(to, (int64_t)share);
        pnas_wire_put_floats(to, logits, share * classes);
        status = pnas_wire_finish(to);
    }
    free(logits);
    return status;
}

pnas_status pnas_net_session_run(pnas_net_session *session, const pnas_image_source *images, size_t count,
                                 float **logits)
{
    gathered_logits all = {.count = count, .classes = (size_t)session->file.network.classes};
    pnas_wire_writer mine = {0};
    *logits = NULL;
    pnas_status status = compute_share(session, images, count, &mine);
    if (status == PNAS_OK && session->layout->rank == 0) {
        all.logits = malloc(count * all.classes * sizeof *all.logits + 1);
        if (!all.logits)
            status = pnas_fail(PNAS_ERROR_MEMORY, "no memory for the results of %zu images", count);
    }
    status = pnas_mpi_agree(status);
    if (status == PNAS_OK)
        status = pnas_mpi_gather_messages(session->layout, mine.data, mine.size, take_share, &all);
    pnas_wire_clear(&mine);
    if (status == PNAS_OK)
        *logits = all.logits;
    else
        free(all.logits);
    return status;
}

/* --- data --- */

static pnas_status check_shape(const pnas_net_session *session, const char *name, const pnas_dataset *dataset)
{
    const pnas_network_options *network = &session->file.network;
    PNAS_CHECK(dataset->height == network->height && dataset->width == network->width &&
                   dataset->channels == network->channels,
               PNAS_ERROR_DATA,
               "%s: has images of %d x %d x %d; %s takes %d x %d x %d (height x width x channels)", name,
               dataset->height, dataset->width, dataset->channels, session->path, network->height,
               network->width, network->channels);
    return PNAS_OK;
}

pnas_status pnas_net_open_data(const pnas_net_session *session, const char *name, pnas_dataset **out,
                               bool *other)
{
    const char *chosen = name ? name : session->file.dataset;
    char reason[1024];
    *out = NULL;
    PNAS_CHECK(*chosen, PNAS_ERROR_USAGE, "%s does not say what it was trained on; name data with --data",
               session->path);
    pnas_status status = pnas_dataset_open_test(chosen, 0, out);
    if (status != PNAS_OK && !name) {
        snprintf(reason, sizeof reason, "%s", pnas_message());
        return pnas_fail(status, "%s; %s was trained on it, name another place with --data", reason,
                         session->path);
    }
    if (status == PNAS_OK)
        status = check_shape(session, chosen, *out);
    if (status != PNAS_OK) {
        pnas_dataset_destroy(out);
        return status;
    }
    *other = strcmp((*out)->sha256, session->file.dataset_sha256) != 0;
    return PNAS_OK;
}
