/* A network that has been read and made ready on a device, and the options that say how. Local to a process. */
#ifndef PNAS_NET_SESSION_H
#define PNAS_NET_SESSION_H

#include "cl/train/predictor.h"
#include "io/data/dataset.h"
#include "io/net/network_graph.h"
#include "io/net/network_weights.h"

#include <argp.h>

typedef struct {        /* texts are borrowed */
    const char *device; /* NULL: as in pnas_cl_options */
    int batch;
    pnas_weights_choice weights;
} pnas_net_device_options;

#define PNAS_NET_DEVICE_DEFAULTS ((pnas_net_device_options){.batch = 64})

/* --device, --batch and --weights; its input is a pnas_net_device_options *. */
extern const struct argp pnas_net_device_argp;

/* The value of --weights, also for a command that needs no device. */
error_t pnas_net_weights_parse(struct argp_state *state, const char *text, pnas_weights_choice *out);

typedef struct { /* zero to start with */
    const char *path;
    pnas_network_file file;
    pnas_graph *graph;
    pnas_chosen_weights weights;
    pnas_cl *cl;
    pnas_predictor *predictor;
} pnas_net_session;

/* Reads the network and its graph, without a device, and says which weights it takes. */
pnas_status pnas_net_session_read(const char *path, pnas_weights_choice weights, pnas_net_session *out);

/* Then: its weights on a device. */
pnas_status pnas_net_session_start(pnas_net_session *session, const pnas_net_device_options *options);

void pnas_net_session_end(pnas_net_session *session);

/* Opens a data set, that of the training if `name` is NULL, and checks that its images are of the network's
 * shape. *other: it is not the one that the network was trained on. *out is the caller's. */
pnas_status pnas_net_open_data(const pnas_net_session *session, const char *name, pnas_dataset **out,
                               bool *other);

#endif
