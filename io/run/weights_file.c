#include "io/run/weights_file.h"

#include "io/hdf5/tensor_group.h"

#define CONVENTIONS "PNAS-weights-1"

pnas_status pnas_weights_write(const char *path, const pnas_weights_attribute *attributes,
                               size_t attribute_count, const pnas_named_tensor *tensors, size_t count)
{
    pnas_h5_output output;
    PNAS_TRY(pnas_h5_output_create(path, &output));
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_h5_write_text(output.id, "conventions", CONVENTIONS));
    for (size_t i = 0; i < attribute_count; i++)
        PNAS_TRY_CLEANUP(pnas_h5_write_text(output.id, attributes[i].name, attributes[i].value));
    PNAS_TRY_CLEANUP(pnas_tensor_group_write(output.id, tensors, count));
    status = pnas_h5_output_commit(&output);
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}
