#include "cl/ops/check/self_test.h"

#include "cl/ops/check/add_case.h"
#include "cl/ops/check/convolution_case.h"
#include "cl/ops/check/depthwise_case.h"
#include "cl/ops/check/head_case.h"
#include "cl/ops/check/norm_case.h"
#include "cl/ops/check/pool_case.h"
#include "cl/ops/check/update_case.h"
#include "src/base/clock.h"
#include "src/net/training.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is tried of each op; `round` counts from 0 --- */

static void try_add(op_harness *h, int round)
{
    add_case test = add_case_random(h);
    add_case_check_forward(h, &test);
    add_case_check_backward(h, &test);
    regroup_case_check(h, 12 + round, 6, 4, round % 2);
}

static void try_norm(op_harness *h, int round)
{
    norm_case test = norm_case_random(h);
    norm_case_check_forward(h, &test, NORM_CASE_TOLERANCE);
    norm_case_check_backward(h, &test);
}

static int between(op_harness *h, int largest)
{
    return op_harness_between(h, 1, h->small ? 6 : largest);
}

static reference_convolution random_shape(op_harness *h, pnas_window window)
{
    reference_convolution shape = {.N = between(h, 3),
                                   .C = between(h, 20),
                                   .M = between(h, 20),
                                   .H = between(h, 13),
                                   .W = between(h, 13),
                                   .window = window};
    convolution_case_same(&shape);
    return shape;
}

/* kernel height and width, dilation, stride; the first are the paper's. */
static const int dense_windows[][4] = {{3, 3, 1, 1}, {1, 7, 1, 1}, {7, 1, 1, 1},
                                       {3, 3, 2, 1}, {1, 3, 1, 2}, {3, 1, 1, 2}};

static pnas_window window_of(const int w[4])
{
    return (pnas_window){
        .kernel_h = w[0], .kernel_w = w[1], .dilation = w[2], .stride_h = w[3], .stride_w = w[3]};
}

static void try_convolution(op_harness *h, int round)
{
    const int *w = dense_windows[round % (int)(sizeof dense_windows / sizeof *dense_windows)];
    convolution_case test = convolution_case_random(h, random_shape(h, window_of(w)), false);
    convolution_case_check(h, &test);
}

static void try_reduction(op_harness *h, int round)
{
    reference_convolution shape = random_shape(h, window_of((const int[]){2, 1, 1, 2}));
    shape.M *= 2;
    shape.window.pad_top = shape.window.pad_left = 0;
    shape.window.reduction_split = shape.M / 2;
    convolution_case test = convolution_case_random(h, shape, false);
    convolution_case_check(h, &test);
}

static void try_pointwise(op_harness *h, int round)
{
    pnas_window window = window_of((const int[]){1, 1, 1, 1 + round % 2});
    convolution_case test = convolution_case_random(h, random_shape(h, window), true);
    convolution_case_check(h, &test);
}

static void try_depthwise(op_harness *h, int round)
{
    static const int windows[][3] = {{3, 1, 1}, {5, 1, 2}, {7, 1, 1}, {3, 2, 2}, {5, 1, 1}, {7, 1, 2}};
    const int *w = windows[round % (int)(sizeof windows / sizeof *windows)];
    depthwise_case test = depthwise_case_random(h, w[0], w[0], w[1], w[2]);
    depthwise_case_check(h, &test);
}

static const int pool_windows[][4] = {{3, 3, 1, 1}, {3, 3, 1, 2}, {2, 2, 1, 2}};

static void try_max_pool(op_harness *h, int round)
{
    pool_case test = pool_case_random(h, pool_windows[round % 3]);
    max_pool_case_check(h, &test);
}

static void try_average_pool(op_harness *h, int round)
{
    pool_case test = pool_case_random(h, pool_windows[round % 3]);
    average_pool_case_check(h, &test);
}

static void try_images(op_harness *h, int round)
{
    images_case_check(h, between(h, 5), between(h, 10), between(h, 9) + 3, between(h, 9) + 3);
}

static void try_global_pool(op_harness *h, int round)
{
    global_pool_case_check(h, between(h, 3), between(h, 17), between(h, 9), between(h, 9), round % 2);
}

/* Four products with every transposition; the last ones are deep enough to be split. */
static void try_product(op_harness *h, int round)
{
    static const int sizes[][3] = {{1, 8, 2}, {5, 24, 10}, {70, 96, 33}, {24, 1500, 24}, {1200, 24, 17}};
    const int *s = sizes[h->small ? round % 2 : round];
    classifier_case_check(h, s[0], s[1], s[2]);
}

static void try_loss(op_harness *h, int round)
{
    loss_case_check(h, between(h, 70), 1 + between(h, 99), between(h, 4), round, round ? 30 : 1);
}

static void try_update(op_harness *h, int round)
{
    static const int optimizers[] = {PNAS_OPTIMIZER_SGD, PNAS_OPTIMIZER_ADAM, PNAS_OPTIMIZER_RMSPROP};
    pnas_update update = {.optimizer = optimizers[round],
                          .momentum = 0.9,
                          .beta1 = 0.9,
                          .beta2 = 0.99,
                          .epsilon = 1e-3,
                          .weight_decay = 0.01,
                          .nesterov = round == 0,
                          .clip_norm = 5,
                          .count = h->small ? 37 : 9001};
    update.decayed = update.count / 2 + 1;
    update_case_check(h, update);
}

typedef struct {
    const char *name;
    pnas_op_kind op; /* whose routes are tried */
    void (*run)(op_harness *h, int round);
    int rounds;
} check_item;

static const check_item items[] = {
    {"pointwise convolution", PNAS_OP_POINTWISE_BACKWARD, try_pointwise, 6},
    {"dense convolution", PNAS_OP_CONVOLUTION_BACKWARD, try_convolution, 6},
    {"factorized reduction", PNAS_OP_CONVOLUTION_BACKWARD, try_reduction, 3},
    {"depthwise convolution", PNAS_OP_DEPTHWISE_BACKWARD, try_depthwise, 6},
    {"max pool", PNAS_OP_MAX_POOL, try_max_pool, 6},
    {"average pool", PNAS_OP_AVERAGE_POOL, try_average_pool, 6},
    {"sum, copy and regrouping", PNAS_OP_ADD, try_add, 6},
    {"batch normalisation", PNAS_OP_NORM, try_norm, 6},
    {"images", PNAS_OP_HEAD, try_images, 4},
    {"global pool", PNAS_OP_HEAD, try_global_pool, 4},
    {"softmax loss", PNAS_OP_HEAD, try_loss, 3},
    {"matrix product", PNAS_OP_GEMM, try_product, 5},
    {"update of parameters", PNAS_OP_UPDATE, try_update, 3},
};
enum { ITEMS = sizeof items / sizeof *items };

/* --- running them --- */

typedef struct {
    const pnas_self_test_options *options;
    pnas_cl *cl;
    jmp_buf give_up;
    char message[512];
    int tried, failed;
} self_tester;

static void on_failure(void *payload, const char *message)
{
    self_tester *checker = payload;
    snprintf(checker->message, sizeof checker->message, "%s", message);
    longjmp(checker->give_up, 1);
}

/* One shape; false if it failed. What the harness holds survives the jump and is freed by its close. */
static bool try_round(self_tester *checker, const check_item *item, op_harness *h, int round)
{
    if (setjmp(checker->give_up) != 0)
        return false;
    item->run(h, round);
    return true;
}

static void check_item_on_route(self_tester *checker, const check_item *item, pnas_route route)
{
    pnas_self_test_result result = {.op = item->name,
                                    .route = pnas_route_name(route),
                                    .vector = pnas_cl_vector(checker->cl),
                                    .passed = true,
                                    .message = checker->message};
    double start = pnas_clock_seconds();
    checker->message[0] = 0;
    for (int round = 0; round < item->rounds && result.passed; ++round) {
        op_harness h;
        op_harness_start(&h, &(op_harness_options){.cl = checker->cl,
                                                   .route = route,
                                                   .seed = checker->options->seed + (uint64_t)round,
                                                   .small = checker->options->small,
                                                   .half = checker->options->half,
                                                   .failed = on_failure,
                                                   .payload = checker});
        result.passed = try_round(checker, item, &h, round);
        result.cases = round + 1;
        op_harness_close(&h);
    }
    result.seconds = pnas_clock_seconds() - start;
    checker->tried += 1;
    checker->failed += !result.passed;
    checker->options->report(checker->options->payload, &result);
}

static bool is_wanted(const pnas_self_test_options *options, const check_item *item)
{
    return !options->op || strstr(item->name, options->op);
}

static pnas_status check_vector(self_tester *checker, int vector)
{
    static const pnas_route routes[] = {PNAS_ROUTE_PLAIN, PNAS_ROUTE_TILE, PNAS_ROUTE_CLBLAST};
    pnas_cl_options options = checker->options->device;
    options.vector = vector;
    options.untuned = true;
    PNAS_TRY(pnas_cl_create(&options, &checker->cl));
    for (int i = 0; i < ITEMS; ++i)
        for (size_t r = 0; r < sizeof routes / sizeof *routes; ++r)
            if (is_wanted(checker->options, &items[i]) &&
                pnas_route_allowed(checker->cl, items[i].op, routes[r]))
                check_item_on_route(checker, &items[i], routes[r]);
    pnas_cl_destroy(&checker->cl);
    return PNAS_OK;
}

pnas_status pnas_self_test(const pnas_self_test_options *options)
{
    static const int vectors[] = {8, 4, 1};
    self_tester *checker = calloc(1, sizeof *checker);
    PNAS_CHECK(checker, PNAS_ERROR_MEMORY, "no memory to check a device");
    checker->options = options;
    pnas_status status = PNAS_OK;
    if (!options->every_vector)
        status = check_vector(checker, options->device.vector);
    for (int v = 0; options->every_vector && status == PNAS_OK && v < 3; ++v)
        status = check_vector(checker, vectors[v]);
    if (status == PNAS_OK && checker->tried == 0)
        status = pnas_fail(PNAS_ERROR_USAGE, "no op's name holds '%s'", options->op);
    if (status == PNAS_OK && checker->failed > 0)
        status =
            pnas_fail(PNAS_ERROR_DEVICE,
                      "%d of %d checks failed: this device or its driver computes wrongly; do not search "
                      "with it before a newer driver passes",
                      checker->failed, checker->tried);
    free(checker);
    return status;
}
