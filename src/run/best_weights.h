/* Weights of the best children, written beside the run file. */
#ifndef PNAS_RUN_BEST_WEIGHTS_H
#define PNAS_RUN_BEST_WEIGHTS_H

#include "cl/train/child_trainer.h"
#include "io/data/dataset.h"
#include "src/net/run_settings.h"

typedef struct { /* all borrowed */
    const char *run_path;
    const pnas_configuration *configuration;
    const char *configuration_text;
    const pnas_dataset *dataset;
    pnas_trainer *trainer;
    pnas_tick tick;
    void *tick_payload;
} pnas_best_weights_options;

/* Trains the configuration->keep_weights best children once more, which gives the same weights as a child's
 * training is deterministic, and writes each to RUN.<n>.weights.h5, n from 1. Warns where the accuracy is not
 * the recorded one, as after a change of device. The files are network files (io/net/network_file.h). */
pnas_status pnas_best_weights_write(const pnas_best_weights_options *options, const pnas_search *search);

#endif
