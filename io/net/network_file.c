#include "io/net/network_file.h"

#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/tensor_group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void pnas_network_file_clear(pnas_network_file *file)
{
    pnas_h5_free_strings(&file->class_names, (size_t)file->network.classes);
    pnas_tensor_group_free(&file->weights.tensor, file->weights.count);
    pnas_tensor_group_free(&file->average.tensor, file->average.count);
    pnas_checkpoint_clear(&file->training);
    pnas_h5_free_strings(&file->devices.name, file->devices.count);
    pnas_h5_free_strings(&file->devices.driver, file->devices.count);
    free(file->configuration);
    free(file->history.values);
    free(file->test.confusion);
    *file = (pnas_network_file){0};
}

double pnas_network_last_figure(const pnas_network_history *history, const char *name)
{
    for (int k = 0; history->epochs > 0 && k < history->columns; k++)
        if (strcmp(history->name[k], name) == 0)
            return (double)history->values[(history->epochs - 1) * (size_t)history->columns + (size_t)k];
    return NAN;
}
