#include "cl/surrogate/mlp_steps.h"

#include "cl/surrogate/network_ops.h"

typedef struct { /* what every part needs */
    pnas_cl *cl;
    pnas_launch_list *list;
    const pnas_mlp_layout *layout;
    const pnas_mlp_work *work;
    cl_mem parameters, gradients;
} mlp_batch;

static pnas_slice weight(const mlp_batch *b, size_t at)
{
    return (pnas_slice){b->parameters, at};
}

static pnas_slice gradient(const mlp_batch *b, size_t at)
{
    return (pnas_slice){b->gradients, at};
}

static pnas_status append(const mlp_batch *b, const char *kernel, size_t items, const pnas_arg *arguments,
                          int count)
{
    const pnas_launch_spec spec = {.label = kernel, .file = "mlp.cl", .kernel = kernel, .global = {items}};
    return pnas_launch_append(b->cl, b->list, &spec, arguments, count);
}

/* c [m][n] = a [m][k] times b [k][n] */
static pnas_status append_product(const mlp_batch *b, pnas_slice left, pnas_slice right, pnas_slice into,
                                  int m, int n, int k)
{
    const pnas_dense_product product = {.m = m, .n = n, .k = k, .a = left, .b = right, .c = into};
    return pnas_dense_product_append(b->cl, b->list, &product);
}

static size_t units(const mlp_batch *b)
{
    return (size_t)b->work->rows * (size_t)b->layout->padded / 8;
}

/* The units that the output reads, and their gradient. */
static pnas_slice last_layer(const mlp_batch *b)
{
    return b->layout->layers == 2 ? b->work->second : b->work->first;
}

static pnas_slice last_gradient(const mlp_batch *b)
{
    return b->layout->layers == 2 ? b->work->second_gradient : b->work->first_gradient;
}

/* --- forward --- */

static pnas_status append_embedding(const mlp_batch *b, int tokens)
{
    const pnas_mlp_work *w = b->work;
    const pnas_mlp_layout *l = b->layout;
    return append(b, "mlp_embed", (size_t)w->rows * 4 * (size_t)l->embedding,
                  PNAS_ARGS(PNAS_ARG_BUFFER(b->parameters), PNAS_ARG_OFFSET(l->embeddings),
                            PNAS_ARG_BUFFER(w->token), PNAS_ARG_BUFFER(w->mean.buffer),
                            PNAS_ARG_OFFSET(w->mean.offset), PNAS_ARG_INT(tokens), PNAS_ARG_INT(w->rows),
                            PNAS_ARG_INT(l->embedding)));
}

static pnas_status append_activation(const mlp_batch *b, pnas_slice layer, size_t bias)
{
    return append(b, "mlp_activate", units(b),
                  PNAS_ARGS(PNAS_ARG_BUFFER(layer.buffer), PNAS_ARG_OFFSET(layer.offset),
                            PNAS_ARG_BUFFER(b->parameters), PNAS_ARG_OFFSET(bias),
                            PNAS_ARG_INT(b->work->rows), PNAS_ARG_INT(b->layout->padded)));
}

static pnas_status append_second_layer(const mlp_batch *b)
{
    const pnas_mlp_work *w = b->work;
    const pnas_mlp_layout *l = b->layout;
    PNAS_TRY(
        append_product(b, w->first, weight(b, l->second_weight), w->second, w->rows, l->padded, l->padded));
    return append_activation(b, w->second, l->second_bias);
}

pnas_status pnas_mlp_forward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_mlp_layout *l,
                                    cl_mem parameters, const pnas_mlp_work *w, int tokens)
{
    const mlp_batch b = {cl, list, l, w, parameters, NULL};
    PNAS_TRY(append_embedding(&b, tokens));
    PNAS_TRY(append_product(&b, w->mean, weight(&b, l->first_weight), w->first, w->rows, l->padded,
                            4 * l->embedding));
    PNAS_TRY(append_activation(&b, w->first, l->first_bias));
    if (l->layers == 2)
        PNAS_TRY(append_second_layer(&b));
    const pnas_output_layer last = {.parameters = parameters,
                                    .weight = l->output_weight,
                                    .bias = l->output_bias,
                                    .linear = &l->linear,
                                    .hidden = last_layer(&b),
                                    .token = w->token,
                                    .beside = w->beside,
                                    .beside_share = w->beside_share,
                                    .output = w->output,
                                    .rows = w->rows,
                                    .units = l->padded,
                                    .tokens = tokens};
    return pnas_network_output_append(cl, list, &last);
}

/* --- back --- */

static pnas_status append_mask(const mlp_batch *b, pnas_slice layer, pnas_slice layer_gradient)
{
    return append(b, "mlp_mask", units(b),
                  PNAS_ARGS(PNAS_ARG_BUFFER(layer.buffer), PNAS_ARG_OFFSET(layer.offset),
                            PNAS_ARG_BUFFER(layer_gradient.buffer), PNAS_ARG_OFFSET(layer_gradient.offset),
                            PNAS_ARG_INT(b->work->rows), PNAS_ARG_INT(b->layout->padded)));
}

static pnas_status append_output_backward(const mlp_batch *b)
{
    const pnas_mlp_work *w = b->work;
    const pnas_mlp_layout *l = b->layout;
    const pnas_slice into = last_gradient(b);
    return append(b, "mlp_output_backward", units(b),
                  PNAS_ARGS(PNAS_ARG_BUFFER(w->logit_gradient.buffer),
                            PNAS_ARG_OFFSET(w->logit_gradient.offset), PNAS_ARG_BUFFER(b->parameters),
                            PNAS_ARG_OFFSET(l->output_weight), PNAS_ARG_BUFFER(into.buffer),
                            PNAS_ARG_OFFSET(into.offset), PNAS_ARG_INT(w->rows), PNAS_ARG_INT(l->padded)));
}

static pnas_status append_embedding_gradient(const mlp_batch *b, int tokens)
{
    const pnas_mlp_work *w = b->work;
    const pnas_mlp_layout *l = b->layout;
    return append(b, "mlp_embedding_gradient", (size_t)l->embedding,
                  PNAS_ARGS(PNAS_ARG_BUFFER(w->mean_gradient.buffer),
                            PNAS_ARG_OFFSET(w->mean_gradient.offset), PNAS_ARG_BUFFER(w->token),
                            PNAS_ARG_BUFFER(b->gradients), PNAS_ARG_OFFSET(l->embeddings),
                            PNAS_ARG_INT(l->vocabulary), PNAS_ARG_INT(tokens), PNAS_ARG_INT(w->rows),
                            PNAS_ARG_INT(l->embedding)));
}

/* A layer's weight [inputs][width] and bias from its inputs [R][inputs] and its gradient [R][width]. */
static pnas_status append_layer_gradient(const mlp_batch *b, pnas_slice inputs, int input_count,
                                         pnas_slice layer_gradient, int width, size_t weight_at,
                                         size_t bias_at)
{
    const pnas_dense_product product = {.transpose_a = true,
                                        .m = input_count,
                                        .n = width,
                                        .k = b->work->rows,
                                        .a = inputs,
                                        .b = layer_gradient,
                                        .c = gradient(b, weight_at)};
    PNAS_TRY(pnas_dense_product_append(b->cl, b->list, &product));
    return pnas_column_sums_append(b->cl, b->list, layer_gradient, b->work->rows, width,
                                   gradient(b, bias_at));
}

/* inputs_gradient [R][inputs] = layer_gradient [R][P] times the transposed weight [inputs][P] */
static pnas_status append_input_gradient(const mlp_batch *b, pnas_slice layer_gradient, size_t weight_at,
                                         int input_count, pnas_slice inputs_gradient)
{
    const pnas_dense_product product = {.transpose_b = true,
                                        .m = b->work->rows,
                                        .n = input_count,
                                        .k = b->layout->padded,
                                        .a = layer_gradient,
                                        .b = weight(b, weight_at),
                                        .c = inputs_gradient};
    return pnas_dense_product_append(b->cl, b->list, &product);
}

static pnas_status append_second_layer_backward(const mlp_batch *b)
{
    const pnas_mlp_work *w = b->work;
    const pnas_mlp_layout *l = b->layout;
    int P = l->padded;
    PNAS_TRY(append_mask(b, w->second, w->second_gradient));
    PNAS_TRY(append_layer_gradient(b, w->first, P, w->second_gradient, P, l->second_weight, l->second_bias));
    return append_input_gradient(b, w->second_gradient, l->second_weight, P, w->first_gradient);
}

pnas_status pnas_mlp_backward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_mlp_layout *l,
                                     cl_mem parameters, cl_mem gradients, const pnas_mlp_work *w, int tokens)
{
    const mlp_batch b = {cl, list, l, w, parameters, gradients};
    int E4 = 4 * l->embedding, P = l->padded;
    PNAS_TRY(
        append_layer_gradient(&b, last_layer(&b), P, w->logit_gradient, 1, l->output_weight, l->output_bias));
    PNAS_TRY(append_output_backward(&b));
    if (l->layers == 2)
        PNAS_TRY(append_second_layer_backward(&b));
    PNAS_TRY(append_mask(&b, w->first, w->first_gradient));
    PNAS_TRY(append_layer_gradient(&b, w->mean, E4, w->first_gradient, P, l->first_weight, l->first_bias));
    PNAS_TRY(append_input_gradient(&b, w->first_gradient, l->first_weight, E4, w->mean_gradient));
    return append_embedding_gradient(&b, tokens);
}
