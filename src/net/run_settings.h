/* Everything that a run is configured by, as plain values. Each field has a row in
 * io/config/configuration_keys.c, from which it is read, checked and documented. */
#ifndef PNAS_NET_RUN_SETTINGS_H
#define PNAS_NET_RUN_SETTINGS_H

#include "src/net/graph.h"
#include "src/net/training.h"
#include "src/search/search.h"
#include "src/search/surrogate_options.h"

#define PNAS_PATH_MAX 1024

typedef enum {
    PNAS_EVALUATOR_TRAIN, /* children are trained */
    PNAS_EVALUATOR_TABLE  /* their accuracies are looked up */
} pnas_evaluator_kind;

typedef struct {
    char title[128];
    uint64_t seed;
    char dataset[PNAS_PATH_MAX]; /* HDF5 file; "digits": the embedded one */
    double validation;           /* held out of the training part: below 1 a share, else a count */
    int64_t training_images;     /* use so many of the rest; 0: all */
    int64_t shuffle_window;      /* images; an epoch shuffles within so many; 0: all of them */
    int64_t image_buffer;        /* bytes of memory that images may take, else they are streamed; 0: auto */
    pnas_evaluator_kind evaluator;
    char table[PNAS_PATH_MAX]; /* of cells trained already, for PNAS_EVALUATOR_TABLE */
    double table_pace;         /* a child looked up takes this share of its training time; 0: none */
    pnas_search_options search;
    char rungs[64];               /* of search.rung: "3, 6"; "": none */
    pnas_candidates candidates;   /* with a table */
    pnas_network_options network; /* height, width, channels, classes come from the data set */
    int64_t parameters;           /* final training: network.filters are found for them; 0: they are given */
    pnas_training_options training;
    pnas_surrogate_options surrogate;
    char warm_start[PNAS_PATH_MAX]; /* a run file whose surrogate is begun with; "": none */
    char device[128];               /* "auto", "cpu", "gpu", an index, or part of a device's name */
    char lanes[16];                 /* "auto", or how many queues of a device train children at once */
    char group[16];                 /* "auto", or how many children of a queue take their steps together */
    char threads[16];               /* "auto", or how many CPU cores a rank uses on a CPU device */
    int ranks_per_device;           /* how many ranks may share a device other than a CPU */
    int keep_weights;               /* weights of so many best children are written beside the run file; 0 */
    double checkpoint_seconds;      /* of a child's training between two checkpoints; 0: only at a stop */
} pnas_configuration;

#define PNAS_LANES_MAX            64
#define PNAS_GROUP_MAX            16
#define PNAS_THREADS_MAX          1024
#define PNAS_RANKS_PER_DEVICE_MAX 64

/* "auto" (*count = 0) or a whole number from 1 to `most`; false for anything else. */
bool pnas_count_parse(const char *text, int most, int *count);

#endif
