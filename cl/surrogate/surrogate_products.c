#include "cl/surrogate/surrogate_products.h"

#include "cl/ops/gemm.h"
#include "cl/runtime/kernel_prepare.h"
#include "cl/surrogate/network.h"

typedef struct {
    pnas_status (*visit)(void *payload, const pnas_routed_op *op);
    void *payload;
} visitor;

static pnas_status see(void *payload, const pnas_gemm *g)
{
    const visitor *v = payload;
    const pnas_routed_op op = {.op = PNAS_OP_GEMM,
                               .shape = {.N = 1, .C = g->k, .H = g->m, .W = g->n},
                               .N = 1,
                               .transpose_a = g->transpose_a,
                               .transpose_b = g->transpose_b};
    return v->visit(v->payload, &op);
}

/* While a context only notes what it is asked for, nothing looks at buffers: parameters need none. */
static pnas_status append_step(pnas_cl *cl, const pnas_network *network, pnas_surrogate_loss loss,
                               const pnas_network_work *work, int tokens, visitor *v)
{
    pnas_launch_list list = {0};
    pnas_program_wishes wishes = {.product = see, .payload = v};
    cl->wishes = &wishes;
    pnas_status status = pnas_network_forward_append(cl, &list, network, NULL, work, tokens);
    if (status == PNAS_OK)
        status = pnas_network_backward_append(cl, &list, network, loss, NULL, NULL, work, tokens);
    cl->wishes = NULL;
    pnas_launch_clear(&list);
    pnas_program_wishes_clear(&wishes);
    return status;
}

pnas_status pnas_surrogate_products(pnas_cl *cl, const pnas_surrogate_options *options,
                                    const pnas_space *space,
                                    pnas_status (*visit)(void *payload, const pnas_routed_op *op),
                                    void *payload)
{
    visitor v = {visit, payload};
    pnas_network network;
    pnas_status status = PNAS_OK;
    pnas_network_make(options, space, &network);
    for (int blocks = 1; blocks <= space->blocks && status == PNAS_OK; ++blocks) {
        pnas_network_work work = {0};
        int tokens = 4 * blocks;
        PNAS_TRY(pnas_network_work_create(cl, &network, options->batch, tokens, true, &work));
        status = append_step(cl, &network, options->loss, &work, tokens, &v);
        pnas_network_work_release(&network, &work);
    }
    return status;
}
