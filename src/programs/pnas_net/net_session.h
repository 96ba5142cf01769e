/* A network that has been read and made ready on the devices of all ranks, and the options that say how. */
#ifndef PNAS_NET_SESSION_H
#define PNAS_NET_SESSION_H

#include "cl/train/predictor.h"
#include "io/data/dataset.h"
#include "io/net/network_graph.h"
#include "io/net/network_weights.h"
#include "mpi/layout.h"
#include "src/programs/common/program.h"
#include "src/run/device_setup.h"

/* --- Options of the commands that compute ------------------------------------------------------------- */

typedef struct {        /* texts are borrowed */
    const char *device; /* NULL: as in the configuration's default */
    int batch;
    pnas_weights_choice weights;
    pnas_log_level level;
    bool answered; /* --help or the like was asked for and answered: nothing else to do */
    pnas_rank_answers answers;
} pnas_net_options;

#define PNAS_NET_OPTIONS_DEFAULTS ((pnas_net_options){.batch = 64, .level = PNAS_LOG_INFO})

/* --device, --batch, --weights, -q, -v, --help, --usage and --version; its input is a pnas_net_options *. */
extern const struct argp pnas_net_argp;

/* Parses the command line of a command, `arguments` being the parser's input that holds `options`. Only a process
 * with `speak` prints answers and complaints. PNAS_ERROR_USAGE after a complaint. Local. */
pnas_status pnas_net_read(const struct argp *parser, int argc, char **argv, bool speak, void *arguments,
                          pnas_net_options *options);

/* The same on every rank, and sets up the log. PNAS_ERROR_USAGE after a complaint. Local, the same everywhere. */
pnas_status pnas_net_parse(const struct argp *parser, const pnas_layout *layout, int argc, char **argv,
                           void *arguments, pnas_net_options *options);

/* The value of --weights, also for a command that does not compute. */
error_t pnas_net_weights_parse(struct argp_state *state, const char *text, pnas_weights_choice *out);

/* --- The session -------------------------------------------------------------------------------------- */

typedef struct { /* zero to start with */
    const char *path;
    pnas_network_file file;
    pnas_graph *graph;
    pnas_chosen_weights weights;
    pnas_layout *layout; /* NULL before the start */
    pnas_devices devices;
    pnas_predictor *predictor; /* NULL: this rank has no device */
    int batch;
    int members, member; /* ranks that compute, and which of them this one is; -1: none */
} pnas_net_session;

/* Reads the network and its graph, without a device. Local. */
pnas_status pnas_net_session_read(const char *path, pnas_weights_choice weights, pnas_net_session *out);

/* Says which weights are taken. Local. */
void pnas_net_session_tell(const pnas_net_session *session);

/* Then: its weights on the device of every rank, which must all have read the same network, and says which
 * they are. *layout, borrowed, may change. Collective, agreed. */
pnas_status pnas_net_session_start(pnas_net_session *session, const pnas_net_options *options,
                                   pnas_layout *layout);

/* The images 0 .. count - 1 of `images`, the same on all ranks, of which each reads those alone that it classifies;
 * *logits: [count, classes] on rank 0, the caller's (free), else NULL. Ranks share whole batches, so any number of
 * them gives the same bits. Collective, agreed. */
pnas_status pnas_net_session_run(pnas_net_session *session, const pnas_image_source *images, size_t count,
                                 float **logits);

void pnas_net_session_end(pnas_net_session *session);

/* Opens a data set, that of the training if `name` is NULL, and checks that its images are of the network's
 * shape: its test part (pnas_dataset_open_test), or all of a set without one. *other: it is not the one that the
 * network was trained on. *out is the caller's. Local. */
pnas_status pnas_net_open_data(const pnas_net_session *session, const char *name, pnas_dataset **out,
                               bool *other);

#endif
