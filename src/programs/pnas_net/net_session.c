#include "src/programs/pnas_net/net_session.h"

#include "src/programs/common/program.h"

#include <stdio.h>
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

static error_t parse_device(int key, char *argument, struct argp_state *state)
{
    pnas_net_device_options *options = state->input;
    int64_t batch;
    switch (key) {
    case KEY_DEVICE:
        options->device = argument;
        return 0;
    case KEY_BATCH:
        if (pnas_program_parse_integer(state, "batch", argument, 1, 65536, &batch) == 0)
            options->batch = (int)batch;
        return 0;
    case KEY_WEIGHTS:
        return pnas_net_weights_parse(state, argument, &options->weights);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option device_options[] = {
    {"device", KEY_DEVICE, "D", 0, "auto, cpu, gpu, an index, or part of a device's name", 2},
    {"batch", KEY_BATCH, "N", 0, "Compute so many images together (64)", 2},
    {"weights", KEY_WEIGHTS, "WHICH", 0,
     "average or last; without it: whichever is better on the validation images", 2},
    {0},
};

const struct argp pnas_net_device_argp = {.options = device_options, .parser = parse_device};

/* --- the session --- */

static void tell_weights(const pnas_net_session *session)
{
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
    PNAS_TRY(pnas_network_choose_weights(path, &out->file, weights, &out->weights));
    tell_weights(out);
    return PNAS_OK;
}

pnas_status pnas_net_session_start(pnas_net_session *session, const pnas_net_device_options *options)
{
    const pnas_network_tensors *weights = session->weights.tensors;
    const pnas_predictor_options predictor = {.graph = session->graph,
                                              .tensor = weights->tensor,
                                              .count = weights->count,
                                              .mean = session->file.mean,
                                              .deviation = session->file.deviation,
                                              .norm_epsilon = session->file.norm_epsilon,
                                              .batch = options->batch};
    PNAS_TRY(pnas_cl_create(&(pnas_cl_options){.device = options->device}, &session->cl));
    return pnas_predictor_create(session->cl, &predictor, &session->predictor);
}

void pnas_net_session_end(pnas_net_session *session)
{
    pnas_predictor_destroy(&session->predictor);
    pnas_cl_destroy(&session->cl);
    pnas_graph_destroy(&session->graph);
    pnas_network_file_clear(&session->file);
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
    pnas_status status = pnas_dataset_open(chosen, out);
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
