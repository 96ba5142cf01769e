#include "cl/surrogate/network_ops.h"

#include "cl/ops/gemm.h"

pnas_status pnas_dense_product_append(pnas_cl *cl, pnas_launch_list *list, const pnas_dense_product *p)
{
    const pnas_gemm product = {.transpose_a = p->transpose_a,
                               .transpose_b = p->transpose_b,
                               .m = p->m,
                               .n = p->n,
                               .k = p->k,
                               .alpha = 1,
                               .a = p->a,
                               .b = p->b,
                               .c = p->c,
                               .lda = p->transpose_a ? p->m : p->k,
                               .ldb = p->transpose_b ? p->k : p->n,
                               .ldc = p->n};
    return pnas_gemm_append(cl, list, &product);
}

pnas_status pnas_column_sums_append(pnas_cl *cl, pnas_launch_list *list, pnas_slice matrix, int rows,
                                    int columns, pnas_slice sums)
{
    const pnas_launch_spec spec = {.label = "surrogate column sums",
                                   .file = "surrogate.cl",
                                   .kernel = "column_sums",
                                   .global = {(size_t)columns}};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(PNAS_ARG_BUFFER(matrix.buffer), PNAS_ARG_OFFSET(matrix.offset),
                                        PNAS_ARG_BUFFER(sums.buffer), PNAS_ARG_OFFSET(sums.offset),
                                        PNAS_ARG_INT(rows), PNAS_ARG_INT(columns)));
}

pnas_status pnas_network_output_append(pnas_cl *cl, pnas_launch_list *list, const pnas_output_layer *layer)
{
    const pnas_linear_part *linear = layer->linear;
    const pnas_launch_spec spec = {.label = "surrogate output",
                                   .file = "surrogate.cl",
                                   .kernel = "surrogate_output",
                                   .global = {(size_t)layer->rows}};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(PNAS_ARG_BUFFER(layer->hidden.buffer), PNAS_ARG_OFFSET(layer->hidden.offset),
                  PNAS_ARG_BUFFER(layer->parameters), PNAS_ARG_OFFSET(layer->weight),
                  PNAS_ARG_OFFSET(layer->bias), PNAS_ARG_OFFSET(linear->at), PNAS_ARG_INT(linear->inputs),
                  PNAS_ARG_INT(linear->operators), PNAS_ARG_BUFFER(layer->token), PNAS_ARG_INT(layer->tokens),
                  PNAS_ARG_BUFFER(layer->beside), PNAS_ARG_FLOAT(layer->beside_share),
                  PNAS_ARG_BUFFER(layer->output), PNAS_ARG_INT(layer->rows), PNAS_ARG_INT(layer->units)));
}

pnas_status pnas_network_loss_append(pnas_cl *cl, pnas_launch_list *list, pnas_surrogate_loss kind,
                                     const pnas_network_loss *loss)
{
    static const char *const kernels[] = {[PNAS_LOSS_L1] = "loss_l1",
                                          [PNAS_LOSS_SQUARED] = "loss_squared",
                                          [PNAS_LOSS_RANKING] = "loss_ranking"};
    const pnas_launch_spec spec = {.label = "surrogate loss",
                                   .file = "surrogate.cl",
                                   .kernel = kernels[kind],
                                   .global = {(size_t)loss->rows}};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(PNAS_ARG_BUFFER(loss->output), PNAS_ARG_BUFFER(loss->target), PNAS_ARG_BUFFER(loss->valid),
                  PNAS_ARG_BUFFER(loss->logit_gradient.buffer), PNAS_ARG_OFFSET(loss->logit_gradient.offset),
                  PNAS_ARG_INT(loss->rows)));
}
