#include "src/net/checkpoint.h"

#include <stdlib.h>

void pnas_checkpoint_clear(pnas_checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->count; ++i)
        free(checkpoint->tensor[i].data);
    free(checkpoint->tensor);
    *checkpoint = (pnas_checkpoint){0};
}

bool pnas_checkpoint_is_finite(const pnas_checkpoint *checkpoint)
{
    for (size_t i = 0, at; i < checkpoint->count; ++i)
        if (!pnas_named_tensor_is_finite(&checkpoint->tensor[i], &at))
            return false;
    return true;
}
