/* Which weights of a network are used: the last ones, or their moving average. Local. */
#ifndef PNAS_IO_NETWORK_WEIGHTS_H
#define PNAS_IO_NETWORK_WEIGHTS_H

#include "io/net/network_file.h"

typedef enum {
    PNAS_WEIGHTS_BETTER, /* of the two, by the validation images */
    PNAS_WEIGHTS_AVERAGE,
    PNAS_WEIGHTS_LAST
} pnas_weights_choice;

typedef struct { /* borrowed from the file */
    const pnas_network_tensors *tensors;
    const char *name; /* "average" or "last" */
    char reason[128]; /* "0.9861 on the validation images, 0.9840 the last" or "" */
    /* On the validation images, of the last weights and of their average; NaN where the history has none. */
    double last_accuracy, average_accuracy;
} pnas_chosen_weights;

/* BETTER takes the weights that the last epoch of the history says are more accurate on the validation images;
 * of two that are equal those with the lower loss, then the average. It takes the average, too, where nothing
 * was validated. A file without a moving average has the last weights only: PNAS_ERROR_USAGE, with `path` in the
 * message, for AVERAGE of it. */
pnas_status pnas_network_choose_weights(const char *path, const pnas_network_file *file,
                                        pnas_weights_choice choice, pnas_chosen_weights *out);

#endif
