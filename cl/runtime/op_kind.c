#include "cl/runtime/op_kind.h"

const pnas_op_kind_row *pnas_op_kind_row_of(pnas_op_kind op)
{
    static const pnas_op_kind_row rows[] = {
#define AS_ROW(kind, name, plain, ...) [kind] = {name, plain, {__VA_ARGS__}},
        PNAS_OP_KIND_TABLE(AS_ROW)
#undef AS_ROW
    };
    return &rows[op];
}

const char *pnas_op_kind_name(pnas_op_kind op)
{
    return pnas_op_kind_row_of(op)->name;
}

const char *pnas_route_name(pnas_route route)
{
    static const char *const names[] = {
        [PNAS_ROUTE_AUTO] = "auto",       [PNAS_ROUTE_PLAIN] = "plain", [PNAS_ROUTE_TILE] = "tile",
        [PNAS_ROUTE_CLBLAST] = "clblast", [PNAS_ROUTE_GPU] = "gpu",     [PNAS_ROUTE_WIDE] = "wide"};
    return names[route];
}
