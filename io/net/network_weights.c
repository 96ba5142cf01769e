#include "io/net/network_weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool average_is_better(const pnas_network_history *history, double accuracy, double of_average)
{
    if (isnan(accuracy) || isnan(of_average))
        return true;
    if (of_average != accuracy)
        return of_average > accuracy;
    return !(pnas_network_last_figure(history, "average_validation_loss") >
             pnas_network_last_figure(history, "validation_loss"));
}

pnas_status pnas_network_choose_weights(const char *path, const pnas_network_file *file,
                                        pnas_weights_choice choice, pnas_chosen_weights *out)
{
    double accuracy = pnas_network_last_figure(&file->history, "validation_accuracy");
    double of_average = pnas_network_last_figure(&file->history, "average_validation_accuracy");
    bool there = file->average.count > 0;
    PNAS_CHECK(there || choice != PNAS_WEIGHTS_AVERAGE, PNAS_ERROR_USAGE,
               "%s: has no moving average of its weights; leave out --weights average", path);
    bool average = choice == PNAS_WEIGHTS_BETTER
                       ? there && average_is_better(&file->history, accuracy, of_average)
                       : choice == PNAS_WEIGHTS_AVERAGE;
    *out = (pnas_chosen_weights){.tensors = average ? &file->average : &file->weights,
                                 .name = average ? "average" : "last",
                                 .last_accuracy = accuracy,
                                 .average_accuracy = of_average};
    if (there && !isnan(accuracy) && !isnan(of_average))
        snprintf(out->reason, sizeof out->reason, "%.4f on the validation images, %s %.4f",
                 average ? of_average : accuracy, average ? "the last weights" : "their moving average",
                 average ? accuracy : of_average);
    return PNAS_OK;
}
