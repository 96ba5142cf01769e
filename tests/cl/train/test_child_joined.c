/* A child whose launches are joined against the same child whose launches run as they were recorded, and what its
 * launches say that they access, on the routes of GPUs. */
#include "cl/ops/op_augment.h"
#include "cl/runtime/launch_check.h"
#include "cl/train/child_epoch.h"
#include "cl/train/child_parameters.h"
#include "cl/train/child_plan.h"
#include "src/net/graph_create.h"
#include "src/search/canonical.h"
#include "src/search/cell_text.h"
#include "tests/cl/test_device.h"
#include "tests/cl/train/tiny_images.h"
#include "tests/cl/train/tiny_training.h"

#include <string.h>

static const char most_operators[] =
    "-1:sep3+-2:max3 | -1:sep5+-2:identity | -1:1x7-7x1+0:avg3 | -2:dil3+1:sep7";

enum { N = 4, STEPS = 3 };

typedef struct { /* must not move */
    pnas_training_options training;
    pnas_cell cell;
    pnas_graph *graph;
    pnas_child_plan *plan;
    cl_mem images, mean_deviation;
} child;

static void write_records(pnas_child_plan *plan)
{
    cl_int records[STEPS * N * PNAS_RECORD_INTS] = {0};
    for (int i = 0; i < STEPS * N; ++i) {
        records[i * PNAS_RECORD_INTS + PNAS_RECORD_IMAGE] = i % N;
        records[i * PNAS_RECORD_INTS + PNAS_RECORD_SHIFT_X] = i % 3 - 1;
        records[i * PNAS_RECORD_INTS + PNAS_RECORD_LABEL] = i % 5;
    }
    cr_assert_eq(pnas_slice_write(plan->cl, plan->train.records, 0, sizeof records, records), PNAS_OK);
}

/* Half of the image turned upside down, in contrast and then equalized; the other steps show others. */
static void write_recipes(pnas_child_plan *plan)
{
    cl_int recipes[STEPS * N * PNAS_RECIPE_INTS] = {0};
    for (int i = 0; i < STEPS * N; ++i) {
        const cl_int recipe[PNAS_RECIPE_INTS] = {
            (i + 1) % N,        1 << 15, 0, 1 << 16, 0, -(1 << 16), 7 << 16, 2, PNAS_PIXEL_CONTRAST, 3 << 15,
            PNAS_PIXEL_EQUALIZE};
        memcpy(recipes + (size_t)i * PNAS_RECIPE_INTS, recipe, sizeof recipe);
    }
    cr_assert_eq(pnas_slice_write(plan->cl, plan->train.recipes, 0, sizeof recipes, recipes), PNAS_OK);
}

static void open_child(pnas_cl *cl, const pnas_training_options *training, bool separate, child *c)
{
    pnas_operator_set operators;
    *c = (child){.training = *training};
    c->training.batch = N;
    c->training.epochs = 1;
    pnas_operator_set_paper(&operators);
    cr_assert_eq(pnas_cell_parse(most_operators, &operators, &c->cell), PNAS_OK);
    pnas_network_options network = tiny_network;
    network.height = network.width = 8;
    network.channels = 1;
    network.classes = 5;
    cr_assert_eq(pnas_graph_create(&c->cell, &operators, &network, &c->graph), PNAS_OK, "%s", pnas_message());
    float pixels[N * 64 / 4];
    for (size_t i = 0; i < sizeof pixels / sizeof *pixels; ++i)
        pixels[i] = (float)i * 1.37f;
    c->images = test_device_buffer(cl, pixels, sizeof pixels / sizeof *pixels);
    c->mean_deviation = test_device_buffer(cl, (const float[]){0.5f, 0.25f}, 2);
    const pnas_child_plan_options options = {.training = &c->training,
                                             .batch = N,
                                             .train_steps = STEPS,
                                             .evaluation_steps = 1,
                                             .images = c->images,
                                             .mean_deviation = c->mean_deviation,
                                             .separate = separate};
    cr_assert_eq(pnas_child_plan_create(cl, c->graph, &options, &c->plan), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_child_plan_build(c->plan, NULL), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_child_parameters_initialize(c->plan, 3, pnas_cell_hash(&c->cell)), PNAS_OK);
    write_records(c->plan);
    if (c->plan->train.recipes.buffer)
        write_recipes(c->plan);
}

static void close_child(child *c)
{
    pnas_child_plan_destroy(&c->plan);
    pnas_graph_destroy(&c->graph);
    pnas_buffer_release(&c->images);
    pnas_buffer_release(&c->mean_deviation);
}

/* The loss and figures of each step, then the parameters, the caller's. */
static float *train(child *c, size_t *count)
{
    pnas_child_plan *plan = c->plan;
    for (int i = 0; i < STEPS; ++i)
        cr_assert_eq(pnas_launch_run(plan->cl, &plan->step, NULL), PNAS_OK, "%s", pnas_message());
    *count = 2 * STEPS + plan->parameter_floats + plan->norm_floats;
    float *values = malloc(*count * sizeof *values), *at = values;
    cr_assert(values);
    cr_assert_eq(pnas_slice_read(plan->cl, plan->train.metrics, 0, 2 * STEPS * sizeof *at, at), PNAS_OK);
    at += 2 * STEPS;
    cr_assert_eq(pnas_slice_read(plan->cl, plan->parameters, 0, plan->parameter_floats * sizeof *at, at),
                 PNAS_OK);
    at += plan->parameter_floats;
    cr_assert_eq(pnas_slice_read(plan->cl, plan->norms, 0, plan->norm_floats * sizeof *at, at), PNAS_OK);
    return values;
}

Test(child_joined, gives_the_bits_of_a_child_whose_launches_are_separate)
{
    pnas_cl *cl = test_device_open_route(4, PNAS_ROUTE_GPU);
    child joined, separate;
    size_t count, separate_count;
    open_child(cl, &tiny_training, false, &joined);
    open_child(cl, &tiny_training, true, &separate);
    cr_assert(joined.plan->joins && !separate.plan->joins);
    cr_assert(joined.plan->pool.buffer, "a child that lies in several buffers is hardly joined");
    cr_assert_lt(joined.plan->step.count, separate.plan->step.count);
    cr_assert_eq(joined.plan->recorded_step.list.count, separate.plan->step.count);
    float *got = train(&joined, &count), *expected = train(&separate, &separate_count);
    cr_assert_eq(count, separate_count);
    cr_assert_arr_eq(got, expected, count * sizeof *got, "joined launches gave other bits");
    free(got);
    free(expected);
    close_child(&joined);
    close_child(&separate);
    test_device_close(&cl);
}

static size_t count_of(const pnas_launch_list *list, const char *label)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; ++i)
        count += strcmp(list->item[i].label, label) == 0;
    return count;
}

/* Whatever its window, a convolution's sum of partial sums is the same kernel: it waits for others of its kind. */
Test(child_joined, sums_of_all_weights_share_a_few_launches)
{
    pnas_cl *cl = test_device_open_route(4, PNAS_ROUTE_GPU);
    child joined;
    open_child(cl, &tiny_training, false, &joined);
    const pnas_launch_list *recorded = &joined.plan->recorded_step.list, *step = &joined.plan->step;
    size_t weights = count_of(recorded, "convolution forward") + count_of(recorded, "depthwise forward");
    cr_assert_gt(count_of(recorded, "depthwise forward"), 4);
    cr_assert_eq(count_of(recorded, "weight sum"), weights);
    cr_assert_leq(count_of(step, "weight sum"), 8, "%zu sums are %zu launches", weights,
                  count_of(step, "weight sum"));
    close_child(&joined);
    test_device_close(&cl);
}

Test(child_joined, its_memory_is_known_beforehand)
{
    pnas_cl *cl = test_device_open_route(4, PNAS_ROUTE_GPU);
    child joined;
    size_t bytes;
    open_child(cl, &tiny_training, false, &joined);
    cr_assert_eq(clGetMemObjectInfo(joined.plan->pool.buffer, CL_MEM_SIZE, sizeof bytes, &bytes, NULL),
                 CL_SUCCESS);
    cr_assert_eq(pnas_child_plan_bytes(joined.plan), bytes);
    cr_assert_eq(joined.plan->pool_used * sizeof(float), bytes);
    cr_assert_eq(joined.plan->buffers, 1);
    close_child(&joined);
    test_device_close(&cl);
}

/* A device that allows no buffer for all of it. */
Test(child_joined, works_in_several_buffers_too)
{
    pnas_cl *cl = test_device_open_route(4, PNAS_ROUTE_GPU);
    child whole, parted;
    size_t count, parted_count;
    open_child(cl, &tiny_training, false, &whole);
    cl->info.largest_allocation = pnas_child_plan_bytes(whole.plan) / 2;
    open_child(cl, &tiny_training, false, &parted);
    cr_assert(!parted.plan->pool.buffer && parted.plan->buffers > 1);
    float *got = train(&parted, &parted_count), *expected = train(&whole, &count);
    cr_assert_eq(count, parted_count);
    cr_assert_arr_eq(got, expected, count * sizeof *got);
    free(got);
    free(expected);
    close_child(&whole);
    close_child(&parted);
    test_device_close(&cl);
}

static void check_launches(const pnas_training_options *training)
{
    pnas_cl *cl = test_device_open_route(4, PNAS_ROUTE_GPU);
    child c;
    open_child(cl, training, false, &c);
    pnas_launch_list *const lists[] = {&c.plan->recorded_step.list, &c.plan->recorded_before.list,
                                       &c.plan->recorded_evaluation.list};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; ++i) {
        cr_assert_eq(pnas_launch_check_accesses(cl, lists[i]), PNAS_OK, "%s", pnas_message());
        cr_assert_eq(pnas_launch_check_order(cl, lists[i]), PNAS_OK, "%s", pnas_message());
    }
    close_child(&c);
    test_device_close(&cl);
}

Test(child_joined, launches_access_what_they_say)
{
    check_launches(&tiny_training);
}

Test(child_joined, launches_of_regularised_training_access_what_they_say)
{
    pnas_training_options training = tiny_training;
    training.optimizer = PNAS_OPTIMIZER_ADAM;
    training.beta1 = 0.9;
    training.beta2 = 0.999;
    training.epsilon = 1e-8;
    training.clip_norm = 1;
    training.drop_path = 0.5;
    training.mixup = 1;
    training.label_smoothing = 0.1;
    training.rand_ops = 1;
    training.storage = PNAS_STORAGE_HALF;
    check_launches(&training);
}
