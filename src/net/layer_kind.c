#include "src/net/layer_kind.h"

#include <assert.h>

static const struct {
    const char *name;
    pnas_layer_traits traits;
} kinds[] = {
#define AS_ROW(kind, name, ...) [kind] = {name, {__VA_ARGS__}},
    PNAS_LAYER_KINDS(AS_ROW)
#undef AS_ROW
};

const char *pnas_layer_kind_name(pnas_layer_kind kind)
{
    return kinds[kind].name;
}

const pnas_layer_traits *pnas_layer_kind_traits(pnas_layer_kind kind)
{
    return &kinds[kind].traits;
}

pnas_weight_size pnas_layer_kind_weights(pnas_layer_kind kind, int kh, int kw, int C, int M)
{
    int window = kh * kw, fan_in = window * C;
    switch (kinds[kind].traits.form) {
    case PNAS_WEIGHT_NONE:
        break;
    case PNAS_WEIGHT_DENSE:
    case PNAS_WEIGHT_PRODUCT:
        return (pnas_weight_size){{kh, kw, C, M}, fan_in, (int64_t)fan_in * M};
    case PNAS_WEIGHT_DEPTHWISE:
        return (pnas_weight_size){{kh, kw, C, 1}, window, (int64_t)fan_in};
    case PNAS_WEIGHT_SPLIT: /* an output has one of the two taps */
        return (pnas_weight_size){{kh, kw, C, M}, fan_in / 2, (int64_t)fan_in * M / 2};
    }
    assert(false);
    return (pnas_weight_size){0};
}
