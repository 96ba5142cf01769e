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
