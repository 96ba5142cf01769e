#include "cl/surrogate/surrogate_products.h"

#include "cl/runtime/context.h"
#include "cl/surrogate/network.h"

typedef struct {
    pnas_status (*visit)(void *payload, const pnas_routed_op *op);
    void *payload;
} visitor;

static pnas_status visit_products(const pnas_launch_list *list, const visitor *v)
{
    for (size_t i = 0; i < list->count; ++i) {
        const pnas_launch_product *p = &list->item[i].product;
        const pnas_routed_op op = {.op = PNAS_OP_GEMM,
                                   .shape = {.N = 1, .C = p->k, .H = p->m, .W = p->n},
                                   .N = 1,
                                   .transpose_a = p->transpose_a,
                                   .transpose_b = p->transpose_b};
        if (p->m > 0)
            PNAS_TRY(v->visit(v->payload, &op));
    }
    return PNAS_OK;
}

/* The step is recorded, but never built or run, so it needs no parameters. */
static pnas_status visit_step(pnas_cl *cl, const pnas_network *network, pnas_surrogate_loss loss,
                              const pnas_network_work *work, int tokens, const visitor *v)
{
    pnas_launch_list list = {0};
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_network_forward_append(cl, &list, network, NULL, work, tokens));
    PNAS_TRY_CLEANUP(pnas_network_backward_append(cl, &list, network, loss, NULL, NULL, work, tokens));
    status = visit_products(&list, v);
cleanup:
    pnas_launch_clear(&list);
    return status;
}

static pnas_status visit_length(pnas_cl *cl, const pnas_network *network,
                                const pnas_surrogate_options *options, int blocks, const visitor *v)
{
    pnas_network_work work = {0};
    int tokens = 4 * blocks;
    PNAS_TRY(pnas_network_work_create(cl, network, options->batch, tokens, true, &work));
    pnas_status status = visit_step(cl, network, options->loss, &work, tokens, v);
    pnas_network_work_release(network, &work);
    return status;
}

pnas_status pnas_surrogate_products(pnas_cl *cl, const pnas_surrogate_options *options,
                                    const pnas_space *space,
                                    pnas_status (*visit)(void *payload, const pnas_routed_op *op),
                                    void *payload)
{
    const visitor v = {visit, payload};
    pnas_network network;
    pnas_cl *lane; /* of plain kernels, so that CLBlast is not asked for */
    PNAS_TRY(pnas_cl_create_lane(cl, PNAS_ROUTE_PLAIN, &lane));
    pnas_status status = PNAS_OK;
    pnas_network_make(options, space, &network);
    for (int blocks = 1; blocks <= space->blocks && status == PNAS_OK; ++blocks)
        status = visit_length(lane, &network, options, blocks, &v);
    pnas_cl_destroy(&lane);
    return status;
}
