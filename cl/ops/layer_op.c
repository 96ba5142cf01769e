#include "cl/ops/layer_op.h"

const pnas_layer_op *pnas_layer_op_of(pnas_layer_kind kind)
{
    static const pnas_layer_op *const rows[] = {
#define AS_ROW(kind_, ...) [kind_] = &pnas_layer_op_##kind_,
        PNAS_LAYER_KINDS(AS_ROW)
#undef AS_ROW
    };
    return rows[kind];
}

int pnas_layer_statistics_tile(const pnas_cl *cl, pnas_layer_kind kind, const pnas_layer_operands *on)
{
    const pnas_layer_op *op = pnas_layer_op_of(kind);
    return op->statistics_tile ? op->statistics_tile(cl, on) : on->y.height * on->y.width;
}

size_t pnas_layer_statistics_floats(const pnas_cl *cl, pnas_layer_kind kind, const pnas_layer_operands *on)
{
    int tile = pnas_layer_statistics_tile(cl, kind, on);
    size_t tiles = (size_t)pnas_statistics_tiles(on->y.height * on->y.width, tile);
    return (size_t)on->N * tiles * 2 * (size_t)on->y.channels;
}
