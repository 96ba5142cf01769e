/* The memory plan, checked by replaying a step over an arena whose floats remember what was written to them:
 * whatever a layer reads must still be there, also after the layer has written its results. */
#include "src/net/memory_plan.h"
#include "tests/net/net_helpers.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA = 1 << 20, GRADIENT = 2 << 20, POSITION = 3 << 20, TENSORS_MAX = 2048, SEGMENTS_MAX = 16 };

typedef struct {
    const pnas_graph *graph;
    const pnas_memory_plan *plan;
    const char *when;
    int *owner; /* [plan->floats] */
    bool written[TENSORS_MAX], has_gradient[TENSORS_MAX];
    bool final[TENSORS_MAX][SEGMENTS_MAX]; /* gradients that another tensor shares, so nothing may be added */
} replay;

static void write_range(replay *r, int64_t offset, int64_t size, int owner)
{
    cr_assert(offset >= 0 && offset + size <= r->plan->floats, "%s: %lld + %lld lies outside the arena",
              r->when, (long long)offset, (long long)size);
    cr_assert_eq(offset % 32, 0, "%s: offset %lld is not aligned", r->when, (long long)offset);
    cr_assert_leq(size, r->plan->largest, "%s", r->when);
    cr_assert_eq(offset / r->plan->part, (offset + size - 1) / r->plan->part, "%s lies in two buffers",
                 r->when);
    for (int64_t i = 0; i < size; i++)
        r->owner[offset + i] = owner;
}

static void expect_range(const replay *r, int64_t offset, int64_t size, int owner)
{
    for (int64_t i = 0; i < size; i++)
        cr_assert_eq(r->owner[offset + i], owner, "%s: %x was overwritten by %x", r->when, owner,
                     r->owner[offset + i]);
}

static int64_t data_floats(const replay *r, int tensor)
{
    return r->plan->half[tensor] ? (r->plan->size[tensor] + 1) / 2 : r->plan->size[tensor];
}

static void expect_data(const replay *r, int tensor)
{
    expect_range(r, r->plan->data[tensor], data_floats(r, tensor), DATA + tensor);
}

static void write_data(replay *r, int tensor)
{
    if (r->written[tensor]) /* its other segments */
        expect_data(r, tensor);
    r->written[tensor] = true;
    write_range(r, r->plan->data[tensor], data_floats(r, tensor), DATA + tensor);
}

static void expect_gradient(const replay *r, int tensor)
{
    int root = r->plan->gradient_tensor[tensor];
    cr_assert(r->has_gradient[root], "%s: tensor %d has no gradient yet", r->when, tensor);
    expect_range(r, r->plan->gradient[root], r->plan->size[root], GRADIENT + root);
}

static void write_gradient(replay *r, int tensor, int first_segment, int segments)
{
    for (int s = first_segment; s < first_segment + segments; s++)
        cr_assert_not(r->final[tensor][s], "%s: adds to a gradient that is shared already", r->when);
    if (r->has_gradient[tensor])
        expect_gradient(r, tensor);
    r->has_gradient[tensor] = true;
    write_range(r, r->plan->gradient[tensor], r->plan->size[tensor], GRADIENT + tensor);
}

static int64_t position_floats(const replay *r, int layer)
{
    return (r->plan->size[r->graph->layer[layer].out] + 3) / 4;
}

static void forward(replay *r)
{
    r->when = "images";
    write_data(r, 0);
    for (int l = 0; l < r->graph->layer_count; l++) {
        const pnas_layer *layer = &r->graph->layer[l];
        r->when = layer->path;
        if (r->plan->options.training && pnas_layer_kind_traits(layer->kind)->kept_bytes)
            write_range(r, r->plan->kept[l], position_floats(r, l), POSITION + l);
        write_data(r, layer->out);
        for (int i = 0; i < layer->inputs; i++)
            expect_data(r, layer->in[i].tensor);
    }
}

static int readers_of(const pnas_graph *graph, int tensor)
{
    int readers = 0;
    for (int l = 0; l < graph->layer_count; l++)
        for (int i = 0; i < graph->layer[l].inputs; i++)
            readers += graph->layer[l].in[i].tensor == tensor;
    return readers;
}

/* An operand without a gradient of its own: the sum's gradient must be exactly what it needs. */
static void check_shared(replay *r, const pnas_layer *layer, const pnas_value *in)
{
    const pnas_memory_plan *plan = r->plan;
    int root = plan->gradient_tensor[layer->out];
    cr_assert_eq(layer->kind, PNAS_LAYER_ADD, "%s hands no gradient on unchanged", r->when);
    cr_assert(!in->relu && r->graph->tensor[in->tensor].segments == 1, "%s", r->when);
    cr_assert_eq(readers_of(r->graph, in->tensor), 1, "%s", r->when);
    cr_assert(!plan->options.drop_path || layer->drop_path[in - layer->in] < 0, "%s", r->when);
    cr_assert_eq(plan->gradient_tensor[in->tensor], root, "%s", r->when);
    cr_assert_eq(plan->gradient_tensor[root], root, "%s: the root is shared itself", r->when);
    cr_assert_eq(plan->gradient_segment[in->tensor], plan->gradient_segment[layer->out] + layer->out_segment,
                 "%s", r->when);
    cr_assert_eq(plan->gradient[in->tensor], -1, "%s", r->when);
    r->final[root][plan->gradient_segment[in->tensor]] = true;
}

static void backward(replay *r)
{
    const pnas_graph *graph = r->graph;
    int logits = graph->layer[graph->layer_count - 1].out;
    r->when = "loss";
    write_gradient(r, logits, 0, 1);
    expect_data(r, logits);
    for (int l = graph->layer_count - 1; l >= 0; l--) {
        const pnas_layer *layer = &graph->layer[l];
        r->when = layer->path;
        for (int i = 0; i < layer->inputs; i++) {
            const pnas_value *in = &layer->in[i];
            if (in->tensor == 0)
                continue;
            if (r->plan->gradient_tensor[in->tensor] == in->tensor)
                write_gradient(r, in->tensor, in->first_segment, in->segments);
            else
                check_shared(r, layer, in);
        }
        expect_gradient(r, layer->out);
        expect_data(r, layer->out);
        for (int i = 0; i < layer->inputs; i++)
            expect_data(r, layer->in[i].tensor);
        if (pnas_layer_kind_traits(layer->kind)->kept_bytes)
            expect_range(r, r->plan->kept[l], position_floats(r, l), POSITION + l);
    }
}

static pnas_memory_plan *plan_with(const pnas_graph *graph, const pnas_memory_plan_options *options)
{
    pnas_memory_plan *plan = NULL;
    cr_assert_eq(pnas_memory_plan_create(graph, options, &plan), PNAS_OK, "%s", pnas_message());
    return plan;
}

static pnas_memory_plan *plan_of(const pnas_graph *graph, int batch, int vector, bool training)
{
    return plan_with(graph,
                     &(pnas_memory_plan_options){.batch = batch, .vector = vector, .training = training});
}

static void replay_step(const pnas_graph *graph, const pnas_memory_plan_options *options)
{
    pnas_memory_plan *plan = plan_with(graph, options);
    replay *r = calloc(1, sizeof *r);
    cr_assert(r && graph->tensor_count <= TENSORS_MAX);
    r->graph = graph;
    r->plan = plan;
    r->owner = calloc((size_t)plan->floats, sizeof *r->owner);
    cr_assert_not_null(r->owner);
    forward(r);
    if (options->training) {
        backward(r);
    } else {
        r->when = "end";
        expect_data(r, graph->layer[graph->layer_count - 1].out);
    }
    free(r->owner);
    free(r);
    pnas_memory_plan_destroy(&plan);
}

#define DEEP_CELL                                                                                            \
    "-2:sep7+-2:max3 | 0:max3+0:identity | 1:sep5+-1:dil3 | 2:avg3+2:identity | 3:identity+0:max3"

static const char *const cells[] = {
    "-1:identity+-1:identity",
    "-2:identity+-1:identity | 0:identity+0:identity | 1:identity+-1:sep3",
    "-1:sep3+-2:max3 | 0:1x7-7x1+-1:dil3 | -2:avg3+0:conv3",
    "-2:sep3+-2:max3",
    "-1:sep3+-2:max3 | -1:avg3+-1:max3 | 0:identity+-1:max3",
    DEEP_CELL,
};

/* Every cell, concatenation and depth. */
static void replay_all(const pnas_memory_plan_options *plan)
{
    for (size_t c = 0; c < sizeof cells / sizeof cells[0]; c++)
        for (int concatenation = 0; concatenation < 3; concatenation++)
            for (int repeats = 1; repeats <= 2; repeats++) {
                pnas_network_options options = net_options(3, repeats, (pnas_concatenation)concatenation);
                options.height = 6;
                options.width = 7;
                pnas_graph *graph = net_graph(cells[c], &options);
                replay_step(graph, plan);
                pnas_graph_destroy(&graph);
            }
    net_check_leaks();
}

Test(memory_plan, training_overwrites_nothing_that_is_still_needed)
{
    replay_all(&(pnas_memory_plan_options){.batch = 2, .vector = 1, .training = true});
}

Test(memory_plan, training_with_padded_channels_overwrites_nothing_that_is_still_needed)
{
    replay_all(&(pnas_memory_plan_options){.batch = 2, .vector = 8, .training = true});
}

Test(memory_plan, training_with_drop_path_overwrites_nothing_that_is_still_needed)
{
    replay_all(&(pnas_memory_plan_options){.batch = 2, .vector = 1, .training = true, .drop_path = true});
}

Test(memory_plan, evaluation_overwrites_nothing_that_is_still_needed)
{
    replay_all(&(pnas_memory_plan_options){.batch = 2, .vector = 8});
}

Test(memory_plan, training_with_half_storage_overwrites_nothing_that_is_still_needed)
{
    replay_all(
        &(pnas_memory_plan_options){.batch = 2, .vector = 8, .training = true, .storage = PNAS_STORAGE_HALF});
    replay_all(
        &(pnas_memory_plan_options){.batch = 1, .vector = 1, .training = true, .storage = PNAS_STORAGE_HALF});
}

/* As small as a device could allow: what is largest fits. */
static void replay_cut(pnas_memory_plan_options options)
{
    for (size_t c = 0; c < sizeof cells / sizeof cells[0]; c++) {
        pnas_network_options network = net_options(3, 2, PNAS_CONCATENATE_ALL);
        network.height = 6;
        network.width = 7;
        pnas_graph *graph = net_graph(cells[c], &network);
        options.part = 0;
        pnas_memory_plan *whole = plan_with(graph, &options);
        cr_assert_eq(whole->part, whole->floats);
        options.part = (whole->largest + 31) / 32 * 32 + 31; /* rounded down */
        pnas_memory_plan *cut = plan_with(graph, &options);
        cr_assert_eq(cut->part, options.part - 31);
        cr_assert_gt(cut->floats, cut->part, "cell %zu is not cut", c);
        replay_step(graph, &options);
        options.part = whole->floats; /* not cut, and as without a limit */
        pnas_memory_plan *same = plan_with(graph, &options);
        cr_assert_eq(same->floats, whole->floats);
        cr_assert_arr_eq(same->data, whole->data, (size_t)graph->tensor_count * sizeof *same->data);
        pnas_memory_plan_destroy(&whole);
        pnas_memory_plan_destroy(&cut);
        pnas_memory_plan_destroy(&same);
        pnas_graph_destroy(&graph);
    }
    net_check_leaks();
}

Test(memory_plan, nothing_lies_across_the_buffers_of_a_device_that_allows_small_ones)
{
    replay_cut((pnas_memory_plan_options){.batch = 2, .vector = 4, .training = true});
    replay_cut(
        (pnas_memory_plan_options){.batch = 2, .vector = 8, .training = true, .storage = PNAS_STORAGE_HALF});
}

Test(memory_plan, half_storage_takes_two_bytes_a_value_but_at_the_classifier)
{
    pnas_network_options options = net_options(8, 2, PNAS_CONCATENATE_ALL);
    pnas_graph *graph = net_graph(DEEP_CELL, &options);
    const pnas_layer *classifier = &graph->layer[graph->layer_count - 1];
    pnas_memory_plan_options wanted = {.batch = 4, .vector = 8};
    pnas_memory_plan *whole = plan_with(graph, &wanted), *trained;
    wanted.storage = PNAS_STORAGE_HALF;
    pnas_memory_plan *half = plan_with(graph, &wanted);
    for (int t = 0; t < graph->tensor_count; t++) {
        cr_expect_not(whole->half[t]);
        cr_expect_eq(half->half[t], t != classifier->in[0].tensor && t != classifier->out);
        cr_expect_eq(half->size[t], whole->size[t]);
    }
    /* An evaluation is data alone; in training gradients stay as they are. */
    cr_expect_leq(half->floats, whole->floats * 52 / 100);
    wanted.training = true;
    trained = plan_with(graph, &wanted);
    pnas_memory_plan *trained_whole = plan_of(graph, 4, 8, true);
    cr_expect_lt(trained->floats, trained_whole->floats * 3 / 4, "%lld of %lld", (long long)trained->floats,
                 (long long)trained_whole->floats);
    pnas_memory_plan_destroy(&whole);
    pnas_memory_plan_destroy(&half);
    pnas_memory_plan_destroy(&trained);
    pnas_memory_plan_destroy(&trained_whole);
    pnas_graph_destroy(&graph);
}

Test(memory_plan, tensors_have_the_size_of_their_padded_channels)
{
    pnas_network_options options = net_options(6, 1, PNAS_CONCATENATE_ALL);
    pnas_graph *graph = net_graph("-1:sep3+-2:max3 | 0:max3+-1:sep3", &options);
    pnas_memory_plan *plan = plan_of(graph, 5, 8, true);
    cr_expect_eq(plan->size[0], 5 * 8 * 32 * 32);
    cr_expect_eq(plan->size[net_layer(graph, "cell_0/block_0/add")->out], 5 * 16 * 32 * 32);
    cr_expect_eq(plan->size[net_layer(graph, "head/pool")->out], 5 * 48);
    pnas_memory_plan_destroy(&plan);
    pnas_graph_destroy(&graph);
}

Test(memory_plan, an_operand_only_a_sum_reads_has_its_gradient_in_the_sums_segment)
{
    pnas_network_options options = net_options(8, 1, PNAS_CONCATENATE_UNUSED);
    /* Block 0 is read by block 2's sum alone, so its operands lie where block 2's do: in segment 1. */
    pnas_graph *graph = net_graph("-1:sep3+-2:max3 | -1:avg3+-1:max3 | 0:identity+-1:max3", &options);
    pnas_memory_plan *plan = plan_of(graph, 2, 8, true);
    int output = net_layer(graph, "cell_0/block_2/add")->out;
    int inner = net_layer(graph, "cell_0/block_0/add")->out;
    int convolution = net_layer(graph, "cell_0/block_0/left_sep3/1/pointwise")->out;
    int pool = net_layer(graph, "cell_0/block_1/left_avg3/pool")->out;
    cr_expect_eq(plan->gradient_tensor[inner], output);
    cr_expect_eq(plan->gradient_segment[inner], 1);
    cr_expect_eq(plan->gradient_tensor[convolution], output);
    cr_expect_eq(plan->gradient_segment[convolution], 1);
    cr_expect_eq(plan->gradient_tensor[pool], output);
    cr_expect_eq(plan->gradient_segment[pool], 0);
    cr_expect_eq(plan->gradient_tensor[output], output);
    pnas_memory_plan_destroy(&plan);
    pnas_graph_destroy(&graph);
}

Test(memory_plan, an_operand_read_twice_has_its_own_gradient)
{
    pnas_network_options options = net_options(8, 1, PNAS_CONCATENATE_ALL);
    pnas_graph *graph = net_graph("-1:identity+-1:identity", &options);
    pnas_memory_plan *plan = plan_of(graph, 2, 8, true);
    int input = net_layer(graph, "cell_0/previous/pointwise")->out;
    cr_expect_eq(plan->gradient_tensor[input], input);
    cr_expect_geq(plan->gradient[input], 0);
    cr_expect_eq(plan->gradient[0], -1);
    pnas_memory_plan_destroy(&plan);
    pnas_graph_destroy(&graph);
}

Test(memory_plan, evaluation_has_no_gradients_and_needs_far_less)
{
    pnas_network_options options = net_options(8, 3, PNAS_CONCATENATE_ALL);
    pnas_graph *graph = net_graph(DEEP_CELL, &options);
    pnas_memory_plan *training = plan_of(graph, 4, 8, true), *evaluation = plan_of(graph, 4, 8, false);
    int64_t all = 0;
    for (int t = 0; t < graph->tensor_count; t++) {
        all += evaluation->size[t];
        cr_expect_eq(evaluation->gradient[t], -1);
    }
    for (int l = 0; l < graph->layer_count; l++) {
        cr_expect_eq(evaluation->kept[l], -1);
        cr_expect_eq(training->kept[l] >= 0, pnas_layer_kind_traits(graph->layer[l].kind)->kept_bytes > 0);
    }
    cr_expect_lt(evaluation->floats, all / 8, "%lld of %lld", (long long)evaluation->floats, (long long)all);
    cr_expect_gt(training->floats, all);
    cr_expect_lt(training->floats, all + all / 2, "%lld of %lld", (long long)training->floats,
                 (long long)all);
    pnas_memory_plan_destroy(&training);
    pnas_memory_plan_destroy(&evaluation);
    pnas_graph_destroy(&graph);
}

Test(memory_plan, the_same_graph_gives_the_same_plan)
{
    pnas_network_options options = net_options(8, 2, PNAS_CONCATENATE_ALL);
    pnas_graph *graph = net_graph(DEEP_CELL, &options);
    pnas_memory_plan *a = plan_of(graph, 4, 8, true), *b = plan_of(graph, 4, 8, true);
    size_t tensors = (size_t)graph->tensor_count;
    cr_expect_eq(a->floats, b->floats);
    cr_expect_eq(memcmp(a->data, b->data, tensors * sizeof *a->data), 0);
    cr_expect_eq(memcmp(a->gradient, b->gradient, tensors * sizeof *a->gradient), 0);
    pnas_memory_plan_destroy(&a);
    pnas_memory_plan_destroy(&b);
    pnas_graph_destroy(&graph);
}
