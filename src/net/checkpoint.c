#include "src/net/checkpoint.h"

#include <math.h>
#include <stdlib.h>

void pnas_checkpoint_clear(pnas_checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->count; ++i)
        free(checkpoint->tensor[i].data);
    free(checkpoint->tensor);
    *checkpoint = (pnas_checkpoint){0};
}

static bool is_finite(const pnas_named_tensor *tensor)
{
    size_t values = 1;
    for (int i = 0; i < tensor->rank; ++i)
        values *= tensor->shape[i];
    for (size_t i = 0; i < values; ++i)
        if (!isfinite(tensor->data[i]))
            return false;
    return true;
}

bool pnas_checkpoint_is_finite(const pnas_checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->count; ++i)
        if (!is_finite(&checkpoint->tensor[i]))
            return false;
    return true;
}
