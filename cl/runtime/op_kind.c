#include "cl/runtime/op_kind.h"

const char *pnas_route_name(pnas_route route)
{
    static const char *const names[] = {[PNAS_ROUTE_AUTO] = "auto",
                                        [PNAS_ROUTE_PLAIN] = "plain",
                                        [PNAS_ROUTE_TILE] = "tile",
                                        [PNAS_ROUTE_CLBLAST] = "clblast"};
    return names[route];
}

const char *pnas_op_kind_name(pnas_op_kind op)
{
    static const char *const names[PNAS_OP_KINDS] = {
        [PNAS_OP_GEMM] = "matrix product",
        [PNAS_OP_POINTWISE_FORWARD] = "pointwise forward",
        [PNAS_OP_POINTWISE_BACKWARD] = "pointwise backward",
        [PNAS_OP_CONVOLUTION_FORWARD] = "convolution forward",
        [PNAS_OP_CONVOLUTION_BACKWARD] = "convolution backward",
        [PNAS_OP_DEPTHWISE_FORWARD] = "depthwise forward",
        [PNAS_OP_DEPTHWISE_BACKWARD] = "depthwise backward",
        [PNAS_OP_MAX_POOL] = "max pool",
        [PNAS_OP_AVERAGE_POOL] = "average pool",
        [PNAS_OP_ADD] = "sum",
        [PNAS_OP_NORM] = "norm",
        [PNAS_OP_HEAD] = "head",
        [PNAS_OP_UPDATE] = "update",
        [PNAS_OP_TRIE] = "trie of an LSTM",
    };
    return names[op] ? names[op] : "other";
}
