#include "cl/surrogate/trie_device.h"

#include "cl/ops/route.h"
#include "cl/runtime/buffer.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/event_wait.h"
#include "cl/runtime/kernel_program.h"
#include "cl/runtime/launch.h"
#include "cl/surrogate/kernel_part.h"
#include "cl/surrogate/member_view.h"

#include <stdio.h>
#include <stdlib.h>

enum { TILE_ROWS = 12, PLAIN_GROUP = 16 };

/* --- rows --- */

static pnas_status create_rows(const pnas_trie_device *device, size_t rows, size_t P, pnas_trie_rows *out)
{
    if (!device->mlp)
        PNAS_TRY(pnas_buffer_create(device->cl, rows * 4 * P * sizeof(float), &out->factors));
    return pnas_buffer_create(device->cl, rows * P * sizeof(float), &out->memory);
}

static void destroy_rows(pnas_trie_rows *rows)
{
    pnas_buffer_release(&rows->factors);
    pnas_buffer_release(&rows->memory);
}

/* Before the first token an LSTM's hidden and memory are 0, and so are all products; of an MLP there is the bias. */
static pnas_status create_root(const pnas_trie_device *device, const pnas_trie_weights *weights,
                               pnas_trie_rows *out)
{
    size_t P = (size_t)weights->padded;
    PNAS_TRY(create_rows(device, 1, P, out));
    if (device->mlp)
        return pnas_buffer_write(device->cl, out->memory, 0, P * sizeof(float), weights->first);
    float *row = calloc(4 * P, sizeof *row);
    PNAS_CHECK(row, PNAS_ERROR_MEMORY, "no memory for a row of a trie");
    pnas_status status = pnas_buffer_write(device->cl, out->memory, 0, P * sizeof *row, row);
    for (size_t i = 0; i < 4 * P; ++i)
        row[i] = weights->careful ? 0 : 1;
    if (status == PNAS_OK)
        status = pnas_buffer_write(device->cl, out->factors, 0, 4 * P * sizeof *row, row);
    free(row);
    return status;
}

/* --- members --- */

static pnas_status create_mlp_kernels(pnas_trie_device *device, const char *options, pnas_trie_member *out)
{
    const char *file = device->tiled ? "trie_mlp_tile.cl" : "trie_mlp.cl";
    PNAS_TRY(pnas_kernel_create(device->cl, file, options,
                                device->tiled ? "trie_mlp_step_tile" : "trie_mlp_step", &out->step));
    return pnas_kernel_create(device->cl, file, options,
                              device->tiled ? "trie_mlp_score_tile" : "trie_mlp_score", &out->score);
}

static pnas_status create_kernels(pnas_trie_device *device, const pnas_trie_weights *weights,
                                  pnas_trie_member *out)
{
    char options[160];
    snprintf(options, sizeof options, "-DP=%d -DROWS=%d%s", weights->padded, TILE_ROWS,
             weights->careful ? " -DCAREFUL" : "");
    if (device->mlp)
        return create_mlp_kernels(device, options, out);
    if (device->tiled) {
        PNAS_TRY(pnas_kernel_create(device->cl, "trie_tile.cl", options, "trie_step_tile", &out->step));
        return pnas_kernel_create(device->cl, "trie_tile.cl", options, "trie_score_tile", &out->score);
    }
    PNAS_TRY(pnas_kernel_create(device->cl, "trie.cl", options, "trie_enter", &out->enter));
    PNAS_TRY(pnas_kernel_create(device->cl, "trie.cl", options, "trie_enter_family", &out->family));
    PNAS_TRY(pnas_kernel_create(device->cl, "trie.cl", options, "trie_multiply", &out->multiply));
    return pnas_kernel_create(device->cl, "trie.cl", options, "trie_score", &out->score);
}

static pnas_status create_member(pnas_trie_device *device, const pnas_member_tensors *tensors,
                                 const pnas_trie_shape *shape, pnas_trie_member *out)
{
    pnas_trie_weights weights = {0};
    pnas_status status;
    PNAS_TRY(pnas_trie_weights_make(tensors, shape, device->kernel.share, &weights));
    PNAS_CHECK_CLEANUP(weights.mlp == device->mlp, PNAS_ERROR_DATA,
                       "the members of the surrogate are of different models");
    out->padded = weights.padded;
    out->hidden = weights.hidden;
    out->words = weights.words;
    out->side = weights.side;
    out->pair = weights.pair;
    weights.side = weights.pair = NULL;
    if (device->padded < weights.padded)
        device->padded = weights.padded;
    PNAS_TRY_CLEANUP(create_root(device, &weights, &out->root));
    PNAS_TRY_CLEANUP(create_kernels(device, &weights, out));
    PNAS_TRY_CLEANUP(pnas_buffer_create(device->cl, weights.count * sizeof(float), &out->weights));
    status = pnas_buffer_write(device->cl, out->weights, 0, weights.count * sizeof(float), weights.data);
cleanup:
    pnas_trie_weights_free(&weights);
    return status;
}

static void destroy_member(pnas_trie_member *member)
{
    cl_kernel kernel[] = {member->step, member->score, member->enter, member->family, member->multiply};
    for (size_t i = 0; i < sizeof kernel / sizeof *kernel; ++i)
        if (kernel[i])
            clReleaseKernel(kernel[i]);
    destroy_rows(&member->root);
    pnas_buffer_release(&member->weights);
    free(member->side);
    free(member->pair);
}

/* --- the device --- */

static size_t rows_after_families(const pnas_trie_device *device, size_t rows)
{
    return rows * (size_t)device->operators;
}

/* An ensemble's kernel part stands with its first member. */
static pnas_status create_kernel_part(pnas_trie_device *device, const pnas_member_tensors *first,
                                      const pnas_space_trie_options *options)
{
    size_t sides = PNAS_INPUT_KINDS * (size_t)device->operators;
    PNAS_TRY(pnas_kernel_part_take(first->tensor, first->count, 0, &device->kernel));
    if (!device->kernel.values)
        return PNAS_OK;
    for (int op = 0; op < device->operators; ++op) {
        int known = options->operator_of ? options->operator_of[op] : op;
        PNAS_CHECK(known >= 0 && known < device->kernel.operators, PNAS_ERROR_DATA,
                   "the surrogate knows %d operators; number %d is asked for", device->kernel.operators,
                   known);
    }
    device->after = malloc(sides * sides * sizeof *device->after);
    PNAS_CHECK(device->after, PNAS_ERROR_MEMORY, "no memory for the surrogate's kernel part");
    return pnas_kernel_values_create(&device->kernel, options->blocks, device->operators,
                                     options->operator_of, &device->kernel_values);
}

pnas_status pnas_trie_device_create(pnas_cl *cl, const pnas_member_tensors *members, int count,
                                    const pnas_space_trie_options *options, pnas_trie_device *out)
{
    pnas_route route = pnas_route_choose(cl, PNAS_OP_TRIE, &(pnas_route_shape){0});
    *out = (pnas_trie_device){.cl = cl,
                              .tiled = route == PNAS_ROUTE_TILE,
                              .mlp = pnas_member_has(&members[0], "mlp/first_weight"),
                              .members = count,
                              .inputs = options->blocks + 1,
                              .operators = options->space.operators.count,
                              .member = calloc((size_t)count, sizeof *out->member)};
    PNAS_CHECK(out->member, PNAS_ERROR_MEMORY, "no memory for %d surrogates", count);
    const pnas_trie_shape shape = {.inputs = out->inputs,
                                   .operators = out->operators,
                                   .operator_of = options->operator_of,
                                   .blocks = options->blocks};
    pnas_status status = create_kernel_part(out, &members[0], options);
    for (int m = 0; m < count && status == PNAS_OK; ++m) {
        status = create_member(out, &members[m], &shape, &out->member[m]);
        if (status != PNAS_OK && count > 1)
            pnas_fail_at(status, "member %d", m);
    }
    if (status != PNAS_OK)
        pnas_trie_device_destroy(out);
    return status;
}

size_t pnas_trie_device_row_bytes(const pnas_trie_device *device, const pnas_space_trie_options *options,
                                  int slots)
{
    size_t P = (size_t)device->padded, operators = (size_t)device->operators,
           members = (size_t)device->members;
    size_t floats = device->mlp ? 2 : 2 * 5 + (device->tiled ? 0 : operators * 6);
    size_t rows = floats * P * sizeof(float);
    size_t nodes = (4 * (size_t)options->blocks - 2) * sizeof(pnas_trie_node) + sizeof(pnas_cell);
    size_t cells = operators * operators * sizeof(float) * (2 * members + 4);
    size_t families = operators * (sizeof(pnas_trie_family) + members * sizeof(pnas_trie_linear));
    return rows + (size_t)slots * (2 * (nodes + families) + sizeof(float) + cells);
}

pnas_status pnas_trie_device_reserve(pnas_trie_device *device, size_t rows)
{
    size_t P = (size_t)device->padded;
    for (int i = 0; i < 2; ++i)
        PNAS_TRY(create_rows(device, rows, P, &device->depth[i]));
    if (device->tiled || device->mlp)
        return PNAS_OK;
    size_t after = rows_after_families(device, rows);
    PNAS_TRY(create_rows(device, after, P, &device->last));
    return pnas_buffer_create(device->cl, after * P * sizeof(float), &device->hidden);
}

void pnas_trie_device_destroy(pnas_trie_device *device)
{
    for (int m = 0; device->member && m < device->members; ++m)
        destroy_member(&device->member[m]);
    free(device->member);
    for (int i = 0; i < 2; ++i)
        destroy_rows(&device->depth[i]);
    destroy_rows(&device->last);
    pnas_buffer_release(&device->hidden);
    pnas_kernel_values_destroy(&device->kernel_values);
    pnas_kernel_free(&device->kernel);
    free(device->after);
    *device = (pnas_trie_device){0};
}

/* --- batches --- */

pnas_status pnas_trie_buffers_create(const pnas_trie_device *device, const pnas_trie_batch *batch,
                                     pnas_trie_buffers *out)
{
    size_t rows = batch->options.rows, cells = pnas_trie_batch_cells_max(&batch->options);
    size_t scores = (size_t)device->members * cells * sizeof(float);
    size_t families = rows_after_families(device, rows);
    size_t linear = (size_t)device->members * families * sizeof(pnas_trie_linear);
    size_t beside = families * (size_t)device->operators * sizeof(float);
    *out = (pnas_trie_buffers){.cells_max = cells,
                               .families_max = families,
                               .host = malloc(scores),
                               .host_linear = malloc(linear),
                               .host_beside = calloc(1, beside),
                               .prefix = malloc(rows * sizeof(float))};
    PNAS_CHECK(out->host && out->host_linear && out->host_beside && out->prefix, PNAS_ERROR_MEMORY,
               "no memory for %zu scores", cells);
    PNAS_TRY(
        pnas_buffer_create(device->cl, (size_t)batch->depths * rows * sizeof(pnas_trie_node), &out->nodes));
    PNAS_TRY(pnas_buffer_create(device->cl, families * sizeof(pnas_trie_family), &out->families));
    PNAS_TRY(pnas_buffer_create(device->cl, linear, &out->linear));
    PNAS_TRY(pnas_buffer_create(device->cl, beside, &out->beside));
    PNAS_TRY(pnas_buffer_write(device->cl, out->beside, 0, beside, out->host_beside));
    return pnas_buffer_create(device->cl, scores, &out->scores);
}

void pnas_trie_buffers_destroy(pnas_trie_buffers *buffers)
{
    if (buffers->done) {
        clWaitForEvents(1, &buffers->done);
        clReleaseEvent(buffers->done);
    }
    pnas_buffer_release(&buffers->nodes);
    pnas_buffer_release(&buffers->families);
    pnas_buffer_release(&buffers->scores);
    pnas_buffer_release(&buffers->linear);
    pnas_buffer_release(&buffers->beside);
    free(buffers->host);
    free(buffers->host_linear);
    free(buffers->host_beside);
    free(buffers->prefix);
    *buffers = (pnas_trie_buffers){0};
}

static pnas_status write_later(pnas_cl *cl, cl_mem buffer, size_t offset, size_t bytes, const void *data)
{
    return pnas_cl_status(
        clEnqueueWriteBuffer(cl->queue, buffer, CL_FALSE, offset, bytes, data, 0, NULL, NULL),
        "clEnqueueWriteBuffer");
}

/* --- the linear part, which adds up along the trie --- */

static float block_logit(const pnas_trie_member *member, int operators, const pnas_block *block)
{
    return member->side[(block->in1 + 2) * operators + block->op1] +
           member->side[(block->in2 + 2) * operators + block->op2] +
           member->pair[block->op1 * operators + block->op2];
}

static void fill_linear(const pnas_trie_device *device, const pnas_trie_batch *batch, float *prefix,
                        const pnas_trie_member *member, pnas_trie_linear *out)
{
    int O = device->operators;
    const pnas_trie_node *in1 = batch->node[batch->depths - 2], *in2 = batch->node[batch->depths - 1];
    for (size_t i = 0; i < batch->prefixes; ++i) {
        prefix[i] = 0;
        for (int b = 0; b < batch->prefix[i].blocks; ++b)
            prefix[i] += block_logit(member, O, &batch->prefix[i].block[b]);
    }
    for (size_t i = 0; i < batch->families; ++i) {
        const pnas_trie_family *family = &batch->family[i];
        const pnas_trie_node *second = &in2[family->parent], *first = &in1[second->parent];
        out[i] = (pnas_trie_linear){prefix[first->parent] + member->side[first->token * O + family->op1],
                                    (second->token * O + family->op1) * O};
    }
}

static pnas_status upload_linear(const pnas_trie_device *device, const pnas_trie_batch *batch,
                                 pnas_trie_buffers *buffers)
{
    for (int m = 0; m < device->members; ++m) {
        size_t at = (size_t)m * buffers->families_max;
        pnas_trie_linear *linear = buffers->host_linear + at;
        fill_linear(device, batch, buffers->prefix, &device->member[m], linear);
        PNAS_TRY(write_later(device->cl, buffers->linear, at * sizeof *linear,
                             batch->families * sizeof *linear, linear));
    }
    return PNAS_OK;
}

/* --- the kernel part, by prefix --- */

static void fill_beside(const pnas_trie_device *device, const pnas_trie_batch *batch, float *out)
{
    size_t O = (size_t)device->operators, sides = PNAS_INPUT_KINDS * O;
    const pnas_trie_node *in1 = batch->node[batch->depths - 2], *in2 = batch->node[batch->depths - 1];
    int32_t current = -1;
    for (size_t i = 0; i < batch->families; ++i) {
        const pnas_trie_family *family = &batch->family[i];
        const pnas_trie_node *second = &in2[family->parent], *first = &in1[second->parent];
        if (i == 0 || first->parent != current)
            pnas_kernel_values_after(device->kernel_values, &batch->prefix[first->parent], device->after);
        current = first->parent;
        const float *row = device->after +
                           ((size_t)pnas_input_kind(first->token - 2) * O + (size_t)family->op1) * sides +
                           (size_t)pnas_input_kind(second->token - 2) * O;
        for (size_t op = 0; op < O; ++op)
            out[i * O + op] = device->kernel.share * row[op];
    }
}

static pnas_status upload_beside(const pnas_trie_device *device, const pnas_trie_batch *batch,
                                 pnas_trie_buffers *buffers)
{
    if (!device->kernel_values)
        return PNAS_OK; /* zeros are there */
    fill_beside(device, batch, buffers->host_beside);
    return write_later(device->cl, buffers->beside, 0,
                       batch->families * (size_t)device->operators * sizeof(float), buffers->host_beside);
}

static pnas_status upload(const pnas_trie_device *device, const pnas_trie_batch *batch,
                          pnas_trie_buffers *buffers)
{
    size_t depth_bytes = batch->options.rows * sizeof(pnas_trie_node);
    for (int depth = 0; depth < batch->depths; ++depth)
        PNAS_TRY(write_later(device->cl, buffers->nodes, (size_t)depth * depth_bytes,
                             batch->nodes[depth] * sizeof(pnas_trie_node), batch->node[depth]));
    PNAS_TRY(write_later(device->cl, buffers->families, 0, batch->families * sizeof(pnas_trie_family),
                         batch->family));
    PNAS_TRY(upload_beside(device, batch, buffers));
    return upload_linear(device, batch, buffers);
}

/* Enqueues a kernel of two dimensions, rows and what each has of columns, in groups of `local` columns. */
static pnas_status enqueue(const pnas_trie_device *device, cl_kernel kernel, size_t rows, size_t columns,
                           size_t local, const pnas_arg *arguments, int count)
{
    const size_t groups[2] = {1, local}, global[2] = {rows, (columns + local - 1) / local * local};
    for (int i = 0; i < count; ++i)
        PNAS_CL_TRY(clSetKernelArg(kernel, (cl_uint)i, arguments[i].size, arguments[i].value),
                    "clSetKernelArg");
    return pnas_cl_status(
        clEnqueueNDRangeKernel(device->cl->queue, kernel, 2, NULL, global, groups, 0, NULL, NULL),
        "clEnqueueNDRangeKernel of a trie");
}

static size_t tiles_of(size_t rows)
{
    return (rows + TILE_ROWS - 1) / TILE_ROWS;
}

typedef struct { /* what a launch reads and writes */
    const pnas_trie_member *member;
    cl_mem items; /* nodes or families */
    size_t first, count;
    int word; /* the row of token 0 */
    const pnas_trie_rows *from, *to;
} trie_launch;

#define ARG_WEIGHTS(x)                                                                                       \
    PNAS_ARG_BUFFER((x)->member->weights), PNAS_ARG_INT((x)->member->hidden), PNAS_ARG_INT((x)->member->words)
#define ARG_ITEMS(x) ARG_WEIGHTS(x), PNAS_ARG_BUFFER((x)->items)
#define ARG_ROWS(x)  PNAS_ARG_BUFFER((x)->factors), PNAS_ARG_BUFFER((x)->memory)

static pnas_status multiply_plainly(const pnas_trie_device *device, const trie_launch *launch)
{
    return enqueue(device, launch->member->multiply, launch->count, (size_t)launch->member->padded / 2,
                   PLAIN_GROUP,
                   PNAS_ARGS(ARG_WEIGHTS(launch), PNAS_ARG_INT(launch->count),
                             PNAS_ARG_BUFFER(device->hidden), PNAS_ARG_BUFFER(launch->to->factors)));
}

/* Enqueues a kernel of an MLP: tiles of rows on a CPU, else so many columns of each row. */
static pnas_status enqueue_mlp(const pnas_trie_device *device, cl_kernel kernel, size_t rows, size_t columns,
                               const pnas_arg *arguments, int count)
{
    return device->tiled ? enqueue(device, kernel, tiles_of(rows), 1, 1, arguments, count)
                         : enqueue(device, kernel, rows, columns, PLAIN_GROUP, arguments, count);
}

/* One depth: the states of its nodes and their products. */
static pnas_status step(const pnas_trie_device *device, const trie_launch *launch)
{
    if (device->mlp)
        return enqueue_mlp(device, launch->member->step, launch->count, (size_t)launch->member->padded / 8,
                           PNAS_ARGS(PNAS_ARG_BUFFER(launch->member->weights), PNAS_ARG_BUFFER(launch->items),
                                     PNAS_ARG_INT(launch->first), PNAS_ARG_INT(launch->count),
                                     PNAS_ARG_INT(launch->word), PNAS_ARG_BUFFER(launch->from->memory),
                                     PNAS_ARG_BUFFER(launch->to->memory)));
    if (device->tiled)
        return enqueue(device, launch->member->step, tiles_of(launch->count), 1, 1,
                       PNAS_ARGS(ARG_ITEMS(launch), PNAS_ARG_INT(launch->first), PNAS_ARG_INT(launch->count),
                                 PNAS_ARG_INT(launch->word), ARG_ROWS(launch->from), ARG_ROWS(launch->to)));
    PNAS_TRY(enqueue(device, launch->member->enter, launch->count, (size_t)launch->member->padded / 8,
                     PLAIN_GROUP,
                     PNAS_ARGS(ARG_ITEMS(launch), PNAS_ARG_INT(launch->first), PNAS_ARG_INT(launch->count),
                               PNAS_ARG_INT(launch->word), ARG_ROWS(launch->from),
                               PNAS_ARG_BUFFER(launch->to->memory), PNAS_ARG_BUFFER(device->hidden))));
    return multiply_plainly(device, launch);
}

/* Families to scores. */
static pnas_status score(const pnas_trie_device *device, const trie_launch *launch,
                         const pnas_trie_buffers *buffers, size_t m)
{
    const pnas_arg scores = PNAS_ARG_BUFFER(buffers->scores), at = PNAS_ARG_OFFSET(m * buffers->cells_max);
    const pnas_arg linear = PNAS_ARG_BUFFER(buffers->linear),
                   linear_at = PNAS_ARG_OFFSET(m * buffers->families_max);
    const pnas_arg beside = PNAS_ARG_BUFFER(buffers->beside), operators = PNAS_ARG_INT(device->operators);
    if (device->mlp)
        return enqueue_mlp(device, launch->member->score, launch->count, (size_t)device->operators,
                           PNAS_ARGS(PNAS_ARG_BUFFER(launch->member->weights),
                                     PNAS_ARG_INT(launch->member->words), PNAS_ARG_BUFFER(launch->items),
                                     PNAS_ARG_INT(launch->count), PNAS_ARG_INT(launch->word),
                                     PNAS_ARG_BUFFER(launch->from->memory), scores, at, linear, linear_at,
                                     beside, operators));
    if (device->tiled)
        return enqueue(device, launch->member->score, tiles_of(launch->count), 1, 1,
                       PNAS_ARGS(ARG_ITEMS(launch), PNAS_ARG_INT(launch->count), PNAS_ARG_INT(launch->word),
                                 ARG_ROWS(launch->from), scores, at, linear, linear_at, beside, operators));
    PNAS_TRY(enqueue(device, launch->member->family, launch->count, (size_t)launch->member->padded / 8,
                     PLAIN_GROUP,
                     PNAS_ARGS(ARG_ITEMS(launch), PNAS_ARG_INT(launch->count), PNAS_ARG_INT(launch->word),
                               ARG_ROWS(launch->from), PNAS_ARG_BUFFER(launch->to->memory),
                               PNAS_ARG_BUFFER(device->hidden))));
    PNAS_TRY(multiply_plainly(device, launch));
    return enqueue(device, launch->member->score, launch->count, (size_t)device->operators, 1,
                   PNAS_ARGS(ARG_ITEMS(launch), PNAS_ARG_INT(launch->count), PNAS_ARG_INT(launch->word),
                             ARG_ROWS(launch->to), scores, at, linear, linear_at, beside, operators));
}

/* The row of token 0 at one of the four places of a block. */
static int word_of(const pnas_trie_device *device, int place)
{
    if (!device->mlp)
        return place < 2 ? 0 : device->inputs;
    return place < 2 ? place * device->inputs : 2 * device->inputs + (place - 2) * device->operators;
}

static pnas_status score_member(const pnas_trie_device *device, const pnas_trie_batch *batch,
                                const pnas_trie_buffers *buffers, int m)
{
    const pnas_trie_member *member = &device->member[m];
    const pnas_trie_rows *from = &member->root;
    for (int depth = 0; depth < batch->depths; ++depth) {
        const pnas_trie_rows *to = &device->depth[depth % 2];
        const trie_launch launch = {.member = member,
                                    .items = buffers->nodes,
                                    .first = (size_t)depth * batch->options.rows,
                                    .count = batch->nodes[depth],
                                    .word = word_of(device, depth % 4),
                                    .from = from,
                                    .to = to};
        PNAS_TRY(step(device, &launch));
        from = to;
    }
    const trie_launch launch = {.member = member,
                                .items = buffers->families,
                                .count = batch->families,
                                .word = word_of(device, 2),
                                .from = from,
                                .to = &device->last};
    return score(device, &launch, buffers, (size_t)m);
}

pnas_status pnas_trie_device_start(const pnas_trie_device *device, const pnas_trie_batch *batch,
                                   pnas_trie_buffers *buffers)
{
    PNAS_TRY(upload(device, batch, buffers));
    for (int m = 0; m < device->members; ++m)
        PNAS_TRY(score_member(device, batch, buffers, m));
    for (int m = 0; m < device->members; ++m) {
        size_t at = (size_t)m * buffers->cells_max;
        bool last = m + 1 == device->members;
        PNAS_CL_TRY(clEnqueueReadBuffer(device->cl->queue, buffers->scores, CL_FALSE, at * sizeof(float),
                                        batch->cells * sizeof(float), buffers->host + at, 0, NULL,
                                        last ? &buffers->done : NULL),
                    "clEnqueueReadBuffer");
    }
    return pnas_cl_status(clFlush(device->cl->queue), "clFlush");
}

pnas_status pnas_trie_device_finish(const pnas_trie_device *device, pnas_trie_buffers *buffers)
{
    pnas_status status = pnas_event_wait(device->cl, buffers->done);
    clReleaseEvent(buffers->done);
    buffers->done = NULL;
    return status;
}
