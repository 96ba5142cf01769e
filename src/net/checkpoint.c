#include "src/net/checkpoint.h"

#include <stdlib.h>

void pnas_checkpoint_clear(pnas_checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->count; ++i)
        free(checkpoint->tensor[i].data);
    free(checkpoint->tensor);
    *checkpoint = (pnas_checkpoint){0};
}
