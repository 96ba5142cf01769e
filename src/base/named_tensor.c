#include "src/base/named_tensor.h"

#include <math.h>

size_t pnas_named_tensor_values(const pnas_named_tensor *tensor)
{
    size_t values = 1;
    for (int i = 0; i < tensor->rank; ++i)
        values *= tensor->shape[i];
    return values;
}

bool pnas_named_tensor_is_finite(const pnas_named_tensor *tensor, size_t *at)
{
    size_t values = pnas_named_tensor_values(tensor);
    for (*at = 0; *at < values; ++*at)
        if (!isfinite(tensor->data[*at]))
            return false;
    return true;
}
