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

/* RUN.<n>.weights.h5, n from 1, of each of the configuration->keep_weights best children. Those that are not
 * there, or hold something else, are written: the child is trained once more, which gives the same weights as
 * its training is deterministic. Warns where the accuracy is not the recorded one, as after a change of
 * device; the file has what was reached. The files are network files (io/net/network_file.h).
 *
 * PNAS_ERROR_FILE or PNAS_ERROR_DATA where what has the name is not, or no more, weights of a search; it stays.
 * PNAS_ERROR_DEVICE where a child failed this time, which is told of each, after all others were written; and
 * without a trainer. Local. */
pnas_status pnas_best_weights_write(const pnas_best_weights_options *options, const pnas_search *search);

#endif
