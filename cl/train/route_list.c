#include "cl/train/route_list.h"

#include "cl/train/child_routes.h"

typedef struct {
    const pnas_cl *cl;
    void (*print)(void *payload, const pnas_route_line *line);
    void *payload;
} route_printer;

static pnas_status print_op(void *payload, const pnas_routed_op *op)
{
    const route_printer *printer = payload;
    char shape[96];
    pnas_route_line line = {.layer = op->layer->path, .op = pnas_op_kind_name(op->op), .shape = shape};
    pnas_route route = pnas_route_explain(printer->cl, op->op, &op->shape, &line.source);
    line.route = pnas_route_name(route);
    line.file = pnas_route_file(op->op, route);
    pnas_routed_op_describe(op, shape, sizeof shape);
    printer->print(printer->payload, &line);
    return PNAS_OK;
}

pnas_status pnas_route_list(const pnas_cl *cl, const pnas_graph *graph, int batch,
                            void (*print)(void *payload, const pnas_route_line *line), void *payload)
{
    route_printer printer = {cl, print, payload};
    return pnas_child_routes(graph, batch, cl->vector, print_op, &printer);
}
