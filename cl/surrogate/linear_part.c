#include "cl/surrogate/linear_part.h"

#include <string.h>

static size_t sides(const pnas_linear_part *part)
{
    return (size_t)part->inputs * (size_t)part->operators;
}

size_t pnas_linear_part_size(const pnas_linear_part *part)
{
    size_t operators = (size_t)part->operators;
    return operators ? PNAS_LINEAR_SIDES + sides(part) + operators * operators : 0;
}

pnas_linear_part pnas_linear_part_make(double share, int inputs, int operators, size_t *count)
{
    if (share <= 0)
        return (pnas_linear_part){0};
    pnas_linear_part part = {.inputs = inputs, .operators = operators};
    part.at = pnas_stored_tensor_reserve(count, pnas_linear_part_size(&part));
    return part;
}

size_t pnas_linear_part_tensors(const pnas_linear_part *part, pnas_stored_tensor out[PNAS_LINEAR_TENSORS])
{
    size_t I = (size_t)part->inputs, O = (size_t)part->operators, side = part->at + PNAS_LINEAR_SIDES;
    const pnas_stored_tensor all[PNAS_LINEAR_TENSORS] = {
        {"linear/share", 1, 1, 1, 1, 1, part->at},
        {"linear/bias", 1, 1, 1, 1, 1, part->at + 1},
        {"linear/side", 2, I, 1, O, O, side},
        {"linear/pair", 2, O, 1, O, O, side + sides(part)},
    };
    if (O == 0)
        return 0;
    memcpy(out, all, sizeof all);
    return PNAS_LINEAR_TENSORS;
}
