/* NET.h5: a trained network that describes itself, so that it can be tested, used, exported or trained
 * further without the files it came from. The *.weights.h5 of a search is the same format. docs/networks.md.
 * Local.
 *
 * Tensors are named by layer path and have logical shapes: kernels [kh, kw, C, M], vectors [M]. */
#ifndef PNAS_IO_NETWORK_FILE_H
#define PNAS_IO_NETWORK_FILE_H

#include "src/base/named_tensor.h"
#include "src/base/status.h"
#include "src/net/checkpoint.h"
#include "src/net/graph.h"
#include "src/net/image_set.h"
#include "src/net/run_settings.h"

#define PNAS_HISTORY_COLUMNS_MAX 16
#define PNAS_HISTORY_NAME_MAX    32

typedef struct { /* tensors and their data are owned */
    size_t count;
    pnas_named_tensor *tensor;
} pnas_network_tensors;

typedef struct {
    size_t epochs; /* 0: no history */
    int columns;
    char name[PNAS_HISTORY_COLUMNS_MAX][PNAS_HISTORY_NAME_MAX];
    float *values; /* [epochs, columns], owned */
} pnas_network_history;

typedef struct { /* what the network made of images that nobody had looked at */
    bool known;
    char dataset[128], dataset_sha256[65];
    char weights[16]; /* that were tested: "average" or "last"; "": not known, as in older files */
    int64_t images;
    double accuracy, top5, loss; /* 0 .. 1, 0 .. 1, mean cross entropy */
    int64_t *confusion;          /* [classes, classes]: of the true class, by the predicted one; owned */
} pnas_network_test;

typedef struct
{ /* a loss that was not finite: this epoch was begun again, and rates are lower from there on */
    int epoch, update; /* counted from 1; epoch 0: there was none */
    double factor;     /* of the rates, above 0, below 1 */
} pnas_network_divergence;

typedef struct { /* kinds of devices, each with its driver and tuned table as a run file has them in /ranks */
    size_t count;
    char **name, **driver; /* [count], owned */
} pnas_network_devices;

typedef struct {    /* zero to start with; what is owned goes with pnas_network_file_clear */
    bool of_search; /* weights of a child: its tensors stand at the root too, as in older files */
    pnas_cell cell;
    pnas_operator_set operators;
    pnas_network_options network;
    double norm_epsilon;
    float mean[PNAS_IMAGE_CHANNELS_MAX], deviation[PNAS_IMAGE_CHANNELS_MAX];
    char **class_names;  /* [network.classes], owned */
    char *configuration; /* YAML, with the training options; owned */
    uint64_t seed;
    char run[PNAS_PATH_MAX];     /* the run file that the cell came from; "" */
    char dataset[PNAS_PATH_MAX]; /* as the configuration names it */
    char dataset_name[128], dataset_licence[128], dataset_sha256[65];
    double accuracy; /* of the weights on the validation images, 0 .. 1; NaN: not known */
    int64_t parameters;
    pnas_network_tensors weights; /* parameters and running statistics */
    pnas_network_tensors average; /* the same, of the moving average; count 0: none */
    bool in_training;             /* `training` says how it goes on; false: it is over */
    char fingerprint[65];         /* of all that decides the training; "" */
    pnas_checkpoint training;
    pnas_network_history history;
    pnas_network_divergence divergence;
    pnas_network_test test;
    pnas_network_devices devices; /* that last trained it; count 0: not known */
} pnas_network_file;

/* Written to a temporary file, synced, renamed, sealed. */
pnas_status pnas_network_file_write(const char *path, const pnas_network_file *file);

/* Everything is checked but whether the tensors and their number are those of the cell's network. PNAS_ERROR_FILE if
 * it cannot be opened, PNAS_ERROR_DATA if it is damaged, contradicts itself or is no network; *out is then empty. */
pnas_status pnas_network_file_read(const char *path, pnas_network_file *out);

void pnas_network_file_clear(pnas_network_file *file);

/* Of the last epoch; NaN if it is not known. */
double pnas_network_last_figure(const pnas_network_history *history, const char *name);

/* PNAS_ERROR_DATA, naming the first that differs, unless the names of classes of `data` are those of the
 * network, one for one: a label is a place in their order, and the SHA-256 of a data set does not cover
 * them. */
pnas_status pnas_network_check_class_names(const char *path, const pnas_network_file *file, const char *data,
                                           char *const *names);

#endif
