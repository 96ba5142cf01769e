#include "io/net/network_file.h"

#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/tensor_group.h"

#include <stdlib.h>

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
