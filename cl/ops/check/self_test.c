#include "cl/ops/check/self_test.h"

#include "cl/ops/check/op_check.h"
#include "cl/ops/route.h"
#include "cl/runtime/context.h"
#include "src/base/clock.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const op_check *const checks[] = {
#define AS_POINTER(of, ...) &op_check_##of,
    PNAS_LAYER_KINDS(AS_POINTER) OP_CHECKS_WITHOUT_LAYER(AS_POINTER)
#undef AS_POINTER
};
enum { CHECKS = sizeof checks / sizeof *checks };

typedef struct {
    const pnas_self_test_options *options;
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
static bool try_round(self_tester *checker, const op_check *check, op_harness *h, int round)
{
    if (setjmp(checker->give_up) != 0)
        return false;
    check->run(h, round);
    return true;
}

/* On a lane whose ops take one route. */
static void check_on_route(self_tester *checker, const op_check *check, pnas_cl *lane)
{
    pnas_self_test_result result = {.op = check->name,
                                    .route = pnas_route_name(lane->route),
                                    .vector = pnas_cl_vector(lane),
                                    .passed = true,
                                    .message = checker->message};
    double start = pnas_clock_seconds();
    checker->message[0] = 0;
    for (int round = 0; round < check->rounds && result.passed; ++round) {
        op_harness h;
        op_harness_start(&h, &(op_harness_options){.cl = lane,
                                                   .seed = checker->options->seed + (uint64_t)round,
                                                   .small = checker->options->small,
                                                   .half = checker->options->half,
                                                   .failed = on_failure,
                                                   .payload = checker});
        result.passed = try_round(checker, check, &h, round);
        result.cases = round + 1;
        op_harness_close(&h);
    }
    result.seconds = pnas_clock_seconds() - start;
    checker->tried += 1;
    checker->failed += !result.passed;
    checker->options->report(checker->options->payload, &result);
}

static bool is_wanted(const pnas_self_test_options *options, const op_check *check)
{
    return check->name && (!options->op || strstr(check->name, options->op));
}

static bool is_for_device(const pnas_self_test_options *options, const pnas_cl *cl, pnas_op_kind op,
                          pnas_route route)
{
    const pnas_route_shape smallest = {.N = 1, .kernel_h = 1, .kernel_w = 1, .stride = 1, .dilation = 1};
    return options->every_route ? pnas_route_possible(cl, op, route, &smallest)
                                : pnas_route_allowed(cl, op, route);
}

static pnas_status check_vector(self_tester *checker, int vector)
{
    static const pnas_route routes[] = {PNAS_ROUTE_PLAIN, PNAS_ROUTE_TILE, PNAS_ROUTE_WIDE, PNAS_ROUTE_GPU,
                                        PNAS_ROUTE_CLBLAST};
    enum { ROUTES = sizeof routes / sizeof *routes };
    pnas_cl_options options = checker->options->device;
    options.vector = vector;
    options.untuned = true;
    pnas_cl *cl = NULL, *lane[ROUTES] = {NULL};
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_cl_create(&options, &cl));
    for (int r = 0; r < ROUTES; ++r)
        PNAS_TRY_CLEANUP(pnas_cl_create_lane(cl, routes[r], &lane[r]));
    for (int i = 0; i < CHECKS; ++i)
        for (int r = 0; r < ROUTES; ++r)
            if (is_wanted(checker->options, checks[i]) &&
                is_for_device(checker->options, cl, checks[i]->op, routes[r]))
                check_on_route(checker, checks[i], lane[r]);
cleanup:
    for (int r = 0; r < ROUTES; ++r)
        pnas_cl_destroy(&lane[r]);
    pnas_cl_destroy(&cl);
    return status;
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
        status = pnas_fail(PNAS_ERROR_USAGE, "no op has '%s' in its name", options->op);
    if (status == PNAS_OK && checker->failed > 0)
        status =
            pnas_fail(PNAS_ERROR_DEVICE,
                      "%d of %d checks failed: this device or its driver computes wrongly; do not search "
                      "with it before a newer driver passes",
                      checker->failed, checker->tried);
    free(checker);
    return status;
}
